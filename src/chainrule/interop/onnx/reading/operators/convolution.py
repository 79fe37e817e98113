"""Convolutions, channels first: windows, then a contraction with the kernel."""

from __future__ import annotations

from math import prod
from string import ascii_lowercase
from typing import Any

import numpy as np

from chainrule.interop.onnx.reading.operation import Operation, OperatorRule, numbers
from chainrule.interop.onnx.reading.operators.window import window_of
from chainrule.ops.primitives.windows import fold

__all__ = ["OPERATORS", "convolution"]

_SPACE, _WINDOW = ascii_lowercase[10:18], ascii_lowercase[18:26]


def convolution(operation: Operation, x: Any, kernel: Any, bias: Any = None) -> Any:
    """Conv: (batch, channels, space) by (filters, channels / groups, window)."""
    groups, count = operation.get("group", 1), x.ndim - 2
    window = window_of(operation, x.shape[2:], kernel.shape[2:])
    parts = window.unfolded(window.padded(x, 0))
    space, inner = _SPACE[:count], _WINDOW[:count]
    if groups == 1:
        y = np.einsum(f"nc{space}{inner},fc{inner}->nf{space}", parts, kernel)
    else:
        parts = parts.reshape((x.shape[0], groups, x.shape[1] // groups, *parts.shape[2:]))
        filters = kernel.reshape((groups, kernel.shape[0] // groups, *kernel.shape[1:]))
        y = np.einsum(f"ngc{space}{inner},gfc{inner}->ngf{space}", parts, filters)
        y = y.reshape((x.shape[0], kernel.shape[0], *y.shape[3:]))
    return y if bias is None else y + bias.reshape((-1, *(1,) * count))


def _transposed(operation: Operation, x: Any, kernel: Any, bias: Any = None) -> Any:
    """ConvTranspose: the windows of the result, added up where they overlap."""
    groups, count = operation.get("group", 1), x.ndim - 2
    space, inner = _SPACE[:count], _WINDOW[:count]
    data = x.reshape((x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]))
    filters = kernel.reshape((groups, kernel.shape[0] // groups, *kernel.shape[1:]))
    parts = np.einsum(f"ngc{space},gcf{inner}->ngf{space}{inner}", data, filters)
    channels = groups * kernel.shape[1]
    parts = parts.reshape((x.shape[0], channels, *parts.shape[3:]))
    sizes = kernel.shape[2:]
    strides = operation.get("strides") or [1] * count
    dilations = operation.get("dilations") or [1] * count
    extra = operation.get("output_padding") or [0] * count
    full = [
        (n - 1) * stride + (size - 1) * dilation + 1
        for n, size, stride, dilation in zip(x.shape[2:], sizes, strides, dilations, strict=True)
    ]
    y = fold(
        parts, shape=(x.shape[0], channels, *full), axes=tuple(range(2, 2 + count)),
        sizes=tuple(sizes), strides=tuple(strides), dilations=tuple(dilations),
    )  # fmt: skip
    y = _cropped(operation, y, x.shape[2:], strides, full, extra)
    return y if bias is None else y + bias.reshape((-1, *(1,) * count))


def _cropped(
    operation: Operation, y: Any, lengths: Any, strides: Any, full: list[int], extra: list[int]
) -> Any:
    """Return the result without its padding, and with what lies behind it."""
    count = len(full)
    kind = operation.get("auto_pad", b"NOTSET")
    kind = kind.decode() if isinstance(kind, bytes) else kind
    shape = operation.get("output_shape")
    pads = operation.get("pads") or [0] * (2 * count)
    if kind.startswith("SAME") and shape is None:
        shape = [n * stride for n, stride in zip(lengths, strides, strict=True)]
    if shape is not None:
        shape = shape[-count:]
        totals = [n + e - s for n, e, s in zip(full, extra, shape, strict=True)]
        small = [total // 2 for total in totals]
        large = [total - half for total, half in zip(totals, small, strict=True)]
        pads = [*small, *large] if kind == "SAME_UPPER" else [*large, *small]
    parts, widths = [slice(None)] * 2, [(0, 0)] * 2
    for i in range(count):
        end = full[i] + extra[i] - pads[count + i]
        widths.append((max(-pads[i], 0), max(end - full[i], 0)))
        parts.append(slice(max(pads[i], 0), end + max(-pads[i], 0)))
    return np.pad(y, widths)[tuple(parts)] if any(map(any, widths)) else y[tuple(parts)]


def _col2im(operation: Operation, x: Any, image: Any, block: Any) -> Any:
    shape, sizes = numbers(operation, image, "the shape"), numbers(operation, block, "the block")
    window = window_of(operation, shape, sizes)
    padded = [n + sum(pad) for n, pad in zip(shape, window.pads, strict=True)]
    counts = [
        (n - (size - 1) * dilation - 1) // stride + 1
        for n, size, stride, dilation in zip(
            padded, sizes, window.strides, window.dilations, strict=True
        )
    ]
    channels, count = x.shape[1] // prod(sizes), len(sizes)
    parts = x.reshape((x.shape[0], channels, *sizes, *counts))
    order = [0, 1, *range(2 + count, 2 + 2 * count), *range(2, 2 + count)]
    y = fold(
        np.transpose(parts, order), shape=(x.shape[0], channels, *padded),
        axes=tuple(range(2, 2 + count)), sizes=tuple(sizes), strides=tuple(window.strides),
        dilations=tuple(window.dilations),
    )  # fmt: skip
    kept = [slice(before, before + n) for (before, _), n in zip(window.pads, shape, strict=True)]
    return y[(slice(None), slice(None), *kept)]


OPERATORS: dict[str, OperatorRule] = {
    "Col2Im": _col2im,
    "Conv": convolution,
    "ConvTranspose": _transposed,
}
