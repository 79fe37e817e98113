"""The methods of binary ufuncs: ``reduce``, ``accumulate``, ``reduceat`` and ``outer``.

An associative and commutative operation is reduced by pairing halves and accumulated by a parallel
prefix scan (Hillis & Steele 1986), in a logarithmic number of steps; others, such as ``subtract``,
are folded from left to right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.ops.numpy_api import extrema, reductions, sorting
from chainrule.ops.numpy_api.concatenation import concatenate, stack
from chainrule.ops.numpy_api.indexing import get_item
from chainrule.ops.numpy_api.keywords import with_keywords
from chainrule.ops.numpy_api.shape_manipulation import broadcast_to, expand_dims, moveaxis, reshape
from chainrule.ops.primitives.axes import (
    keepdims_shape,
    normalize_axis,
    reduction_axes,
    static_bool,
)
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.promotion import as_array, widen_integers
from chainrule.ops.primitives.selection import select

__all__ = ["methods"]

Operation = Callable[..., Any]

_ASSOCIATIVE = {
    np.add, np.multiply, np.maximum, np.minimum, np.fmax, np.fmin, np.logaddexp, np.logaddexp2,
    np.hypot, np.logical_and, np.logical_or, np.logical_xor, np.bitwise_and, np.bitwise_or,
    np.bitwise_xor, np.gcd, np.lcm,
}  # fmt: skip
_REDUCTIONS: dict[Any, Operation] = {
    np.add: reductions.sum,
    np.multiply: reductions.prod,
    np.maximum: extrema.max,
    np.minimum: extrema.min,
    np.logical_and: reductions.all,
    np.logical_or: reductions.any,
    np.logaddexp: reductions.log_sum_exp,
}
_ACCUMULATIONS: dict[Any, Operation] = {np.add: sorting.cumsum, np.multiply: sorting.cumprod}
_WIDENING = {np.add, np.multiply}
_PREDICATES = {np.logical_and, np.logical_or, np.logical_xor}
_COMPARISONS = {np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal}


def methods(ufunc: np.ufunc, operation: Operation) -> dict[str, Operation]:
    """Return the methods of a ufunc by name: those that NumPy computes for real numbers."""
    if ufunc in _COMPARISONS:
        return {"outer": _outer(operation)}
    reduce = _reduce(ufunc, operation)
    named = {
        "reduce": reduce,
        "accumulate": _accumulate(ufunc, operation),
        "reduceat": _reduceat(reduce),
    }
    wrapped = {
        name: with_keywords(f"{ufunc.__name__}.{name}", method) for name, method in named.items()
    }
    return wrapped | {"outer": _outer(operation)}


def _outer(operation: Operation) -> Operation:
    def outer(a: Any, b: Any, **keywords: Any) -> Any:
        """Apply to every pair of elements of two arrays."""
        a = as_array(a)
        return operation(reshape(a, a.shape + (1,) * as_array(b).ndim), b, **keywords)

    return outer


def _reduce(ufunc: np.ufunc, operation: Operation) -> Operation:
    reduction = _REDUCTIONS.get(ufunc)

    def reduce(
        x: Any, axis: Any = 0, dtype: Any = None, keepdims: bool = False, initial: Any = None,
        where: Any = True,
    ) -> Any:  # fmt: skip
        """Combine all elements along axes."""
        if reduction is not None:
            if dtype is not None:
                x = cast(as_array(x), dtype)
            return reduction(x, axis, keepdims=keepdims, initial=initial, where=where)
        x = _prepared(ufunc, x, dtype)
        axes = reduction_axes(f"{ufunc.__name__}.reduce", axis, x.ndim)
        keepdims = static_bool(ufunc.__name__, keepdims, "keepdims=")
        kept = keepdims_shape(x.shape, axes)
        result = _fold(ufunc, operation, _lines(ufunc, x, axes, where, initial), initial)
        lengths = [n for i, n in enumerate(x.shape) if i not in axes]
        return reshape(result, kept if keepdims else lengths)

    return reduce


def _prepared(ufunc: np.ufunc, x: Any, dtype: Any) -> Any:
    """Convert to the dtype in which NumPy reduces."""
    if ufunc in _PREDICATES:
        return as_array(x) != 0
    if ufunc in _WIDENING or dtype is not None:
        return widen_integers(as_array(x), dtype)
    return as_array(x)


def _lines(ufunc: np.ufunc, x: Any, axes: tuple[int, ...], where: Any, initial: Any) -> Any:
    """Return the elements to combine in the last axis, unselected ones as the neutral element."""
    name = ufunc.__name__
    if where is not True:
        neutral = ufunc.identity if initial is None else initial
        if neutral is None or ufunc not in _ASSOCIATIVE:
            raise ShapeError(
                f"{name}.reduce: has no neutral element for where=; give initial=, or use "
                "np.where(mask, x, value) on the input"
            )
        x = select(broadcast_to(where, x.shape), x, cast(as_array(neutral), x.dtype))
    if len(axes) > 1 and ufunc not in _ASSOCIATIVE:
        raise ShapeError(f"{name}.reduce: depends on the order, so it takes one axis, not {axes}")
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    count = int(np.prod([x.shape[i] for i in axes], dtype=np.int64))
    if not count and initial is None and ufunc.identity is None:
        raise ShapeError(f"{name}.reduce: of no elements; give initial=, the result for none")
    lengths = tuple(x.shape[i] for i in rest)
    return reshape(np.transpose(x, (*rest, *axes)), (*lengths, count))


def _fold(ufunc: np.ufunc, operation: Operation, x: Any, initial: Any) -> Any:
    """Combine the entries of the last axis, beginning with `initial`."""
    count = x.shape[-1]
    if initial is None and not count:
        initial = ufunc.identity
    start = (
        [] if initial is None else [broadcast_to(cast(as_array(initial), x.dtype), x.shape[:-1])]
    )
    if ufunc in _ASSOCIATIVE:
        values = [*start, _pairwise(operation, x)] if count else start
    else:
        values = [*start, *(x[..., i] for i in range(count))]
    result = values[0]
    for each in values[1:]:
        result = operation(result, each)
    return result


def _pairwise(operation: Operation, x: Any) -> Any:
    """Combine the halves of the last axis until its length is 1."""
    while (length := x.shape[-1]) > 1:
        half = length // 2
        paired = operation(x[..., :half], x[..., half : 2 * half])
        x = concatenate([paired, x[..., 2 * half :]], -1) if length % 2 else paired
    return x[..., 0]


def _accumulate(ufunc: np.ufunc, operation: Operation) -> Operation:
    cumulate = _ACCUMULATIONS.get(ufunc)

    def accumulate(x: Any, axis: int = 0, dtype: Any = None) -> Any:
        """Combine, for each entry along an axis, all entries up to it."""
        x = _prepared(ufunc, x, dtype)
        axis = normalize_axis(f"{ufunc.__name__}.accumulate", axis, x.ndim)
        if cumulate is not None:
            return cumulate(x, axis, dtype)
        x = moveaxis(x, axis, -1)
        scan = _prefix_scan if ufunc in _ASSOCIATIVE else _running
        return moveaxis(scan(operation, x), -1, axis)

    return accumulate


def _prefix_scan(operation: Operation, x: Any) -> Any:
    """Combine partial results over distances 1, 2, 4, ... along the last axis."""
    distance = 1
    while distance < x.shape[-1]:
        tail = operation(x[..., :-distance], x[..., distance:])
        x = concatenate([x[..., :distance], tail], -1)
        distance *= 2
    return x


def _running(operation: Operation, x: Any) -> Any:
    """Combine from left to right along the last axis, one entry at a time."""
    if x.shape[-1] < 2:
        return x
    values = [x[..., 0]]
    for i in range(1, x.shape[-1]):
        values.append(operation(values[-1], x[..., i]))
    return stack(values, -1)


def _reduceat(reduce: Operation) -> Operation:
    def reduceat(x: Any, indices: Any, axis: int = 0, dtype: Any = None) -> Any:
        """Combine the entries between adjacent indices; a single one where they descend."""
        x = as_array(x)
        axis = normalize_axis("reduceat", axis, x.ndim)
        starts = np.asarray(indices).tolist()
        before = (slice(None),) * axis
        parts: list[Any] = []
        for start, stop in zip(starts, [*starts[1:], x.shape[axis]], strict=True):
            part = slice(start, stop if stop > start else start + 1)
            parts.append(reduce(get_item(x, (*before, part)), axis, dtype=dtype))
        return concatenate([expand_dims(each, axis) for each in parts], axis)

    return reduceat
