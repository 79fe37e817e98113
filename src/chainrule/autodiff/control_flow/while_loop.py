"""``while_loop``: a loop that ends by a condition, with functions traced once on one carry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.checks import checked_count
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.autodiff.control_flow.loop_body import (
    captured_nodes,
    check_arity,
    check_carry,
    converted,
    name_of,
    named_variables,
    plain_results,
    settled_carry,
    traced_body,
    type_of_leaf,
)
from chainrule.autodiff.control_flow.while_loop_primitive import apply_while_loop
from chainrule.errors import ArgumentError, ShapeError, type_in_words
from chainrule.graph.array_type import ArrayType
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, as_node, variable
from chainrule.graph.trace_errors import check_function
from chainrule.ops.primitives.axes import check_known

__all__ = ["while_loop"]


@answers_foreign_names(CORE_ALIASES)
def while_loop(
    condition: Callable[[Any], Any],
    body: Callable[[Any], Any],
    init: Any,
    max_steps: int | None = None,
) -> Any:
    """Run ``carry = body(carry)`` as long as ``condition(carry)`` holds.

    It is Python's ``while`` for values that are not known while a function is traced, as under
    ``jit`` and in ``scan``. Its derivatives are those of the steps that it runs: the number of
    steps is constant where the carry is continuous in the inputs.

    Parameters
    ----------
    condition : callable
        Plain NumPy code that returns one boolean.
    body : callable
        Plain NumPy code. The carry it returns must have the structure, shapes and dtypes of the
        carry it receives.
    init : nested containers of arrays
        The first carry.
    max_steps : int, optional
        Most steps to run: the loop ends after so many, even if the condition still holds. Reverse
        mode (``grad``) requires it, as it stores the carry of each step; ``jvp`` and forward-mode
        ``jacobian`` do not.

    Returns
    -------
    nested containers of arrays
        The last carry; `init` if the condition does not hold at first.

    Raises
    ------
    ArgumentError
        If `body` changes the structure of the carry, or `max_steps` is no integer from 0 on.
    ShapeError
        If the carry changes its shape, or the condition is no single boolean.
    DTypeError
        If the carry changes its dtype.
    UnsupportedError
        In reverse mode, if `max_steps` is not given.

    References
    ----------
    Griewank & Walther (2008), Evaluating Derivatives, section 12.1 (reverse mode by a tape).

    Examples
    --------
    >>> float(while_loop(lambda x: x < 100, lambda x: 2 * x, 3.0))
    192.0
    """
    for each in (condition, body):
        check_function("while_loop", each)
        rule = "must take one argument, the carry; unpack it inside, as by i, x = carry"
        check_arity("while_loop", each, 1, rule)
    if max_steps is not None:
        check_known("while_loop", max_steps, "max_steps=")
        max_steps = checked_count("while_loop", "max_steps", max_steps, 0)
    start, structure = tree.flatten(init)
    names = named_variables(body, (init,), ("carry",))
    types = [type_of_leaf(each, "while_loop") for each in start]
    types, (carry, ends) = settled_carry(
        types, lambda types: _traced(body, structure, names, types)
    )
    check_carry("while_loop", "body", tree.paths(init, "carry"), types, ends)
    shared = captured_nodes(ends, carry)
    tested, test = _traced_condition(condition, init, structure, types)
    operands = [converted(each, type_) for each, type_ in zip(start, types, strict=True)]
    results = apply_while_loop(
        Graph((*test[:-1],), test[-1:], name_of(condition, "condition")),
        Graph((*shared, *carry), tuple(ends), name_of(body, "body")),
        tested, shared, operands, max_steps,
    )  # fmt: skip
    return tree.unflatten(structure, plain_results(results, start))


def _traced(
    body: Callable[[Any], Any], structure: Any, names: Sequence[str], types: Sequence[ArrayType]
) -> tuple[list[Node], list[Node]]:
    """The variables of the carry, and the carry after one step."""
    carry = [variable(type_, name=name) for type_, name in zip(types, names, strict=True)]

    def finish(result: Any) -> list[Node]:
        ends = tree.flatten_like(structure, result, "while_loop: the carry")
        return [as_node(each) for each in ends]

    nested = tree.unflatten(structure, carry)
    return carry, traced_body("while_loop", body, (nested,), carry, finish)


def _traced_condition(
    condition: Callable[[Any], Any], init: Any, structure: Any, types: Sequence[ArrayType]
) -> tuple[list[Node], tuple[Node, ...]]:
    """The values that a condition captures; its inputs and its output."""
    names = named_variables(condition, (init,), ("carry",))
    carry = [variable(type_, name=name) for type_, name in zip(types, names, strict=True)]

    def finish(result: Any) -> Node:
        if tree.flatten(result)[1] != tree.LEAF:
            raise ArgumentError(
                f"while_loop: the condition must return one boolean, got {type_in_words(result)}"
            )
        node = as_node(result)
        if node.dtype != np.bool_ or node.shape:
            raise ShapeError(
                f"while_loop: the condition must return one boolean, bool[], got {node.type}; "
                "compare, as in x > 0, and for an array use np.any or np.all"
            )
        return node

    nested = tree.unflatten(structure, carry)
    test = traced_body("while_loop", condition, (nested,), carry, finish)
    tested = captured_nodes([test], carry)
    return tested, (*tested, *carry, test)
