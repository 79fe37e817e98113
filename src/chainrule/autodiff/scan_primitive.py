"""The scan primitive: a loop with a carry, differentiable and never unrolled.

The inputs of its body are, in this order, the shared values (the same in every step), the carry,
and one row xₜ of each sequence; its outputs are the new carry and the row yₜ of each result::

    carryₜ₊₁, yₜ = body(shared, carryₜ, xₜ)

Its derivative is a second scan in the opposite direction, backpropagation through time (Werbos
1990, Proc. IEEE 78) for any body. The forward scan is run again with its residuals as further
results: the values that the derivative of the body reads. The carry of the backward scan is the
cotangent of the carry, and an accumulator for each shared value whose cotangent cannot be summed
by one operation after the loop (`cotangent_sums`); its sequences are rows, residuals and the
cotangents of y.

The primitive is here and not in ``ops/primitives`` because its rule differentiates its body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.autodiff.cotangent_sums import DeferredSum, sum_over_time
from chainrule.autodiff.reverse import cotangents, zeros_like
from chainrule.graph.array_type import ArrayType
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors, next_serial, variable
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives import movement
from chainrule.ops.primitives.selection import get_results

__all__ = ["apply_scan", "scan"]


def apply_scan(
    body: Graph,
    shared: Sequence[Any],
    init: Sequence[Any],
    xs: Sequence[Any],
    length: int,
    reverse: bool,
) -> list[Any]:
    """Apply the primitive; the results are the last carry and the stacked rows ys."""
    counts = {"shared": len(shared), "carries": len(init), "length": length}
    return get_results(scan(*shared, *init, *xs, body=body, reverse=reverse, **counts))


def _infer(
    *types: ArrayType, body: Graph, shared: int, carries: int, length: int, reverse: bool
) -> tuple[ArrayType, ...]:
    outputs = [node.array_type for node in body.outputs]
    ys = (row.with_shape((length, *row.shape)) for row in outputs[carries:])
    return (*outputs[:carries], *ys)


def _evaluate(
    *arrays: Any, body: Graph, shared: int, carries: int, length: int, reverse: bool
) -> tuple[Any, ...]:
    constants, carry, xs = _split(arrays, shared, carries)
    rows = [node.array_type for node in body.outputs[carries:]]
    ys = [np.empty((length, *row.shape), row.dtype) for row in rows]
    for t in reversed(range(length)) if reverse else range(length):
        results = evaluate(body, [*constants, *carry, *(x[t] for x in xs)])
        carry = results[:carries]
        for y, row in zip(ys, results[carries:], strict=True):
            y[t] = row
    return (*carry, *ys)


def _vjp(
    ct: Sequence[Node | None],
    y: Node,
    *inputs: Node,
    body: Graph,
    shared: int,
    carries: int,
    length: int,
    reverse: bool,
) -> list[Node | None]:
    first_backward = next_serial()
    step = _StepPullback.of(body, carries, ct)
    d_inputs = step.d_inputs
    constants, carry, xs = _split(body.inputs, shared, carries)
    carry = [node for node in carry if node.array_type.is_float]
    deferred = _DeferredSums.of(d_inputs, constants, length)
    accumulated = [n for n in constants if n.serial in d_inputs and n.serial not in deferred.sums]
    accumulators = [variable(n.array_type, name=f"sum{i}") for i, n in enumerate(accumulated)]
    carried = (
        *(_or_zeros(d_inputs.get(node.serial), node) for node in carry),
        *(
            accumulator + d_inputs[node.serial]
            for accumulator, node in zip(accumulators, accumulated, strict=True)
        ),
    )
    d_xs = {n.serial: d_inputs[n.serial] for n in xs if n.serial in d_inputs}
    outputs = [*carried, *d_xs.values(), *deferred.residuals.values()]
    forward_reads = _forward_reads(outputs, body.inputs, first_backward)
    reads = _ForwardReads.of(forward_reads, body.inputs, shared, carries)
    residuals = apply_scan(
        Graph(body.inputs, (*body.outputs, *reads.residuals), body.name),
        *_split(inputs, shared, carries), length, reverse,
    )[len(body.outputs) :]  # fmt: skip
    operands = _by_serial(body.inputs, inputs)
    stacks = {node.serial: operands[node.serial] for node in reads.xs}
    stacks |= _by_serial(reads.residuals, residuals)
    collected = {n.serial: n for n in outputs[len(carried) :] if n.serial not in stacks}
    results = apply_scan(
        Graph(
            (*reads.constants, *step.d_carry, *accumulators, *reads.xs, *reads.residuals,
             *step.d_ys),
            (*carried, *collected.values()),
            f"{body.name}.derivative",
        ),
        [operands[node.serial] for node in reads.constants],
        [*step.init, *map(zeros_like, accumulated)],
        [*(stacks[node.serial] for node in reads.xs), *residuals, *_present(ct[carries:])],
        length, not reverse,
    )  # fmt: skip
    stacks |= _by_serial(list(collected.values()), results[len(carried) :])
    by_input = _by_serial([*carry, *accumulated], results[: len(carried)])
    by_input |= {serial: stacks[row.serial] for serial, row in d_xs.items()}
    by_input |= {serial: finish(stacks) for serial, finish in deferred.sums.items()}
    return [by_input.get(node.serial) for node in body.inputs]


@dataclass(frozen=True)
class _StepPullback:
    """Reverse mode on the body: cotangents of its outputs, as variables, and of its inputs."""

    d_carry: list[Node]
    d_ys: list[Node]
    init: list[Any]  # the cotangent of the last carry, with which the backward scan starts
    d_inputs: dict[int, Node]  # by the serial of the input

    @staticmethod
    def of(body: Graph, carries: int, ct: Sequence[Node | None]) -> _StepPullback:
        """Pull cotangents back through the body."""
        carry, ys = body.outputs[:carries], body.outputs[carries:]
        d_carry = [_seed(node) for node in carry]
        d_ys = [
            None if c is None else _seed(node) for c, node in zip(ct[carries:], ys, strict=True)
        ]
        inputs = [node for node in body.inputs if node.array_type.is_float]
        pulled = cotangents(body.outputs, [*d_carry, *d_ys], inputs)
        d_inputs = {n.serial: c for n, c in zip(inputs, pulled, strict=True) if c is not None}
        init = [_or_zeros(c, n) for c, n in zip(ct, carry, strict=False) if n.array_type.is_float]
        return _StepPullback(_present(d_carry), _present(d_ys), init, d_inputs)


@dataclass(frozen=True)
class _DeferredSums:
    """The cotangents of shared values that are summed over time after the backward scan."""

    sums: dict[int, DeferredSum]  # by the serial of the shared value
    residuals: dict[int, Node]  # the values of each step that these sums read

    @staticmethod
    def of(d_inputs: dict[int, Node], constants: Sequence[Node], length: int) -> _DeferredSums:
        """Find those whose contribution of one step is a contraction or a reduction."""
        deferred = _DeferredSums({}, {})
        known = {node.serial for node in constants}
        terms = {serial: term for serial, term in d_inputs.items() if serial in known}
        # A value computed from shared values alone is loop-invariant.
        varying: set[int] = set()
        for node in ancestors(terms.values(), lambda each: each.serial in known):
            if node.primitive is None or any(each.serial in varying for each in node.inputs):
                varying |= set() if node.is_constant else {node.serial}
        for serial, term in terms.items() if length else ():
            finish = sum_over_time(term, varying, deferred.residuals)
            if finish is not None:
                deferred.sums[serial] = finish
        return deferred


@dataclass(frozen=True)
class _ForwardReads:
    """The values of the forward body that the backward body reads, by their source."""

    constants: list[Node]
    xs: list[Node]
    residuals: list[Node]

    @staticmethod
    def of(
        nodes: Sequence[Node], inputs: Sequence[Node], shared: int, carries: int
    ) -> _ForwardReads:
        constants, _, xs = ({n.serial for n in p} for p in _split(inputs, shared, carries))
        return _ForwardReads(
            [node for node in nodes if node.serial in constants],
            [node for node in nodes if node.serial in xs],
            [node for node in nodes if node.serial not in constants | xs],
        )


def _split(
    items: Sequence[Any], shared: int, carries: int
) -> tuple[list[Any], list[Any], list[Any]]:
    """Split what belongs to the inputs into shared values, carry and sequences."""
    edge = shared + carries
    return list(items[:shared]), list(items[shared:edge]), list(items[edge:])


def _by_serial(nodes: Sequence[Node], values: Sequence[Any]) -> dict[int, Any]:
    return {node.serial: value for node, value in zip(nodes, values, strict=True)}


def _present(nodes: Sequence[Node | None]) -> list[Node]:
    return [node for node in nodes if node is not None]


def _or_zeros(cotangent: Node | None, node: Node) -> Node:
    return zeros_like(node) if cotangent is None else cotangent


def _seed(node: Node) -> Node | None:
    return variable(node.array_type, name="d") if node.array_type.is_float else None


_FREE = (movement.reshape, movement.transpose)


def _forward_reads(
    outputs: Sequence[Node], inputs: Sequence[Node], first_backward: int
) -> list[Node]:
    """Values of the forward body that the backward body reads; index maps are recomputed."""
    own = {node.serial for node in inputs}

    def is_residual(node: Node) -> bool:
        if node.serial in own:  # a shared value may itself be an index map of an outer trace
            return True
        free = node.primitive in _FREE or (
            node.primitive is not None and node.primitive.is_broadcast
        )
        return node.serial < first_backward and not node.is_constant and not free

    inner = ancestors(outputs, is_residual)
    reads = {each.serial: each for node in inner for each in node.inputs if is_residual(each)}
    reads |= {node.serial: node for node in outputs if is_residual(node)}
    return [reads[serial] for serial in sorted(reads)]


def _sample_body() -> Graph:
    weight, carry, row = (
        variable(ArrayType(np.dtype("float64"), (2,)), name=name) for name in ("w", "carry", "x")
    )
    end = np.tanh(weight * carry + row)
    return Graph((weight, carry, row), (end, end * row), "step")


def _reference(
    *arrays: Any, body: Graph, shared: int, carries: int, length: int, reverse: bool
) -> tuple[Any, ...]:
    """The sample body as a Python loop."""
    weight, carry, xs = arrays
    ys = np.empty((length, 2))
    for t in range(length)[:: -1 if reverse else 1]:
        carry = np.tanh(weight * carry + xs[t])
        ys[t] = carry * xs[t]
    return carry, ys


scan = Primitive(
    "scan",
    infer=_infer,
    evaluate=_evaluate,
    vjp=_vjp,
    formula="scan({0}, …)",
    reference=_reference,
    samples=lambda: [
        Sample(
            (np.array([0.5, -1.0]), np.array([0.1, 0.2]), np.sin(np.arange(6.0)).reshape(3, 2)),
            {"body": _sample_body(), "shared": 1, "carries": 1, "length": 3, "reverse": reverse},
        )
        for reverse in (False, True)
    ],
)
