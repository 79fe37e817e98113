"""Sizes of a program that depend on those of its input: polynomials of samples and steps.

A program is traced for several numbers of samples and of steps. An integer that is the same each
time is a constant; one that changes is a polynomial c + a n + b t + d n t with integer
coefficients, which all points but the last determine, and the last confirms.
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

_TERMS = ("one", "samples", "steps", "product")


def fitted(values: Sequence[int], points: Sequence[Point]) -> int | dict[str, int] | None:
    """Return the size that has these values at the points; None if it is no polynomial."""
    if len(set(values)) == 1:
        return values[0]
    count = len(points) - 1  # terms that are determined: without steps, the first two
    coefficients = _solved([_powers(point)[:count] for point in points[:count]], values[:count])
    size = {name: int(c) for name, c in zip(_TERMS, coefficients, strict=False) if c}
    is_integer = all(c.denominator == 1 for c in coefficients)
    found = [size_at(size, point) for point in points]
    return size if is_integer and found == list(values) else None


def size_at(size: int | dict[str, int], point: Point) -> int:
    """Return a size for some samples and steps."""
    if isinstance(size, int):
        return size
    powers: dict[str, int] = dict(zip(_TERMS, _powers(point), strict=True))
    return sum(coefficient * powers[name] for name, coefficient in size.items())


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
    if isinstance(value, dict) and value and set(value) <= set(_TERMS):
        coefficients = cast(dict[str, Any], value)
        if all(type(c) is int and abs(c) <= MAX_COEFFICIENT for c in coefficients.values()):
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
