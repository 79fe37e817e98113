"""``cond``: one of two functions, chosen by a boolean that need not be known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.autodiff.control_flow.cond_primitive import apply_cond
from chainrule.autodiff.control_flow.loop_body import (
    check_arity,
    converted,
    name_of,
    named_variables,
    nodes_before,
    traced_body,
    type_of_leaf,
)
from chainrule.errors import ArgumentError, DTypeError, ShapeError, counted, type_in_words
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, as_node, next_serial, variable
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.promotion import common_dtype

__all__ = ["cond"]


@answers_foreign_names(CORE_ALIASES)
def cond(test: Any, if_true: Callable[..., Any], if_false: Callable[..., Any], *args: Any) -> Any:
    """Return ``if_true(*args)`` if `test` holds, else ``if_false(*args)``.

    It is Python's ``if`` for a value that is not known while a function is traced, as under ``jit``
    and in ``scan``; where the value is known, only the function chosen is called. Else both are
    traced, and only the one chosen is executed, in derivatives too; under ``vmap`` with a batched
    test both are, each for the samples that choose it.

    Parameters
    ----------
    test : bool or number
        A number holds if it is not 0.
    if_true, if_false : callable
        Plain NumPy code; traced, their results must agree in structure, shapes and dtypes.
    *args
        Nested containers of arrays; the functions may also use values around them.

    Returns
    -------
    nested containers of arrays
        The result of the function chosen.

    Raises
    ------
    ArgumentError
        If a branch is no function of these arguments, or the structures of the results differ.
    ShapeError
        If the shapes of the results differ, or `test` has axes.
    DTypeError
        If their dtypes differ.

    Examples
    --------
    >>> safe_root = lambda x: cond(x > 0, np.sqrt, lambda x: 0.0 * x, x)
    >>> float(safe_root(4.0)), float(safe_root(-4.0))
    (2.0, -0.0)
    """
    for name, branch in (("if_true", if_true), ("if_false", if_false)):
        _check_branch(name, branch, len(args))
    test = _checked_test(test)
    if type(test) is not Node:
        return (if_true if test else if_false)(*args)
    operands, structure = tree.flatten(args)
    types = [type_of_leaf(each, "cond") for each in operands]
    paths = named_variables(if_true, args, [f"x{number}" for number in range(len(args))])
    own = [variable(type_, name=name) for type_, name in zip(types, paths, strict=True)]
    arguments, start = tree.unflatten(structure, own), next_serial()
    names = [name_of(if_true, "if_true"), name_of(if_false, "if_false")]
    first, result_structure = traced_body("cond", if_true, arguments, own, _flattened, "refuse")

    def finish(result: Any) -> list[Node]:
        try:
            leaves = tree.flatten_like(result_structure, result)
        except ArgumentError:
            raise _different_structures(names, first, result_structure, result) from None
        return [as_node(each) for each in leaves]

    second = traced_body("cond", if_false, arguments, own, finish, "refuse")
    paths = tree.paths(tree.unflatten(result_structure, first))
    pairs = [_agreeing(names, *each) for each in zip(paths, first, second, strict=True)]
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    shared = nodes_before([*first, *second], own, start)
    results = apply_cond(
        test,
        Graph((*shared, *own), tuple(first), names[0]),
        Graph((*shared, *own), tuple(second), names[1]),
        [*shared, *(converted(each, type_) for each, type_ in zip(operands, types, strict=True))],
    )
    return tree.unflatten(result_structure, results)


def _check_branch(name: str, branch: Any, count: int) -> None:
    if not callable(branch):
        raise ArgumentError(
            f"cond: {name} must be a function, such as lambda: x, got {type_in_words(branch)}; "
            "np.where(test, a, b) chooses between values"
        )
    check_arity("cond", branch, count, f"must take the {counted(count, 'operand')} of cond")


def _checked_test(test: Any) -> Any:
    """The test as one boolean, a node if its value is not known."""
    if tree.flatten(test)[1] != tree.LEAF:
        raise ArgumentError(f"cond: test must be one boolean, got {type_in_words(test)}")
    type_ = type_of_leaf(test, "cond")
    if type_.shape:
        raise ShapeError(
            f"cond: test must be one boolean, bool[], got {type_}; use np.any or np.all, or "
            "np.where(test, a, b) to choose for each element"
        )
    node = as_node(test)
    if node.is_known:
        return bool(node.value)
    return node if type_.dtype == np.bool_ else node != 0


def _flattened(result: Any) -> tuple[list[Node], Any]:
    leaves, structure = tree.flatten(result)
    return [as_node(each) for each in leaves], structure


def _different_structures(
    names: Sequence[str], first: Sequence[Node], structure: Any, other: Any
) -> ArgumentError:
    shown = [
        tree.map_leaves(lambda each: as_node(each).type, each)
        for each in (tree.unflatten(structure, first), other)
    ]
    return ArgumentError(
        f"cond: {names[0]} returns {shown[0]} and {names[1]} {shown[1]}; "
        "both must return the same structure"
    )


def _agreeing(names: Sequence[str], path: str, a: Node, b: Node) -> tuple[Node, Node]:
    """A result of both in one dtype: a Python number adopts that of the other branch."""
    seen = f"cond: {names[0]} returns {a.type} and {names[1]} {b.type}" + (
        f" at {path}" if path else ""
    )
    if a.shape != b.shape:
        raise ShapeError(f"{seen}; both must return the same shapes")
    if a.dtype != b.dtype and not (a.array_type.weak or b.array_type.weak):
        raise DTypeError(
            f"{seen}; both must return the same dtypes: convert with "
            f".astype({np.promote_types(a.dtype, b.dtype).name!r})"
        )
    if a.array_type == b.array_type:
        return a, b
    dtype = common_dtype(a, b)
    return cast(a, dtype), cast(b, dtype)
