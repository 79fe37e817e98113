"""Shapes of networks that were built before: another one of the same layers is built by rule.

The first network of some layers is traced, so that misfits are reported where they are. One whose
layers have the same classes and settings, for inputs of the same shape, has the same shapes: only
its parameters are created.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.locks import ReentrantLock
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.shape_inference import built_shape
from chainrule.train.model.structure import structure_of_layers

__all__ = ["known_shapes"]

_CAPACITY = 256

_known: OrderedDict[Any, list[Shape]] = OrderedDict()
_lock = ReentrantLock()


def known_shapes(
    layers: Sequence[Layer],
    dtype: np.dtype[Any],
    input_shape: tuple[int, ...],
    infer: Callable[[], list[Shape]],
) -> list[Shape]:
    """Build layers; return the shapes of their outputs, which `infer` finds by a trace."""
    is_built = any(layer.input_shape is not None for layer in layers)
    structure = None if is_built else structure_of_layers(layers)
    if structure is None:
        return infer()
    key = structure, dtype, input_shape[1:]
    with _lock:
        shapes = _known.get(key)
    if shapes is None:
        shapes = infer()
        with _lock:
            _known[key] = shapes
            if len(_known) > _CAPACITY:
                _known.popitem(last=False)
        return shapes
    sample = tuple(input_shape[1:])
    for layer, expected in zip(layers, shapes, strict=True):
        sample = built_shape(layer, sample, dtype)
        assert (None, *sample) == expected, "layers of one structure have the same shapes"
    return list(shapes)
