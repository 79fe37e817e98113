"""Checks of the columns of a table: constant, duplicated, and such as give the target away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.insight.mistakes.catalogue import kind
from chainrule.insight.mistakes.mistake import Mistake

__all__ = ["column_mistakes"]

Array = NDArray[Any]

_FEW = 20
"""Samples; with fewer, columns are equal by chance."""
_COLUMNS = 48
"""Columns of a table at most; more are pixels of 7 × 7 and larger, of which some never change."""
_ROWS = 20_000
"""Rows that are compared."""
_EXACT = 1 - 1e-9
_CLOSE = 0.999
"""Correlations of columns that are linear functions of each other, and nearly so."""
_TOLD = 0.1
"""Part of the target that the other columns explain, if it is a question to them."""


def column_mistakes(X: Array, y: Array) -> Iterator[Mistake]:
    """Yield constant, duplicated and leaked columns of a table of features.

    A code of bits, as one-hot columns, binary numbers and bags of words, has constant and equal
    columns by nature.
    """
    if X.ndim != 2 or len(X) < _FEW or not 1 < X.shape[1] <= _COLUMNS:
        return
    values = np.asarray(X[:_ROWS], "float64")
    varying = np.flatnonzero(np.ptp(values, axis=0) > 0)
    standard = _standardized(values[:, varying])
    if not np.isin(values, (0, 1)).all():
        constant = np.flatnonzero(np.ptp(values, axis=0) == 0)
        if constant.size:
            yield Mistake(kind("CR033"), f"{_listed(constant)} of X never change")
        yield from _duplicates(values, standard, varying)
    if y.dtype.kind in "biuf":
        yield from _leaks(values, standard, varying, np.asarray(y[:_ROWS], "float64"))


def _standardized(values: Array) -> Array:
    return (values - values.mean(axis=0)) / values.std(axis=0)


def _duplicates(values: Array, standard: Array, varying: Array) -> Iterator[Mistake]:
    """Yield columns that are equal, or linear functions of each other.

    Not the two columns of a yes or no, which are one-hot, nor rows of which all values are linear
    functions of each other, as in windows of a straight series.
    """
    correlation = np.triu(standard.T @ standard / len(values), 1)
    pairs = [tuple(varying[each]) for each in np.argwhere(np.abs(correlation) > _EXACT)]
    equal = [(i, k) for i, k in pairs if np.array_equal(values[:, i], values[:, k])]
    linear = [(i, k) for i, k in pairs if len(np.unique(values[:, i])) > 2]
    if equal:
        one, other = equal[0]
        yield Mistake(kind("CR034"), f"columns {one} and {other} of X are equal")
    elif linear and len({k for _, k in linear}) <= len(varying) // 2:
        one, other = linear[0]
        yield Mistake(
            kind("CR034"), f"columns {one} and {other} of X are linear functions of each other"
        )


def _leaks(values: Array, standard: Array, varying: Array, y: Array) -> Iterator[Mistake]:
    """Yield a column that is the target, or a function of it that leaves out the others.

    A column that is a linear function of the target is a leak if the others explain the target
    too, though less; otherwise it is the one column that the target depends on.
    """
    y = y.reshape(len(y), -1)
    is_code = y.shape[1] > 1 and bool(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())
    target = y.argmax(axis=1).astype("float64") if is_code else y[:, 0]
    if (y.shape[1] > 1 and not is_code) or np.ptp(target) == 0:
        return
    equal = [i for i in varying if np.array_equal(values[:, i], target)]
    if equal and len(equal) < len(varying):
        yield Mistake(kind("CR035"), f"{_listed(np.array(equal))} of X and y are equal")
        return
    agreement = np.abs(standard.T @ _standardized(target)) / len(values)
    close = agreement > _CLOSE
    if 0 < close.sum() <= len(varying) // 2:
        others, told = _explained(standard[:, ~close], target), float(agreement.max()) ** 2
        is_exact = told > _EXACT**2
        if others > _TOLD and (is_exact or 1 - others > 10 * (1 - told)):
            how = "linear functions" if is_exact else "nearly linear functions"
            yield Mistake(
                kind("CR035"), f"{_listed(varying[close])} of X and y are {how} of each other"
            )


def _explained(standard: Array, target: Array) -> float:
    """Return the part of the target that a linear function of columns explains (adjusted R²)."""
    n, k = standard.shape
    if n <= k + 2:
        return 0.0
    design = np.c_[np.ones(n), standard]
    residual = target - design @ np.linalg.lstsq(design, target, rcond=None)[0]
    total = float(np.sum((target - target.mean()) ** 2))
    return 1 - float(residual @ residual) / total * (n - 1) / (n - k - 1)


def _listed(columns: Array) -> str:
    shown = ", ".join(map(str, columns[:5])) + (", ..." if len(columns) > 5 else "")
    return f"column{'s' if len(columns) > 1 else ''} {shown}"
