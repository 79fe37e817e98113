"""Serialisation of a network: safetensors, with a JSON description in a closed vocabulary.

The tensors are the parameters by full name. The metadata has one entry, ``chainrule``, in JSON::

    {"format": 1 | 2,                  which grammar this is
     "seed": 0, "dtype": "float32",    of the network
     "input_shape": [784],             without the batch axis
     "layers": [{"kind": "dense", "name": "dense", "config": {"units": 100, ...}}, ...],
     "frozen": {"layers": [NAME, ...], "parameters": [NAME, ...]},  if some are: see nn.freezing
     "mask_value": 0.0,                of padding in the input, if layers name one
     "attributes": {NAME: {...}, ...}, if layers have a state: see `train.files.layer_attributes`
     "programs": {NAME: {...}, ...},   of layers of the user's own: see `train.files.programs`
     "classes": ["cat", "dog"] | null, the names of the classes by index
     "table": {"target": NAME | null,  the fitted preprocessing of columns, if there is a table
               "columns": [{"kind": "number", "name": "age", "fill": 38.9, "mean": 38.9,
                            "scale": 10.5, "has_gaps": false},
                           {"kind": "category", "name": "town", "values": ["Bonn", "Ulm"],
                            "encoding": "one_hot", "unseen": "zeros"}, ...]},
     "loss": NAME | {"name": NAME, "arguments": {...}} | {"function": NAME} | null,
     "optimizer": {"kind": "Adam", "learning_rate": 0.001, ...} | null,
     "metrics": [NAME | {"function": NAME}, ...],
     "training": {...}, "run": {...},  in files of format 2, see `files.training_progress`
     "functions": {NAME: [...], ...},  programs of losses and metrics of the user's own
     "checksum": "..."}                SHA-256 of all of the above and of the tensors
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
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
from chainrule.train.files.layer_attributes import describe_attributes
from chainrule.train.files.own_code import (
    describe_layer,
    is_program_alone,
    programs_of_functions,
    programs_of_layers,
)
from chainrule.train.files.paths import checked_target
from chainrule.train.files.safetensors_writer import PLACE, bytes_of, write_safetensors
from chainrule.train.files.schema import MAX_DEPTH, MAX_NAME, find_bad_name, levels
from chainrule.train.files.table_schema import describe_table
from chainrule.train.metrics import METRICS, Metric, resolve_metric
from chainrule.train.model.layer_names import with_name
from chainrule.train.model.model import Model

__all__ = [
    "FORMAT",
    "FORMAT_OF_TRAINING",
    "METADATA_KEY",
    "checksum",
    "described",
    "optimizer_config",
    "save",
    "write",
]

FORMAT, FORMAT_OF_TRAINING = 1, 2
"""Numbers of the grammar: of a network, and of one with what its training has come to."""

MAX_LAYERS = 1000
"""Layers of a file, those within layers too: what a file can make `load` do is bounded."""

METADATA_KEY = "chainrule"

Tensors = Mapping[str, NDArray[Any]]


def save(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a network into a file, atomically."""
    target = checked_target(path)
    write(target, *described(model, "save"))


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
    # Copied if it is kept, or where another thread may train.
    is_copied = function == "state" or threading.active_count() > 1
    copied: Any = partial(np.array, order="C") if is_copied else np.asarray
    tensors = model.parameter_lock.read(
        lambda: {name: copied(each.array) for name, each in parameters.items()}
    )
    layers = [with_name(*each) for each in zip(model.layers, model.names, strict=True)]
    is_file = function == "save"
    programs = programs_of_layers(layers, model.dtype, tensors, is_file)
    are_alone = [is_program_alone(each, programs, model.dtype) for each in layers]
    remade = [each for each, is_alone in zip(layers, are_alone, strict=True) if not is_alone]
    attributes, arrays = describe_attributes(remade, model.dtype, is_made_again=is_file)
    entries = [describe_layer(*each, is_file) for each in zip(layers, are_alone, strict=True)]
    description = _description(model, layers, entries, is_file)
    if attributes:
        description["attributes"], tensors = attributes, tensors | arrays
    if programs:
        description["programs"] = programs
    if is_file and (functions := programs_of_functions(model, tensors)):
        description["functions"] = functions
    _check_bounds(description["layers"])
    return description, tensors


def write(target: Path, description: dict[str, Any], tensors: Tensors) -> None:
    """Write a description and tensors, with their checksum, into a file, atomically."""
    content = {key: each for key, each in description.items() if key != "checksum"}
    text = json.dumps(content | {"checksum": PLACE}, ensure_ascii=False, allow_nan=False)
    write_safetensors(target, tensors, text, METADATA_KEY, lambda: checksum(content, tensors))


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


def checksum(description: Mapping[str, Any], tensors: Tensors) -> str:
    """Return the SHA-256 of a description, without its own checksum, and of tensors."""
    hashed = {key: value for key, value in description.items() if key != "checksum"}
    digest = hashlib.sha256(json.dumps(hashed, sort_keys=True).encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(bytes_of(array).data)
    return digest.hexdigest()


def _description(
    model: Model, layers: Sequence[Layer], entries: list[dict[str, Any]], is_file: bool
) -> dict[str, Any]:
    arguments = model.compile_arguments
    table = {} if model.table is None else {"table": describe_table(model.table)}
    value, shape = model.stack.mask_value, cast(Any, model.input_shape)
    frozen = describe_frozen({str(each.name): each for each in layers})
    return (
        table
        | ({"frozen": frozen} if any(frozen.values()) else {})
        | ({"columns": model.columns} if model.columns else {})
        | ({} if value is None else {"mask_value": float(value)})
        | {
            "format": FORMAT,
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
