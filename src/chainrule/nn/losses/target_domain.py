"""The targets that a loss is defined for, and the search for those that are not.

Each loss names one domain. Targets are read block by block, so that a memory map stays on disk, and
a block that is clean costs one or two passes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "AMOUNTS",
    "COUNTS",
    "DIRECTIONS",
    "DISTRIBUTIONS",
    "PROBABILITIES",
    "SIGNS",
    "Outside",
    "TargetDomain",
    "find",
    "is_distribution",
]

Array = NDArray[Any]

_BLOCK = 1 << 20  # values
_TOLERANCE = 1e-3
"""By how much the sum of a row may differ from 1."""
_DECIMALS, _ROUNDING = (2, 3), 0.0201
"""Decimals to which probabilities are often rounded, and by how much their sum then differs."""


@dataclass(frozen=True)
class Outside:
    """Targets outside of a domain.

    Parameters
    ----------
    count : int
        How many values or rows.
    index : tuple of int
        The index of the first.
    one, many : str
        What one is, and what several are: "value that is negative", "values that are negative".
    remedy : str
        What to do instead.
    """

    count: int
    index: tuple[int, ...]
    one: str
    many: str
    remedy: str


@dataclass(frozen=True)
class TargetDomain:
    """The targets that a loss is defined for.

    Parameters
    ----------
    search : function (y, loss)
        Finds what is outside, for a loss of that name; None if nothing is.
    are_classes : bool
        Whether targets are classes or their probabilities, rather than amounts.
    is_certain : bool
        Whether targets outside are a certain mistake, rather than a likely one.
    """

    search: Callable[[Array, str], Outside | None]
    are_classes: bool = False
    is_certain: bool = True


def find(y: Array, test: Callable[[Array], Array]) -> tuple[int, tuple[int, ...]]:
    """Return how many values or rows pass a test of blocks, and the index of the first.

    Examples
    --------
    >>> find(np.array([1, -2, -3]), lambda block: block < 0)
    (2, (1,))
    """
    rows = max(1, _BLOCK * len(y) // max(y.size, 1))
    count, first = 0, ()
    for start in range(0, len(y), rows):
        bad = test(y[start : start + rows])
        if bad.any():
            if not count:
                row, *rest = (int(each) for each in np.unravel_index(int(bad.argmax()), bad.shape))
                first = (start + row, *rest)
            count += int(bad.sum())
    return count, first


def is_distribution(y: Array) -> Array:
    """Return whether each row is not negative and has the sum 1, but for rounding.

    Examples
    --------
    >>> is_distribution(np.array([[0.3, 0.7], [1, 1], [-1, 2], [0.63, 0.38], [0.635, 0.38]]))
    array([ True, False, False,  True, False])
    """
    # Over a short axis, einsum is many times faster than np.sum. Half precision is too coarse.
    y = _rows(y)
    dtype = np.dtype("float64") if y.dtype.kind != "f" else np.result_type(y, np.float32)
    sums: Array = np.einsum("...k->...", y, dtype=dtype)
    eps = float(np.finfo(y.dtype).eps) if y.dtype.kind == "f" else 0.0
    inside = np.abs(sums - 1) <= max(_TOLERANCE, 8 * eps)
    if y.dtype.kind == "f" and not inside.all():
        inside[~inside] = _is_rounded(y[~inside], sums[~inside])
    return inside if y.min() >= 0 else inside & (y >= 0).all(axis=-1)


def _is_rounded(y: Array, sums: Array) -> Array:
    """Return whether rows may be probabilities rounded to decimals, each value by half a unit."""
    rounded = np.zeros(len(y), bool)
    errors = np.abs(sums - 1)
    near = errors <= _ROUNDING
    for decimals in _DECIMALS:
        scaled = y[near].astype(np.float64) * 10.0**decimals
        are_decimals = (np.abs(scaled - np.rint(scaled)) < 1e-3).all(axis=-1)
        bound = 0.5 * y.shape[-1] + 1e-3
        rounded[near] |= are_decimals & (errors[near] * 10.0**decimals <= bound)
    return rounded


def _rows(y: Array) -> Array:
    return y if y.ndim > 1 else y[:, np.newaxis]


def _anything(y: Array, loss: str) -> Outside | None:
    return None


def _negative(y: Array, loss: str) -> Outside | None:
    count, index = find(y, lambda block: block < 0)
    return _outside(count, index, "is negative", "are negative", f"{loss} takes counts")


def _no_signs(y: Array, loss: str) -> Outside | None:
    rule = f"{loss} takes 0 and 1, or -1 and 1"
    count, index = find(y, lambda block: (np.abs(block) != 1) & (block != 0))
    if not count:
        # 0 and -1 both mean the other class.
        count, index = find(y, lambda block: block == 0)
        if not count or not find(y, lambda block: block == -1)[0]:
            return None
        return _outside(count, index, "is 0 beside -1", "are 0 beside -1", f"{rule}, not all three")
    remedy = f"{rule}: map labels to one of these pairs"
    return _outside(count, index, "is not -1, 0 or 1", "are not -1, 0 or 1", remedy)


def _no_probabilities(y: Array, loss: str) -> Outside | None:
    count, index = find(y, lambda block: (block < 0) | (block > 1))
    if not count:
        return None
    return Outside(
        count, index, "value outside [0, 1]", "values outside [0, 1]", _probability_remedy(y, loss)
    )


def _probability_remedy(y: Array, loss: str) -> str:
    values = set(np.unique(y).tolist()) if y.min() >= -1 and y.max() <= 2 else set[Any]()
    if values == {-1, 1}:
        return f"{loss} takes 0 and 1: map -1 to 0, for example with (y + 1) // 2"
    if values == {1, 2}:
        return f"{loss} takes 0 and 1: subtract 1"
    if y.max() > 2 and y.min() >= 0:
        return f"{loss} takes probabilities: divide by the largest value, or use loss='mse'"
    return f"{loss} takes probabilities, such as 0 and 1"


def _no_distributions(y: Array, loss: str) -> Outside | None:
    count, index = find(y, lambda block: ~is_distribution(block))
    if not count:
        return None
    if (outside := _no_probabilities(y, loss)) is not None:
        return outside
    is_half = y.dtype.kind == "f" and y.dtype.itemsize < 4
    sums = _rows(y).sum(axis=-1, dtype=np.float32 if is_half else None)
    words = f"whose sum is not 1 but {float(sums[index]):.4g}"
    if count > 1:
        words = "whose sum is not 1"
    return Outside(
        count, index, f"row {words}", f"rows {words}", _distribution_remedy(y, sums, loss)
    )


def _distribution_remedy(y: Array, sums: Array, loss: str) -> str:
    rule = f"{loss} takes rows of probabilities"
    if loss == "cross_entropy":
        rule = "cross_entropy takes one class a sample, or rows of probabilities"
    are_binary = not find(y, lambda block: (block != 0) & (block != 1))[0]
    if are_binary and sums.max() > 1:
        return (
            f'{rule}: for several classes a sample use loss="binary_cross_entropy", with a last '
            "layer without softmax"
        )
    if are_binary:
        return (
            f"{rule}: leave out what has no class, give it the weight 0 by sample_weight, or a "
            "class of its own"
        )
    if sums.min() > 0:
        return f"{rule}: divide by the sums, y / y.sum(axis=-1, keepdims=True); for amounts use mse"
    return f"{rule}: give each row the sum 1; for amounts use mse"


def _no_directions(y: Array, loss: str) -> Outside | None:
    if _rows(y).shape[-1] == 1:
        remedy = f"{loss} compares directions, of which one output has two alone; use mse"
        return Outside(len(y), (0,), "row of one value", "rows of one value", remedy)
    count, index = find(y, lambda block: (_rows(block) == 0).all(axis=-1))
    if not count:
        return None
    remedy = (
        f"{loss} compares directions, which these have not: their loss is 1 whatever is predicted; "
        "leave them out"
    )
    return Outside(count, index, "row that is all 0", "rows that are all 0", remedy)


def _outside(
    count: int, index: tuple[int, ...], one: str, many: str, remedy: str
) -> Outside | None:
    return (
        Outside(count, index, f"value that {one}", f"values that {many}", remedy) if count else None
    )


AMOUNTS = TargetDomain(_anything)
COUNTS = TargetDomain(_negative)
DIRECTIONS = TargetDomain(_no_directions, is_certain=False)
SIGNS = TargetDomain(_no_signs, are_classes=True)
PROBABILITIES = TargetDomain(_no_probabilities, are_classes=True)
DISTRIBUTIONS = TargetDomain(_no_distributions, are_classes=True)
