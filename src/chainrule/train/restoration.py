"""Deserialisation of networks and Boltzmann machines from untrusted files.

A file is data only: nothing in it is executed or imported, and it refers to no other file or
address. Every declared size is checked against the bytes present and the sizes of the layers
described, before an array is allocated; a checksum detects damage.
"""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import checked_seed
from chainrule.errors import ArgumentError, FormatError, counted, type_in_words
from chainrule.nn.freezing import restore_frozen
from chainrule.nn.initializers.initializer import Initializer
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.losses.loss import LOSSES, Loss, resolve_loss
from chainrule.nn.parameter import Parameter
from chainrule.nn.registry import from_config
from chainrule.nn.shape_inference import MAX_ELEMENTS, built_shape
from chainrule.optim.lbfgs import LBFGS
from chainrule.optim.levenberg_marquardt import LevenbergMarquardt
from chainrule.optim.registry import from_config as optimizer_of
from chainrule.train.files.earlier_masks import check_mask_value
from chainrule.train.files.layer_attributes import restore_attributes
from chainrule.train.files.own_code import NOT_DATA
from chainrule.train.files.paths import checked_source
from chainrule.train.files.read import quoted, read_file, shortened
from chainrule.train.files.schema import BOLTZMANN_MACHINE, Description
from chainrule.train.files.stored_code import StoredCode
from chainrule.train.files.training_progress import read_training
from chainrule.train.model.model import Model
from chainrule.train.network import Network, model_of

if TYPE_CHECKING:
    from chainrule.train.rbm.rbm import RBM

__all__ = ["restored_model"]

Tensors = dict[str, NDArray[Any]]
Custom = Mapping[str, Callable[..., Any]]


def restored_model(path: str | os.PathLike[str], custom: Custom | None) -> Network | RBM:
    """Return what a file describes; see `chainrule.load`."""
    argument: Any = custom
    if argument is not None and not isinstance(argument, Mapping):
        raise ArgumentError(
            f"load: custom is {type_in_words(argument)}; it must be a dict from the names in the "
            "file to your classes and functions"
        )
    for name, value in (custom or {}).items():
        if not callable(value) or isinstance(value, Layer):
            raise ArgumentError(
                f"load: custom[{name!r}] is {type_in_words(value)}; it must be a class or a "
                f"function itself, such as {{{type(value).__name__!r}: {type(value).__name__}}}"
            )
    description, tensors = read_file(checked_source(path))
    try:
        if description.get("model") == BOLTZMANN_MACHINE:
            from chainrule.train.rbm.load import restored

            return restored(Description(description), tensors)
        return _network(Description(description), tensors, dict(custom or {}))
    except MemoryError:
        raise
    except FormatError as error:
        message = str(error) if str(error).startswith("load:") else f"load: {error}"
        if message == str(error) and message.isprintable():
            raise
        raise FormatError("".join(map(_printable, message))) from error
    except Exception as error:  # what classes and functions raise for such values
        raise FormatError(
            f"load: the file describes no network: {shortened(str(error))}"
        ) from error


def _printable(letter: str) -> str:
    return letter if letter.isprintable() else ascii(letter)[1:-1]


def _network(description: Description, tensors: Tensors, custom: Custom) -> Network:
    description.only(
        "format", "versions", "seed", "dtype", "input_shape", "layers", "classes", "loss",
        "optimizer", "metrics", "table", "frozen", "attributes", "programs", "functions",
        "checksum", "columns", "mask_value", "training", "run",
    )  # fmt: skip
    seed, dtype = checked_seed("load", description.get("seed", int)), description.get("dtype", str)
    net = Network(seed=seed, dtype=dtype)
    model = model_of(net)
    if description.has("table"):
        from chainrule.train.files.table_schema import table_of

        model.table = table_of(description.get("table", dict))
    unread = set(tensors)
    stored = StoredCode(description, tensors)
    with model.adding():
        for number, entry in enumerate(description.get("layers", list)):
            layer = _layer(entry, number, custom, stored)
            model.add(layer, partial(_tensor_initializer, tensors, unread, layer.name))
    _build(model, _sizes(description.get("input_shape", list)))
    if description.has("frozen"):
        _freeze(model, description.get("frozen", dict), stored)
    stored.restore_flags(model.layers)
    _set_parameters(model.stack.parameters(), tensors, unread)
    if description.has("attributes"):
        attributes = stored.without_theirs(description.get("attributes", dict))
        restore_attributes(model.layers, attributes, tensors, unread)
    check_mask_value(model, description)
    model.classes = _names(description, "classes")
    _check_classes(model.classes, model.output_shape)
    if description.has("columns"):
        model.columns = _names(description, "columns")
    if model.table is not None and model.input_shape != (None, len(model.table.feature_names)):
        raise FormatError("load: the table has another number of features than the layers take")
    _compile(net, description, custom, stored)
    if description.has("training"):
        entry = description.get("training", dict)
        progress = read_training(model, entry, tensors, unread)
        if model.compile_arguments is not None:
            _check_search(model, progress.slots)
            progress.restore(model)
            net.history = progress.history
    unread -= stored.constants(unread)
    if description.has("run"):  # of the folder of a run, see `files.run_state`
        unread -= {name for name in unread if name.startswith("run:")}
    if unread:
        raise FormatError(f"load: no layer takes the tensor {quoted(min(unread))}")
    return net


def _check_search(model: Model, slots: dict[str, Any]) -> None:
    """Compare the state of a full-batch method, if there is one, with what it leaves."""
    optimizer = model.objective("load").optimizer
    if slots and isinstance(optimizer, LBFGS | LevenbergMarquardt):
        from chainrule.train.fit.minimizers.iteration import check_search

        arrays = {name: each.array for name, each in model.stack.parameters().items()}
        check_search(optimizer, arrays, slots)


def _layer(entry: Any, number: int, custom: Custom, stored: StoredCode) -> Layer:
    if not isinstance(entry, dict):
        raise FormatError(f"load: layer {number} is described by {quoted(entry)}")
    description = Description(cast(dict[str, Any], entry), f"the description of layer {number}")
    description.only("kind", "name", "config")
    config, name = description.get("config", dict), description.get("name", str)
    kind = description.get("kind", str)
    try:
        if NOT_DATA in config:
            raise FormatError(
                f"load: {quoted(config[NOT_DATA])}: the program that has written this checkpoint "
                "goes on from it, by fit with checkpoint="
            )
        layer = from_config(kind, config, custom)
    except FormatError as error:
        layer = stored.layer(name, kind, config, error)
    layer.name = name
    return layer


def _build(model: Model, sample: tuple[int, ...]) -> None:
    """Build the layers by the rules of their shapes; no layer of the library is run."""
    if not model.layers:
        raise FormatError("load: the file describes no layers")
    shapes = [sample]
    for layer in model.layers:
        shapes.append(built_shape(layer, shapes[-1], model.dtype))
    model.output_shapes = [(None, *shape) for shape in shapes[1:]]
    model.input_shape = (None, *sample)


def _freeze(model: Model, entry: dict[str, Any], stored: StoredCode) -> None:
    description = Description(entry, "the description of frozen layers")
    description.only("layers", "parameters")
    layers, parameters = description.get("layers", list), description.get("parameters", list)
    names = [*layers, *parameters]
    if not all(type(each) is str for each in names) or len(set(names)) != len(names):
        raise FormatError("load: 'frozen' must have lists of names, each once")
    layers, parameters = (
        [each for each in group if not stored.is_within(each)] for group in (layers, parameters)
    )
    known = {str(each.name): each for each in model.layers}
    if unknown := restore_frozen(known, layers, parameters):
        raise FormatError(f"load: 'frozen' names {unknown[0]!r:.60}, which is not in the network")


def _set_parameters(
    parameters: Mapping[str, Parameter], tensors: Tensors, unread: set[str]
) -> None:
    """Set the parameters, also those that a constructor or ``build`` gave values of its own."""
    for name in tensors.keys() & parameters.keys():
        array, tensor = parameters[name].array, tensors[name]
        if (array.shape, array.dtype) == (tensor.shape, tensor.dtype):
            array[...] = tensor
            unread.discard(name)


def _tensor_initializer(tensors: Tensors, unread: set[str], *path: Any) -> Initializer:
    """Return an initialiser that returns a tensor of the file, if of the required shape."""
    name = ".".join(path)

    def initializer(shape: tuple[int, ...], generator: Any, dtype: np.dtype[Any]) -> Any:
        tensor = tensors.get(name)
        if tensor is None or tensor.shape != shape or tensor.dtype != dtype:
            actual = "is missing" if tensor is None else f"is {tensor.dtype}{list(tensor.shape)}"
            required = f"{dtype}{list(shape)}"
            raise FormatError(
                f"load: the tensor {quoted(name)} {actual}; its layer needs {required}"
            )
        unread.discard(name)
        return tensor

    return initializer


def _sizes(shape: list[Any]) -> tuple[int, ...]:
    is_shape = all(type(each) is int and each > 0 for each in shape)
    if not is_shape or math.prod(shape) >= MAX_ELEMENTS:
        raise FormatError(f"load: 'input_shape' is {shape!s:.60}; it must be a list of sizes")
    return tuple(shape)


def _names(description: Description, entry: str) -> list[str] | None:
    names = description.get(entry, list, type(None))
    if names is None:
        return None
    if not all(type(each) is str for each in names) or len(set(names)) != len(names):
        raise FormatError(f"load: {entry!r} must be a list of names, each once")
    return names


def _check_classes(classes: list[str] | None, output_shape: Shape) -> None:
    outputs = output_shape[-1]
    if classes is not None and len(classes) not in (outputs, 2 if outputs == 1 else outputs):
        raise FormatError(
            f"load: there are {counted(len(classes), 'class')} for {counted(outputs, 'output')}"
        )


def _compile(net: Network, description: Description, custom: Custom, stored: StoredCode) -> None:
    """Compile the network as it was, if all parts are built in or custom."""
    loss = _loss(description.get("loss", str, dict, type(None)), custom, stored)
    config = description.get("optimizer", dict, type(None))
    optimizer = None if config is None else optimizer_of(config)
    metrics = [_metric(each, custom, stored) for each in description.get("metrics", list)]
    if loss is not None and optimizer is not None and all(metrics):
        net.compile(loss=loss, optimizer=optimizer, metrics=metrics)


def _loss(entry: Any, custom: Custom, stored: StoredCode) -> Loss | None:
    if not isinstance(entry, dict):
        return None if entry is None else resolve_loss(entry)
    description = Description(cast(dict[str, Any], entry), "the description of the loss")
    if "function" in entry:
        description.only("function")
        name = description.get("function", str)
        function = custom.get(name) or stored.function("loss", name)
        return None if function is None else resolve_loss(function)
    description.only("name", "arguments")
    known = LOSSES.get(description.get("name", str))
    if known is None:
        raise FormatError(f"load: there is no loss {description.get('name', str)!r:.60}")
    arguments = description.get("arguments", dict)
    _check_loss_arguments(known.per_sample, arguments)
    return resolve_loss(partial(known.per_sample, **arguments))


def _check_loss_arguments(function: Callable[..., Any], arguments: dict[str, Any]) -> None:
    """Compare the arguments of a loss with its signature, as it is called much later."""
    parameters = inspect.signature(function).parameters
    for name, value in arguments.items():
        default = parameters[name].default if name in parameters else inspect.Parameter.empty
        is_number = type(value) in (int, float) and not isinstance(default, bool)
        if default is inspect.Parameter.empty or not (is_number or type(value) is type(default)):
            raise FormatError(f"load: the loss has a bad argument {quoted(name)}")


def _metric(entry: Any, custom: Custom, stored: StoredCode) -> Any:
    if isinstance(entry, str):
        return entry
    if not isinstance(entry, dict):
        raise FormatError(f"load: a metric is described by {quoted(entry)}")
    description = Description(cast(dict[str, Any], entry), "the description of a metric")
    description.only("function")
    name = description.get("function", str)
    return custom.get(name) or stored.function(f"metric:{name}", name)
