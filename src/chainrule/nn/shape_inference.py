"""Shapes of layers by rule: a layer is built, and its output shape computed, without a run.

A rule takes a layer and the shape of a sample, builds the layers within, and returns the shape of
the output. So the sizes that a file declares cost nothing before its tensors are compared with
them. Layers of other classes have no rule: they are run on types.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.kept_trace import run_on_types
from chainrule.graph.node import variable
from chainrule.nn import environment
from chainrule.nn.layer_call import build_once
from chainrule.nn.layers import CLASSES
from chainrule.nn.sublayers import with_sublayers

__all__ = ["MAX_ELEMENTS", "built_shape"]

Sample = tuple[int, ...]

_MODULES = {f"chainrule.nn.layers.{module}" for module in CLASSES}

MAX_ELEMENTS = 2**60
"""Of one sample: no memory holds more."""


@dataclass(frozen=True)
class _Input:
    """Shape and dtype of an input, of two samples, as a layer is built for it."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def built_shape(layer: Any, sample: Sample, dtype: np.dtype[Any]) -> Sample:
    """Build a layer for samples of a shape; return the shape of its outputs.

    Examples
    --------
    >>> from chainrule import nn
    >>> built_shape(nn.Conv2D(8, 3), (28, 27, 1), np.dtype("float32"))
    (26, 25, 8)
    """
    kind = type(layer)
    rule = _RULES.get(kind.__name__) if kind.__module__ in _MODULES else None
    if rule is None:
        shape = _shape_by_run(layer, sample, dtype)
    else:
        build_once(layer, _Input((2, *sample), dtype), ())
        shape = rule(layer, sample, dtype)
    if math.prod(shape) >= MAX_ELEMENTS or any(n < 0 for n in shape):
        raise ShapeError(f"{layer._title()}: its output has too many elements")
    return shape


def _shape_by_run(layer: Any, sample: Sample, dtype: np.dtype[Any]) -> Sample:
    def run() -> Any:
        with run_on_types(layer), environment.entered() as traced:
            traced.copy_containers(with_sublayers([layer]))
            return layer(variable(ArrayType(dtype, (2, *sample)), name="X"))

    y = with_filled_arrays(run, layer)
    if not y.shape or y.shape[0] != 2:
        raise ShapeError(f"{layer._title()}: the first axis of its output must count the samples")
    return tuple(y.shape[1:])


def _same(layer: Any, sample: Sample, dtype: Any) -> Sample:
    return sample


def _units(layer: Any, sample: Sample, dtype: Any) -> Sample:
    return (*sample[:-1], layer.units)


def _window(what: str, channels: Callable[[Any, int], int]) -> Callable[..., Sample]:
    def rule(layer: Any, sample: Sample, dtype: Any) -> Sample:
        layer.geometry.check(layer._title(), what, sample[:-1])
        return (*layer.geometry.output_lengths(sample[:-1]), channels(layer, sample[-1]))

    return rule


_convolution = _window("kernel", lambda layer, channels: layer.filters)
_depthwise = _window("kernel", lambda layer, channels: channels * layer.depth_multiplier)
_pooling = _window("window", lambda layer, channels: channels)


def _transposed(layer: Any, sample: Sample, dtype: Any) -> Sample:
    return (*layer._output_lengths(sample[:-1]), layer.filters)


def _global(layer: Any, sample: Sample, dtype: Any) -> Sample:
    return sample[-1:]


def _flatten(layer: Any, sample: Sample, dtype: Any) -> Sample:
    return (math.prod(sample),)


def _reshape(layer: Any, sample: Sample, dtype: Any) -> Sample:
    rest = math.prod(sample) // math.prod(n for n in layer.shape if n != -1)
    return tuple(rest if n == -1 else n for n in layer.shape)


def _permute(layer: Any, sample: Sample, dtype: Any) -> Sample:
    return tuple(sample[axis - 1] for axis in layer.axes)


def _repeated(layer: Any, sample: Sample, dtype: Any) -> Sample:
    return (layer.n, *sample)


def _enlarged(layer: Any, sample: Sample, dtype: Any) -> Sample:
    lengths = (n * factor for n, factor in zip(sample, layer.size, strict=False))
    return (*lengths, sample[-1])


def _padded(layer: Any, sample: Sample, dtype: Any) -> Sample:
    return (*(n + sum(each) for n, each in zip(sample, layer.widths, strict=False)), sample[-1])


def _cropped(layer: Any, sample: Sample, dtype: Any) -> Sample:
    return (*(n - sum(each) for n, each in zip(sample, layer.widths, strict=False)), sample[-1])


def _embedding(layer: Any, sample: Sample, dtype: Any) -> Sample:
    return (*sample, layer.units)


def _recurrent(layer: Any, sample: Sample, dtype: Any) -> Sample:
    return (sample[0], layer.units) if layer.options.return_sequences else (layer.units,)


def _bidirectional(layer: Any, sample: Sample, dtype: Any) -> Sample:
    built_shape(layer.backward_layer, sample, dtype)
    *outer, units = built_shape(layer.forward_layer, sample, dtype)
    is_joined = layer._arguments.arguments["merge"] == "concat"
    return (*outer, units * 2 if is_joined else units)


def _time_distributed(layer: Any, sample: Sample, dtype: Any) -> Sample:
    return (sample[0], *built_shape(layer.layer, sample[1:], dtype))


def _chain(layers: Sequence[Any], sample: Sample, dtype: Any) -> Sample:
    for each in layers:
        sample = built_shape(each, sample, dtype)
    return sample


def _residual(layer: Any, sample: Sample, dtype: Any) -> Sample:
    shape = _chain(layer.layers, sample, dtype)
    if shape != _chain(layer.shortcut, sample, dtype):
        raise ShapeError(f"{layer._title()}: f(x) and its shortcut have other shapes")
    return shape


def _integrated(layer: Any, sample: Sample, dtype: Any) -> Sample:
    if not isinstance(layer.dynamics, list):
        return _shape_by_run(layer, sample, dtype)
    given = (*sample[:-1], sample[-1] + 1) if layer.with_time else sample
    if _chain(layer.dynamics, given, dtype) != sample:
        raise ShapeError(f"{layer._title()}: its dynamics change the shape")
    return (len(layer.t), *sample) if layer.return_sequences else sample


def _added(layer: Any, sample: Sample, dtype: Any) -> Sample:
    shapes = {_chain(branch, sample, dtype) for branch in layer.branches}
    if len(shapes) != 1:
        raise ShapeError(f"{layer._title()}: its branches give {len(shapes)} shapes, not one")
    return shapes.pop()


def _concatenate(layer: Any, sample: Sample, dtype: Any) -> Sample:
    shapes = [_chain(branch, sample, dtype) for branch in layer.branches]
    rank = len(shapes[0])
    axis = layer.axis + rank if layer.axis < 0 else layer.axis - 1
    others = {shape[:axis] + shape[axis + 1 :] for shape in shapes}
    if len(others) > 1 or not 0 <= axis < rank or any(len(each) != rank for each in shapes):
        raise ShapeError(f"{layer._title()}: its branches have shapes that cannot be concatenated")
    return (*shapes[0][:axis], sum(each[axis] for each in shapes), *shapes[0][axis + 1 :])


_RULES: dict[str, Callable[[Any, Sample, Any], Sample]] = {
    **dict.fromkeys(
        (
            "Activation", "Rescale", "MultiHeadAttention",
            "RandomFlip", "RandomRotation", "RandomShift",
            "RandomZoom", "Dropout", "GaussianNoise",
            "PositionEmbedding", "Masking", "BatchNorm",
            "LayerNorm", "Normalization", "Identity",
            *CLASSES["activation_classes"].split(),
        ),
        _same,
    ),
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D"), _convolution),
    **dict.fromkeys(
        ("AvgPool1D", "AvgPool2D", "MaxPool1D", "MaxPool2D"), _pooling
    ),
    **dict.fromkeys(
        (
            "GlobalAvgPool1D", "GlobalAvgPool2D",
            "GlobalMaxPool1D", "GlobalMaxPool2D",
        ),
        _global,
    ),
    **dict.fromkeys(("GRU", "LSTM", "RNN"), _recurrent),
    "Dense": _units,
    "DepthwiseConv2D": _depthwise,
    "ConvTranspose2D": _transposed,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "RepeatVector": _repeated,
    "UpSampling2D": _enlarged,
    **dict.fromkeys(("ZeroPadding1D", "ZeroPadding2D"), _padded),
    **dict.fromkeys(("Cropping1D", "Cropping2D"), _cropped),
    "Embedding": _embedding,
    "Bidirectional": _bidirectional,
    "TimeDistributed": _time_distributed,
    "ODE": _integrated,
    "Residual": _residual,
    "Add": _added,
    "Concatenate": _concatenate,
}  # fmt: skip
"""The rules of the classes of the library, by their names: none is imported for them."""
