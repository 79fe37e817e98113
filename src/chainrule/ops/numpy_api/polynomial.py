"""Polynomials by their coefficients and the trapezoidal rule, with NumPy's names and arguments.

The coefficient of the highest power comes first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, ShapeError, UnsupportedError
from chainrule.ops.numpy_api.concatenation import concatenate, stack
from chainrule.ops.numpy_api.correlation import convolve
from chainrule.ops.numpy_api.indexing import get_item
from chainrule.ops.numpy_api.known_values import are_known, value_of
from chainrule.ops.numpy_api.padding import pad
from chainrule.ops.numpy_api.reductions import sum as sum_along
from chainrule.ops.numpy_api.shape_manipulation import atleast_1d, reshape
from chainrule.ops.numpy_api.sorting import diff
from chainrule.ops.primitives.axes import normalize_axis
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.promotion import as_array

__all__ = [
    "poly", "polyadd", "polyder", "polydiv", "polyint", "polymul", "polysub", "polyval",
    "trapezoid",
]  # fmt: skip


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


def poly(seq_of_zeros: Any) -> Any:
    """Return the coefficients of the polynomial with the given roots."""
    roots = atleast_1d(as_array(seq_of_zeros))
    if roots.ndim != 1:
        raise UnsupportedError(
            "poly: the characteristic polynomial of a matrix needs its eigenvalues, which cannot "
            "be traced; give a vector of roots"
        )
    roots = roots if roots.dtype.kind == "f" else cast(roots, "float64")
    result: Any = np.ones(1, roots.dtype)
    for root in roots:
        result = convolve(result, stack([np.ones((), roots.dtype), -root]))
    return result if roots.shape[0] else 1.0


def polyadd(a1: Any, a2: Any) -> Any:
    """Add two polynomials."""
    a1, a2 = _aligned(a1, a2)
    return a1 + a2


def polysub(a1: Any, a2: Any) -> Any:
    """Subtract two polynomials."""
    a1, a2 = _aligned(a1, a2)
    return a1 - a2


def polymul(a1: Any, a2: Any) -> Any:
    """Multiply two polynomials; known coefficients of 0 in front are dropped before."""
    return convolve(_trimmed(a1), _trimmed(a2))


def polyder(p: Any, m: int = 1) -> Any:
    """Differentiate a polynomial `m` times."""
    p = as_array(p)
    if m < 0:
        raise ArgumentError(f"polyder: the order must be 0 or more, got {m}; see np.polyint")
    for _ in range(m):
        p = p[:-1] * np.arange(p.shape[0] - 1, 0, -1)
    return p


def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """Integrate a polynomial `m` times, with the constants `k`, of which the first comes first."""
    if m < 0:
        raise ArgumentError(f"polyint: the order must be 0 or more, got {m}; see np.polyder")
    constants = atleast_1d(as_array(np.zeros(m) if k is None else k))
    if constants.shape[0] == 1 and m > 1:
        constants = constants[0] * np.ones(m)
    if constants.shape[0] < m:
        raise ShapeError(f"polyint: {constants.shape[0]} constants for {m} integrals")
    p = as_array(p)
    for i in range(m):
        p = concatenate([p / np.arange(p.shape[0], 0, -1), constants[i : i + 1]])
    return p


def polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """Divide two polynomials; return quotient and remainder."""
    u, v = atleast_1d(as_array(u)) + 0.0, atleast_1d(as_array(v)) + 0.0
    dtype = np.result_type(u.dtype, v.dtype)
    rest, count = cast(u, dtype), u.shape[0] - v.shape[0] + 1
    quotient: list[Any] = []
    scale = 1.0 / v[0]
    for k in range(count):
        factor = scale * rest[k]
        quotient.append(factor)
        rest = rest - pad(factor * v, (k, rest.shape[0] - k - v.shape[0]))
    values = value_of("polydiv", rest, "use polydiv outside the function, or leave out cr.jit")
    first = next((i for i, x in enumerate(values) if not np.allclose(x, 0, rtol=1e-14)), None)
    start = rest.shape[0] - 1 if first is None else first
    return stack(quotient) if quotient else np.zeros(1, dtype), rest[start:]


def _aligned(a1: Any, a2: Any) -> tuple[Any, Any]:
    """Pad the shorter vector of coefficients with zeros in front."""
    a1, a2 = atleast_1d(as_array(a1)), atleast_1d(as_array(a2))
    length = max(a1.shape[0], a2.shape[0])
    return pad(a1, (length - a1.shape[0], 0)), pad(a2, (length - a2.shape[0], 0))


def _trimmed(a: Any) -> Any:
    a = atleast_1d(as_array(a))
    if not are_known(a):
        return a
    nonzero = np.flatnonzero(value_of("polymul", a, ""))
    return a[nonzero[0] :] if nonzero.size else np.zeros(1, a.dtype)
