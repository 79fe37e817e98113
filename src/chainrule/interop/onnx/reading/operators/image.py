"""Images: resizing, sampling at a grid, and boxes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.interop.onnx.reading.operation import Operation, OperatorRule, known, numbers

__all__ = ["OPERATORS"]


def _text(operation: Operation, name: str, default: str) -> str:
    value = operation.get(name, default)
    return value.decode() if isinstance(value, bytes) else value


def _resize(operation: Operation, x: Any, *given: Any) -> Any:
    """Each output is a weighted sum along one axis after the other: a matrix product each."""
    roi, scales, sizes = ([None] * (3 - len(given)) + list(given))[:3]
    if len(given) == 1:
        roi, scales, sizes = None, given[0], None
    elif given:
        roi, scales, sizes = [*given, None, None][:3]
    axes = operation.get("axes") or list(range(x.ndim))
    axes = [each % x.ndim for each in axes]
    shape, factors = _targets(operation, x.shape, axes, scales, sizes)
    bounds = None if roi is None or not np.size(roi) else known(operation, roi, "roi")
    mode = _text(operation, "mode", "nearest")
    for i, axis in enumerate(axes):
        part = (0.0, 1.0) if bounds is None else (bounds[i], bounds[i + len(axes)])
        cropped = _text(operation, "coordinate_transformation_mode", "") == "tf_crop_and_resize"
        if shape[axis] == x.shape[axis] and factors[axis] == 1 and not cropped:
            continue
        x = _resized(operation, x, axis, shape[axis], factors[axis], part, mode)
    return x


def _targets(
    operation: Operation, shape: Sequence[int], axes: list[int], scales: Any, sizes: Any
) -> tuple[list[int], list[float]]:
    target, factors = list(shape), [1.0] * len(shape)
    if sizes is not None and np.size(sizes):
        wanted = numbers(operation, sizes, "sizes")
        policy = _text(operation, "keep_aspect_ratio_policy", "stretch")
        ratios = [n / shape[axis] for n, axis in zip(wanted, axes, strict=True)]
        if policy != "stretch":
            ratio = min(ratios) if policy == "not_larger" else max(ratios)
            ratios = [ratio] * len(ratios)
            wanted = [int(np.floor(ratio * shape[axis] + 0.5)) for axis in axes]
        for n, ratio, axis in zip(wanted, ratios, axes, strict=True):
            target[axis], factors[axis] = n, ratio
        return target, factors
    given = operation.get("scales") if scales is None else known(operation, scales, "scales")
    for factor, axis in zip(given, axes, strict=True):
        factors[axis] = float(factor)
        target[axis] = int(np.floor(shape[axis] * float(factor)))
    return target, factors


def _resized(
    operation: Operation, x: Any, axis: int, count: int, factor: float, part: Any, mode: str
) -> Any:
    length = x.shape[axis]
    source = _coordinates(operation, length, count, factor, part)
    outside = (source < 0) | (source > length - 1)
    if mode == "nearest":
        indices = _nearest(operation, source)
        y = np.take(x, np.clip(indices, 0, length - 1).astype(np.int64), axis=axis)
    else:
        weights = _weights(operation, source, length, factor, mode)
        y = np.moveaxis(np.moveaxis(x, axis, -1) @ weights.T.astype(x.dtype), -1, axis)
    if _text(operation, "coordinate_transformation_mode", "") != "tf_crop_and_resize":
        return y
    shape = [1] * x.ndim
    shape[axis] = -1
    value = np.asarray(operation.get("extrapolation_value", 0.0), x.dtype)
    return np.where(outside.reshape(shape), value, y)


def _coordinates(operation: Operation, length: int, count: int, factor: float, part: Any) -> Any:
    default = "half_pixel" if operation.version > 10 else "asymmetric"
    mode, i = _text(operation, "coordinate_transformation_mode", default), np.arange(count)
    if operation.name == "Upsample":
        mode = "asymmetric"
    match mode:
        case "asymmetric":
            return i / factor
        case "align_corners":
            last = factor * length - 1
            return i * (length - 1) / last if count > 1 else np.zeros(count)
        case "pytorch_half_pixel":
            return (i + 0.5) / factor - 0.5 if count > 1 else np.zeros(count)
        case "tf_half_pixel_for_nn":
            return (i + 0.5) / factor
        case "half_pixel_symmetric":
            shift = length / 2 * (1 - count / (factor * length))
            return shift + (i + 0.5) / factor - 0.5
        case "tf_crop_and_resize":
            start, end = (float(each) for each in part)
            if count > 1:
                return start * (length - 1) + i * (end - start) * (length - 1) / (count - 1)
            return np.full(count, 0.5 * (start + end) * (length - 1))
        case _:
            return (i + 0.5) / factor - 0.5


def _nearest(operation: Operation, source: Any) -> Any:
    default = "round_prefer_floor" if operation.version > 10 else "floor"
    mode = _text(operation, "nearest_mode", default)
    if operation.name == "Upsample":
        mode = "floor"
    return {
        "floor": np.floor, "ceil": np.ceil,
        "round_prefer_floor": lambda s: np.ceil(s - 0.5),
        "round_prefer_ceil": lambda s: np.floor(s + 0.5),
    }[mode](source)  # fmt: skip


def _weights(operation: Operation, source: Any, length: int, factor: float, mode: str) -> Any:
    """Return the weight of each input in each output, (outputs, inputs)."""
    wide = 1 / min(factor, 1.0) if operation.get("antialias", 0) else 1.0
    kernel = _linear if mode == "linear" else _cubic(operation.get("cubic_coeff_a", -0.75))
    reach = int(np.ceil((1 if mode == "linear" else 2) * wide))
    first = np.floor(source).astype(int)
    result = np.zeros((len(source), length))
    rows = np.arange(len(source))
    total = np.zeros(len(source))
    for offset in range(1 - reach, reach + 1):
        place = first + offset
        weight = kernel((source - place) / wide)
        if operation.get("exclude_outside", 0):
            weight = np.where((place >= 0) & (place < length), weight, 0)
        np.add.at(result, (rows, np.clip(place, 0, length - 1)), weight)
        total += weight
    return result / total[:, None]


def _linear(distance: Any) -> Any:
    return np.maximum(1 - np.abs(distance), 0)


def _cubic(a: float) -> Callable[[Any], Any]:
    """Keys's kernel; Keys (1981), "Cubic convolution interpolation", equation 15."""

    def kernel(distance: Any) -> Any:
        s = np.abs(distance)
        near = (a + 2) * s**3 - (a + 3) * s**2 + 1
        far = a * s**3 - 5 * a * s**2 + 8 * a * s - 4 * a
        return np.where(s <= 1, near, np.where(s < 2, far, 0))

    return kernel


def _upsample(operation: Operation, x: Any, scales: Any = None) -> Any:
    return _resize(operation, x, *([] if scales is None else [scales]))


def _grid_sample(operation: Operation, x: Any, grid: Any) -> Any:
    """Values between pixels at coordinates in [-1, 1], the last axis of the grid, x first."""
    mode, padding = _text(operation, "mode", "linear"), _text(operation, "padding_mode", "zeros")
    mode = {"bilinear": "linear", "bicubic": "cubic"}.get(mode, mode)
    corners, space = operation.get("align_corners", 0), x.shape[2:]
    places: list[Any] = []
    for k, n in enumerate(space):
        c = grid[..., len(space) - 1 - k]
        places.append((c + 1) / 2 * (n - 1) if corners else ((c + 1) * n - 1) / 2)
    if mode == "nearest":
        return _pixels(x, [np.rint(each) for each in places], padding, corners)
    offsets = range(2) if mode == "linear" else range(-1, 3)
    kernel = _linear if mode == "linear" else _cubic(-0.75)
    if padding == "border" and mode == "linear":
        places = [np.clip(each, 0, n - 1) for each, n in zip(places, space, strict=True)]
    elif padding == "reflection" and mode == "linear":
        places = [_reflected(each, n, corners) for each, n in zip(places, space, strict=True)]
    floors = [np.floor(each) for each in places]
    total: Any = 0
    for shift in itertools.product(offsets, repeat=len(space)):
        near = [floor + k for floor, k in zip(floors, shift, strict=True)]
        weight: Any = 1
        for place, at in zip(places, near, strict=True):
            weight = weight * kernel(place - at)
        total = total + _pixels(x, near, padding, corners) * weight[:, None].astype(x.dtype)
    return total


def _reflected(place: Any, n: int, corners: int) -> Any:
    low, high = (0.0, n - 1.0) if corners else (-0.5, n - 0.5)
    span = high - low
    if span <= 0:
        return np.zeros_like(place)
    turned = np.abs(np.remainder(place - low, 2 * span))
    return np.clip(np.where(turned > span, 2 * span - turned, turned) + low, 0, n - 1)


def _pixels(x: Any, places: list[Any], padding: str, corners: int) -> Any:
    """Return x[n, :, *places], (batch, channels, ...)."""
    space = x.shape[2:]
    is_inside: Any = True
    indices: list[Any] = []
    for place, n in zip(places, space, strict=True):
        is_inside = is_inside & (place >= 0) & (place <= n - 1)
        if padding == "reflection":
            place = np.rint(_reflected(place, n, corners))
        indices.append(np.clip(place, 0, n - 1).astype(np.int64))
    batch = np.arange(x.shape[0]).reshape((-1, *(1,) * (indices[0].ndim - 1)))
    batch = np.broadcast_to(batch, indices[0].shape)
    values = np.moveaxis(np.moveaxis(x, 1, -1)[(batch, *indices)], -1, 1)
    if padding != "zeros":
        return values
    return np.where(is_inside[:, None], values, np.zeros((), x.dtype))


def _non_max_suppression(
    operation: Operation,
    boxes: Any,
    scores: Any,
    most: Any = None,
    iou: Any = None,
    least: Any = None,
) -> Any:
    boxes, scores = (
        known(operation, boxes, "which boxes overlap"),
        known(operation, scores, "scores"),
    )
    count = 0 if most is None else numbers(operation, most, "the number of boxes")[0]
    threshold = 0.0 if iou is None else float(known(operation, iou, "a bound").reshape(()))
    lowest = None if least is None else float(known(operation, least, "a bound").reshape(()))
    chosen: list[list[int]] = []
    corners = _corners(boxes, operation.get("center_point_box", 0))
    for n, c in itertools.product(range(scores.shape[0]), range(scores.shape[1])):
        kept: list[int] = []
        for i in np.argsort(-scores[n, c], kind="stable"):
            is_low = lowest is not None and scores[n, c, i] <= lowest
            if len(kept) == count or is_low:
                continue
            if all(_overlap(corners[n, i], corners[n, j]) <= threshold for j in kept):
                kept.append(int(i))
        chosen += [[n, c, i] for i in kept]
    return np.array(chosen, np.int64).reshape(-1, 3)


def _corners(boxes: Any, is_centre: int) -> Any:
    if is_centre:
        x, y, w, h = np.moveaxis(boxes, -1, 0)
        return np.stack([y - h / 2, x - w / 2, y + h / 2, x + w / 2], axis=-1)
    a, b = boxes[..., :2], boxes[..., 2:]
    return np.concatenate([np.minimum(a, b), np.maximum(a, b)], axis=-1)


def _overlap(a: Any, b: Any) -> float:
    """Intersection over union."""
    inner = np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0))
    outer = np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - inner
    return float(inner / outer) if outer > 0 else 0.0


OPERATORS: dict[str, OperatorRule] = {
    "GridSample": _grid_sample,
    "NonMaxSuppression": _non_max_suppression,
    "Resize": _resize,
    "Upsample": _upsample,
}
