"""Sizes of a program that depend on those of its input: polynomials of samples and steps.

A program is traced for several numbers of samples and of steps. An integer that is the same each
time is a constant; one that changes is ⌊(c + a n + b t + d n t) / q⌋ with integer coefficients::

    size ::= integer | {"one": c, "samples": a, "steps": b, "product": d, "divisor": q}

where entries of 0, and q = 1, are left out. If q is 1, all points but the last determine the
coefficients, and the last confirms them. A larger q is found at `POINTS_OF_PARTS`: between two of
them whose samples or steps differ by a multiple of q, the size differs by the polynomial's
difference over q; c is then the one number that gives the remainders of all points.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import FormatError

__all__ = [
    "POINTS",
    "POINTS_OF_PARTS",
    "POINTS_OF_STEPS",
    "Point",
    "checked_size",
    "fitted",
    "indices_of",
    "point_of",
    "size_at",
]

MAX_COEFFICIENT = 2**53


class Point(NamedTuple):
    """Numbers of samples and of steps."""

    samples: int
    steps: int


POINTS = Point(6, 1), Point(13, 1), Point(17, 1)
"""Points at which a program is traced whose inputs have no axis of steps that vary."""

POINTS_OF_STEPS = Point(6, 7), Point(13, 7), Point(6, 11), Point(13, 11), Point(17, 19)
"""Points at which others are."""

_DIVISORS = 1, 2, 3, 4, 6, 8
_PERIOD = 24
"""A multiple of all divisors."""

_CORNERS = [Point(6 + n, _PERIOD + t) for n in (0, _PERIOD) for t in (0, _PERIOD)]

POINTS_OF_PARTS = (
    *_CORNERS,
    *(Point(6, _PERIOD + t) for t in range(1, 8)),
    *(Point(6 + n, _PERIOD) for n in range(1, 8)),
    Point(11, 37),
)
"""Points at which one is traced whose sizes are no polynomials, such as of every second step."""

_TERMS = ("one", "samples", "steps", "product")


def fitted(values: Sequence[int], points: Sequence[Point]) -> int | dict[str, int] | None:
    """Return the size that has these values at the points; None if it is no polynomial."""
    if len(set(values)) == 1:
        return values[0]
    if points is POINTS_OF_PARTS:
        found = (_fitted_parts(values, q) for q in _DIVISORS)
        return next((each for each in found if each is not None), None)
    count = len(points) - 1  # terms that are determined: without steps, the first two
    coefficients = _solved([_powers(point)[:count] for point in points[:count]], values[:count])
    size = {name: int(c) for name, c in zip(_TERMS, coefficients, strict=False) if c}
    is_integer = all(c.denominator == 1 for c in coefficients)
    found = [size_at(size, point) for point in points]
    return size if is_integer and found == list(values) else None


def _fitted_parts(values: Sequence[int], q: int) -> dict[str, int] | None:
    """Return the size ⌊P / q⌋ that has these values at `POINTS_OF_PARTS`; None if there is none."""
    first, steps, samples, both = (q * each for each in values[:4])
    a, b = samples - first, steps - first  # each times the period, with d at the first corner
    d = both - first - a - b
    if a % _PERIOD or b % _PERIOD or d % _PERIOD**2:
        return None
    a, b, d = a // _PERIOD, b // _PERIOD, d // _PERIOD**2
    corner = _CORNERS[0]
    size = {"samples": a - d * corner.steps, "steps": b - d * corner.samples, "product": d}
    rests = [
        q * value - size_at(size, point)
        for value, point in zip(values, POINTS_OF_PARTS, strict=True)
    ]
    if max(rests) != min(rests) + q - 1:
        return None  # no number, or several, are left for c
    size = {name: each for name, each in ({"one": max(rests)} | size).items() if each}
    size |= {"divisor": q} if q > 1 else {}
    is_confirmed = [size_at(size, point) for point in POINTS_OF_PARTS] == list(values)
    return size if is_confirmed else None


def size_at(size: int | dict[str, int], point: Point) -> int:
    """Return a size for some samples and steps."""
    if isinstance(size, int):
        return size
    powers: dict[str, int] = dict(zip(_TERMS, _powers(point), strict=True))
    total = sum(c * powers[name] for name, c in size.items() if name != "divisor")
    return total // size.get("divisor", 1)


def indices_of(shape: Sequence[int], origin: int, strides: Sequence[int]) -> NDArray[np.int64]:
    """Return the array whose value at indices i is origin + Σ strides[k] i[k]."""
    values = np.full((), origin, np.int64)
    for length, stride in zip(shape, strides, strict=True):
        values = values[..., np.newaxis] + stride * np.arange(length)
    return values


def point_of(x: Any, shape: Sequence[Any]) -> Point:
    """Return the number of samples of an array, and of its steps where a shape has them."""
    pairs = zip(x.shape, shape, strict=True)
    return Point(x.shape[0], next((length for length, size in pairs if size == {"steps": 1}), 1))


def checked_size(value: Any) -> int | dict[str, int]:
    """Return a size of a file; raise a FormatError for what is none."""
    if type(value) is int and abs(value) <= MAX_COEFFICIENT:
        return value
    if isinstance(value, dict) and value and set(value) <= {*_TERMS, "divisor"}:
        coefficients = cast(dict[str, Any], value)
        divisor = coefficients.get("divisor", _DIVISORS[-1])
        if divisor in _DIVISORS[1:] and all(
            type(c) is int and abs(c) <= MAX_COEFFICIENT for c in coefficients.values()
        ):
            return coefficients
    raise FormatError("load: a program has a size that is none")


def _powers(point: Point) -> tuple[int, int, int, int]:
    return 1, point.samples, point.steps, point.samples * point.steps


def _solved(rows: Sequence[Sequence[int]], values: Sequence[int]) -> list[Fraction]:
    """Solve a regular linear system exactly, by elimination."""
    system = [[Fraction(x) for x in (*row, value)] for row, value in zip(rows, values, strict=True)]
    for i in range(len(system)):
        pivot = next(row for row in system[i:] if row[i])
        system.remove(pivot)
        system.insert(i, [x / pivot[i] for x in pivot])
        for j, row in enumerate(system):
            if j != i and row[i]:
                system[j] = [x - row[i] * y for x, y in zip(row, system[i], strict=True)]
    return [row[-1] for row in system]
