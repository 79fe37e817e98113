"""A loop within a program that is debugged: one step of it is a program of its own.

With the loss L, the carry c and the rows x and y of a step, cₜ₊₁, yₜ = body(shared, cₜ, xₜ). The
derivatives of L by the values within the step are those of ⟨∂L/∂cₜ₊₁, cₜ₊₁⟩ + ⟨∂L/∂yₜ, yₜ⟩, the
first factors taken as constants; ∂L/∂cₜ₊₁ is pulled back through the steps that follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.autodiff.control_flow.scan_primitive import apply_scan, scan
from chainrule.autodiff.derivative import vjp
from chainrule.graph.environment import suspended
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, constant

__all__ = ["Loop", "LoopStep", "loop_of"]

Array = NDArray[Any]


@dataclass(frozen=True)
class LoopStep:
    """One step of a loop as a program with a number as its output, and the values of its inputs."""

    graph: Graph
    arrays: list[Any]
    titles: dict[int, str]  # of inputs that are parameters, by serial


@dataclass(frozen=True)
class Loop:
    """A scan of a program, with what its steps are computed from.

    `evaluate` gives values of the nodes of the program; `cotangents` are the derivatives of the
    loss by the outputs of the scan, None where it has none.
    """

    node: Node
    cotangents: list[Node | None]
    evaluate: Callable[[Sequence[Node]], list[Any]]
    titles: Mapping[int, str]
    line: tuple[str, int] | None  # of the call of the debugger

    @property
    def length(self) -> int:
        """The number of steps."""
        return self.node.params["length"]

    def step(self, t: int) -> LoopStep:
        """Return step `t`, the one that takes row `t` of the sequences."""
        params, known = self.node.params, [each for each in self.cotangents if each is not None]
        shared, carries, body = params["shared"], params["carries"], params["body"]
        values = self.evaluate([*self.node.inputs, *known])
        found = iter(values[len(self.node.inputs) :])
        cotangents = [None if each is None else np.asarray(next(found)) for each in self.cotangents]
        constants, init = values[:shared], values[shared : shared + carries]
        xs = [np.asarray(each) for each in values[shared + carries : len(self.node.inputs)]]
        before, after = slice(None, t), slice(t + 1, None)
        if params["reverse"]:
            before, after = after, before
        carry = self._run(constants, init, xs, before)[:carries]
        results = evaluate(body, [*constants, *carry, *(x[t] for x in xs)])
        ends = self._ends(constants, results[:carries], xs, after, cotangents)
        rows = [None if each is None else each[t] for each in cotangents[carries:]]
        total = _inner_product(body, [*ends, *rows])
        graph = Graph(body.inputs, (total,), body.name, body.origin)
        titles = {total.serial: "loss_of_step"} | {
            inner.serial: self.titles[outer.serial]
            for inner, outer in zip(body.inputs, self.node.inputs, strict=True)
            if outer.serial in self.titles
        }
        return LoopStep(graph, [*constants, *carry, *(x[t] for x in xs)], titles)

    def _run(
        self, constants: Sequence[Any], carry: Sequence[Any], xs: Sequence[Any], rows: slice
    ) -> Any:
        """Run the steps of some rows; return the carry, and the results of each."""
        part = [x[rows] for x in xs]
        length = len(range(self.length)[rows])
        reverse = self.node.params["reverse"]
        if not length:
            return [*carry]
        return apply_scan(self.node.params["body"], constants, carry, part, length, reverse)

    def _ends(
        self,
        constants: Sequence[Any],
        carry: Sequence[Any],
        xs: Sequence[Any],
        rows: slice,
        cotangents: Sequence[Array | None],
    ) -> list[Array | None]:
        """Return the derivatives of the loss by the carry after a step, which `rows` follow."""
        carries = self.node.params["carries"]
        if not len(range(self.length)[rows]):
            return list(cotangents[:carries])
        wanted = [each if n < carries or each is None else each[rows] for n, each in
                  enumerate(cotangents)]  # fmt: skip

        def rest(*carry: Any) -> Any:
            results = self._run(constants, carry, xs, rows)
            pairs = zip(results, wanted, strict=True)
            return [result for result, each in pairs if each is not None]

        if not any(np.asarray(each).dtype.kind == "f" for each in carry):
            return [None] * carries
        _, pullback = vjp(rest, *carry)
        return list(pullback([each for each in wanted if each is not None]))


def loop_of(node: Node) -> Node | None:
    """Return the scan whose result a node is; None for others."""
    source = node
    if node.primitive is not None and node.primitive.name == "get_result":
        source = node.inputs[0]
    return source if source.primitive is scan else None


def _inner_product(body: Graph, cotangents: Sequence[Array | None]) -> Node:
    """Return the sum of products of the outputs of a body with constants."""
    with suspended():
        total: Any = None
        for output, each in zip(body.outputs, cotangents, strict=True):
            if each is not None and output.array_type.is_float:
                term = np.sum(output * constant(each.astype(output.dtype)))  # type: ignore[operator]
                total = term if total is None else total + term
    return total
