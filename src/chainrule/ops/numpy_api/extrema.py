"""Maximum and minimum along axes, their indices, and the range, with NumPy's names."""

from __future__ import annotations

import math
from typing import Any

from chainrule.errors import ShapeError
from chainrule.ops.primitives import reduction
from chainrule.ops.primitives.axes import (
    keepdims_shape,
    normalize_axis,
    reduction_axes,
    static_bool,
)
from chainrule.ops.primitives.broadcasting import broadcast_to, cast
from chainrule.ops.primitives.elementwise import maximum, minimum
from chainrule.ops.primitives.movement import reshape
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import select

__all__ = ["argmax", "argmin", "as_initial", "count_along", "max", "min", "ptp"]

# NumPy's names shadow the built-ins max and min in this file.


def max(
    x: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Maximum along axes; ties split the cotangent evenly."""
    return _extremum("max", as_array(x), axis, keepdims, initial, where)


def min(
    x: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Minimum along axes; ties split the cotangent evenly."""
    return _extremum("min", as_array(x), axis, keepdims, initial, where)


def ptp(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Range along axes, maximum minus minimum."""
    return max(x, axis, keepdims=keepdims) - min(x, axis, keepdims=keepdims)


def argmax(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Index of the first maximum along an axis, or in the flattened array."""
    return _arg_extremum(reduction.argmax, "argmax", as_array(x), axis, keepdims)


def argmin(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Index of the first minimum along an axis, or in the flattened array."""
    return _arg_extremum(reduction.argmin, "argmin", as_array(x), axis, keepdims)


def count_along(x: Any, axes: tuple[int, ...]) -> int:
    """Number of elements that a reduction along axes combines."""
    return math.prod(x.shape[i] for i in axes)


def as_initial(initial: Any, x: Any) -> Any:
    """Convert the start of a reduction to the dtype that it is computed in."""
    return cast(as_array(initial), x.dtype)


def _extremum(name: str, x: Any, axis: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    primitive, combine = _EXTREMA[name]
    axes = reduction_axes(name, axis, x.ndim)
    if initial is None and (where is not True or not count_along(x, axes)):
        reason = f"shape {x.shape} is empty along axes {axes}"
        if where is not True:
            reason = "where= may select no element"
        raise ShapeError(f"{name}: {reason}; give initial=, the {name}imum of no elements")
    if initial is not None:
        initial = as_initial(initial, x)
        if where is not True:
            x = select(broadcast_to(as_array(where), x.shape), x, initial)
    shape = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    result = primitive(x, axes=axes) if count_along(x, axes) else broadcast_to(initial, shape)
    if initial is not None:
        result = combine(initial, result)
    kept = static_bool(name, keepdims, "keepdims=")
    return reshape(result, shape=keepdims_shape(x.shape, axes)) if kept else result


_EXTREMA: dict[str, Any] = {
    "max": (reduction.reduce_max, maximum),
    "min": (reduction.reduce_min, minimum),
}


def _arg_extremum(primitive: Any, name: str, x: Any, axis: Any, keepdims: bool) -> Any:
    if axis is None:
        result = primitive(reshape(x, shape=(x.size,)), axis=0)
        return reshape(result, shape=(1,) * x.ndim) if keepdims else result
    if not reduction_axes(name, axis, x.ndim):
        return primitive(reshape(x, shape=(1,)), axis=0)
    axis = normalize_axis(name, axis, x.ndim)
    result = primitive(x, axis=axis)
    return reshape(result, shape=keepdims_shape(x.shape, (axis,))) if keepdims else result
