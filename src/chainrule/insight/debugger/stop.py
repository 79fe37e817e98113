"""A stop of the debugger: one value of the forward pass, or the derivative of the loss by it."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.array_type import type_of
from chainrule.insight.debugger.loop import Loop
from chainrule.locks import cached_property

__all__ = ["Statistics", "Stop", "shown_array", "statistics_of"]

_DIGITS = 4
_MOST_ENTRIES = 60


@dataclass(frozen=True)
class Statistics:
    """Statistics of an array; those of its finite entries, and counts of the others.

    Parameters
    ----------
    mean, std, min, max : float
        Of the finite entries, of their magnitudes if complex; NaN if there are none.
    zeros : float in [0, 1]
        The share of entries that are 0.
    nans, infs : int
        The numbers of entries that are NaN and infinite.
    unused : int
        The number of entries that no result depends on, as in a branch that is not taken.
    """

    mean: float
    std: float
    min: float
    max: float
    zeros: float
    nans: int
    infs: int
    unused: int

    def __str__(self) -> str:
        parts = [f"{name} {getattr(self, name):.4g}" for name in ("mean", "std", "min", "max")]
        parts.append(f"zeros {100 * self.zeros:.3g} %")
        for count, what in ((self.nans, "NaN"), (self.infs, "inf"), (self.unused, "not selected")):
            parts += [f"{count} {what}"] if count else []
        return ", ".join(parts)


def statistics_of(array: NDArray[Any], used: NDArray[np.bool_] | bool = True) -> Statistics:
    """Return the statistics of an array, of whose entries those in `used` reach a result."""
    numbers = np.abs(array) if array.dtype.kind == "c" else array.astype("float64", copy=False)
    finite = numbers[np.isfinite(numbers)]
    with np.errstate(all="ignore"):
        moments = [f(finite) for f in (np.mean, np.std, np.min, np.max)] if finite.size else []
    mean, std, least, largest = map(float, moments or [np.nan] * 4)
    return Statistics(
        mean, std, least, largest,
        zeros=float(np.mean(array == 0)) if array.size else 0.0,
        nans=int(np.isnan(numbers).sum()),
        infs=int(np.isinf(numbers).sum()),
        unused=int(np.sum(~np.broadcast_to(used, array.shape))),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Stop:
    """One value of the forward pass, or the derivative of the loss by it.

    Parameters
    ----------
    number : int
        Its place in the walk, from 0.
    name : str
        The name of the value; that of the derivative by ``z`` is ``d_z``.
    direction : "forward" or "backward"
        The pass that computes it.
    layer : str
        The layer that it belongs to; empty for none, as of the loss.
    kind : "input", "parameter" or "operation"
        Where the value comes from.
    value : array
        What is computed at this stop.
    gradient : array or None
        The derivative of the loss by the value of the forward pass, of its shape; None if the loss
        has none. Backward, this is `value`.
    used : array of bool, or bool
        Which entries a result depends on: those that a condition leaves out do not count.
    line : (str, int) or None
        File and line of the user's code that computes it; None within layers of the library.
    write_formula : callable
        Returns the formula.
    loop : Loop or None
        The loop that computes it, whose steps can be entered.
    """

    number: int
    name: str
    direction: Literal["forward", "backward"]
    layer: str
    kind: Literal["input", "parameter", "operation"]
    value: NDArray[Any]
    gradient: NDArray[Any] | None
    used: NDArray[np.bool_] | bool
    line: tuple[str, int] | None
    write_formula: Callable[[], str] = field(repr=False, default=str)
    loop: Loop | None = field(repr=False, default=None)

    @cached_property
    def formula(self) -> str:
        """The formula in the names of other stops; empty for an input."""
        return self.write_formula()

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return self.value.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the value."""
        return self.value.dtype

    @cached_property
    def statistics(self) -> Statistics:
        """The statistics of the value."""
        return statistics_of(self.value, self.used)

    def where(self) -> str:
        """Return the line of the user's code, as text; empty if there is none."""
        if self.line is None:
            return ""
        file, number = self.line
        source = linecache.getline(file, number).strip()
        return f"line {number} of {Path(file).name}" + (f": {source}" if source else "")

    def rows(self) -> list[tuple[str, str]]:
        """Return what there is to see, as pairs of a label and a text."""
        formula = f"{self.name} = {self.formula}" if self.formula else self.name
        rows = [("formula", formula), ("shape", repr(type_of(self.value)))]
        rows += [("line", self.where())] if self.line else []
        rows += [("statistics", str(self.statistics)), ("value", shown_array(self.value))]
        if self.gradient is not None and self.direction == "forward":
            rows.append(("gradient", shown_array(self.gradient)))
        return rows

    def __str__(self) -> str:
        layer = f", layer {self.layer}" if self.layer else ""
        lines = [f"stop {self.number}, {self.direction}{layer}"]
        for label, text in self.rows():
            first, *others = text.splitlines() or [""]
            lines += [f"  {label:<11}{first}", *(f"{'':<13}{each}" for each in others)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<stop {self.number}: {self.name}, {type_of(self.value)}>"


def shown_array(array: NDArray[Any]) -> str:
    """Return an array as text of a few lines."""
    return np.array2string(
        np.asarray(array),
        precision=_DIGITS,
        threshold=_MOST_ENTRIES,
        edgeitems=2,
        max_line_width=78,
    )
