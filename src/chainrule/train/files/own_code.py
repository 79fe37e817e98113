"""Layers, losses and metrics of the user's own: which of them a file holds as programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError
from chainrule.nn.layer import Layer
from chainrule.nn.registry import is_of_library
from chainrule.train.files.layer_attributes import describe_attributes
from chainrule.train.files.schema import STORED
from chainrule.train.model.model import Model

__all__ = [
    "NOT_DATA",
    "describe_layer",
    "is_program_alone",
    "programs_of_functions",
    "programs_of_layers",
]

NOT_DATA = "is not data"
"""In the config of a layer that only the program that trains it can make, and why."""


def programs_of_functions(model: Model, tensors: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Return the programs of a loss and of metrics that the library does not have."""
    arguments = model.compile_arguments
    if arguments is None:
        return {}
    own = {} if arguments.loss.is_built_in else {"loss": arguments.loss.per_sample}
    own |= {f"metric:{x.name}": x.function for x in arguments.metrics if not x.is_built_in}
    if not own:
        return {}
    from chainrule.train.files.programs import NotDescribable, describe_function

    described: dict[str, Any] = {}
    for name, function in own.items():
        rest = model.output_shape, model.dtype, _storing(tensors)
        try:
            described[name] = describe_function(function, *rest)
        except NotDescribable as reason:
            described[name] = {"reason": str(reason)}
    return described


def _storing(tensors: dict[str, NDArray[Any]]) -> Callable[[NDArray[Any]], str]:
    """Return a function that adds a constant to the tensors, and returns its name."""

    def store(array: NDArray[Any]) -> str:
        tensors[name := f"constant:{len(tensors)}"] = np.array(array, order="C")
        return name

    return store


def programs_of_layers(
    layers: Sequence[Layer], dtype: np.dtype[Any], tensors: dict[str, NDArray[Any]], is_file: bool
) -> dict[str, Any]:
    """Return the programs of layers that the library does not have, and add their constants.

    A checkpoint, which the program that trains them reads, has none of layers whose class is there.
    """
    own = [each for each in layers if (_is_own(each) if is_file else each.kind == STORED)]
    if not own:
        return {}
    # Most networks have none.
    from chainrule.train.files.programs import NotDescribable
    from chainrule.train.files.programs import describe_layer as as_programs

    described: dict[str, Any] = {}
    for layer in own:
        try:
            described[str(layer.name)] = as_programs(layer, dtype, _storing(tensors))
        except NotDescribable as reason:
            described[str(layer.name)] = {"class": type(layer).__name__, "reason": str(reason)}
    return described


def _is_own(layer: Layer) -> bool:
    """Whether the class of a layer, or a function that it was given, is the user's."""
    if not is_of_library(layer):
        return True
    try:
        return '"function":' in json.dumps(layer.config())
    except ArgumentError:  # of a function without a name
        return True


def is_program_alone(layer: Layer, programs: Mapping[str, Any], dtype: np.dtype[Any]) -> bool:
    """Whether a layer cannot be made again from its arguments, but by its programs."""
    if layer.kind == STORED:
        return True
    program = programs.get(str(layer.name), {"reason": ""})
    if "reason" in program or "reason" in program["training"]:
        return False
    try:
        layer.config()
        describe_attributes([layer], dtype)
    except ArgumentError:
        return True
    return False


def describe_layer(layer: Layer, is_alone: bool, is_file: bool) -> dict[str, Any]:
    """Return the entry of a layer: its kind, name and arguments, or none if it is a program."""
    kind, config = (STORED, {}) if is_alone else (layer.kind, _config(layer, is_file))
    return {"kind": kind, "name": layer.name, "config": config}


def _config(layer: Layer, is_file: bool) -> dict[str, Any]:
    try:
        return layer.config()
    except ArgumentError as error:
        if is_file:
            raise
        return {NOT_DATA: str(error)}
