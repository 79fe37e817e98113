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

from chainrule.autodiff.control_flow.operand_types import check_inputs, check_outputs
from chainrule.autodiff.control_flow.scan_step import Carried, StepPullback, joined, parts_of
from chainrule.autodiff.passes.cotangent_sums import DeferredSum, sum_over_time
from chainrule.autodiff.passes.masked import Cotangent, selected
from chainrule.autodiff.passes.reverse import MASKED_RULES
from chainrule.errors import ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors, next_serial, variable
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives import movement
from chainrule.ops.primitives.selection import get_result, get_results

__all__ = ["apply_scan", "scan"]

MAX_TAPE_BYTES = 2**26
"""Of what the inner loops of all steps of a scan may store for its derivative."""


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
    rows = types[shared + carries :]
    if any(not x.shape or x.shape[0] != length for x in rows):
        raise ShapeError(f"scan: the sequences must have {length} rows, got {[*map(str, rows)]}")
    given = types[: shared + carries]
    check_inputs("scan", "body", body, (*given, *(x.with_shape(x.shape[1:]) for x in rows)))
    check_outputs("scan", "body", body, given[shared:])
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
    ct: Sequence[Cotangent | None],
    y: Node,
    *inputs: Node,
    body: Graph,
    shared: int,
    carries: int,
    length: int,
    reverse: bool,
) -> list[Node | None]:
    sizes = {"shared": shared, "carries": carries, "length": length}
    found = _masked_vjp(ct, y, *inputs, kept=(), body=body, reverse=reverse, **sizes)
    return [None if each is None else selected(each) for each in found]


def _masked_vjp(
    ct: Sequence[Cotangent | None],
    y: Node,
    *inputs: Node,
    kept: Sequence[int],
    body: Graph,
    shared: int,
    carries: int,
    length: int,
    reverse: bool,
) -> list[Cotangent | None]:
    first_backward = next_serial()
    step = StepPullback.of(body, shared, carries, ct, kept)
    d_inputs = {serial: selected(each) for serial, each in step.d_inputs.items()}
    constants, _, xs = _split(body.inputs, shared, carries)
    deferred = _DeferredSums.of(d_inputs, constants, length)
    carried = step.carried + [
        Carried.accumulator(node, step.d_inputs[node.serial])
        for node in constants
        if node.serial in d_inputs and node.serial not in deferred.sums
    ]
    ends = [end for each in carried for end in each.ends]
    d_xs = {n.serial: parts_of(step.d_inputs[n.serial]) for n in xs if n.serial in d_inputs}
    rows = [part for parts in d_xs.values() for part in parts]
    outputs = [*ends, *rows, *deferred.residuals.values()]
    forward_reads = _forward_reads(outputs, body.inputs, first_backward, length)
    reads = _ForwardReads.of(forward_reads, body.inputs, shared, carries)
    residuals = apply_scan(
        Graph(body.inputs, (*body.outputs, *reads.residuals), body.name),
        *_split(inputs, shared, carries), length, reverse,
    )[len(body.outputs) :]  # fmt: skip
    operands = _by_serial(body.inputs, inputs)
    stacks = {node.serial: operands[node.serial] for node in reads.xs}
    stacks |= _by_serial(reads.residuals, residuals)
    collected = {n.serial: n for n in outputs[len(ends) :] if n.serial not in stacks}
    results = apply_scan(
        Graph(
            (*reads.constants, *(part for each in carried for part in each.variables),
             *reads.xs, *reads.residuals, *(part for each in step.d_ys for part in parts_of(each))),
            (*ends, *collected.values()),
            f"derivative of {body.name}",
        ),
        [operands[node.serial] for node in reads.constants],
        [part for each in carried for part in each.init],
        [*(stacks[node.serial] for node in reads.xs), *residuals,
         *(part for each in ct[carries:] if each is not None for part in parts_of(each))],
        length, not reverse,
    )  # fmt: skip
    stacks |= _by_serial(list(collected.values()), results[len(ends) :])
    final = iter(results)
    by_input = {each.serial: joined([next(final) for _ in each.ends]) for each in carried}
    by_input |= {
        serial: joined([stacks[part.serial] for part in parts]) for serial, parts in d_xs.items()
    }
    by_input |= {serial: finish(stacks) for serial, finish in deferred.sums.items()}
    return [by_input.get(node.serial) for node in body.inputs]


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


_FREE = (movement.reshape, movement.transpose)


def _forward_reads(
    outputs: Sequence[Node], inputs: Sequence[Node], first_backward: int, length: int
) -> list[Node]:
    """Values of the forward body that the backward body reads; index maps are recomputed."""
    own = {node.serial for node in inputs}
    stored = _loop_results(outputs, own, first_backward, length)

    def is_residual(node: Node) -> bool:
        # A shared value may itself be an index map of an outer trace.
        if node.serial in own or node.serial in stored:
            return True
        free = node.primitive in _FREE or (
            node.primitive is not None and node.primitive.is_broadcast
        )
        return node.serial < first_backward and not node.is_constant and not free

    inner = ancestors(outputs, is_residual)
    reads = {each.serial: each for node in inner for each in node.inputs if is_residual(each)}
    reads |= {node.serial: node for node in outputs if is_residual(node)}
    return [reads[serial] for serial in sorted(reads)]


def _loop_results(
    outputs: Sequence[Node], own: set[int], first_backward: int, length: int
) -> set[int]:
    """The results of inner loops that read no cotangent: those run again to store a tape.

    The forward scan stores them, and so runs the inner loop once only, unless that needs more than
    `MAX_TAPE_BYTES`; then the backward scan runs it again in each step, and needs one tape.
    """
    backward: set[int] = set()
    results: list[Node] = []
    for node in ancestors(outputs, lambda each: each.serial in own):
        is_seed = node.primitive is None and not node.is_constant
        if is_seed or any(each.serial in backward for each in node.inputs):
            backward.add(node.serial)
        elif node.primitive is get_result and node.inputs[0].serial >= first_backward:
            results.append(node)
    fits = length * sum(map(_bytes, results)) <= MAX_TAPE_BYTES
    return {node.serial for node in results} if fits else set()


def _bytes(node: Node) -> int:
    return node.size * node.dtype.itemsize


# Rules that most programs do not use are imported when first called.


def _jvp(tangents: Sequence[Node | None], output: Node, *inputs: Node, **params: Any) -> Any:
    from chainrule.autodiff.control_flow.scan_forward import scan_jvp

    return scan_jvp(tangents, output, *inputs, **params)


def _batch(size: int, is_batched: Sequence[bool], *inputs: Node, **params: Any) -> Any:
    from chainrule.autodiff.control_flow.scan_batching import scan_batch

    return scan_batch(apply_scan, size, is_batched, *inputs, **params)


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
    jvp=_jvp,
    batch=_batch,
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

MASKED_RULES[scan.name] = _masked_vjp
