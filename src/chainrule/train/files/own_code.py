"""Layers, losses and metrics of the user's own: which of them a file holds as programs.

A program is traced once for a model, and again where something has changed that the code reads:
checkpoints of a run have programs at no cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.guards import Guards, guarded_values
from chainrule.graph.kept_trace import run_on_types
from chainrule.graph.left_behind import Snapshot
from chainrule.graph.node import variable
from chainrule.graph.reachable_state import find_reachable_state
from chainrule.nn import environment
from chainrule.nn.layer import Layer
from chainrule.nn.row_independence import has_own_function
from chainrule.nn.sublayers import with_sublayers
from chainrule.train.files.attribute_values import encoded
from chainrule.train.files.layer_attributes import describe_attributes
from chainrule.train.files.schema import STORED
from chainrule.train.model.model import Model

__all__ = [
    "NOT_DATA",
    "attributes_of_origin",
    "describe_layer",
    "is_program_alone",
    "programs_of_functions",
    "programs_of_layers",
]

NOT_DATA = "is not data"
"""In the config of a layer that only the program that trains it can make, and why."""

Tensors = dict[str, NDArray[Any]]

Programs = TypeVar("Programs", dict[str, Any], list[Any])

_LONGEST_REASON = 300


def programs_of_functions(model: Model, tensors: Tensors) -> dict[str, Any]:
    """Return the programs of a loss and of metrics that the library does not have."""
    arguments = model.compile_arguments
    if arguments is None:
        return {}
    own = {} if arguments.loss.is_built_in else {"loss": arguments.loss.per_sample}
    own |= {f"metric:{x.name}": x.function for x in arguments.metrics if not x.is_built_in}
    return {name: _of_function(each, model, tensors) for name, each in own.items()}


def _of_function(function: Any, model: Model, tensors: Tensors) -> Any:
    from chainrule.train.files.programs import describe_function

    def describe(store: Callable[[NDArray[Any]], str]) -> list[Any]:
        return describe_function(function, model.output_shape, model.dtype, store)

    key = "program of a function", id(function), model.output_shape
    return _traced_once(model, key, describe, function, (), tensors)


def programs_of_layers(model: Model, layers: Sequence[Layer], tensors: Tensors) -> dict[str, Any]:
    """Return the programs of layers that the library does not have, and add their constants."""
    if not any(map(_is_own, layers)):
        return {}
    named = zip(model.layers, layers, _input_dtypes(model), strict=True)
    return {
        str(layer.name): _of_layer(each, layer, dtype, model, tensors)
        for each, layer, dtype in named
        if _is_own(layer)
    }


def _input_dtypes(model: Model) -> list[np.dtype[Any]]:
    """Return the dtype in which each layer takes its input, by a run on types alone."""
    assert model.input_shape is not None, "a network is built before it is described"
    shape: Any = 2, *model.input_shape[1:]

    def run() -> list[np.dtype[Any]]:
        with run_on_types(*model.layers), environment.entered(keep=lambda *_: None) as traced:
            traced.copy_containers(list(with_sublayers(model.layers)))
            x = variable(ArrayType(model.dtype, shape), name="X")
            return [model.dtype, *(y.dtype for _, y, _ in model.stack.outputs(x))]

    try:
        found = with_filled_arrays(run, *model.layers)
    except Exception:  # noqa: BLE001 (of the user's code)
        return [model.dtype] * len(model.layers)
    return found[:-1]


def _of_layer(
    layer: Layer, named: Layer, dtype: np.dtype[Any], model: Model, tensors: Tensors
) -> dict[str, Any]:
    from chainrule.train.files.programs import describe_layer as as_programs

    def describe(store: Callable[[NDArray[Any]], str]) -> dict[str, Any]:
        is_last = layer is model.layers[-1]
        return as_programs(layer, dtype, store, model.stack.may_mask, is_last)

    holders = [vars(each)["_parameters"] for each in with_sublayers([layer])]
    given = [*layer.parameters().values(), *holders]
    key = "program of a layer", str(named.name), dtype
    described = _traced_once(model, key, describe, layer, given, tensors)
    if "reason" in described:
        return {"class": type(layer).__name__} | described
    flags = {name: each.trainable for name, each in layer.parameters().items()}
    parameters = [each | {"trainable": flags[each["name"]]} for each in described["parameters"]]
    return described | {"parameters": parameters}


def _traced_once(
    model: Model,
    key: tuple[Any, ...],
    describe: Callable[[Callable[[NDArray[Any]], str]], Programs],
    root: Any,
    given: Iterable[Any],
    tensors: Tensors,
) -> Programs | dict[str, Any]:
    """Return programs, traced where none of the key are known, with constants among `tensors`.

    They are right as long as what `root` reads is as it was, but for the objects `given`.
    """
    # Most networks have none.
    from chainrule.train.files.programs import NotDescribable, with_constants_renamed

    def traced() -> tuple[tuple[Any, Tensors], Guards]:
        constants: Tensors = {}
        before = Snapshot.of(find_reachable_state(root, arguments=given))
        try:
            described: Any = describe(_storing(constants))
        except NotDescribable as reason:
            described = {"reason": str(reason)}
        except Exception as error:  # noqa: BLE001 (of the user's code, traced for other sizes)
            text = f"it cannot be traced: {type(error).__name__}: {error}"
            described = {"reason": text[:_LONGEST_REASON]}
        values, _ = guarded_values(before, find_reachable_state(root, arguments=given))
        return (described, constants), Guards(values)

    described, constants = model.programs.get(key, traced)
    return with_constants_renamed(described, constants, _storing(tensors))


def _storing(tensors: Tensors) -> Callable[[NDArray[Any]], str]:
    """Return a function that adds a constant to the tensors, and returns its name."""

    def store(array: NDArray[Any]) -> str:
        tensors[name := f"constant:{len(tensors)}"] = np.array(array, order="C")
        return name

    return store


def _is_own(layer: Layer) -> bool:
    """Whether the class of a layer, or a function that it was given, is the user's."""
    return any(map(_is_of_own_class, with_sublayers([layer]))) or has_own_function(layer)


def _is_of_own_class(layer: Layer) -> bool:
    is_ours = type(layer).__module__.startswith("chainrule.")
    return layer.kind == STORED or not is_ours


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
    """Return the entry of a layer: its kind, name and arguments, or none if it is a program.

    A layer that is a program, as its class was not at hand, has those of its class.
    """
    if (origin := _origin(layer)) is not None:
        return {**origin[0], "name": layer.name}
    kind, config = (STORED, {}) if is_alone else (layer.kind, _config(layer, is_file))
    return {"kind": kind, "name": layer.name, "config": config}


def attributes_of_origin(
    layers: Iterable[Layer], store: Callable[[NDArray[Any]], str]
) -> dict[str, Any]:
    """Return the attributes, by path, that a file has for the classes of layers that are programs.

    The path begins with the name of the layer as it was in that file.
    """
    return {
        ".".join([str(layer.name), *path.split(".")[1:]]): {
            name: encoded(value, store) for name, value in attributes.items()
        }
        for layer in layers
        if (origin := _origin(layer)) is not None
        for path, attributes in origin[1].items()
    }


def _origin(layer: Layer) -> Any:
    return vars(layer).get("origin") if layer.kind == STORED else None


def _config(layer: Layer, is_file: bool) -> dict[str, Any]:
    try:
        return layer.config()
    except ArgumentError as error:
        if is_file:
            raise
        return {NOT_DATA: str(error)}
