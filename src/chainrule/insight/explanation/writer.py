"""Writes equations of named values and cotangents, simplifies them, and proves them on data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from chainrule.graph.node import Node, ancestors
from chainrule.graph.value_names import resolved
from chainrule.insight.explanation.certificate import (
    FORMULA,
    Certificate,
    relative_error,
)
from chainrule.insight.explanation.cuts import LONGEST, cut, is_projection, is_softmax
from chainrule.insight.explanation.derivation import Derivation
from chainrule.insight.explanation.equation import Equation
from chainrule.insight.explanation.instance import Instance
from chainrule.insight.explanation.loops import Loops
from chainrule.insight.explanation.recurrence import Recurrence
from chainrule.insight.explanation.symbols import projection_name
from chainrule.insight.notation import rules
from chainrule.insight.notation.elementary import size, softmax_parts
from chainrule.insight.notation.evaluation import evaluate as entries
from chainrule.insight.notation.expression import Expression, Function, Name, names_in
from chainrule.insight.notation.from_graph import Names, axes_of, express
from chainrule.insight.notation.identities import definitions
from chainrule.insight.notation.identities.rule import Rule
from chainrule.insight.notation.index import Axis, Index

__all__ = ["Writer"]


class Writer:
    """Writes the equations of a derivation.

    Parameters
    ----------
    symbolic, actual : Derivation
        The function traced for a batch of `TRACED_BATCH` samples, from which equations are written,
        and for the batch given, by which they are proved; they correspond node by node.
    inputs : sequence of array
        The inputs of the graph: parameters and batch.
    loss : Name
        The name of what is differentiated.
    """

    def __init__(
        self, symbolic: Derivation, actual: Derivation, inputs: Sequence[Any], loss: Name
    ) -> None:
        self.symbolic = symbolic
        self.instance = Instance(symbolic, actual, inputs)
        self.loss = loss
        self.names = Names()
        self._rules: list[Rule] = []
        self._nodes: dict[Name, Node] = {}
        self._taken = {loss}
        self._values: dict[Name, Any] = {}
        self._mentioned: set[Name] = set()
        self._forward = {each.serial for each in symbolic.graph.nodes}
        self._part_names: dict[int, Name] = {}
        self._last_written: tuple[Any, Any] = None, None
        self._parts: dict[int, list[Node]] = {}
        self._owners: dict[str, tuple[Node, Callable[[], Name]]] = {}
        self.loops = Loops(symbolic, self.names, self.unique)

    def name(self, node: Node, name: Name) -> Name:
        """Name a value; where it occurs in the equations of others, they stop at its name.

        Returns
        -------
        Name
            `name`, with a prime if another value has it.
        """
        node = resolved(node)
        if name != self.loss or node is not resolved(self.symbolic.graph.outputs[0]):
            name = name if self._nodes.get(name) is node else self.unique(name)
        self.names.names[node.serial] = name
        self._nodes[name] = node
        return name

    def unique(self, name: Name) -> Name:
        """Return a name with primes that no other value has, and take it."""
        while name in self._taken:
            name = Name(name.base, f"{name.superscript}′", name.subscript)
        self._taken.add(name)
        return name

    def assume(self, rule: Rule) -> None:
        """Use an identity that holds of the data."""
        self._rules.append(rule)

    def define(self, node: Node) -> None:
        """Write a named value for its definition wherever that occurs, as p for softmax(z)."""
        name = self.names.names[resolved(node).serial]
        axes, expression, _ = self._written(node)
        found = [
            definitions.definition(name, axes, expression),
            definitions.softmax_numerator(name, axes, expression),
            definitions.log_of_sigmoid(name, axes, expression),
        ]
        self._rules += [each for each in found if each is not None]
        if any(softmax_parts(expression)):
            self._rules.append(definitions.rows_sum_to_one(name))

    def bind_loops(self, number: Callable[[Node], int | None]) -> list[Recurrence]:
        """Write all loops as recurrences; `number` returns that of the layer of a loop."""
        found = self.loops.bind(number)
        for each in found:
            arrays = self.instance.values(each.scan.inputs)
            self._values |= each.values(self.instance.counterpart(each.scan), arrays)
            for name, node in each.rows.items():
                if name not in each.carries:
                    self._define_step(name, node, each)
        return found

    def _define_step(self, name: Name, node: Node, loop: Recurrence) -> None:
        """Write a gate ``i = σ(z)`` for σ(z) wherever that occurs."""
        axes = axes_of(node)
        raw = express(node, tuple(map(Index.of, axes)), loop.names, is_root=True)
        expression, _ = rules.simplify(raw)
        if isinstance(expression, Function):
            every = (loop.step, *axes)
            odds = definitions.odds_of_sigmoid(name, every, expression, first=0)
            self._rules += [definitions.definition(name, every, expression, first=0)]
            self._rules += [] if odds is None else [odds]

    def recurrence(self, loop: Recurrence) -> list[Equation]:
        """Return the equations of the steps of a loop, after the carries before the first step."""
        equations = [self._start(loop, name) for name in loop.carries]
        for name, node in sorted(loop.rows.items(), key=lambda row: row[1].serial):
            axes = axes_of(node)
            places = loop.after if name in loop.carries else Index.of(loop.step)
            raw = partial(express, node, tuple(map(Index.of, axes)), loop.names, is_root=True)
            own = [each for each in self._rules if each.defines != name]
            expression, used = rules.simplify(raw(), own)
            if name in loop.totals:
                used.append(f"{name} is 0 beyond the {'last' if loop.is_reverse else 'first'} step")
            equation = Equation(
                name, (loop.step, *axes), expression, simplifications=tuple(used),
                places=(places, *map(Index.of, axes)),
            )  # fmt: skip
            checked = self._checked(equation, loop.row(name, self._values[name]), raw)
            self._mention(checked.expression)
            equations.append(checked)
        return equations

    def _start(self, loop: Recurrence, name: Name) -> Equation:
        """Return the equation of a carry before the first step: ``h_{-1} = 0``."""
        node = resolved(loop.scan.inputs[loop.scan.params["shared"] + loop.carries[name]])
        axes = axes_of(node)
        raw = partial(express, node, tuple(map(Index.of, axes)), self.names)
        expression, used = rules.simplify(raw(), self._rules)
        equation = Equation(
            name, axes, expression, simplifications=tuple(used),
            places=(loop.start, *map(Index.of, axes)),
        )  # fmt: skip
        self._mention(expression)
        return self._checked(equation, self._values[name][-1 if loop.is_reverse else 0], raw)

    def definition(self, node: Node, name: Name, inline: Node | None = None) -> Equation:
        """Return the equation that defines a named value; `inline` is written out within it."""
        hidden = None if inline is None else self.names.names.pop(inline.serial, None)
        own = [each for each in self._rules if each.defines != name]
        axes, expression, used = self._written(node, own)
        proved = self._proved(Equation(name, axes, expression, simplifications=used), node)
        if inline is not None and hidden is not None:
            self.names.names[inline.serial] = hidden
        return proved

    def own(self, layers: Iterable[str], owner: Node, part: Callable[[], Name]) -> None:
        """Say which equation the parts of long ones belong to that layers of these names compute.

        `part` gives their names. Those of the layer "" belong to no layer, as the loss.
        """
        for layer in layers:
            self._owners[layer] = resolved(owner), part

    def cut(self, node: Node, part: Callable[[], Name] | None = None) -> None:
        """Name parts of a value whose equation is long.

        Values of the forward pass are defined there, derivatives with the one that is cut.
        """
        node = resolved(node)

        def name(each: Node) -> None:
            owner, new_name = node, part
            if each.serial in self._forward or part is None:
                owner, new_name = self._owner(each.layer)
            assert new_name is not None
            given = self._derivative_name(each) or self._projection_name(each)
            if is_softmax(each) and each.serial in self._forward:
                given = Name("A", self.names.names[owner.serial].superscript)
            self.name(each, given or new_name())
            if each.serial in self._forward:
                self._part_names[each.serial] = self.names.names[each.serial]
            if is_softmax(each):
                self.define(each)
            self._parts.setdefault(owner.serial, []).append(each)
            if (by := self.symbolic.pulled.get(each.serial)) is not None:
                self.instance.verify(by, each)

        cut(
            node, self.names, lambda each: self._written(each)[1], name,
            lambda each: self._derivative_name(each) is not None,
        )  # fmt: skip

    def _derivative_name(self, node: Node) -> Name | None:
        """Return δ_Q for the derivative by a part Q; None for other values."""
        by = self.symbolic.pulled.get(node.serial)
        name = None if by is None else self._part_names.get(resolved(by).serial)
        if name is None:
            return None
        upper = str(int(name.superscript) + 1) if name.superscript.isdigit() else name.superscript
        return Name("δ", upper, f"{name.base}{name.subscript}")

    def _projection_name(self, node: Node) -> Name | None:
        """Return Q for ``x W_query + b_query``, and so on; None for other parts."""
        if not is_projection(node):
            return None
        leaves = (self.names.names.get(each.serial) for each in self._operands(node))
        found = (projection_name(each) for each in leaves if each is not None)
        return next((each for each in found if each is not None), None)

    def _operands(self, node: Node) -> list[Node]:
        """Return the named values that a node is computed from."""
        inside = ancestors([node], lambda each: each.serial in self.names.names)
        return [resolved(operand) for each in inside for operand in each.inputs]

    def _owner(self, layer: str) -> tuple[Node, Callable[[], Name]]:
        """Return the owner of a layer, or of the one that contains it."""
        while layer and layer not in self._owners:
            layer = layer.rpartition(".")[0]
        return self._owners[layer]

    def definitions(self, inner: Node, output: Node) -> list[Equation]:
        """Return the equation of an output, after that of an inner value if others mention it."""
        inner, output = resolved(inner), resolved(output)
        name, inner_name = (self.names.names[each.serial] for each in (output, inner))
        if inner is not output and inner_name not in self._mentioned:
            whole = self.definition(output, name, inline=inner)
            if size(whole.expression) <= LONGEST:
                parts = [*self._parts_of(inner), *self._parts_of(output)]
                return [*parts, whole]
        equations: list[Equation] = []
        for node in dict.fromkeys((inner, output)):
            own = self.definition(node, self.names.names[node.serial])
            equations += [*self._parts_of(node), own]
        return equations

    def _parts_of(self, node: Node) -> list[Equation]:
        """Return the equations of the parts that the equation of a value was cut into."""
        parts = sorted(self._parts.get(resolved(node).serial, []), key=lambda each: each.serial)
        return [self._part(each) for each in parts]

    def _part(self, node: Node) -> Equation:
        equation = self.definition(node, self.names.names[node.serial])
        by = self.symbolic.pulled.get(node.serial)
        if by is None or equation.certificate is None:
            return equation
        difference = self.instance.difference(by, node)
        certificate = replace(equation.certificate, difference_error=difference)
        return replace(equation, certificate=certificate)

    def cotangent(self, position: int, name: Name, part: Callable[[], Name]) -> list[Equation]:
        """Return the equation of the derivative by one of the named values, and name it."""
        node = self.symbolic.cotangents[position]
        if node is None:
            return []
        self.cut(node, part)
        axes, expression, used = self._written(node)
        name = self.unique(name)
        equation = Equation(name, axes, expression, simplifications=used)
        proved = self._proved(equation, node, self.symbolic.named[position])
        self._mention(proved.expression)
        parts = self._parts_of(node)
        if resolved(node).serial not in self.symbolic.pulled:  # others have it under a mask
            self._rules.append(definitions.definition(name, axes, proved.expression))
        self.names.names[node.serial] = name
        self._nodes[name] = resolved(node)
        return [*parts, proved]

    def gradient(
        self, position: int, by: Name, parameter: str, part: Callable[[], Name]
    ) -> list[Equation]:
        """Return the equation of the derivative by an input."""
        node = self.symbolic.gradients[position]
        if node is None:
            return []
        self.cut(node, part)
        axes, expression, used = self._written(node)
        equation = Equation(by, axes, expression, self.loss, used, parameter=parameter)
        proved = self._proved(equation, node, self.symbolic.sources[position])
        self._mention(proved.expression)
        return [*self._parts_of(node), proved]

    def _written(
        self, node: Node, rules_used: Sequence[Rule] | None = None
    ) -> tuple[tuple[Axis, ...], Expression, tuple[str, ...]]:
        given = tuple(self._rules if rules_used is None else rules_used)
        state = node.serial, given, dict(self.names.names)
        if state != self._last_written[0]:  # the last of `cut` is that of the equation too
            axes = axes_of(node)
            expression, used = rules.simplify(self._raw(node, axes), given)
            self._last_written = state, (axes, expression, tuple(used))
        return self._last_written[1]

    def _raw(self, node: Node, axes: tuple[Axis, ...] | None = None) -> Expression:
        axes = axes_of(node) if axes is None else axes
        return express(node, tuple(map(Index.of, axes)), self.names, is_root=True)

    def _mention(self, expression: Expression) -> None:
        self._mentioned |= names_in(expression)

    def _proved(self, equation: Equation, node: Node, by: Node | None = None) -> Equation:
        """Return an equation with its value and certificate."""
        difference = None if by is None else self.instance.difference(by, resolved(node))
        value = self.instance.value(node)
        return self._checked(equation, value, lambda: self._raw(node, equation.axes), difference)

    def _checked(
        self,
        equation: Equation,
        value: Any,
        raw: Callable[[], Expression],
        difference: float | None = None,
    ) -> Equation:
        """Return an equation with its certificate; not simplified where that is not confirmed.

        An identity may hold but for some data: a tie, or a value beyond a bound.
        """
        certificate = Certificate(self._error(equation, value), difference)
        if certificate.formula_error > FORMULA:
            plain = replace(equation, expression=raw(), simplifications=())
            error = self._error(plain, value)
            if error <= FORMULA:
                equation, certificate = plain, Certificate(error, difference)
        return replace(equation, value=value, certificate=certificate)

    @np.errstate(all="ignore")
    def _error(self, equation: Equation, value: Any) -> float:
        """Return the difference of a formula, evaluated, from the value of the program."""
        expression, axes = equation.expression, equation.axes
        scope = self._scope(expression)
        try:
            found = entries(
                expression, axes, scope, self.instance.batch_size, self.instance.counterpart
            )
        except (IndexError, ValueError):
            return math.inf
        return relative_error(found, value) if found.shape == np.shape(value) else math.inf

    def _scope(self, expression: Expression) -> dict[Name, Any]:
        """Return the values of the symbols of an expression."""
        known = self._nodes.keys() | self._values.keys()
        scope = {each: self._value(each) for each in names_in(expression) & known}
        return scope | {
            each: self.instance.counterpart(node).known_value
            for each, node in self.names.constants.items()
        }

    def _value(self, name: Name) -> Any:
        if name not in self._values:
            self._values[name] = self.instance.value(self._nodes[name])
        return self._values[name]
