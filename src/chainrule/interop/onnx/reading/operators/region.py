"""Values of images between pixels: regions of interest, convolutions whose windows are shifted."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from chainrule.interop.onnx.reading.operation import Operation, OperatorRule, numbers
from chainrule.interop.onnx.reading.operators.window import window_of

__all__ = ["OPERATORS"]


def _bilinear(x: Any, row: Any, column: Any, is_clamped: bool) -> tuple[Any, Any]:
    """Return the four weighted neighbours of places in (channels, height, width), stacked first.

    The second result says which places are outside by a pixel or more.
    """
    height, width = x.shape[-2:]
    outside = (row < -1) | (row > height) | (column < -1) | (column > width)
    if is_clamped:
        row, column = np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)
    top, left = np.floor(row), np.floor(column)
    parts: list[Any] = []
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weight = (1 - np.abs(row - top - i)) * (1 - np.abs(column - left - j))
        r, c = top + i, left + j
        inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
        r = np.clip(r, 0, height - 1).astype(np.int64)
        c = np.clip(c, 0, width - 1).astype(np.int64)
        parts.append(x[..., r, c] * np.where(inside, weight, 0).astype(x.dtype))
    return np.stack(parts), outside


def _roi_align(operation: Operation, x: Any, rois: Any, batch: Any) -> Any:
    """He et al. (2017), "Mask R-CNN", section 3: means of values at points within each bin."""
    height, width = operation.get("output_height", 1), operation.get("output_width", 1)
    ratio, scale = operation.get("sampling_ratio", 0), operation.get("spatial_scale", 1.0)
    mode = operation.get("coordinate_transformation_mode", b"half_pixel")
    is_half = operation.version >= 16 and mode in (b"half_pixel", "half_pixel")
    boxes, results = np.asarray(rois, np.float64) * scale - (0.5 if is_half else 0.0), list[Any]()
    for n, (left, top, right, bottom) in zip(
        numbers(operation, batch, "batch"), boxes, strict=True
    ):
        size = np.array([bottom - top, right - left])
        bins = (size if is_half else np.maximum(size, 1)) / (height, width)
        counts = [ratio or int(np.ceil(each)) for each in bins]
        rows = top + bins[0] * (np.arange(height * counts[0]) + 0.5) / counts[0]
        columns = left + bins[1] * (np.arange(width * counts[1]) + 0.5) / counts[1]
        grid = np.broadcast_arrays(rows[:, None], columns)
        parts, outside = _bilinear(x[n], *grid, is_clamped=True)
        parts = np.where(outside, np.zeros((), x.dtype), parts)
        is_max = operation.get("mode", b"avg") in (b"max", "max")
        values = np.max(parts, axis=0) if is_max else np.sum(parts, axis=0)
        values = values.reshape((x.shape[1], height, counts[0], width, counts[1]))
        results.append((np.max if is_max else np.mean)(values, axis=(2, 4)))
    return np.stack(results)


def _deform_conv(
    operation: Operation, x: Any, kernel: Any, offset: Any, bias: Any = None, mask: Any = None
) -> Any:
    """Dai et al. (2017), "Deformable convolutional networks", equation 2, in two dimensions."""
    if x.ndim != 4:
        raise operation.refuse("only images, of two axes of space, are supported")
    window = window_of(operation, x.shape[2:], kernel.shape[2:])
    groups, shifts = operation.get("group", 1), operation.get("offset_group", 1)
    count, space = prod(window.sizes), offset.shape[2:]
    place = [
        np.arange(space[k])[:, None] * window.strides[k]
        - window.pads[k][0]
        + np.arange(window.sizes[k]) * window.dilations[k]
        for k in range(2)
    ]
    rows = place[0][:, None, :, None] + np.zeros((1, space[1], 1, window.sizes[1]))
    columns = place[1][None, :, None, :] + np.zeros((space[0], 1, window.sizes[0], 1))
    moved = offset.reshape((x.shape[0], shifts, *window.sizes, 2, *space))
    moved = np.transpose(moved, (0, 1, 4, 5, 6, 2, 3))  # batch, group, (row, column), space, window
    share = None if mask is None else mask.reshape((x.shape[0], shifts, *window.sizes, *space))
    images: list[Any] = []
    for n in range(x.shape[0]):
        parts: list[Any] = []
        for g, channels in enumerate(np.split(x[n], shifts, axis=0)):
            near, _ = _bilinear(
                channels, rows + moved[n, g, 0], columns + moved[n, g, 1], is_clamped=False
            )
            values = np.sum(near, axis=0)
            parts.append(
                values if share is None else values * np.transpose(share[n, g], (2, 3, 0, 1))
            )
        images.append(np.concatenate(parts, axis=0))
    windows = np.stack(images).reshape((x.shape[0], groups, x.shape[1] // groups, *space, count))
    filters = kernel.reshape((groups, kernel.shape[0] // groups, kernel.shape[1], count))
    y = np.einsum("ngchwk,gfck->ngfhw", windows, filters)
    y = y.reshape((x.shape[0], kernel.shape[0], *space))
    return y if bias is None else y + bias.reshape((-1, 1, 1))


OPERATORS: dict[str, OperatorRule] = {"DeformConv": _deform_conv, "RoiAlign": _roi_align}
