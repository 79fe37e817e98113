"""Which elements of a node are zero whatever the values: those that indexing has left out.

A cotangent of ``v[:, -2:]`` is zero in all other columns, not by chance but by its graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph.node import Node

__all__ = ["used_columns"]

_DEPTH = 16
"""How many nodes deep a graph is followed; beyond, every element may be used."""


def used_columns(cotangent: Node) -> Any:
    """Return for each column whether it may differ from zero, in any matrix of a stack."""
    pattern = _pattern(cotangent, _DEPTH, {})
    if pattern is None:
        return np.ones(cotangent.shape[-1], bool)
    return pattern.any(axis=tuple(range(pattern.ndim - 1)))


def _pattern(node: Node, depth: int, found: dict[int, Any]) -> Any:
    """Return where a node may differ from zero; None for everywhere."""
    if node.serial not in found:
        found[node.serial] = _new_pattern(node, depth, found)
    return found[node.serial]


def _new_pattern(node: Node, depth: int, found: dict[int, Any]) -> Any:
    if node.is_constant:
        return node.known_value != 0
    if node.primitive is None or not depth or node.primitive.name not in _RULES:
        return None
    rule, operands = _RULES[node.primitive.name]
    return rule(node, [_pattern(each, depth - 1, found) for each in node.inputs[operands]])


def _linear(node: Node, patterns: list[Any]) -> Any:
    """An operation that moves elements or adds products up: of ones and zeros, its own rule."""
    assert node.primitive is not None
    others = [each.known_value for each in node.inputs[len(patterns) :]]
    fills_zeros = node.primitive.name in ("pad_into", "scatter_add")
    is_full = not fills_zeros and all(each is None for each in patterns)
    if is_full or any(each is None for each in others):
        return None
    pairs = zip(node.inputs, patterns, strict=False)
    numbers = [np.ones(x.shape) if each is None else each.astype(float) for x, each in pairs]
    return node.primitive.evaluate(*numbers, *others, **node.params) != 0


def _either(node: Node, patterns: list[Any]) -> Any:
    first, second = patterns
    return None if first is None or second is None else first | second


def _both(node: Node, patterns: list[Any]) -> Any:
    known = [each for each in patterns if each is not None]
    return np.logical_and.reduce(known) if known else None


def _same(node: Node, patterns: list[Any]) -> Any:
    return patterns[0]


_ALL, _FIRST, _BRANCHES = slice(None), slice(0, 1), slice(1, 3)
_RULES: dict[str, tuple[Callable[[Node, list[Any]], Any], slice]] = {
    **dict.fromkeys(
        ("broadcast_to", "concatenate", "contract", "pad_into", "reduce_to", "reshape",
         "strided_slice", "transpose"),
        (_linear, _ALL),
    ),
    **dict.fromkeys(("cast", "divide", "identity", "negative", "require"), (_same, _FIRST)),
    **dict.fromkeys(("add", "subtract"), (_either, _ALL)),
    "multiply": (_both, _ALL),
    "scatter_add": (_linear, _FIRST),
    "select": (_either, _BRANCHES),
}  # fmt: skip
"""Of each operation, the rule and the operands whose patterns it takes."""
