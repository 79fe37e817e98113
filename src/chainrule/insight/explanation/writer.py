"""Writes equations of named values and cotangents, simplifies them, and proves them on data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.value_names import resolved
from chainrule.insight.explanation.certificate import (
    Certificate,
    difference_error,
    relative_error,
)
from chainrule.insight.explanation.derivation import Derivation
from chainrule.insight.explanation.equation import Equation
from chainrule.insight.notation import rules
from chainrule.insight.notation.evaluation import evaluate as entries
from chainrule.insight.notation.expression import Expression, Name, Symbol, walk
from chainrule.insight.notation.from_graph import Names, axes_of, express
from chainrule.insight.notation.index import Axis, Index
from chainrule.insight.notation.rules import Rule

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
        self.symbolic, self.actual = symbolic, actual
        self.inputs = list(inputs)
        self.loss = loss
        self.names = Names()
        self._rules: list[Rule] = []
        self._counterparts = _counterparts(symbolic, actual)
        self._nodes: dict[Name, Node] = {}
        self._values: dict[Name, Any] = {}
        self._mentioned: set[Name] = set()
        self._batch_size = len(self.inputs[-1]) if np.ndim(self.inputs[-1]) else 1
        self._random = np.random.default_rng(0)

    def name(self, node: Node, name: Name) -> None:
        """Name a value; where it occurs in the equations of others, they stop at its name."""
        node = resolved(node)
        self.names.names[node.serial] = name
        self._nodes[name] = node

    def assume(self, rule: Rule) -> None:
        """Use an identity that holds of the data."""
        self._rules.append(rule)

    def define(self, node: Node) -> None:
        """Write a named value for its definition wherever that occurs, as p for softmax(z)."""
        name = self.names.names[resolved(node).serial]
        axes, expression, _ = self._written(node)
        found = [
            rules.definition(name, axes, expression),
            rules.softmax_numerator(name, axes, expression),
            rules.log_of_sigmoid(name, axes, expression),
        ]
        self._rules += [each for each in found if each is not None]
        if any(rules.softmax_parts(expression)):
            self._rules.append(rules.rows_sum_to_one(name))

    def definition(self, node: Node, name: Name, inline: Node | None = None) -> Equation:
        """Return the equation that defines a named value; `inline` is written out within it."""
        hidden = None if inline is None else self.names.names.pop(inline.serial, None)
        own = [each for each in self._rules if each.defines != name]
        axes, expression, used = self._written(node, own)
        if inline is not None and hidden is not None:
            self.names.names[inline.serial] = hidden
        return self._proved(Equation(name, axes, expression, simplifications=used), node)

    def definitions(self, inner: Node, output: Node) -> list[Equation]:
        """Return the equation of an output, after that of an inner value if others mention it."""
        name = self.names.names[resolved(output).serial]
        if inner is resolved(output):
            return [self.definition(output, name)]
        inner_name = self.names.names[inner.serial]
        if inner_name not in self._mentioned:
            return [self.definition(output, name, inline=inner)]
        return [self.definition(inner, inner_name), self.definition(output, name)]

    def cotangent(self, position: int, name: Name) -> Equation | None:
        """Return the equation of the derivative by one of the named values, and name it."""
        node = self.symbolic.cotangents[position]
        if node is None:
            return None
        axes, expression, used = self._written(node)
        equation = Equation(name, axes, expression, simplifications=used)
        self._mention(expression)
        by = self._counterparts[self.symbolic.named[position].serial]
        proved = self._proved(equation, node, by)
        self.name(node, name)
        return proved

    def gradient(self, position: int, by: Name, parameter: str) -> Equation | None:
        """Return the equation of the derivative by an input."""
        node = self.symbolic.gradients[position]
        if node is None:
            return None
        axes, expression, used = self._written(node)
        self._mention(expression)
        equation = Equation(by, axes, expression, self.loss, used, parameter=parameter)
        return self._proved(equation, node, self.actual.sources[position])

    def _written(
        self, node: Node, rules_used: Sequence[Rule] | None = None
    ) -> tuple[tuple[Axis, ...], Expression, tuple[str, ...]]:
        axes = axes_of(node)
        raw = express(node, tuple(map(Index.of, axes)), self.names, is_root=True)
        given = self._rules if rules_used is None else rules_used
        expression, used = rules.simplify(raw, given)
        return axes, expression, tuple(used)

    def _mention(self, expression: Expression) -> None:
        self._mentioned |= {each.name for each in walk(expression) if isinstance(each, Symbol)}

    def _proved(self, equation: Equation, node: Node, by: Node | None = None) -> Equation:
        """Return an equation with its value and certificate."""
        value = self._value_of(node)
        found = entries(
            equation.expression, equation.axes, self._scope(equation.expression),
            self._batch_size, lambda each: self._counterparts[each.serial],
        )  # fmt: skip
        error = relative_error(found, value)
        difference = None if by is None else self._difference(by, value)
        certificate = Certificate(error, difference)
        return Equation(
            equation.name, equation.axes, equation.expression, equation.of,
            equation.simplifications, value, certificate, equation.parameter,
        )  # fmt: skip

    def _scope(self, expression: Expression) -> dict[Name, Any]:
        """Return the values of the symbols of an expression."""
        names = {each.name for each in walk(expression) if isinstance(each, Symbol)}
        scope = {each: self._value(each) for each in names if each in self._nodes}
        return scope | {
            each: self._counterparts.get(node.serial, node).known_value
            for each, node in self.names.constants.items()
        }

    def _value(self, name: Name) -> Any:
        if name not in self._values:
            self._values[name] = self._value_of(self._nodes[name])
        return self._values[name]

    def _value_of(self, node: Node) -> Any:
        counterpart = self._counterparts[resolved(node).serial]
        return self.actual.values([counterpart], self.inputs)[0]

    def _difference(self, by: Node, gradient: Any) -> float:
        """Compare a derivative by a node with central differences of the loss."""
        graph = self.actual.graph
        others = [each for each in graph.inputs if each is not by]
        values = {each.serial: value for each, value in zip(graph.inputs, self.inputs, strict=True)}
        (point,) = self.actual.values([by], self.inputs)
        loss = Graph((by, *others), (resolved(graph.outputs[0]),))
        rest = [values[each.serial] for each in others]
        return difference_error(
            lambda x: evaluate(loss, [x, *rest])[0], point, gradient, self._random
        )


def _counterparts(symbolic: Derivation, actual: Derivation) -> dict[int, Node]:
    """Return the node of the actual batch for each node of the symbolic one."""
    left, right = (_all_nodes(each) for each in (symbolic, actual))
    return {a.serial: b for a, b in zip(left, right, strict=True)}


def _all_nodes(derivation: Derivation) -> list[Node]:
    graph = derivation.graph
    derived = [x for x in (*derivation.cotangents, *derivation.gradients) if x is not None]
    return [*graph.inputs, *Graph(graph.inputs, (*graph.outputs, *derived)).nodes]
