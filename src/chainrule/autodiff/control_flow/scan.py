"""``scan``: a loop with a carry, whose body is traced from a Python function of one step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule import tree
from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.checks import checked_count, checked_flag
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.autodiff.control_flow.loop_body import (
    captured_nodes,
    check_carry,
    converted,
    named_variables,
    plain_results,
    settled_carry,
    traced_body,
    type_of_leaf,
)
from chainrule.errors import ArgumentError, ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, as_node, variable
from chainrule.graph.trace_errors import check_function
from chainrule.ops.primitives.axes import check_known

__all__ = ["scan"]


@answers_foreign_names(CORE_ALIASES)
def scan(
    step: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
) -> tuple[Any, Any]:
    """Run ``carry, y = step(carry, x)`` along the first axis of `xs`.

    Parameters
    ----------
    step : callable
        Plain NumPy code. The carry it returns must have the structure, shapes and dtypes of the
        carry it receives.
    init : nested containers of arrays
        The first carry.
    xs : nested containers of arrays, each (length, ...), optional
        The sequences; each step receives one row of them.
    length : int, optional
        Number of steps; required where there are no sequences.
    reverse : bool
        Run from the last row to the first; results keep the order of the rows.

    Returns
    -------
    carry
        The last carry.
    ys
        The second results of the steps, stacked along a new first axis.

    Raises
    ------
    ShapeError
        If the sequences differ in length or the carry changes its shape.
    DTypeError
        If the carry changes its dtype.

    Examples
    --------
    >>> import numpy as np
    >>> total, running = scan(lambda s, x: (s + x, s + x), 0.0, np.array([1.0, 2.0, 3.0]))
    >>> float(total), running
    (6.0, array([1., 3., 6.]))
    """
    check_function("scan", step)
    checked_flag("scan", "reverse", reverse)
    start, carry_structure = tree.flatten(init)
    sequences, row_structure = tree.flatten(xs)
    count = _length(sequences, length)
    sequence_types = [type_of_leaf(each, "scan") for each in sequences]
    row_types = [type_.with_shape(type_.shape[1:]) for type_ in sequence_types]
    names = named_variables(step, (init, xs), ("carry", "x"))
    carry_names, row_names = names[: len(start)], names[len(start) :]
    rows = [variable(type_, name=name) for type_, name in zip(row_types, row_names, strict=True)]

    def trace_body(types: Sequence[ArrayType]) -> tuple[list[Node], list[Node], Any]:
        carry = [variable(type_, name=name) for type_, name in zip(types, carry_names, strict=True)]
        nested = tree.unflatten(carry_structure, carry), tree.unflatten(row_structure, rows)

        def finish(result: Any) -> tuple[list[Node], list[Node], Any]:
            if not isinstance(result, tuple) or len(result) != 2:
                raise ArgumentError("scan: step must return a pair (carry, y)")
            ends = tree.flatten_like(carry_structure, result[0], "scan: the carry")
            ys, y_structure = tree.flatten(result[1])
            return carry, [as_node(each) for each in (*ends, *ys)], y_structure

        return traced_body("scan", step, nested, [*carry, *rows], finish)

    types = [type_of_leaf(each, "scan") for each in start]
    types, (carry, outputs, y_structure) = settled_carry(types, trace_body)
    check_carry("scan", "step", tree.paths(init, "carry"), types, outputs)
    shared = captured_nodes(outputs, [*carry, *rows])
    name = getattr(step, "__name__", "step")
    body = Graph((*shared, *carry, *rows), tuple(outputs), name)
    start = [converted(each, type_) for each, type_ in zip(start, types, strict=True)]
    # Imported here, as most programs have no loops: it brings the rules of loops.
    from chainrule.autodiff.control_flow.scan_primitive import apply_scan

    results = apply_scan(body, shared, start, sequences, count, reverse)
    results = plain_results(results, (*start, *sequences, *shared))
    last = tree.unflatten(carry_structure, results[: len(start)])
    return last, tree.unflatten(y_structure, results[len(start) :])


def _length(sequences: Sequence[Any], length: int | None) -> int:
    """The number of steps, on which all sequences and `length` must agree."""
    if length is not None:
        check_known("scan", length, "length=")
        length = checked_count("scan", "length", length, 0)
    shapes = [type_of_leaf(each, "scan").shape for each in sequences]
    if any(not shape for shape in shapes):
        raise ShapeError(
            "scan: a sequence must have a first axis to run along, got a single number; a list "
            "of numbers is np.array(list), and for a number of steps it is length=, with xs=None"
        )
    lengths = {shape[0] for shape in shapes} | ({length} if length is not None else set())
    if len(lengths) != 1:
        seen = f"lengths {sorted(lengths)}" if lengths else "no sequence and no length"
        raise ShapeError(f"scan: all sequences (and length=) must agree, got {seen}")
    return lengths.pop()
