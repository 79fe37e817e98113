"""Shapes, and arrays in other shapes: reshape, transpose, slices, padding, concatenation."""

from __future__ import annotations

from math import prod
from typing import Any, cast

import numpy as np

from chainrule.interop.onnx.reading.operation import Operation, OperatorRule, known, numbers
from chainrule.interop.onnx.reading.tensor import dtype_of

__all__ = ["MAX_ELEMENTS", "OPERATORS"]

MAX_ELEMENTS = 2**31
"""Of an array that a file has filled."""


def _checked(operation: Operation, shape: list[int]) -> list[int]:
    if any(each < 0 for each in shape) or prod(shape) > MAX_ELEMENTS:
        raise operation.refuse(f"its result would have the shape {shape!r:.80}")
    return shape


def _reshape(operation: Operation, x: Any, shape: Any = None) -> Any:
    wanted = operation.get("shape") if shape is None else numbers(operation, shape, "the shape")
    if not operation.get("allowzero", 0):
        wanted = [x.shape[i] if each == 0 else each for i, each in enumerate(wanted)]
    return np.reshape(x, tuple(wanted))


def _flatten(operation: Operation, x: Any) -> Any:
    axis = operation.get("axis", 1)
    axis = axis + x.ndim if axis < 0 else axis
    return np.reshape(x, (prod(x.shape[:axis]), prod(x.shape[axis:])))


def _transpose(operation: Operation, x: Any) -> Any:
    return np.transpose(x, operation.get("perm"))


def _axes(operation: Operation, axes: Any) -> list[int] | None:
    if axes is not None:
        return numbers(operation, axes, "axes")
    return operation.get("axes")


def _squeeze(operation: Operation, x: Any, axes: Any = None) -> Any:
    given = _axes(operation, axes)
    return np.squeeze(x, None if given is None else tuple(given))


def _unsqueeze(operation: Operation, x: Any, axes: Any = None) -> Any:
    return np.expand_dims(x, tuple(_axes(operation, axes) or ()))


def _split(operation: Operation, x: Any, sizes: Any = None) -> Any:
    axis = operation.get("axis", 0)
    if sizes is not None:
        counts = numbers(operation, sizes, "split")
    elif operation.get("split") is not None:
        counts = operation.get("split")
    else:
        parts = operation.get("num_outputs") or operation.outputs
        size = -(-x.shape[axis] // parts)
        counts = [max(0, min(size, x.shape[axis] - i * size)) for i in range(parts)]
    if sum(counts) != x.shape[axis]:
        raise operation.refuse(f"parts of {counts} are not the {x.shape[axis]} along axis {axis}")
    return tuple(np.split(x, np.cumsum(counts)[:-1].tolist(), axis=axis))


def _slice(operation: Operation, x: Any, *given: Any) -> Any:
    """Parts from start to end by step, along some axes."""
    if given:
        starts, ends, axes, steps = [
            None if each is None else numbers(operation, each, "a bound")
            for each in (*given, *[None] * (4 - len(given)))
        ]
    else:
        names = ("starts", "ends", "axes")
        starts, ends, axes = (operation.get(name) for name in names)
        steps = None
    axes = range(len(starts or [])) if axes is None else axes
    steps = [1] * len(starts or []) if steps is None else steps
    parts = [slice(None)] * x.ndim
    for start, end, axis, step in zip(starts or [], ends or [], axes, steps, strict=True):
        length = x.shape[axis]
        if step < 0 and end < -length:
            parts[axis] = slice(min(start, length - 1) if start >= 0 else start, None, step)
        else:
            parts[axis] = slice(start, end, step)
    return x[tuple(parts)]


def _pad(
    operation: Operation, x: Any, pads: Any = None, value: Any = None, axes: Any = None
) -> Any:
    given = (
        (operation.get("pads") or operation.get("paddings"))
        if pads is None
        else numbers(operation, pads, "pads")
    )
    mode = operation.get("mode", b"constant")
    mode = mode.decode() if isinstance(mode, bytes) else mode
    along = list(range(x.ndim)) if axes is None else numbers(operation, axes, "axes")
    count = len(along)
    widths, parts = [[0, 0] for _ in x.shape], [slice(None)] * x.ndim
    for i, axis in enumerate(along):
        before, after = given[i], given[i + count]
        widths[axis] = [max(before, 0), max(after, 0)]
        parts[axis] = slice(max(-before, 0), x.shape[axis] - max(-after, 0))
    _checked(operation, [n + sum(pair) for n, pair in zip(x.shape, widths, strict=True)])
    x = x[tuple(parts)]
    if mode != "constant":
        return np.pad(x, widths, mode=cast(Any, mode))
    fill = operation.get("value", 0) if value is None else value
    if not isinstance(fill, int | float) and fill.ndim:
        fill = fill.reshape(())
    return np.pad(
        x, widths, constant_values=fill if value is not None else np.asarray(fill, x.dtype)
    )


def _expand(operation: Operation, x: Any, shape: Any) -> Any:
    wanted = numbers(operation, shape, "the shape")
    return np.broadcast_to(
        x, _checked(operation, list(np.broadcast_shapes(x.shape, tuple(wanted))))
    )


def _tile(operation: Operation, x: Any, repeats: Any) -> Any:
    counts = numbers(operation, repeats, "repeats")
    _checked(operation, [n * count for n, count in zip(x.shape, counts, strict=True)])
    return np.tile(x, counts)


def _shape(operation: Operation, x: Any) -> Any:
    start, end = operation.get("start", 0), operation.get("end")
    return np.array(x.shape[start:end], np.int64)


def _constant(operation: Operation) -> Any:
    names = ("value", "value_float", "value_floats", "value_int", "value_ints")
    for name in names:
        value = operation.get(name)
        if value is not None:
            dtype = np.float32 if "float" in name else np.int64
            return value if name == "value" else np.array(value, dtype)
    raise operation.refuse(f"it has the attributes {sorted(operation.attributes)}")


def _constant_of_shape(operation: Operation, shape: Any) -> Any:
    value = operation.get("value")
    fill = np.zeros(1, np.float32) if value is None else value
    return np.full(_checked(operation, numbers(operation, shape, "the shape")), fill.reshape(()))


def _range(operation: Operation, start: Any, limit: Any, step: Any) -> Any:
    first, last, by = (
        known(operation, each, "a bound").reshape(()) for each in (start, limit, step)
    )
    count = max(int(np.ceil((last.astype(np.float64) - first) / by)), 0)
    _checked(operation, [count])
    return (first + np.arange(count) * by).astype(first.dtype)


def _eye_like(operation: Operation, x: Any) -> Any:
    to = operation.get("dtype")
    dtype = x.dtype if to is None else dtype_of(to, "the result of EyeLike")
    return np.eye(*x.shape, k=operation.get("k", 0), dtype=dtype)


def _depth_to_space(operation: Operation, x: Any) -> Any:
    size, (n, c, h, w) = operation.get("blocksize"), x.shape
    if operation.get("mode", b"DCR") in (b"DCR", "DCR"):
        parts = x.reshape((n, size, size, c // size**2, h, w)).transpose(0, 3, 4, 1, 5, 2)
    else:
        parts = x.reshape((n, c // size**2, size, size, h, w)).transpose(0, 1, 4, 2, 5, 3)
    return parts.reshape((n, c // size**2, h * size, w * size))


def _space_to_depth(operation: Operation, x: Any) -> Any:
    size, (n, c, h, w) = operation.get("blocksize"), x.shape
    if operation.get("mode", b"DCR") in (b"CRD", "CRD"):
        parts = x.reshape((n, c, h // size, size, w // size, size)).transpose(0, 1, 3, 5, 2, 4)
    else:
        parts = x.reshape((n, c, h // size, size, w // size, size)).transpose(0, 3, 5, 1, 2, 4)
    return parts.reshape((n, c * size**2, h // size, w // size))


def _trilu(operation: Operation, x: Any, k: Any = None) -> Any:
    shift = 0 if k is None else numbers(operation, k, "k")[0]
    rows, columns = np.arange(x.shape[-2])[:, None], np.arange(x.shape[-1])
    kept = columns - rows >= shift if operation.get("upper", 1) else columns - rows <= shift
    return np.where(kept, x, np.zeros((), x.dtype))


OPERATORS: dict[str, OperatorRule] = {
    "Concat": lambda operation, *values: np.concatenate(values, axis=operation.get("axis", 1)),
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "DepthToSpace": _depth_to_space,
    "Expand": _expand,
    "EyeLike": _eye_like,
    "Flatten": _flatten,
    "Pad": _pad,
    "Range": _range,
    "Reshape": _reshape,
    "Shape": _shape,
    "Size": lambda operation, x: np.array(prod(x.shape), np.int64),
    "Slice": _slice,
    "SpaceToDepth": _space_to_depth,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Trilu": _trilu,
    "Unsqueeze": _unsqueeze,
}
