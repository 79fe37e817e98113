"""The loop: one primitive, differentiable, never unrolled.

Its body is a graph whose inputs are, in this order: what the steps share, the carry, and one row of
each sequence; its outputs are the new carry and the rows to collect. The derivative is a second
loop that runs the other way. Its carry is the cotangent of the carry, and growing sums for what the
steps share where these cannot be taken all at once afterwards; its sequences are what the first
loop noted down on its way. This is backpropagation through time (Werbos 1990, Proc. IEEE 78), for
any body.

The primitive lives here and not among the ``ops`` because its rule differentiates its body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.autodiff.cotangent_sums import Finish, summed_over_time
from chainrule.autodiff.reverse import cotangents, zeros_like
from chainrule.graph.array_type import ArrayType
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors, next_serial, variable
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives import movement
from chainrule.ops.primitives.selection import get_results

__all__ = ["loop", "run_loop"]


def run_loop(
    body: Graph,
    shared: Sequence[Any],
    starts: Sequence[Any],
    rows: Sequence[Any],
    length: int,
    reverse: bool,
) -> list[Any]:
    """Apply the loop: `shared` values, first carry, sequences; gives last carry and sequences."""
    counts = {"shared": len(shared), "carries": len(starts), "length": length}
    return get_results(loop(*shared, *starts, *rows, body=body, reverse=reverse, **counts))


def _infer(
    *types: ArrayType, body: Graph, shared: int, carries: int, length: int, reverse: bool
) -> tuple[ArrayType, ...]:
    kinds = [node.array_type for node in body.outputs]
    rows = (kind.with_shape((length, *kind.shape)) for kind in kinds[carries:])
    return (*kinds[:carries], *rows)


def _evaluate(
    *arrays: Any, body: Graph, shared: int, carries: int, length: int, reverse: bool
) -> tuple[Any, ...]:
    fixed, carry, rows = _parts(arrays, shared, carries)
    kinds = [node.array_type for node in body.outputs[carries:]]
    collected = [np.empty((length, *kind.shape), kind.dtype) for kind in kinds]
    for i in reversed(range(length)) if reverse else range(length):
        results = evaluate(body, [*fixed, *carry, *(row[i] for row in rows)])
        carry = results[:carries]
        for column, value in zip(collected, results[carries:], strict=True):
            column[i] = value
    return (*carry, *collected)


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
    start = next_serial()
    pulled = _Pulled.of(body, carries, ct)
    found = pulled.found
    fixed, carry, rows = _parts(body.inputs, shared, carries)
    carry = [node for node in carry if node.array_type.is_float]
    late = _Late.of(found, fixed, length)
    growing = [n for n in fixed if n.serial in found and n.serial not in late.finishes]
    sums = [variable(node.array_type, name=f"sum{i}") for i, node in enumerate(growing)]
    carried = (
        *(_or_zeros(found.get(node.serial), node) for node in carry),
        *(total + found[node.serial] for total, node in zip(sums, growing, strict=True)),
    )
    slopes = {n.serial: found[n.serial] for n in rows if n.serial in found}
    outputs = [*carried, *slopes.values(), *late.noted.values()]
    read = _Read.of(_frontier(outputs, start), body.inputs, shared, carries)
    trail = run_loop(
        Graph(body.inputs, (*body.outputs, *read.noted), body.name),
        *_parts(inputs, shared, carries), length, reverse,
    )[len(body.outputs) :]  # fmt: skip
    given = _by_serial(body.inputs, inputs)
    stacks = {node.serial: given[node.serial] for node in read.rows}
    stacks |= _by_serial(read.noted, trail)
    made = {each.serial: each for each in outputs[len(carried) :] if each.serial not in stacks}
    fed = (*read.fixed, *pulled.d_ends, *sums, *read.rows, *read.noted, *pulled.d_rows)
    results = run_loop(
        Graph(fed, (*carried, *made.values()), f"{body.name}.derivative"),
        [given[node.serial] for node in read.fixed],
        [*pulled.starts, *map(zeros_like, growing)],
        [*(stacks[node.serial] for node in read.rows), *trail, *_present(ct[carries:])],
        length, not reverse,
    )  # fmt: skip
    stacks |= _by_serial(list(made.values()), results[len(carried) :])
    by_input = _by_serial([*carry, *growing], results[: len(carried)])
    by_input |= {serial: stacks[each.serial] for serial, each in slopes.items()}
    by_input |= {serial: finish(stacks) for serial, finish in late.finishes.items()}
    return [by_input.get(node.serial) for node in body.inputs]


@dataclass(frozen=True)
class _Pulled:
    """Reverse mode on one step: its seeds, the first of them, and what is found at its inputs."""

    d_ends: list[Node]
    d_rows: list[Node]
    starts: list[Any]
    found: dict[int, Node]

    @staticmethod
    def of(body: Graph, carries: int, ct: Sequence[Node | None]) -> _Pulled:
        """Pull cotangents through the body; of the carry they come from the step before."""
        ends, collected = body.outputs[:carries], body.outputs[carries:]
        pairs = zip(ct[carries:], collected, strict=True)
        d_ends = [_seed(node) for node in ends]
        d_rows = [None if c is None else _seed(node) for c, node in pairs]
        moving = [node for node in body.inputs if node.array_type.is_float]
        pulled = cotangents(body.outputs, [*d_ends, *d_rows], moving)
        found = {n.serial: each for n, each in zip(moving, pulled, strict=True) if each is not None}
        starts = [_or_zeros(c, n) for c, n in zip(ct, ends, strict=False) if n.array_type.is_float]
        return _Pulled(_present(d_ends), _present(d_rows), starts, found)


@dataclass(frozen=True)
class _Late:
    """The sums that are taken after the loop, from what its steps note down."""

    finishes: dict[int, Finish]
    noted: dict[int, Node]

    @staticmethod
    def of(found: dict[int, Node], fixed: Sequence[Node], length: int) -> _Late:
        """Look at the cotangent in each step of what the steps share, by its serial number."""
        made = _Late({}, {})
        known = {node.serial for node in fixed}
        terms = {serial: each for serial, each in found.items() if serial in known}
        # What is computed from shared values alone is the same in every step.
        varies: set[int] = set()
        for node in ancestors(terms.values(), lambda each: each.serial in known):
            if node.primitive is None or any(each.serial in varies for each in node.inputs):
                varies |= set() if node.is_constant else {node.serial}
        for serial, term in terms.items() if length else ():
            finish = summed_over_time(term, varies, made.noted)
            if finish is not None:
                made.finishes[serial] = finish
        return made


@dataclass(frozen=True)
class _Read:
    """What the backward body reads of the forward one, by where it comes from."""

    fixed: list[Node]
    rows: list[Node]
    noted: list[Node]

    @staticmethod
    def of(nodes: Sequence[Node], inputs: Sequence[Node], shared: int, carries: int) -> _Read:
        fixed, _, rows = ({n.serial for n in part} for part in _parts(inputs, shared, carries))
        return _Read(
            [node for node in nodes if node.serial in fixed],
            [node for node in nodes if node.serial in rows],
            [node for node in nodes if node.serial not in fixed | rows],
        )


def _parts(
    items: Sequence[Any], shared: int, carries: int
) -> tuple[list[Any], list[Any], list[Any]]:
    edge = shared + carries
    return list(items[:shared]), list(items[shared:edge]), list(items[edge:])


def _by_serial(nodes: Sequence[Node], values: Sequence[Any]) -> dict[int, Any]:
    return {node.serial: each for node, each in zip(nodes, values, strict=True)}


def _present(nodes: Sequence[Node | None]) -> list[Node]:
    return [node for node in nodes if node is not None]


def _or_zeros(cotangent: Node | None, node: Node) -> Node:
    return zeros_like(node) if cotangent is None else cotangent


def _seed(node: Node) -> Node | None:
    return variable(node.array_type, name="d") if node.array_type.is_float else None


_FREE = (movement.reshape, movement.transpose)


def _frontier(outputs: Sequence[Node], start: int) -> list[Node]:
    """Values of the forward body that the backward body reads; index maps are not worth noting."""

    def is_noted(node: Node) -> bool:
        free = node.primitive in _FREE or (
            node.primitive is not None and node.primitive.is_broadcast
        )
        return node.serial < start and not node.is_constant and not free

    inner = ancestors(outputs, is_noted)
    edge = {each.serial: each for node in inner for each in node.inputs if is_noted(each)}
    edge |= {node.serial: node for node in outputs if is_noted(node)}
    return [edge[serial] for serial in sorted(edge)]


def _sample_body() -> Graph:
    weight, carry, row = (
        variable(ArrayType(np.dtype("float64"), (2,)), name=name) for name in ("w", "carry", "x")
    )
    end = np.tanh(weight * carry + row)
    return Graph((weight, carry, row), (end, end * row), "step")


def _one_by_one(
    *arrays: Any, body: Graph, shared: int, carries: int, length: int, reverse: bool
) -> tuple[Any, ...]:
    weight, carry, rows = arrays
    collected = np.empty((length, 2))
    for i in range(length)[:: -1 if reverse else 1]:
        carry = np.tanh(weight * carry + rows[i])
        collected[i] = carry * rows[i]
    return carry, collected


loop = Primitive(
    "scan",
    infer=_infer,
    evaluate=_evaluate,
    vjp=_vjp,
    formula="scan({0}, …)",
    reference=_one_by_one,
    samples=lambda: [
        Sample(
            (np.array([0.5, -1.0]), np.array([0.1, 0.2]), np.sin(np.arange(6.0)).reshape(3, 2)),
            {"body": _sample_body(), "shared": 1, "carries": 1, "length": 3, "reverse": reverse},
        )
        for reverse in (False, True)
    ],
)
