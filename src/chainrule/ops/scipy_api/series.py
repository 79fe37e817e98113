"""What the special functions share: polynomials, and float64 for their computation."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.elementwise import cos, floor, remainder, sin
from chainrule.ops.primitives.promotion import as_array, is_python_number

__all__ = ["as_real", "cos_pi", "in_double", "polynomial", "sin_pi"]


def as_real(x: Any) -> Any:
    """Convert what is not float32 to float64, in which SciPy computes."""
    if is_python_number(x):
        return float(x)
    x = as_array(x)
    if x.dtype.char in "fd":
        return x
    return cast(x, "float64")


def in_double(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compute a function of reals in float64, as SciPy does; return float32 for float32.

    Python numbers are weakly typed, as in NumPy's promotion.
    """

    @wraps(function)
    def computed(*operands: Any) -> Any:
        arrays = [x if is_python_number(x) else as_array(x) for x in operands]
        dtypes = [x.dtype for x in arrays if not is_python_number(x)]
        wide = [float(x) if is_python_number(x) else cast(x, "float64") for x in arrays]
        results = function(*wide)
        if not dtypes or any(each != np.float32 for each in dtypes):
            return results
        if isinstance(results, tuple):
            return tuple(cast(each, "float32") for each in results)
        return cast(results, "float32")

    return computed


def polynomial(x: Any, coefficients: Sequence[float]) -> Any:
    """Evaluate by Horner's rule, the constant first."""
    value: Any = coefficients[-1]
    for each in coefficients[-2::-1]:
        value = value * x + each
    return value


def sin_pi(x: Any) -> Any:
    """``sin(πx)`` of the fraction of `x`, which is 0 at integers."""
    nearest = floor(x + 0.5)
    sign = 1 - 2 * remainder(nearest, 2)
    return sign * sin(math.pi * (x - nearest))


def cos_pi(x: Any) -> Any:
    """``cos(πx)`` of the fraction of `x`."""
    nearest = floor(x + 0.5)
    return (1 - 2 * remainder(nearest, 2)) * cos(math.pi * (x - nearest))
