"""``scan``: a loop with a carry, written as a Python function of one step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.arguments.checks import checked_count
from chainrule.autodiff.scan_primitive import run_loop
from chainrule.errors import ArgumentError, DTypeError, ShapeError
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors, as_node, variable
from chainrule.graph.trace_errors import check_function

__all__ = ["scan"]


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
        Plain NumPy code. The carry it returns must be nested, shaped and typed as the one it gets.
    init : nested containers of arrays
        The first carry.
    xs : nested containers of arrays, each (length, ...), optional
        The sequences; each step gets one row of them.
    length : int, optional
        Number of steps, needed where there are no sequences.
    reverse : bool
        Run from the last row to the first; results keep the order of the rows.

    Returns
    -------
    carry
        The last carry.
    ys
        What the steps returned, stacked along a new first axis.

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
    starts, carry_structure = tree.flatten(init)
    rows, row_structure = tree.flatten(xs)
    count = _length(rows, length)
    row_kinds = [kind.with_shape(kind.shape[1:]) for kind in map(_type, rows)]
    own_rows = [variable(kind, name=f"x{i}") for i, kind in enumerate(row_kinds)]

    def body_of(kinds: Sequence[ArrayType]) -> tuple[list[Node], list[Node], Any]:
        carry = [variable(kind, name=f"carry{i}") for i, kind in enumerate(kinds)]
        nested = tree.unflatten(carry_structure, carry)
        result: Any = step(nested, tree.unflatten(row_structure, own_rows))
        if not isinstance(result, tuple) or len(result) != 2:
            raise ArgumentError("scan: step must return a pair (carry, y)")
        ends = tree.flatten_like(carry_structure, result[0], "scan: the carry")
        ys, y_structure = tree.flatten(result[1])
        return carry, [as_node(each) for each in (*ends, *ys)], y_structure

    kinds = [_type(each) for each in starts]
    carry, outputs, y_structure = body_of(kinds)
    promoted = [_promoted(kind, end) for kind, end in zip(kinds, outputs, strict=False)]
    if promoted != kinds:
        carry, outputs, y_structure = body_of(promoted)
    _check_carry(tree.paths(init, "carry"), promoted, outputs)
    shared = _captured(outputs, [*carry, *own_rows])
    name = getattr(step, "__name__", "step")
    body = Graph((*shared, *carry, *own_rows), tuple(outputs), name)
    starts = [_converted(each, kind) for each, kind in zip(starts, promoted, strict=True)]
    results = run_loop(body, shared, starts, rows, count, reverse)
    last = tree.unflatten(carry_structure, results[: len(starts)])
    return last, tree.unflatten(y_structure, results[len(starts) :])


def _type(value: Any) -> ArrayType:
    return value.array_type if isinstance(value, Node) else type_of(value, "scan: an argument")


def _length(rows: Sequence[Any], length: int | None) -> int:
    if length is not None:
        length = checked_count("scan", "length", length, 0)
    shapes = [_type(row).shape for row in rows]
    if any(not shape for shape in shapes):
        raise ShapeError(
            "scan: a sequence must have a first axis to run along, got a single number"
        )
    lengths = {shape[0] for shape in shapes} | ({length} if length is not None else set())
    if len(lengths) != 1:
        seen = f"lengths {sorted(lengths)}" if lengths else "no sequence and no length"
        raise ShapeError(f"scan: all sequences (and length=) must agree, got {seen}")
    return lengths.pop()


def _promoted(kind: ArrayType, end: Node) -> ArrayType:
    """A Python number as first carry takes on the kind of number the step makes of it."""
    return ArrayType(end.dtype, kind.shape) if kind.weak else kind


def _converted(value: Any, kind: ArrayType) -> Any:
    if isinstance(value, Node):
        return value if value.dtype == kind.dtype else value.astype(kind.dtype)
    return np.asarray(value, kind.dtype)


def _check_carry(names: list[str], kinds: Sequence[ArrayType], ends: Sequence[Node]) -> None:
    for name, kind, end in zip(names, kinds, ends, strict=False):
        if kind.shape != end.shape:
            raise ShapeError(
                f"scan: {name} goes into the step as {kind} and comes out as {end.type}; "
                "a carry keeps its shape"
            )
        if kind.dtype != end.dtype:
            raise DTypeError(
                f"scan: {name} goes into the step as {kind} and comes out as {end.type}; give init "
                f"that dtype, or convert in the step with .astype({kind.dtype.name!r})"
            )


def _captured(outputs: Sequence[Node], own: Sequence[Node]) -> list[Node]:
    """What the body reads of outer traces: computed once outside, not in every step."""
    inside = {node.serial for node in own}
    outside: dict[int, Node] = {}
    captured: dict[int, Node] = {}
    for node in ancestors(outputs, lambda each: each.serial in inside):
        if any(each.serial in inside for each in node.inputs):
            inside.add(node.serial)
            captured |= {n.serial: n for n in node.inputs if n.serial in outside}
        elif any(each.serial in outside for each in node.inputs) or _is_foreign(node):
            outside[node.serial] = node
    captured |= {node.serial: node for node in outputs if node.serial in outside}
    return list(captured.values())


def _is_foreign(node: Node) -> bool:
    return node.primitive is None and not node.is_constant
