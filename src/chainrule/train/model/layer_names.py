"""Names of layers in a network: unique, by kind and number where they have none.

A layer that several networks share may have another name in each: where a name like ``dense_1`` is
taken, the layer gets the next free one there, and keeps its own elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from chainrule.arguments.checks import shown
from chainrule.errors import ArgumentError
from chainrule.nn.binding import is_bound
from chainrule.nn.layer import Layer

__all__ = ["unique_name", "with_name"]


def unique_name(layer: Layer, taken: Collection[str]) -> str:
    """Return the name of a layer in a network where some are taken."""
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
    numbered = (f"{layer.kind}_{i}" if i else layer.kind for i in range(len(taken) + 1))
    return next(name for name in numbered if name not in taken)


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
