"""Padded steps of samples whose outputs have steps: which they are, and what they hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.compiler.driver import ArrayFunction, compile_graph
from chainrule.errors import DataError, warn
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.guards import Guards
from chainrule.graph.kept_trace import run_on_types, trace_kept
from chainrule.graph.node import variable
from chainrule.nn.layer import Layer
from chainrule.nn.layers.activation_layers import Rescale
from chainrule.nn.mask import ends_noted
from chainrule.train.checks import ValidatedData
from chainrule.train.checks.weights import check_some_left, check_weight_shape
from chainrule.train.inputs.samples import Samples, batches
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective

__all__ = [
    "checked_steps",
    "output_mask",
    "warn_of_counted_padding",
    "warn_of_idle_mask_value",
    "warn_of_mask_end",
    "without_padding",
]

Array = NDArray[Any]

_BATCH_SIZE, _EVIDENCE = 1024, 16  # samples of a call, and of a test


def output_mask(model: Model, X: Array) -> Array | None:
    """Return which steps of the outputs are real, (n, steps); None if they have no mask."""
    has_mask, _ = _facts(model)
    if not has_mask:
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
    _, ends = _facts(model)
    if not ends or not model.stack.has_padding(X):
        return
    layer, *_ = ends
    ends.clear()
    warn(
        f"{function}: X has padded steps, and their mask ends at layer {layer.name or layer.kind!r}"
        f" ({type(layer).__name__}), which does not keep the steps: what follows takes padding for "
        "data. Put a layer before it that leaves padding out, such as nn.GlobalAvgPool1D() or a "
        "recurrent layer that returns its last step, or a layer of your own with forward(self, x, "
        "mask=None) in its place"
    )


def warn_of_idle_mask_value(model: Model, X: Array) -> None:
    """Warn if no step equals the mask value, and a layer before the one that has it may give it.

    That is a layer of the user's own, or one that maps numbers to others.
    """
    stack = model.stack
    before = stack.layers_before_mask_value
    suspects = [e for e in before if isinstance(e, Rescale) or not _is_of_library(e)]
    if stack.mask_value is not None and suspects and not stack.has_padding(X):
        warn(
            f"fit: mask_value={stack.mask_value:g} masks nothing: it is compared with X, not with "
            f"the output of layer {suspects[-1].name!r}; name the number that padded steps have in "
            "X, or define compute_mask(self, x, mask) in a layer of your own, True for real steps"
        )


def warn_of_counted_padding(model: Model, objective: Objective, samples: Samples) -> None:
    """Warn of losses and metrics of the user's own whose result depends on padded steps.

    Evidence is that it changes with the predictions there, for samples that have some.
    """
    functions = {f"loss {objective.loss.name}": objective.loss.per_sample}
    functions = {} if objective.loss.is_built_in else functions
    functions |= {f"metric {e.name}": e.function for e in objective.metrics if not e.is_built_in}
    mask = output_mask(model, samples.X) if functions else None
    if mask is None:
        return
    rows = np.flatnonzero(mask.any(axis=1) & ~mask.all(axis=1))[:_EVIDENCE]
    if not len(rows):
        return
    y, real, predicted = samples.y[rows], mask[rows], model.stack(samples.X[rows])
    other = 1 - np.flip(predicted, axis=-1)
    other = np.where(real.reshape((*real.shape, *(1,) * (predicted.ndim - 2))), predicted, other)
    for name, function in functions.items():
        value = _of_arrays(function, y, predicted)
        changed = _of_arrays(function, y, other)
        if np.shape(value)[:2] != real.shape and not np.array_equal(value, changed, equal_nan=True):
            warn(
                f"fit: the {name} counts padded steps, as it changes with what is predicted there; "
                "return an array of shape (batch, steps), of which the real steps are averaged, or "
                "leave them out by what y_true holds there"
            )


def _of_arrays(function: Callable[[Any, Any], Any], y: Array, predicted: Array) -> Any:
    """Return the result of a function for arrays; None if it raises, which is told when traced."""
    try:
        with np.errstate(all="ignore"):
            return np.asarray(function(y.copy(), predicted.copy()))
    except Exception:  # noqa: BLE001 (a function of the user's own)
        return None


def _is_of_library(layer: Layer) -> bool:
    return type(layer).__module__.startswith("chainrule.")


def _count_of_steps(model: Model, output_shape: tuple[int | None, ...]) -> int | None:
    """Return the number of steps of outputs (n, steps, ...); None if they have none."""
    _, *lengths = output_shape
    return lengths[0] if len(lengths) > 1 or _facts(model)[0] else None


def checked_steps(
    model: Model,
    data: ValidatedData,
    output_shape: tuple[int | None, ...],
    function: str,
    name: str,
) -> Array | None:
    """Check weights of steps; return the mask of targets that have steps, or None."""
    if data.weight is not None:
        title = "sample_weight" if name == "X" else "validation_data[2]"
        steps = _count_of_steps(model, output_shape)
        check_weight_shape(data.weight, len(data.X), steps, function, title)
    mask, y = output_mask(model, data.X), data.y
    if mask is None or y is None or y.shape[:2] != mask.shape:
        return None
    if not mask.any():
        raise DataError(
            f"{function}: all steps of {name} are padding, so that none counts; correct the "
            "mask_value, or the data"
        )
    if data.weight is not None:
        of_steps = data.weight if data.weight.ndim == 2 else data.weight[:, None]
        left = np.where(mask, of_steps, 0)
        check_some_left(left, function, "sample_weight of real steps is", "steps", model.dtype)
    return mask


def without_padding(y: Array, mask: Array | None) -> Array:
    """Return targets (n, steps, ...), those of padded steps replaced by the first real one.

    So what these hold, such as a label -1, has no effect and is not checked.
    """
    if mask is None:
        return y
    first = tuple(np.argwhere(mask)[0].tolist())
    return np.where(mask.reshape((*mask.shape, *(1,) * (y.ndim - 2))), y, y[first])


def _facts(model: Model) -> tuple[bool, list[Layer]]:
    """Return whether the outputs have a mask, and the layers at which it ends untold."""
    if model.mask_facts is None:
        model.mask_facts = _trace_facts(model) if model.stack.may_mask else (False, [])
    return model.mask_facts


def _trace_facts(model: Model) -> tuple[bool, list[Layer]]:
    assert model.input_shape is not None, "it is built"
    shape = 2, *(n or 1 for n in model.input_shape[1:])
    params = {name: each.array for name, each in model.stack.parameters().items()}

    def run() -> tuple[bool, list[Layer]]:
        with run_on_types(*model.layers), model.stack.with_parameters(params), ends_noted() as ends:
            _, mask = model.stack.with_mask(variable(ArrayType(model.dtype, shape), name="X"))
        return mask is not None, ends

    return with_filled_arrays(run, *model.layers)


def _compile_mask(stack: LayerStack, X: ArrayType) -> tuple[ArrayFunction, Guards]:
    def mask_of(params: dict[str, Any], X: Any) -> Any:
        with stack.with_parameters(params):
            return stack.with_mask(X)[1]

    types = {name: type_of(each.array) for name, each in stack.parameters().items()}, X
    kept = trace_kept("fit", mask_of, types, roots=stack.layers, arguments=stack.bound)
    return compile_graph(kept.traced.graph), kept.guards
