"""Sublayers: the layers held in attributes, lists and dictionaries of a layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from chainrule import tree
from chainrule.nn.environment import copied

__all__ = ["find_sublayers", "with_sublayers"]

Kind = TypeVar("Kind")


def find_sublayers(owner: object, kind: type[Kind], skip: str = "") -> Iterator[tuple[str, Kind]]:
    """Find the instances of a class in the attributes of an object, nested containers included.

    Yields each once, with its path; the attribute `skip` is left out.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> list(find_sublayers(SimpleNamespace(first=1.5, blocks=[2.5, {"last": 3.5}]), float))
    [('first', 1.5), ('blocks.0', 2.5), ('blocks.1.last', 3.5)]
    """
    visited = {id(owner)}
    # Copies, as another thread may add to what is iterated over.
    attributes: dict[str, Any] = dict(vars(owner))
    attributes.pop(skip, None)
    for attribute, value in copied(attributes).items():
        leaves, _ = tree.flatten(value)
        for path, leaf in zip(tree.paths(value), leaves, strict=True):
            if isinstance(leaf, kind) and id(leaf) not in visited:
                visited.add(id(leaf))
                yield ".".join([attribute.lstrip("_"), *re.findall(r"\w+", path)]), leaf


def with_sublayers(owners: Iterable[Kind], kind: type[Kind], skip: str = "") -> Iterator[Kind]:
    """Yield each owner, followed by the instances that it holds and all that these hold."""
    for owner in owners:
        yield owner
        yield from with_sublayers(
            (each for _, each in find_sublayers(owner, kind, skip)), kind, skip
        )
