"""Signature of arguments: which of their properties a trace is made for."""

from __future__ import annotations

from typing import Any

from chainrule import tree
from chainrule.graph.array_type import type_of
from chainrule.graph.trace import is_number

__all__ = ["are_hashable", "numbers", "signature"]

_EMPTY = (tree.flatten(())[1],)


def signature(args: Any) -> Any:
    """Types of numbers and arrays and the other arguments themselves; None if not hashable."""
    if type(args) is tuple and not args:  # in less time than below
        return _EMPTY
    leaves, structure = tree.flatten(args)
    key = structure, *(type_of(leaf) if is_number(leaf) else (type(leaf), leaf) for leaf in leaves)
    try:
        hash(key)
    except TypeError:
        return None
    return key


def are_hashable(args: tuple[Any, ...]) -> bool:
    """Whether all arguments can be hashed that are no numbers or arrays."""
    return signature(args) is not None


def numbers(args: Any) -> list[Any]:
    """Return the numbers and arrays among arguments: the inputs of a program."""
    if type(args) is tuple and not args:
        return []
    return [leaf for leaf in tree.flatten(args)[0] if is_number(leaf)]
