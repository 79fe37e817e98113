"""Sliding windows, and the sum of what windows hold: each other's transpose.

``unfold(x)`` shows, for every place a window can take, what stands under it; it copies nothing. A
convolution is windows followed by a contraction, pooling is windows followed by a reduction.
``fold`` adds the entries of windows up where they came from.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.axes import as_shape, axes_in
from chainrule.ops.primitives.promotion import as_array

__all__ = ["fold", "sliding_window_view", "unfold"]

Numbers = tuple[int, ...]
"""One number for each axis that windows slide along."""


def _windows_shape(
    shape: Numbers, axes: Numbers, sizes: Numbers, strides: Numbers, dilations: Numbers
) -> Numbers:
    """Places along the axes that windows slide along, then the axes within a window."""
    places = list(shape)
    for axis, size, stride, dilation in zip(axes, sizes, strides, dilations, strict=True):
        reach = (size - 1) * dilation + 1
        if min(size, stride, dilation) < 1 or reach > shape[axis]:
            raise ShapeError(
                f"unfold: a window of {size} entries (dilation {dilation}, stride {stride}) "
                f"reaches over {reach}, but axis {axis} of shape {shape} has {shape[axis]}; "
                "all must be at least 1, and the window must fit"
            )
        places[axis] = (shape[axis] - reach) // stride + 1
    return (*places, *sizes)


def _windows_type(x: ArrayType, **sliding: Numbers) -> ArrayType:
    return x.with_shape(_windows_shape(x.shape, **sliding))


def _fold_type(x: ArrayType, shape: Numbers, **sliding: Numbers) -> ArrayType:
    if x.shape != _windows_shape(shape, **sliding):
        raise ShapeError(f"fold: {x} cannot be the windows {sliding} of an array of shape {shape}")
    return x.with_shape(shape)


def _windows(x: Any, axes: Numbers, sizes: Numbers, strides: Numbers, dilations: Numbers) -> Any:
    reaches = [(size - 1) * dilation + 1 for size, dilation in zip(sizes, dilations, strict=True)]
    view = np.lib.stride_tricks.sliding_window_view(x, reaches, axes)
    steps = [slice(None)] * x.ndim
    for axis, stride in zip(axes, strides, strict=True):
        steps[axis] = slice(None, None, stride)
    return view[(*steps, *(slice(None, None, dilation) for dilation in dilations))]


def _fold(
    x: Any, shape: Numbers, axes: Numbers, sizes: Numbers, strides: Numbers, dilations: Numbers
) -> Any:
    """Add one entry of all windows at a time: they never overlap."""
    result = np.zeros(shape, x.dtype)
    for offsets in itertools.product(*map(range, sizes)):
        target = [slice(None)] * len(shape)
        for k, (axis, stride) in enumerate(zip(axes, strides, strict=True)):
            start = offsets[k] * dilations[k]
            target[axis] = slice(start, start + (x.shape[axis] - 1) * stride + 1, stride)
        result[tuple(target)] += x[(..., *offsets)]
    return result


def _source(
    place: Numbers, axes: Numbers, sizes: Numbers, strides: Numbers, dilations: Numbers
) -> Numbers:
    """Where an entry of a window stands in the array."""
    source = list(place[: len(place) - len(sizes)])
    for k, axis in enumerate(axes):
        source[axis] = source[axis] * strides[k] + place[len(source) + k] * dilations[k]
    return tuple(source)


def _windows_one_by_one(x: Any, **sliding: Numbers) -> Any:
    result = np.empty(_windows_shape(x.shape, **sliding), x.dtype)
    for place in np.ndindex(*result.shape):
        result[place] = x[_source(place, **sliding)]
    return result


def _fold_one_by_one(x: Any, shape: Numbers, **sliding: Numbers) -> Any:
    result = np.zeros(shape, x.dtype)
    for place in np.ndindex(*x.shape):
        result[_source(place, **sliding)] += x[place]
    return result


def _sliding(axes: Numbers, sizes: Numbers, strides: Numbers, dilations: Numbers) -> dict[str, Any]:
    return {"axes": axes, "sizes": sizes, "strides": strides, "dilations": dilations}


unfold = Primitive(
    "unfold",
    infer=_windows_type,
    evaluate=_windows,
    vjp=lambda ct, y, x, **sliding: (fold(ct, shape=x.shape, **sliding),),
    formula="unfold({0}, {sizes})",
    reference=_windows_one_by_one,
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
    formula="fold({0})",
    reference=_fold_one_by_one,
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
    """Show all windows of a shape, as `numpy.lib.stride_tricks.sliding_window_view`."""
    x = as_array(x)
    sizes, axes = as_shape(window_shape), axes_in("sliding_window_view", axis, x.ndim)
    if len(sizes) != len(axes):
        raise ShapeError(
            f"sliding_window_view: a window of shape {sizes} for {len(axes)} axes; give one length "
            "for each axis"
        )
    ones = (1,) * len(sizes)
    return unfold(x, axes=axes, sizes=sizes, strides=ones, dilations=ones)
