"""Entries of array constants that are formulas of their indices: places and masks."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from chainrule.insight.notation import algebra
from chainrule.insight.notation.expression import Expression, Number, Place, Relation
from chainrule.insight.notation.index import Index

__all__ = ["entry_of_constant"]


def entry_of_constant(array: Any, indices: tuple[Index, ...]) -> Expression | None:
    """Return an entry of an array constant as a formula of its indices, if it is one.

    That is a place, of `np.arange`, or a condition, of `np.tri` and `np.eye`.
    """
    if not array.size or array.dtype.kind not in "biuf":
        return None
    long = [axis for axis, length in enumerate(array.shape) if length > 1]
    if array.dtype.kind != "b" and np.array_equal(
        array.ravel(), array.flat[0] + np.arange(array.size)
    ):
        return _place(array, indices)
    if len(long) == 1 and np.isin(array, (0, 1)).all():
        return _interval(np.ravel(array), indices[long[0]])
    if len(long) == 2 and np.isin(array, (0, 1)).all():
        row, column = (indices[axis] for axis in long)
        return _condition(np.reshape(array, [array.shape[axis] for axis in long]), row, column)
    return None


def _place(array: Any, indices: tuple[Index, ...]) -> Expression | None:
    """Return the place of an entry of consecutive integers in row-major order."""
    if array.flat[0] != int(array.flat[0]):
        return None
    index, step = Index((), int(array.flat[0])), array.size
    for each, length in zip(indices, array.shape, strict=True):
        step //= length
        index = index + each * step
    return Place(index)


def _interval(array: Any, index: Index) -> Expression | None:
    """Return ``[a ≤ i] [i < b]``."""
    (ones,) = np.nonzero(array)
    if not len(ones) or len(ones) != ones[-1] - ones[0] + 1:
        return None
    bounds: list[Expression] = []
    if ones[0]:
        bounds.append(Relation("≤", Number(Fraction(int(ones[0]))), Place(index)))
    if ones[-1] < len(array) - 1:
        bounds.append(Relation("<", Place(index), Number(Fraction(int(ones[-1]) + 1))))
    return algebra.multiply(*bounds)


def _condition(array: Any, row: Index, column: Index) -> Expression | None:
    """Return ``[column ≤ row + k]``, ``[row + k ≤ column]`` or ``[row = column]``."""
    ones = np.argwhere(array)
    if len(ones) in (0, array.size):
        return None
    lowest, highest = (ones[:, 1] - ones[:, 0]).min(), (ones[:, 1] - ones[:, 0]).max()
    difference = np.arange(array.shape[1]) - np.arange(array.shape[0])[:, None]
    if np.array_equal(array != 0, difference == 0):
        return Relation("=", Place(row), Place(column))
    if np.array_equal(array != 0, difference <= highest):
        return Relation("≤", Place(column), Place(row + Index((), int(highest))))
    if np.array_equal(array != 0, difference >= lowest):
        return Relation("≤", Place(row + Index((), int(lowest))), Place(column))
    return None
