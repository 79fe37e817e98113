"""Reverse mode on one step of a scan: the cotangents that its derivative carries from step to step.

A cotangent has one part, its value, or two: where it is masked (`masked`), its mask too. Both are
carried, accumulated and collected as the values of the loop are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.autodiff.analysis.regularity import is_singular
from chainrule.autodiff.passes.masked import Cotangent, Masked, selected
from chainrule.autodiff.passes.reverse import masked_cotangents, zeros_like
from chainrule.graph.array_type import ArrayType
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors, constant, variable
from chainrule.ops.primitives.array_update import scatter
from chainrule.ops.primitives.elementwise import logical_or
from chainrule.ops.primitives.gather_scatter import gather, scatter_add

__all__ = ["Carried", "StepPullback", "joined", "parts_of", "seed_of"]


def parts_of(cotangent: Cotangent) -> list[Node]:
    """The value of a cotangent, 0 where nothing is present, and its mask if it has one."""
    masks = [cotangent.mask] if isinstance(cotangent, Masked) else []
    return [selected(cotangent), *masks]


def joined(parts: Sequence[Node]) -> Cotangent:
    """The cotangent with the given parts."""
    return parts[0] if len(parts) == 1 else Masked(parts[1], parts[0], is_clean=True)


@dataclass(frozen=True)
class Carried:
    """A cotangent in the carry of the backward scan: its parts in a step, after it and at first."""

    serial: int  # of the input of the body whose cotangent it is
    variables: list[Node]
    ends: list[Node]
    init: list[Node]

    @staticmethod
    def of(
        node: Node, seed: Cotangent, pulled: Cotangent | None, init: Cotangent | None
    ) -> Carried:
        """Make that of a carry; all its parts are masked where the cotangent of its end is."""
        is_masked = isinstance(seed, Masked)
        ends = parts_of(_as_masked(pulled, node) if is_masked else _or_zeros(pulled, node))
        starts = parts_of(_as_masked(init, node) if is_masked else _or_zeros(init, node))
        return Carried(node.serial, parts_of(seed), ends, starts)

    @staticmethod
    def accumulator(node: Node, term: Cotangent) -> Carried:
        """Make that of a shared value, to which each step adds a term."""
        terms = parts_of(term)
        variables = [variable(each.array_type) for each in terms]
        for each in variables:
            each.role = node
        combine = (_plus, logical_or)
        ends = [combine[i](variables[i], each) for i, each in enumerate(terms)]
        return Carried(node.serial, variables, ends, [zeros_like(each) for each in terms])


def _plus(total: Node, term: Node) -> Node:
    """Add a term; that of one row, as of ``x[i]``, is added in place, which leaves the rest."""
    if term.primitive is not scatter_add or term.inputs[1].shape:
        return total + term
    update, *indices = term.inputs
    return scatter(total, gather(total, *indices) + update, *indices)


def _as_masked(cotangent: Cotangent | None, node: Node) -> Masked:
    if isinstance(cotangent, Masked):
        return cotangent
    present = constant(np.full(node.shape, cotangent is not None))
    return Masked(present, _or_zeros(cotangent, node), is_clean=True)


def _or_zeros(cotangent: Cotangent | None, node: Node) -> Node:
    return zeros_like(node) if cotangent is None else selected(cotangent)


@dataclass(frozen=True)
class StepPullback:
    """Reverse mode on the body: cotangents of its outputs, as variables, and of its inputs."""

    carried: list[Carried]
    d_ys: list[Cotangent]
    d_inputs: dict[int, Cotangent]  # by the serial of the input

    @staticmethod
    def of(
        body: Graph,
        shared: int,
        carries: int,
        ct: Sequence[Cotangent | None],
        kept: Sequence[int],
    ) -> StepPullback:
        """Pull cotangents back through the body; a carry is masked if it is so in any step."""
        live = _live_carries(body, shared, carries, ct)
        inputs = [node for node in body.inputs if node.array_type.is_float]
        carry = body.inputs[shared : shared + carries]
        outer = [body.inputs[i] for i in kept]
        masked = {
            node.serial for node, each in zip(carry, ct, strict=False) if isinstance(each, Masked)
        }
        is_body_singular = is_singular(body)
        if is_body_singular and any(isinstance(each, Masked) for each in ct):
            masked |= {n.serial for n, each in zip(carry, ct, strict=False) if each is None} & live
        wanted = [*carry, *outer] if is_body_singular or (outer and masked) else outer
        # The first carry takes no part if a step replaces it, and is singular if it is in `outer`.
        replaced = live & {node.serial for node in outer}
        d_ys = [
            None if each is None else seed_of(node, isinstance(each, Masked))
            for each, node in zip(ct[carries:], body.outputs[carries:], strict=True)
        ]
        while True:
            d_carry = [
                seed_of(end, node.serial in masked) if node.serial in live else None
                for node, end in zip(carry, body.outputs, strict=False)
            ]
            pulled = masked_cotangents(body.outputs, [*d_carry, *d_ys], inputs, wanted)
            d_inputs = {n.serial: c for n, c in zip(inputs, pulled, strict=True) if c is not None}
            found = {n.serial for n in carry if isinstance(d_inputs.get(n.serial), Masked)}
            found |= replaced - set(d_inputs)
            if found <= masked:
                break
            masked |= found
        carried = [
            Carried.of(node, seed, d_inputs.get(node.serial), init)
            for node, seed, init in zip(carry, d_carry, ct, strict=False)
            if seed is not None
        ]
        return StepPullback(carried, [each for each in d_ys if each is not None], d_inputs)


def _live_carries(
    body: Graph, shared: int, carries: int, ct: Sequence[Cotangent | None]
) -> set[int]:
    """The serials of the carries that an output with a cotangent is computed from, in any step."""
    carry = body.inputs[shared : shared + carries]
    own = {node.serial for node in body.inputs}
    roots = [node for node, each in zip(body.outputs, ct, strict=True) if each is not None]
    live = {
        node.serial
        for node, each in zip(carry, ct, strict=False)
        if each is not None and node.array_type.is_float
    }
    pending = [node for node in roots if _is_real(node)]
    while pending:
        inner = ancestors(pending, lambda each: each.serial in own or not _is_real(each))
        reads = [*pending, *(each for node in inner for each in node.inputs)]
        found = {each.serial for each in reads if _is_real(each)}
        new = [
            (node, end)
            for node, end in zip(carry, body.outputs, strict=False)
            if node.serial in found and node.serial not in live
        ]
        live |= {node.serial for node, _ in new}
        pending = [end for _, end in new]
    return live


def _is_real(node: Node) -> bool:
    """Whether a value has real numbers: derivatives flow through no others."""
    types = node.type if isinstance(node.type, tuple) else (node.type,)
    return any(each.is_float for each in types)


def seed_of(node: Node, is_masked: bool) -> Cotangent:
    """The cotangent of an output of the body as a variable."""
    raw = variable(node.array_type)
    raw.role = node
    if not is_masked:
        return raw
    mask = variable(ArrayType(np.dtype(bool), node.shape), name="present")
    return Masked(mask, raw, is_clean=True)
