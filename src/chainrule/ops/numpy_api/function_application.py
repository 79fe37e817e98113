"""Apply functions along axes and piecewise: ``np.apply_along_axis``, ``np.piecewise``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, TraceError
from chainrule.graph.node import Node, ancestors, as_node, next_serial
from chainrule.ops.numpy_api.concatenation import concatenate, stack
from chainrule.ops.numpy_api.indexing import get_item, take_along_axis
from chainrule.ops.numpy_api.shape_manipulation import (
    broadcast_arrays,
    broadcast_to,
    expand_dims,
    moveaxis,
    ravel,
    reshape,
)
from chainrule.ops.primitives.axes import normalize_axis
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import select

__all__ = ["apply_along_axis", "apply_over_axes", "choose", "piecewise"]


def apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **keywords: Any) -> Any:
    """Apply a function to each line along an axis, and put its results in place of that axis."""
    x = as_array(arr)
    axis = normalize_axis("apply_along_axis", axis, x.ndim)
    moved = moveaxis(x, axis, -1)
    outer = moved.shape[:-1]
    if 0 in outer:
        raise ShapeError(f"apply_along_axis: there is no line along axis {axis} of shape {x.shape}")
    lines = reshape(moved, (-1, moved.shape[-1]))
    results = [func1d(get_item(lines, i), *args, **keywords) for i in range(lines.shape[0])]
    stacked = stack(results)
    shape = stacked.shape[1:]
    stacked = reshape(stacked, (*outer, *shape))
    sources = range(len(outer), len(outer) + len(shape))
    return moveaxis(stacked, sources, range(axis, axis + len(shape)))


def apply_over_axes(function: Any, x: Any, axes: Any) -> Any:
    """Apply a function of an array and an axis for one axis after the other, which are kept."""
    value = as_array(x)
    for each in axes if isinstance(axes, list | tuple) or np.ndim(axes) else (axes,):
        axis = normalize_axis("apply_over_axes", each, value.ndim)
        result = as_array(function(value, axis))
        value = result if result.ndim == value.ndim else expand_dims(result, axis)
    return value


def choose(indices: Any, choices: Any, mode: str = "raise") -> Any:
    """Take, elementwise, the element of the array that the index chooses."""
    indices, *arrays = broadcast_arrays(indices, *choices)
    if mode == "wrap":
        indices = np.remainder(indices, len(arrays))
    elif mode == "clip":
        indices = np.clip(indices, 0, len(arrays) - 1)
    return take_along_axis(stack(arrays), expand_dims(indices, 0), 0)[0]


def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **keywords: Any) -> Any:
    """Evaluate, for each condition, a function where it holds; the last one decides."""
    x = as_array(x)
    chosen, functions = _conditions(x, condlist), list(funclist)
    if len(functions) == len(chosen) + 1:
        none: Any = ~np.any(stack(chosen), axis=0)
        chosen.append(none)
    if len(functions) != len(chosen):
        raise ShapeError(
            f"piecewise: {len(chosen)} conditions need {len(chosen)} functions, or one more for "
            f"elsewhere, not {len(functions)}"
        )
    result: Any = np.zeros(x.shape, x.dtype)
    for condition, function in zip(chosen, functions, strict=True):
        result = _with_piece(result, x, condition, function, args, keywords)
    return result


def _conditions(x: Any, conditions: Any) -> list[Any]:
    """List the conditions, of which one may be given by itself."""
    is_single = np.ndim(conditions) == 0 if not isinstance(conditions, list | tuple) else False
    if not is_single and x.ndim and not np.ndim(conditions[0]):
        is_single = True
    several: list[Any] = [conditions] if is_single else list(conditions)
    return [cast(as_array(each), bool) for each in several]


def _with_piece(
    result: Any, x: Any, condition: Any, function: Any, args: Any, keywords: dict[str, Any]
) -> Any:
    """Replace the elements where a condition holds by values of a function."""
    if not callable(function):
        return select(condition, cast(as_array(function), x.dtype), result)
    if not isinstance(condition, Node) or condition.is_known:
        return _scattered(result, x, condition, lambda part: function(part, *args, **keywords))
    start = next_serial()
    value = function(x, *args, **keywords)
    if not _is_elementwise(value, x, start):
        raise TraceError(
            "piecewise: under cr.jit and cr.vmap and inside loops a function must act on each "
            "element by itself, as the number of elements that a condition selects is not known; "
            "write it with np.where"
        )
    return select(condition, cast(as_array(value), x.dtype), result)


def _is_elementwise(value: Any, x: Any, start: int) -> bool:
    """Whether each element of a value depends on one element of `x` alone."""
    if np.shape(value) not in ((), x.shape) or not isinstance(value, Node):
        return not isinstance(value, Node) and not np.ndim(value)
    source = as_node(x)
    nodes = ancestors([as_node(value)], lambda node: node is source or node.serial < start)
    depending = {source.serial}
    for node in nodes:
        if any(each.serial in depending for each in node.inputs):
            if node.primitive is None or (
                node.primitive.ufunc is None and node.primitive.name not in _ELEMENTWISE
            ):
                return False
            depending.add(node.serial)
    return True


_ELEMENTWISE = {"cast", "identity", "stop_gradient"}


def _scattered(result: Any, x: Any, condition: Any, function: Callable[[Any], Any]) -> Any:
    """Replace the elements at a condition of known value by a function of them alone."""
    mask = np.broadcast_to(condition.value if isinstance(condition, Node) else condition, x.shape)
    positions = np.flatnonzero(mask)
    if not positions.size:
        return result
    part = cast(as_array(function(get_item(ravel(x), positions))), x.dtype)
    joined = concatenate([ravel(result), broadcast_to(part, positions.shape)])
    source: Any = np.arange(x.size)
    source[positions] = x.size + np.arange(positions.size)
    return reshape(get_item(joined, source), x.shape)
