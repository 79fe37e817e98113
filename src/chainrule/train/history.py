"""What a training run has left behind, epoch by epoch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["History"]


class History(Mapping[str, list[float]]):
    """The course of a call of ``fit``: for each quantity a list with one number an epoch.

    The quantities are ``loss`` and the metrics on the training data (averaged over the epoch, while
    the parameters move), the same with ``val_`` in front on the validation data (after the epoch),
    ``learning_rate`` (of the last step) and ``seconds``.

    Attributes
    ----------
    notes : list of str
        What is worth knowing about the run: a fused softmax, an early end.

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

    @property
    def epochs(self) -> int:
        """Number of epochs finished."""
        return max(map(len, self._columns.values()), default=0)

    def append(self, row: Mapping[str, float]) -> None:
        """Add the numbers of one epoch.

        Parameters
        ----------
        row : mapping of str to float
            The quantities; the same ones for every epoch.
        """
        for name, value in row.items():
            self._columns.setdefault(name, []).append(float(value))

    def extend(self, columns: Mapping[str, NDArray[Any] | list[float]]) -> None:
        """Add the numbers of several epochs.

        Parameters
        ----------
        columns : mapping of str to array, float, (epochs,), or list of float
            The quantities; the same ones for every epoch.
        """
        for name, column in columns.items():
            numbers = column if isinstance(column, list) else column.astype(float).tolist()
            self._columns.setdefault(name, []).extend(numbers)

    def plot(
        self, path: str | os.PathLike[str] | None = None, *, axes: Axes | None = None
    ) -> Figure:
        """Draw the loss by epoch: `chainrule.plot.history` of this history.

        Parameters
        ----------
        path : str, path or None
            Where to save the figure: a name that ends in .png, .svg or .pdf.
        axes : matplotlib.axes.Axes or None
            Where to draw; None makes a figure.

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
            known = ", ".join(self._columns) or "none yet: no epoch was finished"
            raise KeyError(f"the history has no {name!r}; it has {known}")
        return self._columns[name]

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        count = self.epochs
        hidden = {"seconds", "learning_rate"}
        courses = [
            f"{name} {values[0]:.4g} → {values[-1]:.4g}"
            for name, values in self._columns.items()
            if name not in hidden
        ]
        told = f": {', '.join(courses)}" if courses else ""
        return f"<history of {count} epoch{'' if count == 1 else 's'}{told}>"
