"""``scan``: a loop with a carry, whose body is traced from a Python function of one step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.checks import checked_count, checked_flag
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.autodiff.scan_primitive import apply_scan
from chainrule.errors import ArgumentError, DTypeError, ShapeError
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.environment import Environment
from chainrule.graph.graph import Graph
from chainrule.graph.kept_trace import traced_once
from chainrule.graph.node import Node, ancestors, as_node, next_serial, variable
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
    >>> total, running = scan(lambda s, x: (s + x, s + x), 0.0, np.array([1.0, 2.0, 3.0]))
    >>> float(total), running
    (6.0, array([1., 3., 6.]))
    """
    check_function("scan", step)
    checked_flag("scan", "reverse", reverse)
    start, carry_structure = tree.flatten(init)
    sequences, row_structure = tree.flatten(xs)
    count = _length(sequences, length)
    row_types = [type_.with_shape(type_.shape[1:]) for type_ in map(_type, sequences)]
    carry_names, row_names = _argument_names(step, init, xs)
    rows = [variable(type_, name=name) for type_, name in zip(row_types, row_names, strict=True)]

    def trace_body(types: Sequence[ArrayType]) -> tuple[list[Node], list[Node], Any]:
        carry = [variable(type_, name=name) for type_, name in zip(types, carry_names, strict=True)]
        nested = tree.unflatten(carry_structure, carry)
        own = {node.serial: node.name for node in (*carry, *rows)}
        with traced_once("scan", step), Environment(step, next_serial(), True, own):
            result: Any = step(nested, tree.unflatten(row_structure, rows))
            if not isinstance(result, tuple) or len(result) != 2:
                raise ArgumentError("scan: step must return a pair (carry, y)")
            ends = tree.flatten_like(carry_structure, result[0], "scan: the carry")
            ys, y_structure = tree.flatten(result[1])
            return carry, [as_node(each) for each in (*ends, *ys)], y_structure

    types = [_type(each) for each in start]
    carry, outputs, y_structure = trace_body(types)
    promoted = [_promoted(type_, end) for type_, end in zip(types, outputs, strict=False)]
    if promoted != types:
        carry, outputs, y_structure = trace_body(promoted)
    _check_carry(tree.paths(init, "carry"), promoted, outputs)
    shared = _captured(outputs, [*carry, *rows])
    name = getattr(step, "__name__", "step")
    body = Graph((*shared, *carry, *rows), tuple(outputs), name)
    start = [_converted(each, type_) for each, type_ in zip(start, promoted, strict=True)]
    results = apply_scan(body, shared, start, sequences, count, reverse)
    last = tree.unflatten(carry_structure, results[: len(start)])
    return last, tree.unflatten(y_structure, results[len(start) :])


def _argument_names(step: Callable[..., Any], init: Any, xs: Any) -> tuple[list[str], list[str]]:
    """Name the leaves of the carry and of a row after the parameters of the step."""
    try:
        names = list(inspect.signature(step).parameters)[:2]
    except (TypeError, ValueError):
        names = []
    carry, row = names if len(names) == 2 else ("carry", "x")
    return tree.paths(init, carry), tree.paths(xs, row)


def _type(value: Any) -> ArrayType:
    return value.array_type if isinstance(value, Node) else type_of(value, "scan: an argument")


def _length(sequences: Sequence[Any], length: int | None) -> int:
    """The number of steps, on which all sequences and `length` must agree."""
    if length is not None:
        check_known("scan", length, "length=")
        length = checked_count("scan", "length", length, 0)
    shapes = [_type(each).shape for each in sequences]
    if any(not shape for shape in shapes):
        raise ShapeError(
            "scan: a sequence must have a first axis to run along, got a single number"
        )
    lengths = {shape[0] for shape in shapes} | ({length} if length is not None else set())
    if len(lengths) != 1:
        seen = f"lengths {sorted(lengths)}" if lengths else "no sequence and no length"
        raise ShapeError(f"scan: all sequences (and length=) must agree, got {seen}")
    return lengths.pop()


def _promoted(start: ArrayType, end: Node) -> ArrayType:
    """A Python scalar as first carry adopts the dtype of the carry that the step returns."""
    return ArrayType(end.dtype, start.shape) if start.weak else start


def _converted(value: Any, type_: ArrayType) -> Any:
    if isinstance(value, Node):
        return value if value.dtype == type_.dtype else value.astype(type_.dtype)
    return np.asarray(value, type_.dtype)


def _check_carry(names: list[str], starts: Sequence[ArrayType], ends: Sequence[Node]) -> None:
    for name, start, end in zip(names, starts, ends, strict=False):
        if start.shape != end.shape:
            raise ShapeError(
                f"scan: {name} goes into the step as {start} and comes out as {end.type}; "
                "a carry keeps its shape"
            )
        if start.dtype != end.dtype:
            raise DTypeError(
                f"scan: {name} goes into the step as {start} and comes out as {end.type}; give "
                f"init that dtype, or convert in the step with .astype({start.dtype.name!r})"
            )


def _captured(outputs: Sequence[Node], own: Sequence[Node]) -> list[Node]:
    """The free variables of the body: loop-invariant values of outer traces, which it shares."""
    inside = {node.serial for node in own}
    outside: dict[int, Node] = {}
    captured: dict[int, Node] = {}
    for node in ancestors(outputs, lambda each: each.serial in inside):
        if any(each.serial in inside for each in node.inputs):
            inside.add(node.serial)
            captured |= {n.serial: n for n in node.inputs if n.serial in outside}
        elif any(each.serial in outside for each in node.inputs) or _is_variable(node):
            outside[node.serial] = node
    captured |= {node.serial: node for node in outputs if node.serial in outside}
    return list(captured.values())


def _is_variable(node: Node) -> bool:
    return node.primitive is None and not node.is_constant
