"""Reverse-mode differentiation: from the graph of a function, the graph of its derivative.

The cotangent of a value v is v̄ = ∂L/∂v. Starting from the cotangents of the outputs (the seeds),
the nodes are visited in reverse topological order; the ``vjp`` rule of each primitive gives the
contribution of a node to the cotangents of its inputs, and contributions to one value add up::

    x̄ = Σ over uses y of x:  (∂y/∂x)ᵀ ȳ

Cotangents are nodes: the derivative is a graph too, compiled as any other and differentiated again
for higher derivatives. Only *active* nodes are visited, those on a path from an input to an output
(Griewank & Walther 2008, section 3.2).

Where a local derivative may be infinite or NaN (`regularity`), it must not be multiplied by the
zeros that a selection leaves in the cotangent: there cotangents are masked, and selected last
(`masked`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from chainrule.autodiff.analysis.activity import active_nodes, between
from chainrule.autodiff.analysis.regularity import Regularity, regularity_below, selects
from chainrule.autodiff.passes.masked import (
    Cotangent,
    Masked,
    add_up,
    propagate,
    selected,
    stand_in,
)
from chainrule.graph.environment import suspended
from chainrule.graph.node import Node, ancestors, constant, next_serial
from chainrule.ops.primitives.selection import get_result, select

__all__ = ["MASKED_RULES", "cotangents", "masked_cotangents", "observed", "zeros_like"]

_Contributions = dict[tuple[int, int], list[Cotangent]]
"""The contributions to the cotangent of each value, in the order in which they arise."""

MASKED_RULES: dict[str, Callable[..., Sequence[Cotangent | None]]] = {}
"""By name of a primitive: its derivative rule for masked cotangents, if it has one of its own.

Called as a ``vjp`` rule, with `kept`: the positions of the inputs whose cotangents may be masked.
"""


def cotangents(
    outputs: Sequence[Node], seeds: Sequence[Cotangent | None], inputs: Sequence[Node]
) -> list[Node | None]:
    """Pull the seeds, the cotangents of `outputs`, back to `inputs`; None is a zero cotangent."""
    with suspended():  # nodes are values here, whatever the user's code has stored since
        start, sources = next_serial(), {node.serial for node in inputs}
        found = masked_cotangents(outputs, seeds, inputs)
        results = [None if each is None else selected(each) for each in found]
        for node, result in zip(inputs, results, strict=True):
            _note_role(result, node, start, sources)
        return results


Observer = Callable[[Node, Any, Sequence[Cotangent | None]], None]
"""Called with each node, its cotangent and those that it contributes to its inputs."""

_observers: ContextVar[tuple[Observer, ...]] = ContextVar("observers", default=())


@contextmanager
def observed(observer: Observer) -> Generator[None]:
    """Call an observer in all reverse passes of this thread, also on the bodies of loops."""
    token = _observers.set((*_observers.get(), observer))
    try:
        yield
    finally:
        _observers.reset(token)


def masked_cotangents(
    outputs: Sequence[Node],
    seeds: Sequence[Cotangent | None],
    inputs: Sequence[Node],
    kept: Sequence[Node] = (),
    observe: Observer | None = None,
) -> list[Cotangent | None]:
    """Pull cotangents back, as `cotangents`; those of the inputs in `kept` may remain masked."""
    sources = {node.serial for node in inputs}
    nodes = between(outputs, sources)
    active = active_nodes(nodes, sources)
    is_masked = any(isinstance(seed, Masked) for seed in seeds)
    outside = {node.serial for node in kept}
    regularity = regularity_below(nodes, active, sources, outside, is_masked)
    contributions: _Contributions = {}
    for output, seed in zip(outputs, seeds, strict=True):
        if seed is not None:
            seed = selected(seed) if regularity is None else seed
            contributions.setdefault(_key(output), []).append(seed)
    first, results = next_serial(), _results(active)
    observers = _observers.get() if observe is None else (*_observers.get(), observe)
    for node in reversed(active):
        if node.serial in sources or node.primitive in (None, get_result):
            continue
        cotangent = _cotangent(contributions, node)
        if cotangent is None or node.primitive.vjp is None:
            continue
        _note_role(cotangent, node, first, results)
        start = next_serial()
        if regularity is None:
            pulled = node.primitive.vjp(cotangent, node, *node.inputs, **node.params)
        else:
            pulled = _pull_back(cotangent, node, start, regularity)
        _label(pulled, node.layer, start)
        for each in observers:
            each(node, cotangent, pulled)
        for operand, contribution in zip(node.inputs, pulled, strict=True):
            if contribution is not None:
                if regularity is not None and isinstance(contribution, Masked):
                    is_of_data = contribution.is_of_data
                    if not regularity.is_singular_below(operand, is_of_data):
                        contribution = selected(contribution)
                contributions.setdefault(_key(operand), []).append(contribution)
    return [_sum(contributions, _key(node)) for node in inputs]


def zeros_like(node: Node) -> Node:
    """Return the zero cotangent of a node."""
    return constant(np.zeros(node.shape, node.dtype))


def _pull_back(
    cotangent: Any, node: Node, start: int, regularity: Regularity
) -> Sequence[Cotangent | None]:
    """Apply the derivative rule of a node; masked cotangents stay so where that matters."""
    primitive, inputs, params = node.primitive, node.inputs, node.params
    assert primitive is not None
    assert primitive.vjp is not None
    parts: list[Any] = cotangent if isinstance(cotangent, list) else [cotangent]
    is_masked = any(isinstance(each, Masked) for each in parts)
    if not (is_masked or selects(node)):
        return primitive.vjp(cotangent, node, *inputs, **params)
    if primitive.name in MASKED_RULES:
        kept = [i for i, each in enumerate(inputs) if regularity.is_singular_below(each)]
        return MASKED_RULES[primitive.name](cotangent, node, *inputs, kept=kept, **params)
    is_of_data = any(isinstance(each, Masked) and each.is_of_data for each in parts) or (
        primitive is select and regularity.is_of_data(inputs[0])
    )
    if not regularity.is_singular_below(node, is_of_data):
        parts = [None if each is None else selected(each) for each in parts]
        cotangent = parts if isinstance(cotangent, list) else parts[0]
        return primitive.vjp(cotangent, node, *inputs, **params)
    masked: dict[int, Masked] = {}
    parts = [stand_in(each, masked) for each in parts]
    cotangent = parts if isinstance(cotangent, list) else parts[0]
    pulled = primitive.vjp(cotangent, node, *inputs, **params)
    return propagate(pulled, masked, start, regularity)


def _key(node: Node) -> tuple[int, int]:
    """Producer and result index under which the cotangent of a value accumulates."""
    if node.primitive is get_result:
        return node.inputs[0].serial, node.params["index"]
    return node.serial, 0


def _sum(contributions: _Contributions, key: tuple[int, int]) -> Cotangent | None:
    return add_up(contributions[key]) if key in contributions else None


def _cotangent(contributions: _Contributions, node: Node) -> Any:
    """The accumulated cotangent of a node; a list of them for a node with several results."""
    if not isinstance(node.type, tuple):
        return _sum(contributions, (node.serial, 0))
    found = [_sum(contributions, (node.serial, index)) for index in range(len(node.type))]
    return None if all(each is None for each in found) else found


def _results(nodes: Sequence[Node]) -> set[int]:
    """The serials of the last node of each instruction of the user's code."""
    following = [*(node.origin for node in nodes[1:]), None]
    return {
        node.serial
        for node, origin in zip(nodes, following, strict=False)
        if origin is None or origin != node.origin
    }


def _note_role(cotangent: Any, node: Node, start: int, named: set[int]) -> None:
    """Note of which value in `named` a node that was created since `start` is the cotangent."""
    is_new = isinstance(cotangent, Node) and cotangent.serial > start
    if is_new and cotangent.role is None and node.serial in named:
        cotangent.role = node


def _label(pulled: Sequence[Cotangent | None], layer: str, start: int) -> None:
    """Attribute the nodes that a rule created, those since `start`, to the layer of its node."""
    if layer:
        parts = [
            (x.mask, x.raw) if isinstance(x, Masked) else (x,) for x in pulled if x is not None
        ]
        roots = [node for pair in parts for node in pair]
        for node in ancestors(roots, lambda each: each.serial < start):
            node.layer = layer
