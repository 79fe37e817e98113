"""Names of layers in a network: unique, by kind and number where they have none.

A layer that several networks share may have another name in each: where a name like ``dense_1`` is
taken, the layer gets the next free one there, and keeps its own elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count
from typing import Any

from chainrule.arguments.checks import shown
from chainrule.errors import ArgumentError
from chainrule.nn.binding import is_bound
from chainrule.nn.layer import Layer
from chainrule.nn.mask import single_mask_value

__all__ = ["Roster", "with_name"]


class Roster:
    """The layers of a network and their names, to which further ones are compared."""

    def __init__(self, layers: Iterable[Layer], names: Iterable[str]) -> None:
        self._ids, self._names = set(map(id, layers)), set(names)
        self._masked = [each for each in layers if single_mask_value([each]) is not None][:1]
        self._numbers: dict[str, int] = {}  # by kind: those before are taken

    def __contains__(self, layer: Layer) -> bool:
        return id(layer) in self._ids

    def enter(self, layer: Layer) -> str:
        """Add a layer, if its padding is that of the others; return its name here."""
        value = single_mask_value([*self._masked, layer])  # refuses two
        name = self._unique_name(layer)
        if value is not None:
            self._masked = self._masked or [layer]
        self._ids.add(id(layer))
        self._names.add(name)
        return name

    def _unique_name(self, layer: Layer) -> str:
        if (name := _given_name(layer, self._names)) is not None:
            return name
        for number in count(self._numbers.get(layer.kind, 0)):
            self._numbers[layer.kind] = number
            name = f"{layer.kind}_{number}" if number else layer.kind
            if name not in self._names:
                return name
        raise AssertionError("numbers have no end")


def _given_name(layer: Layer, taken: set[str]) -> str | None:
    """Return the name that a layer has, or None where it is to be numbered."""
    name: Any = layer.name
    if name is not None and (not isinstance(name, str) or not name or "." in name):
        raise ArgumentError(
            f"Network: a layer has the name {shown(layer.name)}; a name must be text, at least "
            'one character, and without "."'
        )
    if name is not None and name not in taken:
        return name
    if name is not None and not _is_numbered(layer, name):
        remedy = "give one another name="
        if is_bound(layer):
            remedy = "before it is added, set that of one, as in layer.name = 'another'"
        raise ArgumentError(f"Network: two layers are named {name!r}; {remedy}")
    return None


def _is_numbered(layer: Layer, name: str) -> bool:
    """Whether another network has named the layer by its kind."""
    is_by_kind = re.fullmatch(rf"{re.escape(layer.kind)}(_\d+)?", name) is not None
    return is_by_kind and is_bound(layer)


def with_name(layer: Layer, name: str) -> Layer:
    """Return the layer, or one with its parameters and the name that it has in a network."""
    if layer.name == name:
        return layer
    renamed: Layer = object.__new__(type(layer))
    vars(renamed).update(vars(layer), name=name)
    return renamed
