"""The network as a pure function of its parameters: ``net.apply`` and ``net.gradients``."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.array_classes import refuse_masked
from chainrule.arguments.checks import bad_argument, checked_flag, shown
from chainrule.arguments.lookup import suggestion
from chainrule.errors import ArgumentError, DTypeError, ShapeError, type_in_words
from chainrule.graph.node import Node
from chainrule.nn.random_stream import RandomStream
from chainrule.ops.counter_based_random.keys import key
from chainrule.train.checks.lookup_range import explain_lookup_error
from chainrule.train.inference.compile_gradients import compile_gradients
from chainrule.train.inference.gathered_loss import kind_of_loss
from chainrule.train.inputs.data_adapter import prepare_inputs, prepare_samples
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective

__all__ = ["apply", "gradients", "random_stream"]


def apply(model: Model, params: Any, X: Any, training: Any, seed: Any) -> Any:
    """Return the output of the layers under other values of their parameters; change nothing."""
    random = random_stream("apply", training, seed)
    if not isinstance(params, Mapping):
        rule = "a mapping from names to arrays, like net.params"
        raise bad_argument("apply", "params", params, rule)
    # Layers that are not built yet are built, unless the parameters do not fit them.
    with nullcontext() if model.output_shapes else model.rollback_on_error():
        if model.output_shapes:
            values, dtype = _checked_params(model.stack, cast(Mapping[Any, Any], params))
        inputs: Any = X
        if type(X) is Node:
            model.build(X.shape, "apply")
        else:
            inputs = prepare_inputs(model, X, "apply")
        values, dtype = _checked_params(model.stack, cast(Mapping[Any, Any], params))
        stack = model.stack if dtype == model.dtype else replace(model.stack, dtype=dtype)
        try:
            return stack.with_values(values, inputs, random)
        except IndexError:
            if type(X) is not Node:
                explain_lookup_error(model.stack, inputs)
            raise


def gradients(
    model: Model,
    objective: Objective,
    X: Any,
    y: Any,
    sample_weight: Any,
    training: Any,
    seed: Any,
) -> dict[str, NDArray[Any]]:
    """Return the gradient of loss and penalties by each parameter; zeros by what is not trained."""
    random_stream("gradients", training, seed)
    programs = model.programs  # first: see ProgramCache
    samples, _ = prepare_samples(model, objective, X, y, sample_weight, "gradients")
    stack, kind = model.stack, kind_of_loss
    kind(stack, objective, programs, samples, "gradients")
    trained = tuple(stack.parameters(trainable=True))
    types, is_seeded = samples.types(len(samples)), seed is not None and training
    program = programs.get(
        ("gradients", training, is_seeded, trained, *types.values()),
        lambda: compile_gradients(stack, objective, types, training, is_seeded),
    )
    batch = samples.take(slice(None))
    keys = [_key(seed)] if is_seeded else []

    def run() -> dict[str, NDArray[Any]]:
        with np.errstate(all="ignore"):
            results = dict(zip(trained, program([*stack.arrays(), *batch, *keys]), strict=True))
        return {
            name: np.array(results[name]) if name in results else np.zeros_like(each.array)
            for name, each in stack.parameters().items()
        }

    try:
        return model.parameter_lock.read(run)
    except IndexError:
        explain_lookup_error(stack, batch[0])
        raise


def random_stream(function: str, training: Any, seed: Any) -> RandomStream | None:
    """Return the random numbers of the training mode, None in inference."""
    is_training = checked_flag(function, "training", training)
    if not is_training:
        return None
    return RandomStream.unseeded(function) if seed is None else RandomStream(_key(seed))


def _key(seed: Any) -> Any:
    """Return the Philox key of a seed: an integer, perhaps traced, or a key of `random.key`."""
    return seed if getattr(seed, "shape", None) == (2,) else key(seed)


def _checked_params(
    stack: LayerStack, params: Mapping[Any, Any]
) -> tuple[dict[str, Any], np.dtype[Any]]:
    """Return the values by name, and the dtype to compute with; refuse other names and shapes."""
    expected, given = stack.parameters(), dict(params)
    if given.keys() != expected.keys():
        raise ArgumentError(f"apply: {_other_names(list(expected), list(given))}")
    values = {name: _checked_value(name, given[name], expected[name]) for name in expected}
    dtype = np.result_type(*(each.dtype for each in values.values())) if values else stack.dtype
    return values, dtype if dtype.name in ("float32", "float64") else stack.dtype


def _other_names(expected: list[str], given: list[Any]) -> str:
    unknown = [name for name in given if name not in expected]
    if unknown:
        hint = suggestion(str(unknown[0]), expected)
        inner = [name for name in expected if name.startswith(f"{unknown[0]}.")]
        flat = f"names are flat, as {inner[0]!r}" if inner else hint
        return f"the network has no parameter {shown(unknown[0])}; {flat}"
    missing = [name for name in expected if name not in given]
    if not given:
        return (
            "params is empty, as net.params is before the network is built; call net(X) first, and "
            "then net.apply(net.params, X)"
        )
    return (
        f"params lacks {', '.join(map(repr, missing[:5]))}; it must have all names of net.params, "
        "add them, as in {**net.params, **params}"
    )


def _checked_value(name: str, value: Any, parameter: Any) -> Any:
    if type(value) is not Node:
        refuse_masked(value, f"apply: params[{name!r}]")
        if value is None or isinstance(value, dict | str):
            raise ArgumentError(f"apply: params[{name!r}] is {type_in_words(value)}, no array")
        try:
            value = np.asarray(value)
        except ValueError:
            raise ShapeError(f"apply: params[{name!r}] has rows of unequal length") from None
    if value.dtype.kind != "f":
        raise DTypeError(f"apply: params[{name!r}] has dtype {value.dtype}; it must hold floats")
    if value.shape != parameter.array.shape:
        raise ShapeError(
            f"apply: params[{name!r}] has shape {value.shape}, but the network has "
            f"{parameter.array.shape} there; they must be equal"
        )
    return value
