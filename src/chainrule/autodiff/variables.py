"""Variables of a transformation: what replaces the arguments that it differentiates by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.arguments.checks import as_position, bad_argument, checked_number
from chainrule.errors import ArgumentError, DTypeError, counted
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.environment import Environment
from chainrule.graph.node import Node, as_node, is_differentiable, next_serial, variable
from chainrule.ops.primitives.selection import identity

__all__ = [
    "checked_argnums", "environment_of", "graph_name", "has_tangent", "lift", "regroup",
    "variable_of",
]  # fmt: skip


def checked_argnums(argnums: Any, transformation: str = "grad") -> tuple[tuple[int, ...], bool]:
    """The positions to differentiate by, and whether a single one was given, not a sequence."""
    is_single = not isinstance(argnums, tuple | list | range)
    positions: list[int] = []
    for each in (argnums,) if is_single else argnums:
        if (position := as_position(each)) is None:
            rule = (
                "the number of a positional argument, an integer counted from 0, or a tuple of "
                "them, as in argnums=(0, 1)"
                + (", and no float, even if it is whole" * isinstance(each, float))
            )
            raise bad_argument(transformation, "argnums", argnums, rule)
        positions.append(position)
    return tuple(positions), is_single


def lift(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    positions: tuple[int, ...],
    transformation: str = "grad",
) -> tuple[list[tuple[Node, str]], list[Any]]:
    """Replace the leaves of the arguments at `positions` by nodes; list the nodes with names.

    An argument that is named twice, perhaps as 1 and as -1, is replaced once and listed twice.
    """
    name = getattr(function, "__name__", "the function")
    variables: list[tuple[Node, str]] = []
    lifted = list(args)
    replaced: dict[int, list[tuple[Node, str]]] = {}
    for position in positions:
        if not -len(args) <= position < len(args):
            raise ArgumentError(
                f"{transformation}: argnums={position}, but {name} was called with "
                f"{counted(len(args), 'positional argument')}"
            )
        key = position % len(args)
        if args[key] is None:
            raise ArgumentError(
                f"{transformation}: argument {key} of {name} is None; derivatives are by real "
                "numbers, so pass an array, or choose other arguments with argnums"
            )
        if key not in replaced:
            leaves, structure = tree.flatten(args[key])
            names = tree.paths(args[key], f"argument {key} of {name}")
            nodes = [
                variable_of(leaf, path, transformation)
                for leaf, path in zip(leaves, names, strict=True)
            ]
            replaced[key] = list(zip(nodes, names, strict=True))
            lifted[key] = tree.unflatten(structure, nodes)
        variables += replaced[key]
    return variables, lifted


def has_tangent(leaf: Any, name: str = "argument") -> bool:
    """Whether a leaf is of floats, or a Python int, which becomes one."""
    if isinstance(leaf, int):
        return not isinstance(leaf, bool)
    type_ = leaf.array_type if type(leaf) is Node else type_of(leaf, name)
    return type_.is_float or (type_.weak and type_.dtype.kind == "i")


def variable_of(leaf: Any, name: str, transformation: str = "grad") -> Node:
    """The node that replaces a number or an array of floats; a Python int becomes a float."""
    if type(leaf) is Node:
        if leaf.array_type.weak and leaf.dtype.kind == "i":
            leaf = leaf.astype(float)
            leaf.python_type = float
        _check_float(leaf.array_type, name, transformation)
        content = as_node(leaf)
        # The body of a loop takes constants into itself, and derives by what it captures.
        is_free = content.is_known and not is_differentiable(content)
        lifted = variable(leaf.array_type, content.value) if is_free else identity(leaf)
        lifted.python_type = leaf.python_type
        return lifted
    if isinstance(leaf, int) and not isinstance(leaf, bool):
        leaf = checked_number(transformation, name, leaf)
    type_ = type_of(leaf, name)
    _check_float(type_, name, transformation)
    lifted = variable(type_, np.asarray(leaf, type_.dtype))
    lifted.python_type = type(leaf) if not type_.shape else None
    return lifted


def _check_float(type_: ArrayType, name: str, transformation: str) -> None:
    if not type_.is_float:
        takes_argnums = transformation not in ("jvp", "linearize", "vjp")
        others = ", or choose other arguments with argnums" * takes_argnums
        raise DTypeError(
            f"{transformation}: {name} is {type_}; derivatives are by real numbers: pass "
            f"x.astype(float){others}"
        )


def regroup(flat: Sequence[Any], args: tuple[Any, ...], positions: tuple[int, ...]) -> list[Any]:
    """Nest a flat list of results as the arguments at `positions` are nested."""
    remaining = iter(flat)
    trees: list[Any] = []
    for position in positions:
        leaves, structure = tree.flatten(args[position])
        trees.append(tree.unflatten(structure, [next(remaining) for _ in leaves]))
    return trees


def environment_of(
    function: Callable[..., Any], variables: Sequence[tuple[Node, str]]
) -> Environment:
    """Make the environment in which a function is run; a store into an argument is into a copy."""
    arguments = {node.serial: path for node, path in variables}
    return Environment(function, next_serial(), False, arguments, argument_stores="warn")


def graph_name(function: Callable[..., Any]) -> str:
    """The name of a function in printed graphs."""
    return getattr(function, "graph_name", getattr(function, "__name__", "the function"))
