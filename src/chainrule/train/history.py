"""`History`: loss, metrics, learning rate and seconds of each epoch of a call of ``fit``."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from numpy.typing import NDArray

from chainrule.arguments.aliases import HISTORY_ATTRIBUTES, METRIC_ALIASES, PLOT_ALIASES
from chainrule.arguments.attributes import refuse_missing
from chainrule.arguments.checks import shown
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.console import encodable, left_aligned, width_of
from chainrule.pickling import independent_copies
from chainrule.rich_display import html_of
from chainrule.train.metrics.direction import direction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
from chainrule.errors import MissingKeyError

__all__ = ["History"]


@independent_copies
@answers_foreign_names(PLOT_ALIASES)
class History(dict[str, list[float]]):
    """A dictionary from each quantity of a call of ``fit`` to a list with one value an epoch.

    The quantities are ``loss`` and the metrics on the training data (averaged over the epoch, while
    the parameters change), the same with prefix ``val_`` on the validation data (after the epoch),
    ``learning_rate`` (of the last step) and ``seconds``.

    Attributes
    ----------
    notes : list of str
        Remarks on the run: a fused softmax, an interrupt.

    Examples
    --------
    >>> history = History()
    >>> history.append({"loss": 0.5, "seconds": 0.1})
    >>> history.append({"loss": 0.25, "seconds": 0.1})
    >>> history["loss"]
    [0.5, 0.25]
    >>> history
    <history of 2 epochs: loss 0.5 → 0.25
            first  last  best
      loss    0.5  0.25  0.25 (epoch 2)>
    """

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []

    def __getstate__(self) -> dict[str, Any]:
        """Return the finished epochs alone: another thread may be adding one."""
        columns = [(name, super(History, self).__getitem__(name)) for name in self]
        count = min((len(values) for _, values in columns), default=0)
        return vars(self) | {
            "_columns": {name: values[:count] for name, values in columns},
            "notes": list(self.notes),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.update(state.pop("_columns"))
        vars(self).update(state)

    @property
    def epochs(self) -> int:
        """Number of epochs finished."""
        return max(map(len, list(self.values())), default=0)

    @property
    def history(self) -> dict[str, list[float]]:
        """The same lists in a plain dictionary, where users of Keras look for them."""
        return dict(self)

    def append(self, row: Mapping[str, float]) -> None:
        """Add the values of one epoch.

        Parameters
        ----------
        row : mapping of str to float
            Value by quantity; the same quantities in every epoch.
        """
        for name, value in row.items():
            self.setdefault(name, []).append(float(value))

    def extend(self, columns: Mapping[str, NDArray[Any] | list[float]]) -> None:
        """Add the values of several epochs.

        Parameters
        ----------
        columns : mapping of str to array, float, (epochs,), or list of float
            Values by quantity; the same quantities in every epoch.
        """
        self.write_from(self.epochs, columns)

    def write_from(self, first: int, columns: Mapping[str, NDArray[Any] | list[float]]) -> None:
        """Set the values from an epoch on, as often as an interrupt makes it necessary.

        Parameters
        ----------
        first : int
            The first epoch that is set.
        columns : mapping of str to array, float, (epochs,), or list of float
            Values by quantity; the same quantities in every epoch.
        """
        for name, column in columns.items():
            values = column if isinstance(column, list) else column.astype(float).tolist()
            self.setdefault(name, [])[first:] = values

    def plot(
        self, path: str | os.PathLike[str] | None = None, *, axes: Axes | None = None
    ) -> Figure:
        """Plot the loss by epoch: `chainrule.plot.history` of this history.

        Parameters
        ----------
        path : str, path or None
            File to save the figure to, ending in .png, .svg or .pdf.
        axes : matplotlib.axes.Axes or None
            Axes to plot into; None creates a figure.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        DataError, ArgumentError, ImportError
            As `chainrule.plot.history` does.
        """
        from chainrule.insight import plot

        return plot.history(self, path, axes=axes)

    def __getitem__(self, name: Any) -> list[float]:
        """Return the values of a quantity, one an epoch."""
        if isinstance(name, int | slice | tuple):  # before a hash, which slices do not have
            raise MissingKeyError(_item_of_rows(name, self))
        return dict.__getitem__(self, name)

    def __missing__(self, name: object) -> NoReturn:
        known = ", ".join(self) or "none yet: no epoch was finished"
        meant = _meant(name)
        hint = f"; {meant}" if meant else ""
        raise MissingKeyError(f"the history has no {shown(name)}{hint}; it has {known}")

    def __getattr__(self, name: str) -> Any:
        """Answer the names of other libraries."""
        if not name.startswith("_") and name in self:
            raise AttributeError(f"a quantity is read as an item: history[{name!r}]")
        refuse_missing(self, "history", name, HISTORY_ATTRIBUTES)

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().__iter__()))  # a copy, as another thread may train

    _repr_html_ = html_of

    def __repr__(self) -> str:
        count, losses = self.epochs, self.get("loss", [])
        change = f": loss {losses[0]:.4g} {encodable('→')} {losses[-1]:.4g}" if losses else ""
        title = f"<history of {count} epoch{'' if count == 1 else 's'}{change}"
        rows = [_row(name, self[name]) for name in self if name not in _UNSHOWN and self[name]]
        if not rows:
            return f"{title}>"
        table = [("", "first", "last", "best", ""), *rows]
        widths = [max(map(width_of, column)) for column in zip(*table, strict=True)]
        lines: list[str] = []
        for name, *values, epoch in table:
            cells = [f"{x:>{n}}" for x, n in zip(values, widths[1:], strict=False)]
            named = "  ".join(["", left_aligned(name, widths[0]), *cells])
            lines.append(f"{named} {epoch}".rstrip())
        return "\n".join([title, *lines]) + ">"


def _item_of_rows(key: Any, history: History) -> str:
    """Return what to write for an item of a list of rows, such as ``history[-1, "loss"]``."""
    row, *names = key if isinstance(key, tuple) else (key,)
    name = names[0] if names and isinstance(names[0], str) else "loss"
    if isinstance(row, slice):
        parts = ("" if each is None else str(each) for each in (row.start, row.stop, row.step))
        index = ":".join(parts if row.step is not None else list(parts)[:2])
    else:
        index = shown(row)
    column = f"history[{name!r}]"
    example = column if index == ":" else f"{column}[{index}]"
    known = ", ".join(history) or "none yet: no epoch was finished"
    return f"the history has a list for each quantity: write {example}; it has {known}"


def _meant(name: object) -> str:
    """Return what to write for a quantity as other libraries call it, or ""."""
    if not isinstance(name, str):
        return ""
    if name.endswith("_best"):
        own = name.removesuffix("_best")
        return f"the best value is min(history[{own!r}])"
    for theirs, own in (("train_", ""), ("valid_", "val_"), ("validation_", "val_")):
        if name.startswith(theirs):
            return f"here it is {own + name.removeprefix(theirs)!r}"
    prefix = "val_" if name.startswith("val_") else ""
    for own in METRIC_ALIASES.targets(name.removeprefix("val_")):
        return f"here it is {prefix + own!r}"
    return _OTHER_NAMES.get(name, "")


_OTHER_NAMES = {
    "dur": "here it is 'seconds'",
    "lr": "here it is 'learning_rate'",
    "event_lr": "here it is 'learning_rate'",
    "epoch": "it is range(history.epochs)",
    "batches": "a callback with on_step_end is given the loss of each step",
}

_UNSHOWN = {"seconds", "learning_rate"}


def _row(name: str, values: list[float]) -> tuple[str, str, str, str, str]:
    """Return the name of a quantity, its first, last and best value, and the epoch of the best."""
    first, last = f"{values[0]:.4g}", f"{values[-1]:.4g}"
    finite = [x for x in values if math.isfinite(x)]
    is_maximized = direction(name)
    if is_maximized is None or not finite:
        return name, first, last, "", ""
    best = max(finite) if is_maximized else min(finite)
    return name, first, last, f"{best:.4g}", f"(epoch {values.index(best) + 1})"
