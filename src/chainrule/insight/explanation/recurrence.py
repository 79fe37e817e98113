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
    number : int or None
        The number of the layer that the loop belongs to.
    sums : mapping of int to int
        Carries of a reverse pass, by number, of which a step uses only the sum with the derivative
        of its own results, with the serial of that sum: they are written for the value of the step
        after, as in ``δ_{c,t} = δ_{c,t+1} f_{t+1} + δ_{h,t} o_t (1 - tanh(c_t)²)``.
    """

    carries: Sequence[Name]
    values: Mapping[int, Name]
    other: Callable[[], Name]
    is_reverse_pass: bool
    number: int | None
    sums: Mapping[int, int]


@dataclass(frozen=True)
class Recurrence:
    """The sequences of a scan.

    Parameters
    ----------
    scan : Node
        The loop.
    outer : tuple of Axis
        The axes of the steps of the loops that it is within.
    step : Axis
        The axis of its steps.
    inner : list of Recurrence
        The loops within a step.
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
    around, names : Names
        The names outside and within the body; a node may have others outside of it, as the
        residuals of a forward body are inputs of the backward one.
    number : int or None
        The number of the layer that it belongs to.
    """

    scan: Node
    outer: tuple[Axis, ...]
    step: Axis
    inner: list[Recurrence]
    rows: dict[Name, Node]
    carries: dict[Name, int]
    after: Index
    first: int
    totals: frozenset[Name]
    around: Names
    names: Names
    number: int | None

    @property
    def steps(self) -> tuple[Axis, ...]:
        """The axes of its steps and of those of the loops that it is within."""
        return (*self.outer, self.step)

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
        steps = slice(None, -1) if self.is_reverse else slice(1, None)
        return sequence[(*self._every_outer, steps)]

    def first_value(self, sequence: Any) -> Any:
        """Return the value of a carry before the first step."""
        return sequence[(*self._every_outer, -1 if self.is_reverse else 0)]

    @property
    def _every_outer(self) -> tuple[slice, ...]:
        return (slice(None),) * len(self.outer)

    def at(self, name: Name, place: Index, first: int) -> _Binding:
        """Return the entries of a sequence at a step."""
        lead = tuple(map(Index.of, self.outer))
        firsts = (*(0 for _ in lead), first)
        return lambda indices: Symbol(name, (*lead, place, *indices), first=firsts)

    def result(self, scan: Node, number: int, indices: Indices) -> Expression:
        """Return an entry of a result of the loop: of its last carry, or of the rows of its steps.

        `scan` is the loop, or one with the same body but other results.
        """
        output = scan.params["body"].outputs[number]
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
        loops = [counterparts[each.scan.serial] for each in self.inner]
        operands = [each for loop in loops for each in loop.inputs]
        one_step = Graph(body.inputs, (*body.outputs[:carries], *rows, *operands))
        carry = list(arrays[shared : shared + carries])
        computed: list[list[Any]] = [
            [carry[self.carries[name]]] if name in self.carries else [] for name in self.rows
        ]
        within: dict[Name, list[Any]] = {}
        steps = range(params["length"])
        for t in reversed(steps) if self.is_reverse else steps:
            xs = [each[t] for each in arrays[shared + carries :]]
            results = evaluate(one_step, [*arrays[:shared], *carry, *xs])
            carry = results[:carries]
            for sequence, row in zip(computed, results[carries:], strict=False):
                sequence.append(row)
            rest = results[carries + len(rows) :]
            for each, loop in zip(self.inner, loops, strict=True):
                found = each.values(loop, rest[: len(loop.inputs)])
                rest = rest[len(loop.inputs) :]
                for name, value in found.items():
                    within.setdefault(name, []).append(value)
        every = dict(zip(self.rows, computed, strict=True)) | within
        stacked = {name: np.stack(each) for name, each in every.items()}
        return {name: x[::-1] if self.is_reverse else x for name, x in stacked.items()}


def bind(
    scan: Node,
    names: Names,
    naming: Naming,
    outer: tuple[Axis, ...],
    bind_inner: Callable[[Recurrence], list[Recurrence]],
) -> Recurrence:
    """Name the carries and values of a scan; bind the values of its body to these sequences.

    `bind_inner` does so for the loops within its body; `outer` are the steps of those around it.
    """
    body, params = scan.params["body"], scan.params
    carries, is_reverse = params["carries"], params["reverse"]
    step = Axis(params["length"], "tsr"[min(len(outer), 2)], is_step=True)
    now, past = Index.of(step), Index((), 1 if is_reverse else -1)
    before, after = (now, now - past) if naming.is_reverse_pass else (now + past, now)
    first = int(is_reverse == naming.is_reverse_pass)
    inside = names.within()
    totals = frozenset(naming.carries[i] for i in naming.sums)
    loop = Recurrence(
        scan, outer, step, [], {}, {}, after, first, totals, names, inside, naming.number
    )
    for i, (inner, source) in enumerate(zip(body.inputs, scan.inputs, strict=True)):
        number = i - params["shared"]
        if number in naming.sums:
            binding = _computed_before(body.outputs[number], inside, step, now + past)
        elif 0 <= number < carries:
            binding = loop.at(naming.carries[number], before, first)
        else:
            binding = _operand(source, names, (now,) * (number >= carries))
        inside.bindings[inner.serial] = binding
    _bind_values(loop, naming)
    loop.inner.extend(bind_inner(loop))
    _bind_results(loop, naming)
    return loop


def _bind_values(loop: Recurrence, naming: Naming) -> None:
    """Name the carries that a step computes, and its values that have names."""
    body, bindings, inputs = loop.body, loop.names.bindings, set(loop.names.bindings)
    for i, output in enumerate(map(resolved, body.outputs[: loop.scan.params["carries"]])):
        if i not in naming.sums:
            name = naming.carries[i]
            loop.rows[name], loop.carries[name] = output, i
            if output.serial not in inputs:
                bindings[output.serial] = loop.at(name, loop.after, loop.first)
    for node in body.nodes:
        name = naming.values.get(node.serial)
        if name is not None and node.serial not in bindings:
            loop.rows[name] = node
            bindings[node.serial] = loop.at(name, Index.of(loop.step), 0)


def _bind_results(loop: Recurrence, naming: Naming) -> None:
    """Name the other results of a step that are long."""
    bindings, now = loop.names.bindings, Index.of(loop.step)
    for output in map(resolved, loop.body.outputs[loop.scan.params["carries"] :]):
        is_known = output.serial in bindings or output.primitive is None
        if not is_known and _is_long(output, loop.names):
            loop.rows[name := naming.other()] = output
            bindings[output.serial] = loop.at(name, now, 0)


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
