"""Padded steps of samples whose outputs have steps: which they are, and what they hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.compiler.driver import ArrayFunction, compile_graph
from chainrule.errors import warn
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.guards import Guards
from chainrule.graph.kept_trace import trace_kept
from chainrule.train.inputs.samples import batches
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.model import Model

__all__ = ["output_mask", "warn_of_mask_end", "without_padding"]

Array = NDArray[Any]

_BATCH_SIZE = 1024


def output_mask(model: Model, X: Array) -> Array | None:
    """Return which steps of the outputs are real, (n, steps); None if they have no mask."""
    if not model.has_output_mask:
        return None
    stack, programs = model.stack, model.programs
    params = [each.array for each in stack.parameters().values()]
    parts: list[Array] = []
    for rows in batches(len(X), _BATCH_SIZE):
        part: ArrayType = type_of(X[rows])
        program = programs.get(
            ("mask", part.dtype, part.shape), lambda part=part: _compile_mask(stack, part)
        )
        parts += program([*params, np.ascontiguousarray(X[rows], part.dtype)])
    return np.concatenate(parts)


def warn_of_mask_end(model: Model, X: Array, function: str) -> None:
    """Warn, once, if samples have padding and a layer ends the mask without leaving it out."""
    if not model.mask_ends or not model.stack.has_padding(X):
        return
    layer, model.mask_ends = model.mask_ends[0], []
    warn(
        f"{function}: X has padded steps, and their mask ends at layer {layer.name or layer.kind!r}"
        f" ({type(layer).__name__}), which does not keep the steps: what follows takes padding for "
        "data. Put a layer before it that leaves padding out, such as nn.GlobalAvgPool1D() or a "
        "recurrent layer that returns its last step, or a layer of your own with forward(self, x, "
        "mask=None) in its place"
    )


def without_padding(y: Array, mask: Array) -> Array:
    """Return targets (n, steps, ...) with those of padded steps replaced by the first real one.

    What they hold, such as a label -1, has no effect, and is not checked.
    """
    first = tuple(np.argwhere(mask)[0]) if mask.any() else (0, 0)
    is_real = mask.reshape((*mask.shape, *(1,) * (y.ndim - 2)))
    return np.where(is_real, y, y[first])


def _compile_mask(stack: LayerStack, X: ArrayType) -> tuple[ArrayFunction, Guards]:
    def mask_of(params: dict[str, Any], X: Any) -> Any:
        with stack.with_parameters(params):
            return stack.with_mask(X)[1]

    types = {name: type_of(each.array) for name, each in stack.parameters().items()}, X
    kept = trace_kept("fit", mask_of, types, roots=stack.layers, arguments=stack.bound)
    return compile_graph(kept.traced.graph), kept.guards
