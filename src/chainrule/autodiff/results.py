"""Results of a transformation: evaluated by NumPy, unless an outer trace contains it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.errors import ArgumentError
from chainrule.graph.node import Node, ancestors, as_node, compute

__all__ = [
    "close", "content_of", "depends_on_others", "evaluate_results", "split_aux", "unaliased",
]  # fmt: skip


def evaluate_results(results: Any, own: Sequence[Node]) -> Any:
    """Evaluate nodes, unless they depend on variables of an outer derivative or trace."""
    leaves, structure = tree.flatten(results)
    nodes = [leaf for leaf in leaves if type(leaf) is Node]
    if not depends_on_others(nodes, own):
        compute(nodes)
        shared = {id(node.known_value) for node in own}
        leaves = [_value_of(leaf, shared) if type(leaf) is Node else leaf for leaf in leaves]
    return tree.unflatten(structure, leaves)


def depends_on_others(nodes: Sequence[Node], own: Sequence[Node]) -> bool:
    """Whether `nodes` depend on variables other than `own`."""
    variables = {node.serial for node in own if node.primitive is None}
    return any(
        node.primitive is None and not node.is_constant and node.serial not in variables
        for node in ancestors(nodes, lambda node: False)
    )


def _value_of(node: Node, shared: set[int]) -> Any:
    value = unaliased(node.known_value, shared)
    return np.array(value) if node.is_constant and value is node.known_value else value


def unaliased(value: Any, shared: set[int]) -> Any:
    """The value as a writable array that aliases none in `shared`; a scalar for shape ()."""
    if not value.shape:
        return value.dtype.type(value)
    if id(value) in shared or not value.flags.owndata or not value.flags.writeable:
        return np.array(value)
    shared.add(id(value))
    return value


def close(variables: Sequence[Node]) -> None:
    """Make constants of variables once the derivative by them is taken.

    What an outer derivative computes from it depends on them no longer.
    """
    for node in variables:
        # What replaces nodes that are left over may have reached this list.
        if type(node) is Node and node.primitive is None and node.is_known:
            node.is_constant = True


def content_of(leaf: Any) -> Any:
    """The content of an array at present, if `leaf` is its node; anything else as it is."""
    return as_node(leaf) if type(leaf) is Node else leaf


def split_aux(result: Any, has_aux: bool, transformation: str = "grad") -> tuple[Any, Any]:
    """Split what a function returns into its value and the rest."""
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise ArgumentError(
            f"{transformation}: with has_aux=True the function must return (value, the rest)"
        )
    return result
