"""Sublayers: the layers held in attributes, lists, tuples and dictionaries of a layer.

A network that a layer holds counts as the container of its layers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from types import FunctionType
from typing import Any, cast

import numpy as np

from chainrule import tree
from chainrule.locks import ReentrantLock
from chainrule.nn.environment import copied
from chainrule.nn.parameter import Parameter

__all__ = ["find_all_sublayers", "find_sublayers", "holds_layers", "is_layer", "with_sublayers"]


_WITHOUT_LAYERS = {
    bool, bytes, float, int, np.dtype, np.ndarray, str, type(None), FunctionType, Parameter,
    ReentrantLock,
}  # fmt: skip
"""Types of most attributes, which are not searched."""


def find_sublayers(owner: object, visited: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """Find the layers in the attributes of an object, nested containers included.

    Yields each once, with its path; those that are `visited`, by their ids, are left out.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from chainrule.nn.layer import Layer
    >>> one, other = Layer(), Layer()
    >>> owner = SimpleNamespace(first=one, blocks=[1, {"last": other}], again=one)
    >>> [path for path, _ in find_sublayers(owner)]
    ['first', 'blocks.1.last']
    """
    visited = {id(owner)} if visited is None else visited
    # Copies, as another thread may add to what is iterated over.
    attributes: dict[str, Any] = dict(vars(owner))
    attributes.pop("_arguments", None)  # those of the constructor
    for attribute, value in attributes.items():
        if type(value) in _WITHOUT_LAYERS or _has_plain_items(value):
            continue
        value = copied(value)
        is_container = isinstance(value, dict | list | tuple)
        leaves = tree.flatten(value)[0] if is_container else [value]
        if not any(map(_layers_of, leaves)):
            continue
        for path, leaf in zip(tree.paths(value), leaves, strict=True):
            place = [attribute.lstrip("_"), *re.findall(r"\w+", path)]
            for name, layer in _layers_of(leaf):
                if id(layer) not in visited:
                    visited.add(id(layer))
                    yield ".".join([*place, *name]), layer


def find_all_sublayers(owner: object, visited: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """Find the sublayers of an object, each followed by its own: ``blocks.0``, ``blocks.0.first``.

    Yields each once, with the first of its paths.
    """
    visited = {id(owner)} if visited is None else visited
    # All of one layer before those of another: a layer that two share is named as near as can be.
    for path, layer in list(find_sublayers(owner, visited)):
        yield path, layer
        yield from ((f"{path}.{inner}", each) for inner, each in find_all_sublayers(layer, visited))


def with_sublayers(owners: Iterable[Any]) -> Iterator[Any]:
    """Yield each layer, followed by all that it holds; each once."""
    visited = set[int]()
    for owner in owners:
        if id(owner) not in visited:
            visited.add(id(owner))
            yield owner
            yield from (each for _, each in find_all_sublayers(owner, visited))


def _has_plain_items(value: object) -> bool:
    """Whether a container has no items but those of types that are not searched."""
    if type(value) is dict:
        items = list(cast(dict[Any, Any], value).values())
    elif type(value) is tuple or type(value) is list:
        items = list(cast("list[Any] | tuple[Any, ...]", value))
    else:
        return False
    return all(type(each) in _WITHOUT_LAYERS for each in items)


def is_layer(value: object) -> bool:
    """Whether a value is a layer."""
    return hasattr(type(value), "_settings_are_versioned")


def holds_layers(value: Any) -> bool:
    """Whether a value is a layer, a network or a container of some."""
    if type(value) in _WITHOUT_LAYERS or _has_plain_items(value):
        return False
    return any(True for leaf in tree.flatten(value)[0] for _ in _layers_of(leaf))


def _layers_of(value: Any) -> Iterable[tuple[tuple[str, ...], Any]]:
    """Return a layer, or the layers of a network with their names."""
    if is_layer(value):
        return (((), value),)
    named = getattr(type(value), "_named_layers", None)
    return () if named is None else [((name,), layer) for name, layer in named(value)]
