"""`History`: loss, metrics, learning rate and seconds of each epoch of a call of ``fit``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from chainrule.arguments.aliases import HISTORY_ATTRIBUTES, PLOT_ALIASES
from chainrule.arguments.attributes import refuse_missing
from chainrule.arguments.checks import shown
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.pickling import independent_copies

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
from chainrule.errors import MissingKeyError

__all__ = ["History"]


@independent_copies
@answers_foreign_names(PLOT_ALIASES)
class History(Mapping[str, list[float]]):
    """A mapping from each quantity of a call of ``fit`` to a list with one value an epoch.

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
    <history of 2 epochs: loss 0.5 → 0.25>
    """

    def __init__(self) -> None:
        self._columns: dict[str, list[float]] = {}
        self.notes: list[str] = []

    def __getstate__(self) -> dict[str, Any]:
        """Return the finished epochs alone: another thread may be adding one."""
        columns = list(self._columns.items())
        count = min((len(values) for _, values in columns), default=0)
        return vars(self) | {
            "_columns": {name: values[:count] for name, values in columns},
            "notes": list(self.notes),
        }

    @property
    def epochs(self) -> int:
        """Number of epochs finished."""
        return max(map(len, list(self._columns.values())), default=0)

    def append(self, row: Mapping[str, float]) -> None:
        """Add the values of one epoch.

        Parameters
        ----------
        row : mapping of str to float
            Value by quantity; the same quantities in every epoch.
        """
        for name, value in row.items():
            self._columns.setdefault(name, []).append(float(value))

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
            self._columns.setdefault(name, [])[first:] = values

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

    def __getitem__(self, name: str) -> list[float]:
        if name not in self._columns:
            known = ", ".join(self) or "none yet: no epoch was finished"
            raise MissingKeyError(f"the history has no {shown(name)}; it has {known}")
        return self._columns[name]

    def __getattr__(self, name: str) -> Any:
        """Answer the names of other libraries."""
        if not name.startswith("_") and name in self._columns:
            raise AttributeError(f"a quantity is read as an item: history[{name!r}]")
        refuse_missing(self, "history", name, HISTORY_ATTRIBUTES)

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._columns))  # a copy, as another thread may train

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        count = self.epochs
        hidden = {"seconds", "learning_rate"}
        ranges = [
            f"{name} {values[0]:.4g} → {values[-1]:.4g}"
            for name, values in list(self._columns.items())
            if name not in hidden and values
        ]
        details = f": {', '.join(ranges)}" if ranges else ""
        return f"<history of {count} epoch{'' if count == 1 else 's'}{details}>"
