"""Extrema of a function of a number on a closed interval: the zeros of f′ and the ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from chainrule.arguments.checks import checked_number
from chainrule.console import left_aligned, width_of
from chainrule.errors import ArgumentError, ShapeError
from chainrule.rich_display import TextTable, html_of
from chainrule.science.optimize.extremum_search.critical_points import CriticalPoints
from chainrule.science.optimize.extremum_search.derivative_samples import Samples, evaluator
from chainrule.tracebacks import boundary

__all__ = ["Extrema", "Extremum", "extrema"]

_HEADINGS = ("x", "f(x)", "kind", "by")


class Extremum(NamedTuple):
    """A point of a function: its place, its value and its kind.

    Attributes
    ----------
    x : float
        The place.
    value : float
        The value of the function.
    kind : str
        ``"minimum"``, ``"maximum"``, ``"inflection"``, a saddle of f′ = 0, or ``"plateau"``.
    """

    x: float
    value: float
    kind: str


@dataclass(frozen=True, repr=False)
class Extrema(Sequence[Extremum]):
    """The extrema of a function on an interval, by x; it prints as a table.

    Attributes
    ----------
    points : tuple of Extremum
        Ends, zeros of f′, kinks and plateaus.
    reasons : tuple of str
        For each point what its kind is by: the first derivative that is not 0, or where it is.
    minimum, maximum : Extremum or None
        The least and the greatest value; None where f is unbounded or undefined everywhere.
    remarks : tuple of str
        Poles, intervals where f is undefined, and what could not be resolved.
    """

    points: tuple[Extremum, ...]
    reasons: tuple[str, ...]
    minimum: Extremum | None
    maximum: Extremum | None
    remarks: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, key: Any) -> Any:
        """Return a point by its place in the order of x."""
        return self.points[key]

    def _cells(self) -> list[tuple[str, ...]]:
        return [
            (f"{x:.10g}", f"{value:.10g}", kind, reason)
            for (x, value, kind), reason in zip(self.points, self.reasons, strict=True)
        ]

    def _summary(self) -> list[str]:
        named = (("least", self.minimum), ("greatest", self.maximum))
        found = [f"{name}: {each.value:.10g} at x = {each.x:.10g}" for name, each in named if each]
        return [*found, *self.remarks]

    def __repr__(self) -> str:
        rows = [_HEADINGS, *self._cells()]
        widths = [max(width_of(row[place]) for row in rows) for place in range(len(_HEADINGS))]
        lines = [
            "  ".join(map(left_aligned, row, widths)).rstrip() for row in rows
        ]  # fmt: skip
        return "\n".join([*lines, *self._summary()])

    def _repr_html_(self) -> str | None:
        return html_of(TextTable(_HEADINGS, self._cells(), below=self._summary()))


@boundary
def extrema(f: Callable[..., Any], a: float, b: float, args: Any = ()) -> Extrema:
    """Find all extrema of a function of a number on [a, b]: zeros of f′, and the ends.

    f′ and f″ are exact. They are computed on a grid that is refined until it predicts f′ between
    its points; each change of sign of f′ is bisected to a unit of rounding, and zeros of f′ at
    which it does not change its sign are zeros of f″. A point is classified by the sign of f″, or
    of the first derivative that is not 0.

    Parameters
    ----------
    f : callable
        ``f(x, *args)``: a number of a number.
    a, b : float
        The interval, a < b.
    args : tuple
        Further arguments of `f`.

    Returns
    -------
    Extrema
        The points by x, each ``(x, value, kind)``, with ``minimum`` and ``maximum``. Kinks, as of
        abs(x), poles and undefined parts are named.

    Raises
    ------
    ArgumentError
        If `a` and `b` are not finite, or a is not less than b.
    ShapeError
        If `f` returns more or less than one number.
    TraceError
        If `f` has no derivative, as where it converts x by ``float(x)``.

    Examples
    --------
    >>> found = extrema(lambda x: x**3 - 3 * x, -3, 2.5)
    >>> found
    x    f(x)   kind     by
    -3   -18    minimum  left end
    -1   2      maximum  f″ = -6
    1    -2     minimum  f″ = 6
    2.5  8.125  maximum  right end
    least: -18 at x = -3
    greatest: 8.125 at x = 2.5
    >>> extrema(lambda x: x**4, -1, 1)[1]
    Extremum(x=0.0, value=0.0, kind='minimum')
    """
    a, b = checked_number("extrema", "a", a), checked_number("extrema", "b", b)
    if not a < b:
        raise ArgumentError(f"extrema: a is {a:g} and b is {b:g}; a must be less than b")
    args = args if isinstance(args, tuple) else (args,)

    def of_number(x: Any) -> Any:
        value = f(x, *args)
        if np.size(value) != 1:
            raise ShapeError(
                f"extrema: f returned an array of shape {np.shape(value)} for a number x; it must "
                "return one number"
            )
        return np.reshape(value, ())

    evaluate, cells = evaluator(of_number, a)
    samples = Samples(evaluate, a, b, cells)
    critical = CriticalPoints(of_number, evaluate, samples)
    rows = _rows(_Value(of_number), evaluate, samples, critical)
    remarks, is_open_below, is_open_above = _remarks(evaluate, samples, critical)
    ordered = [rows[x] for x in sorted(rows)]
    points = [point for point, _ in ordered if np.isfinite(point.value)]
    least = min(points, key=lambda each: each.value, default=None)
    greatest = max(points, key=lambda each: each.value, default=None)
    finite = samples.table[1][np.isfinite(samples.table[1])]
    margin = 1e-9 * float(np.ptp(finite)) if finite.size else 0.0
    if least and not is_open_below and finite.min() < least.value - margin:
        is_open_below = True
        remarks.append(f"no least value: f comes near {finite.min():.6g}, but does not attain it")
    if greatest and not is_open_above and finite.max() > greatest.value + margin:
        is_open_above = True
        remarks.append(
            f"no greatest value: f comes near {finite.max():.6g}, but does not attain it"
        )
    return Extrema(
        tuple(point for point, _ in ordered), tuple(reason for _, reason in ordered),
        None if is_open_below else least, None if is_open_above else greatest, tuple(remarks),
    )  # fmt: skip


def _rows(
    value: Callable[[float], float],
    evaluate: Callable[[Any], Any],
    samples: Samples,
    critical: CriticalPoints,
) -> dict[float, tuple[Extremum, str]]:
    """Return plateaus, zeros of f′ and kinks, then ends, also of undefined parts, by x."""
    x = samples.table[0]
    a, b = float(x[0]), float(x[-1])
    rows: dict[float, tuple[Extremum, str]] = {}
    for low, high in critical.plateaus:
        at = low if low == a else high if high == b else _plain((low + high) / 2, x)
        first, last = _plain(low, x), _plain(high, x)
        rows[at] = Extremum(at, value(at), "plateau"), f"f′ = 0 on [{first:.6g}, {last:.6g}]"
    for point in critical.points:
        if not any(abs(point.x - x) <= 1e-10 * (b - a) for x in (a, b, *rows)):
            rows[point.x] = Extremum(point.x, value(point.x), point.kind), point.reason
    ends = [(a, 1, "left end"), (b, -1, "right end")]
    for low, high in _runs(np.isnan(samples.table[1])):
        if low > 0:
            ends.append((_plain(x[low - 1], x), -1, "end of its domain"))
        if high + 1 < x.size:
            ends.append((_plain(x[high + 1], x), 1, "end of its domain"))
    for at, direction, name in ends:
        is_flat = any(low <= at <= high for low, high in critical.plateaus)
        is_pole = any(abs(at - pole) <= 1e-9 * (b - a) for pole in critical.poles)
        if is_flat or is_pole or at in rows or not np.isfinite(value(at)):
            continue
        rate = direction * float(evaluate(at + direction * 1e-9 * (b - a))[2, 0])
        rows[at] = Extremum(at, value(at), "maximum" if rate < 0 else "minimum"), name
    return rows


class _Value:
    """The value of f at a point, as a float; NaN where it is undefined."""

    def __init__(self, f: Callable[[Any], Any]) -> None:
        self._f = f

    def __call__(self, x: float) -> float:
        with np.errstate(all="ignore"):
            return float(self._f(np.float64(x))) + 0.0  # not -0


def _remarks(
    evaluate: Callable[[Any], Any], samples: Samples, critical: CriticalPoints
) -> tuple[list[str], bool, bool]:
    """Name poles, jumps and undefined parts; say whether f is unbounded below and above."""
    x, values = samples.table[:2]
    span = float(x[-1] - x[0])
    places = [*critical.poles, *_clusters(samples.broken, 1e-6 * span)]
    poles: list[float] = []
    jumps: list[float] = []
    is_below = is_above = False
    for place in places[:50]:
        steps = 1e-7 * span * np.array([-100.0, -1.0, 1.0, 100.0])
        at = np.clip(place + steps, x[0], x[-1])
        far, near = np.abs(evaluate(at)[1][[0, 3]]), evaluate(at)[1][1:3]
        around = values[np.abs(x - place) <= 1e-6 * span]
        largest = np.nanmax(np.abs(around), initial=0.0)
        if np.isinf(around).any() or largest > 1e3 * (1 + np.nanmax(far, initial=0.0)):
            poles.append(_plain(place, x))
            is_below |= bool(np.nanmin(around) < 0 and np.nanmin(around) <= -largest / 1e3)
            is_above |= bool(np.nanmax(around) > 0 and np.nanmax(around) >= largest / 1e3)
        elif np.isfinite(near).all():
            beside = np.abs(np.diff(evaluate(at)[1]))
            if beside[1] > 3 * (beside[0] + beside[2]) + 1e-9 * largest:
                jumps.append(_plain(place, x))
    remarks = [f"pole: f is unbounded near x = {each:.10g}" for each in sorted(set(poles))]
    remarks += [f"jump: f is not continuous at x = {each:.10g}" for each in sorted(set(jumps))]
    for low, high in _runs(np.isnan(values)):
        first, last = _plain(x[low], x), _plain(x[high], x)
        between = f"from x = {first:.6g} to {last:.6g}" if first < last else f"at x = {first:.6g}"
        remarks.append(f"f is undefined {between}")
    if len(samples.unresolved):
        low, high = samples.unresolved.min(), samples.unresolved.max()
        remarks.append(
            f"f′ changes too fast from x = {low:.6g} to {high:.6g}: extrema there are not listed; "
            "give a shorter interval"
        )
    return remarks, is_below, is_above


def _clusters(cells: Any, gap: float) -> list[float]:
    """Return the middle of each group of cells that are closer than a gap."""
    centres = np.unique(cells.mean(axis=1)) if len(cells) else np.zeros(0)
    groups = np.split(centres, np.flatnonzero(np.diff(centres) > gap) + 1)
    return [float(group.mean()) for group in groups if group.size]


def _runs(flags: Any) -> Iterator[tuple[int, int]]:
    """Give the first and the last place of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    yield from zip(edges[::2].tolist(), (edges[1::2] - 1).tolist(), strict=True)


def _plain(at: float, x: Any) -> float:
    digits = 10 - int(np.floor(np.log10(x[-1] - x[0])))
    return round(float(at), digits) + 0.0
