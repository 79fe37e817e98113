"""Loops as recurrences: ``h_t = tanh(x_t W + h_{t-1} U + b)``.

A `scan` computes a carry from step to step. Its carries and the values of its steps become
sequences, arrays with a first axis of steps, and its body becomes their equations. The scan of the
reverse pass is a recurrence that runs backward: its carry is the derivative by that of a step, and
a step computes that of the step before, ``δ_{h,t-1} = δ_{z,t} Uᵀ``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.value_names import resolved
from chainrule.insight.notation import algebra
from chainrule.insight.notation.elementary import size
from chainrule.insight.notation.expression import (
    Expression,
    Name,
    Symbol,
    operands,
    substitute,
)
from chainrule.insight.notation.from_graph import express
from chainrule.insight.notation.index import Axis, Index
from chainrule.insight.notation.names import Names

__all__ = ["Naming", "Recurrence", "bind"]

Indices = tuple[Index, ...]
_Binding = Callable[[Indices], Expression]

_LONGEST_INLINE = 14
"""Symbols and operations of a value of a step that needs no name of its own, at most."""


@dataclass(frozen=True)
class Naming:
    """What the values of a loop are called.

    Parameters
    ----------
    carries : sequence of Name
        The carries.
    values : mapping of int to Name
        Further values of a step, by serial.
    other : callable
        Returns a new name for a value that has none and is long.
    is_reverse_pass : bool
        Whether the carry of a step is the derivative by that of the forward loop after the step.
    sums : mapping of int to int
        Carries of a reverse pass, by number, of which a step uses only the sum with the derivative
        of its own results, with the serial of that sum: they are written for the value of the step
        after, as in ``δ_{c,t} = δ_{c,t+1} f_{t+1} + δ_{h,t} o_t (1 - tanh(c_t)²)``.
    """

    carries: Sequence[Name]
    values: Mapping[int, Name]
    other: Callable[[], Name]
    is_reverse_pass: bool
    sums: Mapping[int, int]


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
        The node of the body that computes each sequence.
    carries : dict of Name to int
        Those that are carries, with their number. The array of a carry has its first value besides,
        before the first step, or after the last in a scan that runs backward.
    after : Index
        The step of the carry that a step computes.
    first : int
        The arrays of carries begin with step -`first`.
    totals : frozenset of Name
        Derivatives by carries that have a term from the step computed before, 0 in the first.
    names : Names
        The names within the body; a node may have others outside of it, as the residuals of a
        forward body are inputs of the backward one.
    """

    scan: Node
    step: Axis
    rows: dict[Name, Node]
    carries: dict[Name, int]
    after: Index
    first: int
    totals: frozenset[Name]
    names: Names

    @property
    def body(self) -> Graph:
        """The graph of one step."""
        return self.scan.params["body"]

    @property
    def is_reverse(self) -> bool:
        """Whether it runs from the last step to the first."""
        return self.scan.params["reverse"]

    @property
    def start(self) -> Index:
        """The step of the carry before the loop."""
        place = self.scan.params["length"] if self.is_reverse else 0
        return Index((), place - self.first)

    def row(self, name: Name, sequence: Any) -> Any:
        """Return the steps of a sequence, without the first value of a carry."""
        if name not in self.carries:
            return sequence
        return sequence[:-1] if self.is_reverse else sequence[1:]

    def result(self, number: int, indices: Indices) -> Expression:
        """Return an entry of a result of the loop: of its last carry, or of the rows of its steps.

        A loop with the same body, but more results, has the same ones first.
        """
        output = self.body.outputs[number]
        if number >= self.scan.params["carries"]:
            return substitute(express(output, indices[1:], self.names), {self.step: indices[0]})
        last = Index((), 0 if self.is_reverse else self.scan.params["length"] - 1)
        return substitute(express(output, indices, self.names), {self.step: last})

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
        computed: list[list[Any]] = [
            [carry[self.carries[name]]] if name in self.carries else [] for name in self.rows
        ]
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


def bind(scan: Node, names: Names, naming: Naming) -> Recurrence:
    """Name the carries and values of a scan; bind the values of its body to these sequences."""
    body, params = scan.params["body"], scan.params
    carries, is_reverse = params["carries"], params["reverse"]
    step = Axis(params["length"], "t", is_step=True)
    now, past = Index.of(step), Index((), 1 if is_reverse else -1)
    before, after = (now, now - past) if naming.is_reverse_pass else (now + past, now)
    first = int(is_reverse == naming.is_reverse_pass)
    inside = names.within()

    def at(name: Name, place: Index, first: int) -> _Binding:
        return lambda indices: Symbol(name, (place, *indices), first=first)

    for i, (inner, outer) in enumerate(zip(body.inputs, scan.inputs, strict=True)):
        number = i - params["shared"]
        if number in naming.sums:
            binding = _computed_before(body.outputs[number], inside, step, now + past)
        elif 0 <= number < carries:
            binding = at(naming.carries[number], before, first)
        else:
            binding = _operand(outer, names, (now,) * (number >= carries))
        inside.bindings[inner.serial] = binding
    totals = frozenset(naming.carries[i] for i in naming.sums)
    loop = Recurrence(scan, step, {}, {}, after, first, totals, inside)
    _bind_results(loop, naming, at)
    names.loops[scan.serial] = loop.result
    return loop


def _bind_results(
    loop: Recurrence, naming: Naming, at: Callable[[Name, Index, int], _Binding]
) -> None:
    """Name the values that a step computes."""
    body, bindings = loop.body, loop.names.bindings
    carries, now, inputs = loop.scan.params["carries"], Index.of(loop.step), set(bindings)
    for i, output in enumerate(map(resolved, body.outputs[:carries])):
        if i not in naming.sums:
            name = naming.carries[i]
            loop.rows[name], loop.carries[name] = output, i
            if output.serial not in inputs:
                bindings[output.serial] = at(name, loop.after, loop.first)
    for node in body.nodes:
        name = naming.values.get(node.serial)
        if name is not None and node.serial not in bindings:
            loop.rows[name] = node
            bindings[node.serial] = at(name, now, 0)
    for output in map(resolved, body.outputs[carries:]):
        is_known = output.serial in bindings or output.primitive is None
        if not is_known and _is_long(output, loop.names):
            loop.rows[name := naming.other()] = output
            bindings[output.serial] = at(name, now, 0)


def _operand(node: Node, names: Names, place: Indices) -> _Binding:
    return lambda indices: express(node, (*place, *indices), names)


def _computed_before(output: Node, inside: Names, step: Axis, place: Index) -> _Binding:
    """Return what the step before computed; 0 where there is none."""
    return lambda indices: _zero_beyond(
        substitute(express(output, indices, inside), {step: place}), step
    )


def _zero_beyond(expression: Expression, step: Axis) -> Expression:
    """Return an expression, linear in derivatives, that is 0 where its steps are out of range."""
    if isinstance(expression, Symbol):
        depends = any(step in index.axes for index in expression.indices)
        return replace(expression, is_padded=True) if depends else expression
    new = tuple(_zero_beyond(each, step) for each in operands(expression))
    return algebra.normalized(expression, new) if new else expression


def _is_long(node: Node, names: Names) -> bool:
    indices = tuple(Index.of(Axis(length)) for length in node.shape)
    return size(express(node, indices, names)) > _LONGEST_INLINE
