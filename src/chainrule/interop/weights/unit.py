"""The layers of a network that have weights, each as the other libraries have it: one module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chainrule.nn.layer import Layer
from chainrule.nn.layers.wrappers import Bidirectional
from chainrule.nn.sublayers import find_sublayers
from chainrule.train.network import Network, model_of

__all__ = ["Unit", "units_of"]


@dataclass(frozen=True)
class Unit:
    """A layer with parameters, and their names in the network.

    Parameters
    ----------
    name : str
        Of the layer, such as ``dense`` or ``residual.layers.0``.
    layer : Layer
        The layer; a `Bidirectional` is one, as in the other libraries.
    parameters : dict of str to str
        Names in the network, ``dense.weight``, by names in the layer, ``weight``.
    """

    name: str
    layer: Layer
    parameters: dict[str, str]


def units_of(net: Network) -> list[Unit]:
    """Return the layers with parameters, in the order of the network; a shared one once."""
    known, visited = set(net.params), set[int]()
    units = _units(zip(model_of(net).names, net.layers, strict=True), visited)
    return [each for each in units if known.issuperset(each.parameters.values())]


def _units(named: Iterable[tuple[str, Layer]], visited: set[int]) -> Iterator[Unit]:
    for name, layer in named:
        if id(layer) in visited:
            continue
        visited.add(id(layer))
        is_one = isinstance(layer, Bidirectional)
        inner = layer.parameters() if is_one else vars(layer)["_parameters"]
        if inner:
            yield Unit(name, layer, {each: f"{name}.{each}" for each in inner})
        if not is_one:
            inside = ((f"{name}.{path}", each) for path, each in find_sublayers(layer))
            yield from _units(inside, visited)
