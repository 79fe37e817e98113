"""Quantiles and percentiles, with NumPy's names and arguments.

A quantile lies between two sorted values: at the virtual index h = n·q + m it is
``x[i] + (h - i) (x[i + 1] - x[i])`` with i = ⌊h⌋. The methods differ in m and in how h is rounded
(Hyndman & Fan 1996, "Sample quantiles in statistical packages", The American Statistician 50(4)).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.arguments.checks import shown
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.numpy_api.arithmetic import isnan
from chainrule.ops.numpy_api.indexing import take, take_along_axis
from chainrule.ops.numpy_api.known_values import are_known, value_of
from chainrule.ops.numpy_api.reductions import any as any_along
from chainrule.ops.numpy_api.reductions import sum as sum_along
from chainrule.ops.numpy_api.shape_manipulation import broadcast_to, reshape, transpose
from chainrule.ops.numpy_api.sorting import argsort, cumsum, sort
from chainrule.ops.primitives.axes import keepdims_shape, normalize_axes
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.elementwise import less, logical_not, maximum, minimum
from chainrule.ops.primitives.promotion import as_array, is_python_number
from chainrule.ops.primitives.selection import select

__all__ = ["nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile"]


def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    *,
    method: str = "linear",
    keepdims: bool = False,
    weights: Any = None,
) -> Any:
    """Return quantiles of the values along axes; NaN where a value is NaN."""
    return _quantile("quantile", a, q, 1, axis, method, keepdims, weights, _columns)


def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    *,
    method: str = "linear",
    keepdims: bool = False,
    weights: Any = None,
) -> Any:
    """Return percentiles of the values along axes; NaN where a value is NaN."""
    return _quantile("percentile", a, q, 100, axis, method, keepdims, weights, _columns)


def nanquantile(
    a: Any,
    q: Any,
    axis: Any = None,
    *,
    method: str = "linear",
    keepdims: bool = False,
    weights: Any = None,
) -> Any:
    """Return quantiles of the values along axes, ignoring NaN."""
    return _quantile("nanquantile", a, q, 1, axis, method, keepdims, weights, _columns_of_numbers)


def nanpercentile(
    a: Any,
    q: Any,
    axis: Any = None,
    *,
    method: str = "linear",
    keepdims: bool = False,
    weights: Any = None,
) -> Any:
    """Return percentiles of the values along axes, ignoring NaN."""
    return _quantile(
        "nanpercentile", a, q, 100, axis, method, keepdims, weights, _columns_of_numbers
    )


def nanmedian(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Median along axes, ignoring NaN: the middle value, or the mean of the two middle ones."""
    low, high = (
        nanquantile(a, 0.5, axis, method=method, keepdims=keepdims)
        for method in ("lower", "higher")
    )
    return (low + high) / 2


def _quantile(
    name: str,
    a: Any,
    q: Any,
    scale: int,
    axis: Any,
    method: str,
    keepdims: bool,
    weights: Any,
    columns: Callable[..., Any],
) -> Any:
    if method not in _METHODS:
        raise ArgumentError(f"{name}: there is no method {method!r}; choose {', '.join(_METHODS)}")
    if weights is not None and method != "inverted_cdf":
        raise ArgumentError(
            f"{name}: weights need method='inverted_cdf', as in NumPy, got {shown(method)}"
        )
    a = as_array(a)
    axes = normalize_axes(name, axis, a.ndim)
    is_weak = is_python_number(q)
    q = as_array(q) / scale
    if are_known(q):
        plain = np.asarray(value_of(name, q, ""))
        if not np.all((plain >= 0) & (plain <= 1)):
            raise ArgumentError(f"{name}: q must be in the range [0, {scale}], got {plain * scale}")
    flat = _flattened(a, axes)
    if weights is None:
        result = columns(sort(flat, 0), q, method, is_weak)
    else:
        full = _flattened(_full_weights(name, as_array(weights), a.shape, axes), axes)
        result = _weighted_columns(flat, full, q, ignores_nan=columns is _columns_of_numbers)
    if not keepdims:
        return result
    return reshape(result, (*q.shape, *keepdims_shape(a.shape, axes)))


def _flattened(a: Any, axes: tuple[int, ...]) -> Any:
    """Move the axes to the front, as one: NumPy has those of several quantiles there."""
    rest = [i for i in range(a.ndim) if i not in axes]
    shape = (math.prod(a.shape[i] for i in axes), *(a.shape[i] for i in rest))
    return reshape(transpose(a, [*axes, *rest]), shape)


def _full_weights(name: str, weights: Any, shape: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """Broadcast weights of the axes, in the order of `axes`, to the shape of the values."""
    if weights.shape == shape:
        return weights
    if weights.shape != tuple(shape[i] for i in axes):
        raise ShapeError(
            f"{name}: the weights have shape {weights.shape}, but must have the shape {shape} of "
            "the values, or that of the axes"
        )
    order = sorted(range(len(axes)), key=axes.__getitem__)
    lengths = [shape[i] if i in axes else 1 for i in range(len(shape))]
    return broadcast_to(reshape(transpose(weights, order), lengths), shape)


def _weighted_columns(x: Any, weights: Any, q: Any, ignores_nan: bool) -> Any:
    """The first value whose cumulative share of the weights is at least q."""
    is_nan = isnan(x)
    weights = cast(select(is_nan, 0, weights) if ignores_nan else weights, "float64")
    order = argsort(x, 0)
    ordered = take_along_axis(x, order, 0)
    share = cumsum(take_along_axis(weights, order, 0), 0)
    share = cast(share / share[-1], q.dtype)
    share = select(share == 0, -1, share)
    spread = reshape(q, (*q.shape, *(1,) * x.ndim))
    index = minimum(sum_along(less(share, spread), q.ndim), x.shape[0] - 1)
    shape = (*q.shape, *x.shape[1:])
    result = reshape(take_along_axis(ordered, reshape(index, (-1, *x.shape[1:])), 0), shape)
    return result if ignores_nan else select(any_along(is_nan, 0), np.nan, result)


def _columns(x: Any, q: Any, method: str, is_weak: bool) -> Any:
    """Quantiles along the first axis of sorted values."""
    lower, upper, weight = _METHODS[method](x.shape[0], q)
    last = x.shape[0] - 1
    indices = (minimum(maximum(cast(each, "int64"), 0), last) for each in (lower, upper))
    low, high = (take(x, each, 0) for each in indices)
    result = low if weight is None else _between(low, high, _aligned(weight, low, is_weak))
    return select(isnan(x[-1]), np.nan, result) if x.dtype.kind == "f" else result


def _columns_of_numbers(x: Any, q: Any, method: str, is_weak: bool) -> Any:
    """Quantiles along the first axis of sorted values, of which NaN comes last."""
    if x.dtype.kind != "f":
        return _columns(x, q, method, is_weak)
    shape = (*q.shape, *x.shape[1:])
    counts = cast(sum_along(logical_not(isnan(x)), 0), q.dtype)
    spread = reshape(q, q.shape + (1,) * (x.ndim - 1))
    lower, upper, weight = _METHODS[method](counts, spread)
    last = maximum(counts - 1, 0)
    rows: list[Any] = []
    for each in (lower, upper):
        index = broadcast_to(cast(minimum(maximum(each, 0), last), "int64"), shape)
        index = reshape(index, (-1, *x.shape[1:]))
        rows.append(reshape(take_along_axis(x, index, 0), shape))
    if weight is None:
        return rows[0]
    weight = cast(weight, x.dtype) if is_weak else weight
    return _between(rows[0], rows[1], weight)


def _aligned(weight: Any, values: Any, is_weak: bool) -> Any:
    """Give weights unit axes to multiply values; those of a Python number have their dtype."""
    if is_weak and values.dtype.kind == "f":
        weight = cast(weight, values.dtype)
    return reshape(weight, weight.shape + (1,) * (values.ndim - weight.ndim))


def _between(low: Any, high: Any, weight: Any) -> Any:
    """Interpolate from the nearer of the two values, as NumPy does."""
    difference = high - low
    near_low = low + difference * weight
    return select(less(weight, 0.5), near_low, high - difference * (1 - weight))


# Each method gives the lower and the upper index, and the weight of the upper (None: no mean).


def _continuous(alpha: float, beta: float) -> Callable[[Any, Any], tuple[Any, Any, Any]]:
    def method(n: Any, q: Any) -> tuple[Any, Any, Any]:
        return _neighbours(n, n * q + (alpha + q * (1 - alpha - beta)) - 1)

    return method


def _neighbours(n: Any, index: Any) -> tuple[Any, Any, Any]:
    """Indices below and above a virtual index, both the first or the last beyond the ends."""
    lower = np.floor(index)
    upper = lower + 1
    is_first, is_last = np.less(index, 0), np.less_equal(n - 1, index)
    lower = select(is_last, n - 1, select(is_first, 0.0, lower))
    upper = select(is_last, n - 1, select(is_first, 0.0, upper))
    return lower, upper, index - lower


def _discrete(index: Callable[[Any, Any], Any]) -> Callable[[Any, Any], tuple[Any, Any, Any]]:
    def method(n: Any, q: Any) -> tuple[Any, Any, Any]:
        position = index(n, q)
        return position, position, None

    return method


def _inverted_cdf(n: Any, q: Any) -> Any:
    return np.ceil(n * q - 1)


def _closest_observation(n: Any, q: Any) -> Any:
    """Round n·q - 3/2 up, but a virtual index halfway between two down to the odd one."""
    index = n * q - 1.5
    below = np.floor(index)
    is_kept = np.logical_and(np.equal(index, below), np.equal(np.remainder(below, 2), 1))
    return select(is_kept, below, below + 1)


def _averaged(n: Any, q: Any) -> tuple[Any, Any, Any]:
    lower, upper, weight = _neighbours(n, n * q - 1)
    return lower, upper, cast(select(np.equal(weight, 0), 0.5, 1.0), weight.dtype)


def _midpoint(n: Any, q: Any) -> tuple[Any, Any, Any]:
    index = (n - 1) * q
    lower, upper = np.floor(index), np.ceil(index)
    return lower, upper, cast(select(np.equal(lower, upper), 0.0, 0.5), index.dtype)


_METHODS: dict[str, Callable[[Any, Any], tuple[Any, Any, Any]]] = {
    "inverted_cdf": _discrete(_inverted_cdf),
    "averaged_inverted_cdf": _averaged,
    "closest_observation": _discrete(_closest_observation),
    "interpolated_inverted_cdf": _continuous(0, 1),
    "hazen": _continuous(0.5, 0.5),
    "weibull": _continuous(0, 0),
    "linear": lambda n, q: _neighbours(n, (n - 1) * q),
    "median_unbiased": _continuous(1 / 3, 1 / 3),
    "normal_unbiased": _continuous(3 / 8, 3 / 8),
    "lower": _discrete(lambda n, q: np.floor((n - 1) * q)),
    "higher": _discrete(lambda n, q: np.ceil((n - 1) * q)),
    "midpoint": _midpoint,
    "nearest": _discrete(lambda n, q: np.rint((n - 1) * q)),
}
