"""Polynomial evaluation and the trapezoidal rule, with NumPy's names and arguments."""

from __future__ import annotations

from typing import Any

from chainrule.ops.numpy_api.indexing import get_item
from chainrule.ops.numpy_api.reductions import sum as sum_along
from chainrule.ops.numpy_api.shape_manipulation import reshape
from chainrule.ops.numpy_api.sorting import diff
from chainrule.ops.primitives.axes import normalize_axis
from chainrule.ops.primitives.promotion import as_array

__all__ = ["polyval", "trapezoid"]


def polyval(coefficients: Any, x: Any) -> Any:
    """Evaluate a polynomial by Horner's rule, the coefficient of the highest power first."""
    coefficients = as_array(coefficients)
    value = as_array(x) * 0
    for each in coefficients:
        value = value * x + each
    return value


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """Integrate by the trapezoidal rule: samples `y` at the points `x`, or with spacing `dx`."""
    y = as_array(y)
    axis = normalize_axis("trapezoid", axis, y.ndim)
    before = (slice(None),) * axis
    width = dx
    if x is not None:
        width = diff(x, axis=axis) if as_array(x).ndim > 1 else diff(x)
        if width.ndim == 1:
            width = reshape(width, [-1 if i == axis else 1 for i in range(y.ndim)])
    heights = get_item(y, (*before, slice(1, None))) + get_item(y, (*before, slice(-1)))
    return sum_along(width * heights / 2, axis)
