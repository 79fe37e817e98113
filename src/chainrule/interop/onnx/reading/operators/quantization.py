"""Quantised numbers: integers with scale and zero point."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.interop.onnx.reading.operation import Operation, OperatorRule
from chainrule.interop.onnx.reading.operators.convolution import convolution
from chainrule.interop.onnx.reading.tensor import dtype_of

__all__ = ["OPERATORS"]


def _spread(operation: Operation, value: Any, x: Any) -> Any:
    """Return a scale or zero point in the shape of what it belongs to: by axis or by blocks."""
    axis, block = operation.get("axis", 1), operation.get("block_size", 0)
    if value.ndim == 0 or value.size == 1:
        return value.reshape(())
    axis = axis % x.ndim
    if block:
        wide = np.repeat(value, block, axis=axis)
        parts = [slice(None)] * x.ndim
        parts[axis] = slice(0, x.shape[axis])
        return wide[tuple(parts)]
    return value.reshape([-1 if i == axis else 1 for i in range(x.ndim)])


def _quantize(operation: Operation, x: Any, scale: Any, zero: Any = None) -> Any:
    to = operation.get("output_dtype") or None
    target = zero.dtype if zero is not None else dtype_of(to, "the result") if to else np.uint8
    whole = np.rint(x / _spread(operation, scale, x))
    if zero is not None:
        whole = whole + _spread(operation, zero, x).astype(whole.dtype)
    return _saturated(whole, np.dtype(target))


def _saturated(x: Any, dtype: Any) -> Any:
    bounds = np.iinfo(dtype)
    low, high = np.asarray(bounds.min, x.dtype), np.asarray(bounds.max, x.dtype)
    return np.minimum(np.maximum(x, low), high).astype(dtype)


def _dequantize(operation: Operation, x: Any, scale: Any, zero: Any = None) -> Any:
    whole = x.astype(np.int64)
    if zero is not None:
        whole = whole - _spread(operation, zero, x).astype(np.int64)
    return whole.astype(scale.dtype) * _spread(operation, scale, x)


def _matmul_integer(operation: Operation, a: Any, b: Any, za: Any = None, zb: Any = None) -> Any:
    left, right = a.astype(np.int32), b.astype(np.int32)
    if za is not None:
        left = left - (za.astype(np.int32)[..., None] if za.ndim else za.astype(np.int32))
    if zb is not None:
        right = right - zb.astype(np.int32)
    return np.matmul(left, right)


def _conv_integer(operation: Operation, x: Any, kernel: Any, zx: Any = None, zk: Any = None) -> Any:
    data, weight = x.astype(np.int32), kernel.astype(np.int32)
    if zx is not None:
        data = data - zx.astype(np.int32)
    if zk is not None:
        weight = weight - (zk.astype(np.int32).reshape((-1, *(1,) * (kernel.ndim - 1))))
    return convolution(operation, data, weight)


def _scaled(total: Any, scale: Any, ys: Any, yz: Any) -> Any:
    whole = np.rint(total.astype(np.float64) * (scale / ys))
    return _saturated(whole + yz.astype(np.float64), yz.dtype)


def _qlinear_matmul(
    operation: Operation, a: Any, sa: Any, za: Any, b: Any, sb: Any, zb: Any, ys: Any, yz: Any
) -> Any:
    total = np.matmul(
        a.astype(np.int64) - za.astype(np.int64), b.astype(np.int64) - zb.astype(np.int64)
    )
    return _scaled(total, sa.astype(np.float64) * sb.astype(np.float64), ys.astype(np.float64), yz)


def _qlinear_conv(
    operation: Operation, x: Any, sx: Any, zx: Any, w: Any, sw: Any, zw: Any, ys: Any, yz: Any,
    bias: Any = None,
) -> Any:  # fmt: skip
    shape = (-1, *(1,) * (w.ndim - 1))
    weight = w.astype(np.int64) - zw.astype(np.int64).reshape(shape if zw.ndim else ())
    total = convolution(operation, x.astype(np.int64) - zx.astype(np.int64), weight, bias)
    scale = sx.astype(np.float64) * sw.astype(np.float64)
    return _scaled(
        total, scale.reshape(shape[:-1]) if scale.ndim else scale, ys.astype(np.float64), yz
    )


OPERATORS: dict[str, OperatorRule] = {
    "ConvInteger": _conv_integer,
    "DequantizeLinear": _dequantize,
    "MatMulInteger": _matmul_integer,
    "QLinearConv": _qlinear_conv,
    "QLinearMatMul": _qlinear_matmul,
    "QuantizeLinear": _quantize,
}
