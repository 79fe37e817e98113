"""Freezing: the flag ``trainable`` of layers and parameters, which excludes weights from training.

::

    layer.trainable = flag    the flag of the layer, of all its sublayers and their parameters
    trains(parameter)         = its flag; that of a layer's state is False, whatever its layer's

Each assignment sets the flags of everything below, so of two assignments the later one counts. A
parameter or sublayer that does not exist yet takes the flag of its layer when it is created.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chainrule.arguments.checks import checked_flag
from chainrule.errors import ArgumentError
from chainrule.graph.guards import note_assignment
from chainrule.nn import environment
from chainrule.nn.sublayers import find_all_sublayers, with_sublayers

__all__ = ["describe_frozen", "freeze_unless", "restore_frozen", "set_trainable", "with_flag"]


def set_trainable(layer: Any, title: str, value: Any) -> None:
    """Set the flag of a layer, of its parameters and of its sublayers."""
    flag = checked_flag(title, "trainable", value)
    if environment.current() is not None and layer.input_shape is not None:
        raise ArgumentError(
            f"{title}: trainable is set while the layer runs, too late for the step that is being "
            "computed; set it in __init__, before fit or in a callback"
        )
    for each in with_sublayers([layer]):
        _set_flag(each, flag)
    note_assignment()


def _set_flag(layer: Any, flag: bool) -> None:
    vars(layer)["trainable"] = flag
    for parameter in vars(layer)["_parameters"].values():
        parameter.trainable = flag and not parameter.is_state


def freeze_unless(layer: Any, trainable: bool) -> None:
    """Freeze a layer with its sublayers if its argument says so; else all keep their flags."""
    if not checked_flag(type(layer).__name__, "trainable", trainable):
        layer.trainable = False


def with_flag(layer: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a layer with its present flag, which is left out if the default."""
    others = {name: value for name, value in arguments.items() if name != "trainable"}
    parameter = layer._arguments.signature.parameters.get("trainable")
    is_default = parameter is not None and layer.trainable is parameter.default
    return (
        others
        if len(others) == len(arguments) or is_default
        else others | {"trainable": layer.trainable}
    )


def describe_frozen(layers: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the paths of the layers that are frozen, and of parameters unlike their layers.

    Examples
    --------
    >>> describe_frozen({})
    {'layers': [], 'parameters': []}
    """
    everything = list(_walk(layers.items()))
    return {
        "layers": [path for path, layer in everything if not layer.trainable],
        "parameters": [
            f"{path}.{name}"
            for path, layer in everything
            for name, each in vars(layer)["_parameters"].items()
            if each.trainable != _flag_by_layer(layer, each)
        ],
    }


def restore_frozen(
    layers: Mapping[str, Any], frozen: Iterable[str], parameters: Iterable[str]
) -> list[str]:
    """Set the flags that `describe_frozen` has described; return the paths that do not exist."""
    known = dict(_walk(layers.items()))
    named = {
        f"{path}.{name}": (layer, each)
        for path, layer in known.items()
        for name, each in vars(layer)["_parameters"].items()
    }
    for path in (paths := set(frozen)) & known.keys():
        vars(known[path])["trainable"] = False
    for path, (layer, each) in named.items():
        flag = _flag_by_layer(layer, each)
        each.trainable = not flag if path in parameters else flag
    return sorted((paths - known.keys()) | (set(parameters) - named.keys()))


def _flag_by_layer(layer: Any, parameter: Any) -> bool:
    return layer.trainable and not parameter.is_state


def _walk(layers: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield layers with their paths, each followed by its sublayers; each once."""
    visited = set[int]()
    for path, layer in layers:
        if id(layer) not in visited:
            visited.add(id(layer))
            yield path, layer
            inner = find_all_sublayers(layer, visited)
            yield from ((f"{path}.{name}", each) for name, each in inner)
