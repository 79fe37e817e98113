"""Loops as recurrences: ``h_t = tanh(x_t W + h_{t-1} U + b)``.

A `scan` computes a carry from step to step. Its carries and the values of its steps become
sequences, arrays with a first axis of steps, and its body becomes their equations. The scan of the
reverse pass is a recurrence that runs backward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.value_names import resolved
from chainrule.insight.notation.expression import Expression, Name, Symbol, substitute
from chainrule.insight.notation.from_graph import Names, express
from chainrule.insight.notation.index import Axis, Index

__all__ = ["Recurrence", "bind"]

Indices = tuple[Index, ...]
_Binding = Callable[[Indices], Expression]


@dataclass(frozen=True)
class Recurrence:
    """The sequences of a scan.

    Parameters
    ----------
    scan : Node
        The loop.
    step : Axis
        The axis of its steps.
    rows : dict of Name to Node
        The node of the body that computes each sequence; those of the carries first.
    carries : int
        How many sequences are carries. The array of a carry has its first value besides, before the
        first step, or after the last in a scan that runs backward.
    names : Names
        The names within the body; a node may have others outside of it, as the residuals of a
        forward body are inputs of the backward one.
    """

    scan: Node
    step: Axis
    rows: dict[Name, Node]
    carries: int
    names: Names

    @property
    def body(self) -> Graph:
        """The graph of one step."""
        return self.scan.params["body"]

    @property
    def is_reverse(self) -> bool:
        """Whether it runs from the last step to the first."""
        return self.scan.params["reverse"]

    def row(self, name: Name, sequence: Any) -> Any:
        """Return the steps of a sequence, without the first value of a carry."""
        if list(self.rows).index(name) >= self.carries:
            return sequence
        return sequence[:-1] if self.is_reverse else sequence[1:]

    def values(self, scan: Node, arrays: Sequence[Any]) -> dict[Name, Any]:
        """Run the loop in NumPy and return its sequences, carries with their first value.

        `scan` is the loop for the number of samples of the operands `arrays`.
        """
        body, params = scan.params["body"], scan.params
        counterparts = dict(
            zip(
                (x.serial for x in (*self.body.inputs, *self.body.nodes)),
                (*body.inputs, *body.nodes),
                strict=True,
            )
        )
        shared, carries = params["shared"], params["carries"]
        rows = [counterparts[each.serial] for each in self.rows.values()]
        one_step = Graph(body.inputs, (*body.outputs[:carries], *rows))
        carry = list(arrays[shared : shared + carries])
        computed: list[list[Any]] = [[each] for each in carry[: self.carries]]
        computed += [[] for _ in rows[self.carries :]]
        steps = range(params["length"])
        for t in reversed(steps) if self.is_reverse else steps:
            xs = [each[t] for each in arrays[shared + carries :]]
            results = evaluate(one_step, [*arrays[:shared], *carry, *xs])
            carry = results[:carries]
            for sequence, row in zip(computed, results[carries:], strict=True):
                sequence.append(row)
        stacked = map(np.stack, computed)
        return {
            name: each[::-1] if self.is_reverse else each
            for name, each in zip(self.rows, stacked, strict=True)
        }


def bind(
    scan: Node, names: Names, new_name: Callable[[int], Name], twin: Recurrence | None = None
) -> Recurrence:
    """Name the carries and rows of a scan; bind the values of its body to these sequences.

    `new_name` gives names: of each carry by its number, then of further rows. A `twin` is the same
    loop with more results, by which values of its body have names.
    """
    body, params = scan.params["body"], scan.params
    shared, carries = params["shared"], params["carries"]
    is_reverse, length = params["reverse"], params["length"]
    step = Axis(length, "t", is_step=True) if twin is None else twin.step
    now, before = Index.of(step), Index.of(step) + Index((), 1 if is_reverse else -1)
    first = 0 if is_reverse else 1

    def at(name: Name, place: Index, first: int) -> _Binding:
        return lambda indices: Symbol(name, (place, *indices), first=first)

    def operand(node: Node, *place: Index) -> _Binding:
        return lambda indices: express(node, (*place, *indices), names)

    known = {} if twin is None else dict(twin.names.bindings)
    inside = Names(names.names, names.constants, known, names.loops)
    carry_names = [new_name(i) for i in range(carries)]
    for i, (inner, outer) in enumerate(zip(body.inputs, scan.inputs, strict=True)):
        if i < shared:
            inside.bindings[inner.serial] = operand(outer)
        elif i < shared + carries:
            inside.bindings[inner.serial] = at(carry_names[i - shared], before, first)
        else:
            inside.bindings[inner.serial] = operand(outer, now)
    inputs = {each.serial for each in body.inputs}
    rows: dict[Name, Node] = {}
    for i, output in enumerate(map(resolved, body.outputs)):
        if i < carries:
            rows[carry_names[i]] = output
            if output.serial not in inputs:
                inside.bindings[output.serial] = at(carry_names[i], now, first)
        elif output.serial not in inside.bindings and output.primitive is not None:
            name = new_name(len(rows))
            rows[name] = output
            inside.bindings[output.serial] = at(name, now, 0)

    def result(number: int, indices: Indices) -> Expression:
        if number < carries:
            last = Index((), 0 if is_reverse else length - 1)
            return Symbol(carry_names[number], (last, *indices), first=first)
        entry = express(body.outputs[number], indices[1:], inside)
        return substitute(entry, {step: indices[0]})

    names.loops[scan.serial] = result
    return Recurrence(scan, step, rows, carries, inside)
