"""Sliding windows (im2col) and their transpose (col2im).

``unfold`` is a view of all windows of an array: for each window position along the given axes, the
entries of the window in new last axes. ``fold`` adds entries of windows to the elements they view.
A convolution is ``unfold`` and a contraction, pooling is ``unfold`` and a reduction.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, counted
from chainrule.graph.array_type import ArrayType
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.axes import as_shape, normalize_axes
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.rules import linear_in

__all__ = ["fold", "sliding_window_view", "unfold"]

Ints = tuple[int, ...]
"""One integer for each axis that windows slide along."""


def _windows_shape(shape: Ints, axes: Ints, sizes: Ints, strides: Ints, dilations: Ints) -> Ints:
    """Shape of unfolded windows: window positions along `axes`, then the axes of a window."""
    counts = list(shape)
    for axis, size, stride, dilation in zip(axes, sizes, strides, dilations, strict=True):
        extent = (size - 1) * dilation + 1
        if min(size, stride, dilation) < 1 or extent > shape[axis]:
            raise ShapeError(
                f"unfold: a window of {counted(size, 'entry')} (dilation {dilation}, stride "
                f"{stride}) covers {extent}, but axis {axis} of shape {shape} has {shape[axis]}; "
                "all must be at least 1, and the window must fit"
            )
        counts[axis] = (shape[axis] - extent) // stride + 1
    return (*counts, *sizes)


def _windows_type(x: ArrayType, **sliding: Ints) -> ArrayType:
    return x.with_shape(_windows_shape(x.shape, **sliding))


def _fold_type(x: ArrayType, shape: Ints, **sliding: Ints) -> ArrayType:
    if x.shape != _windows_shape(shape, **sliding):
        raise ShapeError(f"fold: {x} cannot be the windows {sliding} of an array of shape {shape}")
    return x.with_shape(shape)


def _windows(x: Any, axes: Ints, sizes: Ints, strides: Ints, dilations: Ints) -> Any:
    extents = [(size - 1) * dilation + 1 for size, dilation in zip(sizes, dilations, strict=True)]
    view = np.lib.stride_tricks.sliding_window_view(x, extents, axes)
    steps = [slice(None)] * x.ndim
    for axis, stride in zip(axes, strides, strict=True):
        steps[axis] = slice(None, None, stride)
    return view[(*steps, *(slice(None, None, dilation) for dilation in dilations))]


def _fold(x: Any, shape: Ints, axes: Ints, sizes: Ints, strides: Ints, dilations: Ints) -> Any:
    """Add the entries at one offset of all windows at a time: these never overlap."""
    result = np.zeros(shape, x.dtype)
    for offsets in itertools.product(*map(range, sizes)):
        target = [slice(None)] * len(shape)
        for k, (axis, stride) in enumerate(zip(axes, strides, strict=True)):
            start = offsets[k] * dilations[k]
            target[axis] = slice(start, start + (x.shape[axis] - 1) * stride + 1, stride)
        result[tuple(target)] += x[(..., *offsets)]
    return result


def _source(index: Ints, axes: Ints, sizes: Ints, strides: Ints, dilations: Ints) -> Ints:
    """The index in the array of an entry of a window."""
    source = list(index[: len(index) - len(sizes)])
    for k, axis in enumerate(axes):
        source[axis] = source[axis] * strides[k] + index[len(source) + k] * dilations[k]
    return tuple(source)


def _windows_reference(x: Any, **sliding: Ints) -> Any:
    result = np.empty(_windows_shape(x.shape, **sliding), x.dtype)
    for index in np.ndindex(*result.shape):
        result[index] = x[_source(index, **sliding)]
    return result


def _fold_reference(x: Any, shape: Ints, **sliding: Ints) -> Any:
    result = np.zeros(shape, x.dtype)
    for index in np.ndindex(*x.shape):
        result[_source(index, **sliding)] += x[index]
    return result


def _sliding(axes: Ints, sizes: Ints, strides: Ints, dilations: Ints) -> dict[str, Any]:
    return {"axes": axes, "sizes": sizes, "strides": strides, "dilations": dilations}


def _unfold_batch(size: int, is_batched: Any, x: Any, axes: Ints, **sliding: Ints) -> Any:
    return unfold(x, axes=tuple(axis + 1 for axis in axes), **sliding)


def _fold_batch(
    size: int, is_batched: Any, x: Any, shape: Ints, axes: Ints, **sliding: Ints
) -> Any:
    return fold(x, shape=(size, *shape), axes=tuple(axis + 1 for axis in axes), **sliding)


unfold = Primitive(
    "unfold",
    infer=_windows_type,
    evaluate=_windows,
    vjp=lambda ct, y, x, **sliding: (fold(ct, shape=x.shape, **sliding),),
    jvp=linear_in(0),
    batch=_unfold_batch,
    formula="unfold({0}, {sizes})",
    reference=_windows_reference,
    samples=lambda: [
        Sample((np.arange(7.0),), _sliding((0,), (3,), (1,), (1,))),
        Sample((np.arange(7.0),), _sliding((0,), (3,), (2,), (2,))),
        Sample((np.arange(40.0).reshape(2, 4, 5),), _sliding((1, 2), (2, 3), (1, 2), (2, 1))),
        Sample((np.ones((0, 4)),), _sliding((1,), (2,), (1,), (1,))),
    ],
    invalid=lambda: [
        Sample((np.ones(3),), _sliding((0,), (4,), (1,), (1,))),
        Sample((np.ones(3),), _sliding((0,), (2,), (1,), (3,))),
        Sample((np.ones(3),), _sliding((0,), (2,), (0,), (1,))),
    ],
)

fold = Primitive(
    "fold",
    infer=_fold_type,
    evaluate=_fold,
    vjp=lambda ct, y, x, shape, **sliding: (unfold(ct, **sliding),),
    jvp=linear_in(0),
    batch=_fold_batch,
    formula="fold({0})",
    reference=_fold_reference,
    samples=lambda: [
        Sample(
            (np.arange(15.0).reshape(5, 3),), _sliding((0,), (3,), (1,), (1,)) | {"shape": (7,)}
        ),
        Sample((np.arange(6.0).reshape(2, 3),), _sliding((0,), (3,), (2,), (2,)) | {"shape": (7,)}),
        Sample((np.ones((0, 3, 2)),), _sliding((1,), (2,), (1,), (1,)) | {"shape": (0, 4)}),
    ],
    invalid=lambda: [
        Sample((np.ones((2, 2)),), _sliding((0,), (2,), (1,), (1,)) | {"shape": (4,)})
    ],
)


def sliding_window_view(x: Any, window_shape: Any, axis: Any = None) -> Any:
    """View all windows of a shape, as `numpy.lib.stride_tricks.sliding_window_view`."""
    x = as_array(x)
    sizes, axes = as_shape(window_shape), normalize_axes("sliding_window_view", axis, x.ndim)
    if len(sizes) != len(axes):
        raise ShapeError(
            f"sliding_window_view: a window of shape {sizes} for {counted(len(axes), 'axis')}; "
            "give one length for each axis"
        )
    ones = (1,) * len(sizes)
    return unfold(x, axes=axes, sizes=sizes, strides=ones, dilations=ones)
