"""Derivatives compared with central differences, of the whole function or of a part of it.

Let s be values whose derivatives ∂L/∂s are known. With all of them but v held fixed,

    ∂L/∂v = Σ_s ⟨∂L/∂s, ∂s/∂v⟩

by the chain rule, where s runs over those that depend on v without another between. So the
derivative by v is that of ``Σ_s ⟨∂L/∂s, s(v)⟩``, which takes the nodes between v and s only; a
network is proved layer by layer, from the loss on.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.blas_threads import one_blas_thread
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.value_names import resolved
from chainrule.insight.explanation.certificate import difference_error
from chainrule.insight.explanation.derivation import Derivation
from chainrule.insight.explanation.node_values import NodeValues

__all__ = ["Differences"]


class Differences:
    """Differences of a function at a point near that of the data.

    At the data, such as an empty pixel under a bias of 0, a function may have a kink.

    Attributes
    ----------
    known : dict of int to Node
        The derivatives that others are proved from, by the serial of the value they are by.
    """

    def __init__(self, derivation: Derivation, inputs: Sequence[Any]) -> None:
        graph = derivation.graph
        self.derivation = derivation
        self.inputs = inputs
        self.loss = resolved(graph.outputs[0])
        self.known: dict[int, Node] = {
            resolved(node).serial: derivative
            for node, derivative in zip(derivation.named, derivation.cotangents, strict=True)
            if derivative is not None
        }
        self._random = np.random.default_rng(0)
        self._nearby = [self._moved(each) for each in inputs]
        nodes = [*derivation.named, *derivation.derived]
        self._values = NodeValues(graph.inputs, self._nearby, nodes)
        self._readers: dict[int, list[Node]] = defaultdict(list)
        for node in Graph(graph.inputs, (self.loss,)).nodes:
            for operand in node.inputs:
                self._readers[operand.serial].append(node)

    @np.errstate(all="ignore")
    def local(self, by: Node, derivative: Node) -> tuple[float, list[tuple[Node, Node]]]:
        """Return the error of a derivative, and the values and derivatives it is proved from."""
        between, ends = self._until_known(by)
        inside = {by.serial, *(each.serial for each in between)}
        operands = {x.serial: x for each in (*between, *ends) for x in each.inputs}
        sides = [x for serial, x in operands.items() if serial not in inside]
        fixed = self._values.passing(sides)
        program = Graph((by, *sides), tuple(ends))
        point, exact, *origins = self._values.of([by, derivative, *ends])
        weights: list[Any] = [
            1.0 if end is self.loss else self._values.of([self.known[end.serial]])[0]
            for end in ends
        ]

        def function(x: Any) -> float:
            changes = zip(weights, evaluate(program, [x, *fixed]), origins, strict=True)
            return sum(float(np.sum(weight * _change(new, old))) for weight, new, old in changes)

        with one_blas_thread():
            error = difference_error(function, point, exact, self._random)
        return error, [(end, self.known[end.serial]) for end in ends if end is not self.loss]

    def _until_known(self, by: Node) -> tuple[list[Node], list[Node]]:
        """Return the nodes that depend on one, up to those whose derivatives are known."""
        between, ends = dict[int, Node](), dict[int, Node]()
        pending = [by]
        while pending:
            for node in self._readers[pending.pop().serial]:
                if node is self.loss or node.serial in self.known:
                    ends[node.serial] = node
                elif node.serial not in between:
                    between[node.serial] = node
                    pending.append(node)
        return list(between.values()), list(ends.values())

    @np.errstate(all="ignore")
    def whole(self, by: Node, derivative: Node) -> float:
        """Return the error of a derivative by differences of the loss itself."""
        error = self._whole_at(self._nearby, by, derivative)
        # A function such as x ** n is NaN near an integer n.
        return error if math.isfinite(error) else self._whole_at(self.inputs, by, derivative)

    def _whole_at(self, inputs: Sequence[Any], by: Node, derivative: Node) -> float:
        graph = self.derivation.graph
        others = [each for each in graph.inputs if each is not by]
        values = {each.serial: x for each, x in zip(graph.inputs, inputs, strict=True)}
        (point,) = self.derivation.values([by], inputs)
        if by.primitive is not None:
            point = self._moved(point)
        rest = [values[each.serial] for each in others]
        loss = Graph((by, *others), (self.loss,))
        (exact,) = evaluate(Graph((by, *others), (derivative,)), [point, *rest])
        return difference_error(lambda x: evaluate(loss, [x, *rest])[0], point, exact, self._random)

    @np.errstate(all="ignore")
    def _moved(self, array: Any) -> Any:
        if np.asarray(array).dtype.kind != "f":
            return array
        mean = float(np.mean(np.abs(array))) if np.size(array) else 0.0
        scale = 1e-3 * mean if mean else 1e-2
        return array + scale * self._random.standard_normal(np.shape(array))


def _change(new: Any, old: Any) -> Any:
    """Return the difference of values, 0 where both are -∞, as the scores of masked steps are."""
    return np.where(new == old, 0.0, new - old)
