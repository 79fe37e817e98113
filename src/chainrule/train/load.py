"""`load`: deserialisation of networks and Boltzmann machines from untrusted files.

A file is data only: nothing in it is executed or imported, and it refers to no other file or
address. Every declared size is checked against the bytes present and the sizes of the layers
described, before an array is allocated; a checksum detects damage.
"""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.checks import checked_seed
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, ChainruleError, FormatError, type_in_words
from chainrule.nn.freezing import restore_frozen
from chainrule.nn.initializers.initializer import Initializer
from chainrule.nn.layer import Layer
from chainrule.nn.losses.loss import LOSSES, Loss, resolve_loss
from chainrule.nn.parameter import Parameter
from chainrule.nn.registry import from_config
from chainrule.optim.registry import from_config as optimizer_of
from chainrule.train.files.layer_attributes import restore_attributes
from chainrule.train.files.save import FORMAT, METADATA_KEY, checksum
from chainrule.train.files.schema import Description
from chainrule.train.files.table_schema import table_of
from chainrule.train.model.model import Model
from chainrule.train.network import Network, model_of
from chainrule.train.rbm.load import restored
from chainrule.train.rbm.rbm import RBM
from chainrule.train.rbm.save import MODEL

__all__ = ["load"]

Tensors = dict[str, NDArray[Any]]
Custom = Mapping[str, Callable[..., Any]]


@answers_foreign_names(FIT_ALIASES)
def load(path: str | os.PathLike[str], custom: Custom | None = None) -> Network | RBM:
    """Read a network written by `Network.save`, or a Boltzmann machine.

    Its predictions equal those before saving, bit for bit. It is compiled as it was, if loss,
    optimiser and metrics are built in or in `custom`; otherwise it predicts, and needs ``compile``
    to continue training.

    Parameters
    ----------
    path : str or path
        The file.
    custom : mapping of str to class or function, or None
        User-defined layers, activations, losses and metrics by name.

    Returns
    -------
    Network or RBM
        Built, with the parameters of the file; a machine continues its training.

    Raises
    ------
    FormatError
        If the file is damaged, is not a network, or needs a name that `custom` lacks.
    OSError
        If the file does not exist.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from chainrule import nn
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> net = Network([nn.Dense(2)])
    >>> before = net.predict([[1.0, 2.0, 3.0]])
    >>> net.save(path)
    >>> bool(np.all(load(path).predict([[1.0, 2.0, 3.0]]) == before))
    True
    """
    argument: Any = custom
    if argument is not None and not isinstance(argument, Mapping):
        raise ArgumentError(
            f"load: custom is {type_in_words(argument)}; it must be a dict from the names in the "
            "file to your classes and functions"
        )
    source = Path(path)
    _check_file(source)
    description, tensors = _read(source)
    try:
        if description.get("model") == MODEL:
            return restored(Description(description), tensors)
        return _network(Description(description), tensors, dict(custom or {}))
    except MemoryError:
        raise
    except FormatError as error:
        if str(error).startswith("load:"):
            raise
        raise FormatError(f"load: {error}") from error
    except (ChainruleError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise FormatError(f"load: {source.name} describes no network: {error}") from error


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "cannot load a folder; name the file", str(path))
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no such file to load", str(path))


def _read(path: Path) -> tuple[dict[str, Any], Tensors]:
    """Read description and tensors, and verify the checksum."""
    from safetensors import SafetensorError, safe_open

    if path.stat().st_size < 8:
        raise FormatError(f"load: {path.name} has {path.stat().st_size} bytes; it is cut short", 0)
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(METADATA_KEY)
            if text is None:
                raise FormatError(
                    f"load: {path.name} holds tensors but no network of chainrule; read it with "
                    "safetensors.numpy.load_file"
                )
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise FormatError(f"load: {path.name} is no intact safetensors file: {error}", 0) from error
    description = _parse(path, text)
    if description.get("checksum") != checksum(description, tensors):
        raise FormatError(
            f"load: the checksum of {path.name} does not match its content: it is damaged or was "
            "changed; use another copy"
        )
    return description, tensors


def _parse(path: Path, text: str) -> dict[str, Any]:
    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    try:
        description: Any = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"load: the description in {path.name} is no JSON: {error}") from error
    if not isinstance(description, dict):
        raise FormatError(f"load: the description in {path.name} is no JSON object")
    description = cast(dict[str, Any], description)
    if description.get("format") != FORMAT:
        raise FormatError(
            f"load: {path.name} is written in format {description.get('format')!r:.20}; this "
            f"version reads format {FORMAT}: update chainrule"
        )
    return description


def _network(description: Description, tensors: Tensors, custom: Custom) -> Network:
    description.only(
        "format", "seed", "dtype", "input_shape", "layers", "classes", "loss", "optimizer",
        "metrics", "table", "frozen", "attributes", "checksum",
    )  # fmt: skip
    seed, dtype = checked_seed("load", description.get("seed", int)), description.get("dtype", str)
    net = Network(seed=seed, dtype=dtype)
    model = model_of(net)
    if description.has("table"):
        model.table = table_of(description.get("table", dict))
    unread = set(tensors)
    for number, entry in enumerate(description.get("layers", list)):
        layer = _layer(entry, number, custom)
        model.add(layer, partial(_tensor_initializer, tensors, unread, layer.name))
    model.build((2, *_sizes(description.get("input_shape", list))), "load")
    if description.has("frozen"):
        _freeze(model, description.get("frozen", dict))
    _fill_built_in_constructors(model.stack.parameters(), tensors, unread)
    if description.has("attributes"):
        restore_attributes(model.layers, description.get("attributes", dict), tensors, unread)
    model.classes = _classes(description)
    if model.table is not None and model.input_shape != (None, len(model.table.feature_names)):
        raise FormatError("load: the table has another number of features than the layers take")
    if unread:
        raise FormatError(f"load: no layer takes the tensor {min(unread)!r}")
    _compile(net, description, custom)
    return net


def _layer(entry: Any, number: int, custom: Custom) -> Layer:
    if not isinstance(entry, dict):
        raise FormatError(f"load: layer {number} is described by {entry!r:.60}")
    description = Description(cast(dict[str, Any], entry), f"the description of layer {number}")
    description.only("kind", "name", "config")
    layer = from_config(description.get("kind", str), description.get("config", dict), custom)
    layer.name = description.get("name", str)
    return layer


def _freeze(model: Model, entry: dict[str, Any]) -> None:
    description = Description(entry, "the description of frozen layers")
    description.only("layers", "parameters")
    layers, parameters = description.get("layers", list), description.get("parameters", list)
    names = [*layers, *parameters]
    if not all(type(each) is str for each in names) or len(set(names)) != len(names):
        raise FormatError("load: 'frozen' must have lists of names, each once")
    known = {str(each.name): each for each in model.layers}
    if unknown := restore_frozen(known, layers, parameters):
        raise FormatError(f"load: 'frozen' names {unknown[0]!r:.60}, which is not in the network")


def _fill_built_in_constructors(
    parameters: Mapping[str, Parameter], tensors: Tensors, unread: set[str]
) -> None:
    """Set the parameters of sublayers that a constructor has built, with values of its own."""
    for name in unread & parameters.keys():
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
            raise FormatError(f"load: the tensor {name!r} {actual}; its layer needs {required}")
        unread.discard(name)
        return tensor

    return initializer


def _sizes(shape: list[Any]) -> tuple[int, ...]:
    is_shape = all(type(each) is int and each > 0 for each in shape)
    if not is_shape or math.prod(shape) >= 2**60:
        raise FormatError(f"load: 'input_shape' is {shape!r:.60}; it must be a list of sizes")
    return tuple(shape)


def _classes(description: Description) -> list[str] | None:
    classes = description.get("classes", list, type(None))
    if classes is None:
        return None
    if not all(type(each) is str for each in classes) or len(set(classes)) != len(classes):
        raise FormatError("load: 'classes' must be a list of names, each once")
    return classes


def _compile(net: Network, description: Description, custom: Custom) -> None:
    """Compile the network as it was, if all parts are built in or custom."""
    loss = _loss(description.get("loss", str, dict, type(None)), custom)
    config = description.get("optimizer", dict, type(None))
    optimizer = None if config is None else optimizer_of(config)
    metrics = [_metric(each, custom) for each in description.get("metrics", list)]
    if loss is not None and optimizer is not None and all(metrics):
        net.compile(loss=loss, optimizer=optimizer, metrics=metrics)


def _loss(entry: Any, custom: Custom) -> Loss | None:
    if not isinstance(entry, dict):
        return None if entry is None else resolve_loss(entry)
    description = Description(cast(dict[str, Any], entry), "the description of the loss")
    if "function" in entry:
        description.only("function")
        function = custom.get(description.get("function", str))
        return None if function is None else resolve_loss(function)
    description.only("name", "arguments")
    known = LOSSES.get(description.get("name", str))
    if known is None:
        raise FormatError(f"load: there is no loss {description.get('name', str)!r:.60}")
    return resolve_loss(partial(known.per_sample, **description.get("arguments", dict)))


def _metric(entry: Any, custom: Custom) -> Any:
    if isinstance(entry, str):
        return entry
    if not isinstance(entry, dict):
        raise FormatError(f"load: a metric is described by {entry!r:.60}")
    description = Description(cast(dict[str, Any], entry), "the description of a metric")
    description.only("function")
    return custom.get(description.get("function", str))
