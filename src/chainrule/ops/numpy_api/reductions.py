"""Reductions along axes, with NumPy's names and arguments."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.ops.numpy_api import extrema
from chainrule.ops.numpy_api.extrema import as_initial, count_along
from chainrule.ops.primitives.axes import (
    keepdims_shape,
    normalize_axes,
    reduction_axes,
    static_bool,
)
from chainrule.ops.primitives.broadcasting import broadcast_to, cast, reduce_to
from chainrule.ops.primitives.elementwise import (
    absolute,
    add,
    exp,
    log,
    logaddexp,
    logical_and,
    logical_or,
    maximum,
    multiply,
    sqrt,
)
from chainrule.ops.primitives.movement import concatenate, reshape, strided_slice
from chainrule.ops.primitives.promotion import as_array, is_python_number, widen_integers
from chainrule.ops.primitives.selection import select, stop_gradient

__all__ = [
    "all", "any", "average", "count_nonzero", "divide_by_count", "log_sum_exp", "mean", "prod",
    "reduces_in_single", "safe_sqrt", "std", "sum", "var",
]  # fmt: skip

# NumPy's names shadow the built-ins sum, all, any in this file.


def sum(
    x: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = None,
    where: Any = True,
) -> Any:  # fmt: skip
    """Sum along axes; narrow integers and booleans as 64-bit integers, as in NumPy."""
    x = _selected(widen_integers(as_array(x), dtype), where, 0)
    result = _sum(x, reduction_axes("sum", axis, x.ndim), keepdims)
    return result if initial is None else add(as_initial(initial, x), result)


def reduces_in_single(function: Callable[..., Any]) -> Callable[..., Any]:
    """Reduce half precision in single precision, as NumPy does, unless a dtype is given."""

    @wraps(function)
    def reduced(x: Any, axis: Any = None, *dtype: Any, **keywords: Any) -> Any:
        x = as_array(x)
        given = dtype[0] if dtype else keywords.get("dtype")
        if given is not None or x.dtype != np.float16:
            return function(x, axis, *dtype, **keywords)
        return cast(function(cast(x, "float32"), axis, **keywords), "float16")

    return reduced


@reduces_in_single
def mean(
    x: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, where: Any = True
) -> Any:
    """Mean along axes; of integers as float64, of half precision in single precision."""
    x = _to_float(as_array(x), dtype)
    axes = normalize_axes("mean", axis, x.ndim)
    return _sum(_selected(x, where, 0), axes, keepdims) / _selected_count(x, axes, where, keepdims)


def average(
    x: Any, axis: Any = None, weights: Any = None, returned: bool = False, *,
    keepdims: bool = False,
) -> Any:  # fmt: skip
    """Weighted mean along axes, ``Σ w·x / Σ w``; `weights` has the shape of `x` or of the axes.

    With `returned`, also the sum of the weights.
    """
    x = as_array(x)
    axes = normalize_axes("average", axis, x.ndim)
    if weights is None:
        result, total = mean(x, axes, keepdims=keepdims), count_along(x, axes)
    else:
        weights = _aligned_weights(x, axis, axes, as_array(weights))
        dtype = np.result_type(
            x.dtype, weights.dtype, *([np.float64] if x.dtype.kind in "iub" else [])
        )
        total = sum(broadcast_to(weights, x.shape), axes, dtype, keepdims=keepdims)
        result = sum(x * weights, axes, dtype, keepdims=keepdims) / total
    return (
        (result, broadcast_to(cast(as_array(total), result.dtype), result.shape))
        if returned
        else result
    )


def _aligned_weights(x: Any, axis: Any, axes: tuple[int, ...], weights: Any) -> Any:
    """Return weights with the axes of `x`, of length 1 where they do not vary."""
    if weights.shape == x.shape:
        return weights
    lengths = tuple(x.shape[i] for i in axes)
    if axis is None or weights.shape != lengths:
        raise ShapeError(
            f"average: the weights have shape {weights.shape}, but must have the shape {x.shape} "
            "of the values, or that of the given axes"
        )
    ordered = np.transpose(weights, np.argsort(axes))
    return reshape(ordered, shape=tuple(n if i in axes else 1 for i, n in enumerate(x.shape)))


def var(
    x: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False,
    where: Any = True, mean: Any = None, correction: float | None = None,
) -> Any:  # fmt: skip
    """Variance along axes, ``Σ (x - mean)² / (n - ddof)``; `correction` is `ddof`."""
    x = _to_float(as_array(x), dtype)
    ddof = ddof if correction is None else correction
    axes = normalize_axes("var", axis, x.ndim)
    if mean is None:
        total = _sum(_selected(x, where, 0), axes, keepdims=True)
        mean = divide_by_count(total, _selected_count(x, axes, where, keepdims=True))
    centred = x - mean
    freedom = _selected_count(x, axes, where, keepdims)
    freedom = _nonnegative(freedom - ddof) if where is True else maximum(freedom - ddof, 0)
    return divide_by_count(_sum(_selected(centred * centred, where, 0), axes, keepdims), freedom)


def divide_by_count(total: Any, count: Any) -> Any:
    """Divide by a number or array of counts; half precision, which holds few, in single."""
    wide = np.float32 if total.dtype == np.float16 else total.dtype
    divisor = count if is_python_number(count) else cast(count, wide)
    return total / divisor if wide == total.dtype else cast(cast(total, wide) / divisor, np.float16)


def std(
    x: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False,
    where: Any = True, mean: Any = None, correction: float | None = None,
) -> Any:  # fmt: skip
    """Standard deviation along axes; its derivative is 0 where all values are equal."""
    return safe_sqrt(
        var(x, axis, dtype, ddof=ddof, keepdims=keepdims, where=where, mean=mean,
            correction=correction)
    )  # fmt: skip


def safe_sqrt(square: Any) -> Any:
    """Square root of a nonnegative value, with derivative 0 instead of infinity at 0."""
    return select(square == 0, 0, sqrt(select(square == 0, 1, square)))


def prod(
    x: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = None,
    where: Any = True,
) -> Any:  # fmt: skip
    """Product along axes by pairwise multiplication, whose derivative is correct at zeros.

    (The closed form, product divided by the element, is 0/0 there.)
    """
    x = _selected(widen_integers(as_array(x), dtype), where, 1)
    axes = reduction_axes("prod", axis, x.ndim)
    rest = [i for i in range(x.ndim) if i not in axes]
    lengths = tuple(x.shape[i] for i in rest)
    flat = x.transpose((*rest, *axes)).reshape((*lengths, count_along(x, axes)))
    result = _product_of_last(flat)
    if initial is not None:
        result = multiply(as_initial(initial, x), result)
    keepdims = static_bool("prod", keepdims, "keepdims=")
    return reshape(result, shape=keepdims_shape(x.shape, axes)) if keepdims else result


def all(
    x: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Whether all elements along axes are true (nonzero)."""
    result = _count_nonzero(_masked(as_array(x) == 0, where), "all", axis, keepdims) == 0
    return result if initial is None else logical_and(result, initial)


def any(
    x: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Whether any element along axes is true (nonzero)."""
    result = _count_nonzero(_masked(as_array(x) != 0, where), "any", axis, keepdims) > 0
    return result if initial is None else logical_or(result, initial)


def count_nonzero(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Count the nonzero elements along axes."""
    return _count_nonzero(as_array(x) != 0, "count_nonzero", axis, keepdims)


@reduces_in_single
def log_sum_exp(
    x: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Logarithm of summed exponentials along axes, without overflow: ``np.logaddexp.reduce``."""
    x = _selected(_to_float(as_array(x), None), where, -math.inf)
    axes = reduction_axes("logaddexp.reduce", axis, x.ndim)
    if count_along(x, axes):
        largest = stop_gradient(extrema.max(x, axes, keepdims=True))
        shift = select(absolute(largest) == math.inf, 0, largest)
        result = log(sum(exp(x - shift), axes, keepdims=True)) + shift
    else:
        result = np.full(keepdims_shape(x.shape, axes), -math.inf, x.dtype)
    result = result if keepdims else sum(result, axes)
    return result if initial is None else logaddexp(as_initial(initial, x), result)


def _to_float(x: Any, dtype: Any) -> Any:
    """Convert to `dtype`; for None, integers and booleans to float64."""
    if dtype is None and x.dtype.kind in "bui":
        dtype = "float64"
    return x if dtype is None or x.dtype == dtype else cast(x, dtype)


def _nonnegative(count: float) -> float:
    return count if count > 0 else 0


def _selected(x: Any, where: Any, neutral: float) -> Any:
    """Replace the elements that ``where=`` leaves out by the neutral one."""
    if where is True:
        return x
    return select(broadcast_to(as_array(where), x.shape), x, cast(np.asarray(neutral), x.dtype))


def _masked(truth: Any, where: Any) -> Any:
    """False for the elements that ``where=`` leaves out."""
    return (
        truth if where is True else logical_and(truth, broadcast_to(as_array(where), truth.shape))
    )


def _selected_count(x: Any, axes: tuple[int, ...], where: Any, keepdims: bool) -> Any:
    """Number of elements that a mean is over: an array where ``where=`` selects them."""
    if where is True:
        return count_along(x, axes)
    dtype = np.float32 if x.dtype == np.float16 else x.dtype
    return _sum(cast(broadcast_to(as_array(where), x.shape), dtype), axes, keepdims)


def _sum(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    keepdims = static_bool("sum", keepdims, "keepdims=")
    if not keepdims and sorted(axes) == list(range(len(axes))):
        return reduce_to(x, x.shape[len(axes) :])
    shape = keepdims_shape(x.shape, axes)
    result = reduce_to(x, shape)
    if keepdims:
        return result
    return reshape(result, shape=tuple(n for i, n in enumerate(shape) if i not in axes))


def _count_nonzero(truth: Any, name: str, axis: Any, keepdims: bool) -> Any:
    axes = reduction_axes(name, axis, truth.ndim)
    return _sum(cast(truth, "int64"), axes, keepdims)


def _product_of_last(x: Any) -> Any:
    """Multiply the halves of the last axis pairwise until its length is 1."""
    length = x.shape[-1]
    if length == 0:
        return cast(np.ones(x.shape[:-1]), x.dtype)
    while length > 1:
        half, odd = divmod(length, 2)
        parts = [multiply(_span(x, 0, half), _span(x, half, half))]
        if odd:
            parts.append(_span(x, length - 1, 1))
        x = concatenate(*parts, axis=x.ndim - 1) if odd else parts[0]
        length = half + odd
    return reshape(x, shape=x.shape[:-1])


def _span(x: Any, start: int, count: int) -> Any:
    """Take `count` entries of the last axis."""
    whole = tuple((0, n, 1) for n in x.shape[:-1])
    return strided_slice(x, slices=(*whole, (start, count, 1)))
