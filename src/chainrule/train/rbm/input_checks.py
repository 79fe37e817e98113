"""Checks of visible units: rows of numbers in [0, 1]."""

from __future__ import annotations

from typing import Any

from chainrule.errors import DataError, ShapeError
from chainrule.train.checks.arrays import as_rows
from chainrule.train.checks.finite import Extent, check_finite

__all__ = ["checked_visible"]


def checked_visible(X: Any, function: str, units: int | None, dtype: Any) -> Any:
    """Return states of visible units as rows, or raise for the first mistake in them.

    Examples
    --------
    >>> checked_visible([[0, 255]], "fit", None, "float32")
    Traceback (most recent call last):
    chainrule.errors.DataError: fit: X goes from 0 to 255; a visible unit is 0 or 1, or a
    probability of 1 in between: pass X / 255, or X > 127
    """
    array = as_rows(X, function, "X")
    _check_shape(array.shape, function, units)
    extent = check_finite(array, function, "X", dtype, getattr(X, "columns", None))
    _check_range(extent, function)
    return array


def _check_shape(shape: tuple[int, ...], function: str, units: int | None) -> None:
    problem = f"{function}: X has shape {shape}"
    if len(shape) == 2 and units in (None, shape[1]):
        return
    if shape == (units,):
        raise ShapeError(f"{problem}, which is a single sample; pass X[None]")
    if len(shape) != 2:
        raise ShapeError(f"{problem}, but it must be (samples, units); pass X.reshape(len(X), -1)")
    raise ShapeError(
        f"{problem}, but it was built for {units} visible units; give the same columns as in "
        "training, or make a new machine"
    )


def _check_range(extent: Extent, function: str) -> None:
    low, high = extent.low, extent.high
    if low >= 0 and high <= 1:
        return
    remedy = "(X - X.min()) / (X.max() - X.min()), or X > threshold"
    if low >= 0 and high <= 255:
        remedy = f"X / {high:g}, or X > {high // 2:g}"
    raise DataError(
        f"{function}: X goes from {low:g} to {high:g}; a visible unit is 0 or 1, or a probability "
        f"of 1 in between: pass {remedy}"
    )
