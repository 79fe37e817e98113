"""The state of a run as notebooks show it: numbers, and curves of a few hundred points at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chainrule.rich_display import html_of
from chainrule.train.progress.columns import Logs

__all__ = ["Curve", "Curves", "RunState"]

Curve = tuple[list[float], list[float]]
"""Epochs, counted from 1, and the values in them."""

_POINTS = 240
"""Points of a curve at most; a screen shows no more."""


@dataclass(frozen=True)
class RunState:
    """What is shown of a run at one moment.

    `fraction` is the part of the run that is done, `seconds` the time left, if known; of a run that
    is over, the fraction is None and the seconds those it took. `running` is the loss in the epoch
    that runs. `notes` are remarks on the run.
    """

    label: str
    fraction: float | None
    seconds: float | None
    logs: Logs
    speed: float
    curves: Mapping[str, Curve]
    running: Curve
    notes: tuple[str, ...]

    def _repr_html_(self) -> str | None:
        return html_of(self)


class Curves:
    """The results of the epochs of a run: those of each, later of every 2nd, 4th, 8th, ....

    Examples
    --------
    >>> curves = Curves()
    >>> curves.add(0, 1000, lambda number: {"loss": 1.0 - number / 1000})
    >>> epochs, losses = curves.by_name()["loss"]
    >>> len(epochs), epochs[:3], epochs[-1]
    (126, [1.0, 9.0, 17.0], 1000.0)
    """

    def __init__(self) -> None:
        self._stride, self._rows = 1, dict[int, Logs]()
        self._last: tuple[int, Logs] | None = None

    def add(self, first: int, count: int, row: Callable[[int], Logs]) -> None:
        """Add `count` epochs from the number `first` on; `row` gives their results, from 0."""
        while len(self._rows) + count / self._stride > _POINTS:
            self._stride *= 2
            self._rows = {n: each for n, each in self._rows.items() if not n % self._stride}
        start = -(-first // self._stride) * self._stride
        self._rows |= {n: row(n - first) for n in range(start, first + count, self._stride)}
        self._last = first + count - 1, row(count - 1)

    def by_name(self) -> dict[str, Curve]:
        """Return the curve of each quantity, the latest epoch included."""
        curves: dict[str, Curve] = {}
        for number, logs in (self._rows | dict([self._last] if self._last else [])).items():
            for name, value in logs.items():
                epochs, values = curves.setdefault(name, ([], []))
                epochs.append(number + 1.0)
                values.append(value)
        return curves
