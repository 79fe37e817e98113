"""Attributes in which layers differ from those that ``load`` would make again.

Besides its parameters a layer may have a state: arrays of its own, statistics taken from data, a
setting changed after it was made. A file keeps them as data::

    "attributes": {PATH OF A LAYER: {NAME: value, ...}, ...}       values: see `attribute_values`

Where a layer has a class of the user's, only what ``forward`` reads before it assigns it is kept,
with the class attributes that it reads; see `forward_reads`. Library layers have settings alone.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError, FormatError, type_in_words
from chainrule.graph.array_type import ArrayType
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.kept_trace import run_on_types
from chainrule.graph.node import variable
from chainrule.nn import environment
from chainrule.nn.binding import Binding
from chainrule.nn.parameter import Parameter
from chainrule.nn.registry import LAYERS, from_config
from chainrule.nn.sublayers import find_all_sublayers, holds_layers
from chainrule.train.files.attribute_values import (
    NotDataError,
    decoded,
    encoded,
    is_same,
    storing,
)
from chainrule.train.files.forward_reads import ReadsOfForward, reads_of_forward

__all__ = ["describe_attributes", "restore_attributes"]

_DESCRIBED = {
    "_arguments", "_binding", "_lock", "_parameters", "dtype", "input_shape", "name", "trainable",
}  # fmt: skip
"""Attributes that a file describes otherwise."""

_PLAIN = {bool, float, int, str, type(None)}
"""Types of arguments that their text determines."""

_CAPACITY = 256
_made_earlier: dict[tuple[str, str], Any] = {}
"""Layers made again from arguments, by kind and the text of the arguments: none is changed."""

_MAX_TEXT = 200
"""Characters of a text that no run reads: longer ones are no setting."""


def describe_attributes(
    layers: list[Any], dtype: np.dtype[Any], is_made_again: bool = True
) -> tuple[dict[str, dict[str, Any]], dict[str, NDArray[Any]]]:
    """Return the attributes to keep, by path of the layer and name, and the tensors among them.

    Unless it is to be made again from the file, a layer may have arguments that are no data: then
    all data among its attributes are kept.
    """
    tensors: dict[str, NDArray[Any]] = {}
    store = storing(tensors, "attribute")
    described: dict[str, dict[str, Any]] = {}
    for layer in layers:
        try:
            differences = list(_differences(layer, dtype))
        except ArgumentError:
            if is_made_again:
                raise
            differences = list(_data_of(layer))
        for path, owner, kept in differences:
            for name, value in kept.items():
                try:
                    described.setdefault(path, {})[name] = encoded(value, store)
                except NotDataError as problem:
                    raise ArgumentError(_refusal(owner, name, str(problem))) from None
    return described, tensors


def restore_attributes(
    layers: list[Any],
    entries: Mapping[str, Any],
    tensors: Mapping[str, NDArray[Any]],
    unread: set[str],
) -> None:
    """Set the attributes that a file describes on layers that are built."""
    known = {path: each for layer in layers for path, each in _tree(layer).items()}
    for path, attributes in entries.items():
        if path not in known or not isinstance(attributes, dict):
            raise FormatError("load: 'attributes' names a layer that is not in the network")
        layer = known[path]
        for name, entry in cast(dict[str, Any], attributes).items():
            value = decoded(entry, tensors, unread)
            _check_attribute(layer, name, value)
            if name in vars(layer) or not is_same(value, getattr(layer, name, layer)):
                vars(layer)[name] = value


def _check_attribute(layer: Any, name: str, value: Any) -> None:
    """Refuse methods, what is described elsewhere, and values out of the range of a setting."""
    member = getattr(type(layer), name, None)
    is_data = not (callable(member) or hasattr(type(member), "__get__"))
    # A descriptor of a trace stands for the attribute of a class that it has replaced.
    is_data = is_data or type(member).__module__ == environment.__name__
    if not name.isidentifier() or name.startswith("__") or name in _DESCRIBED or not is_data:
        raise FormatError("load: 'attributes' has a name that no attribute of a layer can have")
    if not _is_ours(layer):
        return
    if name in vars(layer)["_parameters"]:
        if value is None or type(value) is np.ndarray:
            return
    elif name in layer._arguments.arguments:
        arguments = dict(layer._arguments.arguments) | {name: value}
        type(layer)(**arguments)  # raises for a value out of its range
        return
    raise FormatError("load: 'attributes' sets what no layer of this kind has")


def _tree(layer: Any) -> dict[str, Any]:
    """Return a layer and its sublayers by full path."""
    return {layer.name: layer} | {
        f"{layer.name}.{path}": each for path, each in find_all_sublayers(layer)
    }


def _is_ours(layer: Any) -> bool:
    return LAYERS.get(layer.kind) is type(layer)


def _differences(layer: Any, dtype: np.dtype[Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield path, layer and attributes to keep, of a layer and its sublayers."""
    own = _tree(layer)
    is_ours = all(_is_ours(each) for each in own.values())
    again: dict[str, Any] = {}
    if is_ours and len(own) == 1 and (known := _known_to_be_made_again(layer)) is not None:
        again = {layer.name: known}
    elif is_ours:
        again = _tree(_made_again(layer, None))
    if own.keys() != again.keys():
        with _random_numbers_kept():
            again = _tree(_made_again(layer, dtype))
    _check_structure(layer, own, again)
    reads = {} if is_ours else reads_of_forward(layer, dtype)
    known = {id(each) for each in layer.parameters().values()}
    for path, each in own.items():
        kept = _changed(each, again[path], known)
        is_adapted = vars(each).get("_adapted", False)
        if not _is_ours(each) and id(each) in reads:
            kept = _state(kept, vars(again[path]), reads[id(each)]) | _class_attributes(
                each, reads[id(each)]
            )
        if is_adapted:  # or the next `fit` would call its ``adapt`` again
            kept["_adapted"] = True
        if kept:
            yield path, each, kept


def _data_of(layer: Any) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield path, layer and those attributes that are data, of layers of the user's."""
    for path, each in _tree(layer).items():
        if _is_ours(each):
            continue
        parameters = vars(each)["_parameters"]
        kept: dict[str, Any] = {}
        for name, value in list(vars(each).items()):
            if name not in _DESCRIBED and name not in parameters and not name.startswith("__"):
                with suppress(NotDataError):
                    encoded(value, lambda array: "")
                    kept[name] = value
        if kept:
            yield path, each, kept


def _known_to_be_made_again(layer: Any) -> Any:
    """Return a layer of the library made earlier from equal arguments, but for its name; or None.

    What is returned has no sublayers.
    """
    arguments = {key: each for key, each in layer._arguments.arguments.items() if key != "name"}
    if not all(type(each) in _PLAIN for each in arguments.values()):
        return None
    key = layer.kind, repr(arguments)
    if key not in _made_earlier:
        again = _made_again(layer, None)
        if len(_made_earlier) >= _CAPACITY or len(_tree(again)) > 1:
            return None
        _made_earlier[key] = again
    return _made_earlier[key]


def _made_again(layer: Any, dtype: np.dtype[Any] | None) -> Any:
    """Return the layer that ``load`` would make; built, of zeros, if a dtype is given."""
    try:
        again = from_config(layer.kind, layer.config(), _custom_of(layer))
        again.name = layer.name
        if dtype is not None:
            _build(again, layer.input_shape, dtype)
        return again
    except Exception as error:
        raise ArgumentError(
            f"save: {layer._title()} cannot be made again from the arguments of its constructor, "
            f"as load does: {error}"
        ) from error


def _build(layer: Any, input_shape: Any, dtype: np.dtype[Any]) -> None:
    """Build a layer with parameters of zeros."""

    def zeros(*path: str) -> Any:
        return lambda shape, generator, dtype: np.zeros(shape, dtype)

    layer.bind(layer.name, Binding(0, (0,), zeros), dtype)

    def run() -> None:
        nothing = environment.entered(keep=lambda *_: None)
        with np.errstate(all="ignore"), run_on_types(layer), nothing:  # of meaningless zeros
            layer(variable(ArrayType(dtype, (2, *input_shape[1:])), name="X"))

    with_filled_arrays(run, layer)


@contextmanager
def _random_numbers_kept() -> Generator[None]:
    """Restore the global generators of random numbers, from which a layer may draw."""
    states = np.random.get_state(), random.getstate()  # noqa: NPY002 (the user's)
    try:
        yield
    finally:
        np.random.set_state(states[0])  # noqa: NPY002
        random.setstate(states[1])


def _custom_of(value: Any) -> dict[str, Any]:
    """Return the classes and functions that ``load`` would be given for a layer."""
    if isinstance(value, list | tuple):
        found = [_custom_of(each) for each in cast(list[Any], value)]
    elif isinstance(value, dict):
        found = [_custom_of(each) for each in cast(dict[Any, Any], value).values()]
    elif hasattr(value, "_arguments"):
        found = [_custom_of(each) for each in value._arguments.arguments.values()]
        found.append({} if _is_ours(value) else {type(value).__name__: type(value)})
    else:
        found = [{value.__name__: value}] if hasattr(value, "__name__") else []
    return {name: each for part in found for name, each in part.items()}


def _check_structure(layer: Any, own: Mapping[str, Any], again: Mapping[str, Any]) -> None:
    """Refuse sublayers and parameters other than those that the constructor and build make."""
    mine, others = ({path: type(each) for path, each in tree.items()} for tree in (own, again))
    if mine != others:
        odd = sorted(set(mine.items()) ^ set(others.items()), key=repr)[0][0]
        raise ArgumentError(
            f"save: {layer._title()}: its sublayer {odd!r} is not the one that its constructor and "
            "build make, from which load makes it again; pass it to the constructor"
        )
    if not _is_ours(layer) and again[layer.name].input_shape is not None:
        shapes = [
            {name: each.array.shape for name, each in tree[layer.name].parameters().items()}
            for tree in (own, again)
        ]
        if shapes[0] != shapes[1]:
            odd = sorted(set(shapes[0].items()) ^ set(shapes[1].items()))[0][0]
            raise ArgumentError(
                f"save: {layer._title()}: its parameter {odd!r} is not the one that its "
                "constructor and build make, from which load makes it again"
            )


def _changed(layer: Any, again: Any, known: set[int]) -> dict[str, Any]:
    """Return the attributes that differ from those of the layer made again."""
    changed: dict[str, Any] = {}
    others = vars(again)
    for name, value in list(vars(layer).items()):
        own = vars(layer)["_parameters"].get(name)
        if name in _DESCRIBED or (own is not None and value is own) or holds_layers(value):
            continue
        if isinstance(value, Parameter):
            if own is not None or id(value) not in known:
                raise ArgumentError(
                    f"save: {layer._title()}: its attribute {name!r} is the parameter of another "
                    "layer, and a file cannot keep that they are one; call that layer in the "
                    "forward of a layer that holds both"
                )
            continue
        if own is None and name in others and is_same(value, others[name]):
            continue
        if _is_ours(layer) and own is None:
            if name not in others:
                continue  # nothing reads it
            if name not in layer._arguments.arguments:
                raise ArgumentError(_refusal(layer, name, type_in_words(value)))
        changed[name] = value
    return changed


def _state(
    changed: dict[str, Any], again: Mapping[str, Any], reads: ReadsOfForward
) -> dict[str, Any]:
    """Return what runs read; of what none accesses, single numbers and short texts."""
    kept: dict[str, Any] = {}
    for name, value in changed.items():
        is_state = reads.is_state(name)
        if is_state is False:
            continue
        if type(value) is dict and not holds_layers(value):
            value = _entries_read(name, cast(dict[Any, Any], value), reads)
        elif type(value) is list and is_state and reads.is_state(f"{name}[...]") is not True:
            value = []
        is_kept = is_state or _is_setting(value)
        if is_kept and not (name in again and is_same(value, again[name])):
            kept[name] = value
    return kept


def _entries_read(name: str, items: dict[Any, Any], reads: ReadsOfForward) -> dict[Any, Any]:
    """Return the entries of a dictionary that a run reads, and settings."""
    states = {key: reads.is_state(f"{name}[{key!r}]") for key in items}
    return {
        key: value
        for key, value in items.items()
        if states[key] or (states[key] is None and _is_setting(value))
    }


def _is_setting(value: Any) -> bool:
    is_number = value is None or isinstance(value, bool | int | float | np.generic)
    return is_number or (isinstance(value, str) and len(value) <= _MAX_TEXT)


def _class_attributes(layer: Any, reads: ReadsOfForward) -> dict[str, Any]:
    """Return the data that a run reads of a class of the user's, as it may have changed."""
    found: dict[str, Any] = {}
    for name in sorted(reads.read - vars(layer).keys()):
        for kind in type(layer).__mro__:
            if kind.__module__.startswith("chainrule.") or kind is object or name not in vars(kind):
                continue
            value = getattr(kind, name, None)
            is_data = isinstance(value, np.ndarray | list | tuple | dict) or _is_setting(value)
            if is_data and not holds_layers([value]):
                found[name] = value
            break
    return found


def _refusal(layer: Any, name: str, problem: str) -> str:
    return (
        f"save: {layer._title()}: its attribute {name!r} has changed since the layer was made, and "
        f"is or holds {problem}, which a file cannot keep; keep numbers, texts and arrays in it, "
        "or pass it to the constructor as such"
    )
