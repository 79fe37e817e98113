"""The description of a network: all that a file has of it in JSON, but for its training."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError, ChainruleError, warn
from chainrule.nn.config import describe
from chainrule.nn.freezing import describe_frozen
from chainrule.nn.layer import Layer
from chainrule.nn.losses.loss import LOSSES, Loss
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.registry import from_config
from chainrule.optim.schedules.schedule import EpochFunction
from chainrule.train.files.attribute_values import storing
from chainrule.train.files.layer_attributes import describe_attributes
from chainrule.train.files.own_code import (
    attributes_of_origin,
    describe_layer,
    is_program_alone,
    programs_of_functions,
    programs_of_layers,
)
from chainrule.train.files.schema import MAX_DEPTH, MAX_NAME, find_bad_name, levels
from chainrule.train.metrics import METRICS, Metric, resolve_metric
from chainrule.train.model.layer_names import with_name
from chainrule.train.model.model import Model

__all__ = ["FORMAT", "MAX_LAYERS", "described", "is_kept", "optimizer_config", "versions"]

FORMAT = 4
"""Number of the grammar that `save` writes; all from 1 on are read."""

MAX_LAYERS = 1000
"""Layers of a file, those within layers too: what a file can make `load` do is bounded."""


def described(model: Model, function: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the description of a network, without its checksum, and copies of its tensors.

    `save` refuses a layer that cannot be made again from its description; otherwise that says why.
    """
    if not model.output_shapes or model.input_shape is None:
        raise ArgumentError(
            f"{function}: the network is not built yet, so it has no parameters; call fit, predict "
            "or net(X) first"
        )
    parameters = model.stack.parameters()
    copied: Any = partial(np.array, order="C") if is_kept(function) else np.asarray
    tensors = model.parameter_lock.read(
        lambda: {name: copied(each.array) for name, each in parameters.items()}
    )
    layers = [with_name(*each) for each in zip(model.layers, model.names, strict=True)]
    is_file = function == "save"
    has_programs = function != "state"  # which the program with the user's code keeps
    programs = programs_of_layers(model, layers, tensors) if has_programs else {}
    are_alone = [
        is_program_alone(each, programs if is_file else {}, model.dtype) for each in layers
    ]
    remade = [each for each, is_alone in zip(layers, are_alone, strict=True) if not is_alone]
    attributes, arrays = describe_attributes(remade, model.dtype, is_made_again=is_file)
    attributes |= attributes_of_origin(layers, storing(arrays, "attribute"))
    entries = [describe_layer(*each, is_file) for each in zip(layers, are_alone, strict=True)]
    description = _description(model, layers, entries, is_file)
    if attributes:
        description["attributes"] = attributes
        tensors |= {name: copied(each) for name, each in arrays.items()}
    if programs:
        description["programs"] = programs
    if has_programs and (functions := programs_of_functions(model, tensors)):
        description["functions"] = functions
    _check_bounds(description["layers"])
    return description, tensors


def is_kept(function: str) -> bool:
    """Whether arrays are copied: what they are of is kept, or another thread may train."""
    return function == "state" or threading.active_count() > 1


def versions() -> dict[str, str]:
    """Return the versions of what writes a file."""
    return {"chainrule": sys.modules["chainrule"].__version__, "numpy": np.__version__}


def _check_bounds(layers: list[Any]) -> None:
    """Refuse layers that a reader would refuse."""
    for depth, level in enumerate(levels(layers)):
        name = find_bad_name(level)
        if depth > MAX_DEPTH or name is not None:
            what = "layers are nested too deep" if name is None else f"a name is {name!r:.60}"
            raise ArgumentError(
                f"save: {what}; a file describes {MAX_DEPTH // 3} layers within one another, and "
                f"names of at most {MAX_NAME} printable characters"
            )
    if json.dumps(layers).count('"config": {') > MAX_LAYERS:
        raise ArgumentError(
            f"save: the network has more than {MAX_LAYERS} layers, which a file cannot describe; "
            "put those that repeat into a layer of your own, which counts as one"
        )


def _description(
    model: Model, layers: Sequence[Layer], entries: list[dict[str, Any]], is_file: bool
) -> dict[str, Any]:
    arguments = model.compile_arguments
    table: dict[str, Any] = {}
    if model.table is not None:
        from chainrule.train.files.table_schema import describe_table

        table = {"table": describe_table(model.table)}
    value, shape = model.stack.mask_value, cast(Any, model.input_shape)
    frozen = describe_frozen({str(each.name): each for each in layers})
    return (
        table
        | ({"frozen": frozen} if any(frozen.values()) else {})
        | ({"columns": model.columns} if model.columns else {})
        | ({} if value is None else {"mask_value": float(value)})
        | {
            "format": FORMAT,
            "versions": versions(),
            "seed": model.seed,
            "dtype": model.dtype.name,
            "input_shape": list(shape[1:]),
            "layers": entries,
            "classes": model.classes,
            "loss": arguments and _loss(arguments.loss),
            "optimizer": arguments and optimizer_config(arguments.optimizer, is_file),
            "metrics": [_metric(each) for each in arguments.metrics] if arguments else [],
        }
    )


def _loss(loss: Loss) -> Any:
    if loss == LOSSES.get(loss.name):
        return loss.name
    known = LOSSES.get(loss.name)
    function = loss.per_sample
    if known is not None and isinstance(function, partial) and not function.args:
        return {"name": loss.name, "arguments": describe(function.keywords, "the loss")}
    return {"function": loss.name}


def optimizer_config(optimizer: Optimizer, warns: bool = True) -> dict[str, Any] | None:
    """Return the config of an optimiser, or None if it does not determine the optimiser.

    Where that is because its rate is a function, a warning says so, unless told otherwise.
    """
    rate = vars(optimizer).get("learning_rate")
    if isinstance(rate, EpochFunction) and warns:
        warn(
            f"save: the learning rate is the function {rate.name}, which a file cannot hold: to "
            "train what is loaded, give it the optimizer again; a schedule such as "
            "optim.inverse_time(0.1, rate=1.0, epochs=1) is saved"
        )
    try:
        config = json.loads(json.dumps(optimizer.config()))
        return config if from_config(config) == optimizer else None
    except (ChainruleError, TypeError):
        return None


def _metric(metric: Metric) -> Any:
    is_ours = metric.name in METRICS or metric.name.startswith("top_")
    return metric.name if is_ours and _is_named(metric) else {"function": metric.name}


def _is_named(metric: Metric) -> bool:
    """Whether the name determines this metric, but for a threshold that follows from the loss."""
    ours = resolve_metric(metric.name).function
    mine = metric.function
    return getattr(ours, "func", ours) is getattr(mine, "func", mine)
