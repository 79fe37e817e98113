"""Layers within layers: where they are held."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar

from chainrule import tree

__all__ = ["find_sublayers"]

Kind = TypeVar("Kind")


def find_sublayers(owner: object, kind: type[Kind], but: str = "") -> Iterator[tuple[str, Kind]]:
    """Find the things of a kind that an object holds in attributes, lists and dictionaries.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> list(find_sublayers(SimpleNamespace(first=1.5, blocks=[2.5, {"last": 3.5}]), float))
    [('first', 1.5), ('blocks.0', 2.5), ('blocks.1.last', 3.5)]
    """
    seen = {id(owner)}
    attributes: dict[str, Any] = {key: each for key, each in vars(owner).items() if key != but}
    for attribute, value in attributes.items():
        leaves, _ = tree.flatten(value)
        for path, leaf in zip(tree.paths(value), leaves, strict=True):
            if isinstance(leaf, kind) and id(leaf) not in seen:
                seen.add(id(leaf))
                yield ".".join([attribute.lstrip("_"), *re.findall(r"\w+", path)]), leaf
