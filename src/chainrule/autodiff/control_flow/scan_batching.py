"""The batching rule of ``scan``: one loop whose step computes all entries of the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.autodiff.control_flow.body_batching import fixed_point, with_axis_second
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.ops.primitives.rules import with_axis

__all__ = ["scan_batch"]

Apply = Callable[..., list[Any]]
"""Applies the primitive: to body, shared values, init, xs, length and direction."""


def scan_batch(
    apply: Apply,
    size: int,
    is_batched: Sequence[bool],
    *inputs: Node,
    body: Graph,
    shared: int,
    carries: int,
    length: int,
    reverse: bool,
) -> tuple[list[Node], list[bool]]:
    """Scan over batched carries; sequences and stacked results have the axis of steps first."""
    has_axis, edge = list(is_batched), shared + carries
    own, ends = fixed_point(body, has_axis, shared, carries, size)
    are_batched = [
        *has_axis[shared:edge],
        *(is_row_batched for _, is_row_batched in ends[carries:]),
    ]
    outputs = [
        with_axis(node, is_end, size) if wanted else node
        for (node, is_end), wanted in zip(ends, are_batched, strict=True)
    ]
    init = [
        with_axis(node, given, size) if wanted else node
        for node, given, wanted in zip(
            inputs[shared:edge], is_batched[shared:edge], are_batched, strict=False
        )
    ]
    xs = [
        with_axis_second(node) if given else node
        for node, given in zip(inputs[edge:], is_batched[edge:], strict=True)
    ]
    graph = Graph(tuple(own), tuple(outputs), f"batch of {body.name}")
    results = apply(graph, inputs[:shared], init, xs, length, reverse)
    return [
        with_axis_second(each) if number >= carries and wanted else each
        for number, (each, wanted) in enumerate(zip(results, are_batched, strict=True))
    ], are_batched
