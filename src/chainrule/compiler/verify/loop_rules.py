"""Rules of the loop language for loops: their axis, their condition, what they write for certain.

Every rule yields its violations: a sentence with ``{}`` for parts of the program, and these parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Set

import numpy as np

from chainrule.compiler.analysis.independence import (
    RowOwnership,
    is_batch_independent,
    ownership_keys,
)
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import has_condition, leaves_of, nests_of
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Axis, Buffer, Condition, Index, Loop, Nest
from chainrule.compiler.verify.index_rules import Fault, index_faults

__all__ = ["ConditionalWrites", "loop_faults", "termination_faults"]

_BOOL = np.dtype(bool)


def loop_faults(
    loop: Loop, loop_axes: Collection[Axis], written: Collection[Buffer]
) -> Iterator[Fault]:
    """Yield the violations of a loop, given the axes of those around it."""
    axis = loop.axis
    if not axis.is_loop_index:
        yield "axis {} of a loop is not marked as a loop index", axis
    if axis in loop_axes:
        yield "axis {} is the index of a loop around", axis
    if axis.extent < 1:
        yield "a loop has at least one iteration, and {} has {}", axis, axis.extent
    if loop.condition is not None:
        yield from _condition_faults(loop, loop.condition, loop_axes, written)
    if has_condition(loop) and (loop.batch_axes or loop.is_parallel):
        yield "a loop over {} is partitioned among threads, and a condition is for all rows", axis
    yield from _batch_faults(loop)
    yield from _parallel_faults(loop)


def _condition_faults(
    loop: Loop, condition: Condition, loop_axes: Collection[Axis], written: Collection[Buffer]
) -> Iterator[Fault]:
    """A condition is a boolean that was stored before."""
    buffer, index = condition.element.buffer, condition.element.index
    if buffer.dtype != _BOOL:
        yield "{} is the condition of a loop and is {}, not bool", buffer, buffer.dtype
    if not condition.element.is_affine:
        yield "the condition of a loop is an element at affine indices, and {} is none", buffer
    yield from index_faults(buffer, index, loop_axes)
    if buffer.root.kind not in ("input", "constant") and buffer.root not in written:
        yield "{} is tested before it is written", buffer


def termination_faults(loop: Loop) -> Iterator[Fault]:
    """Yield the violation of a loop that may go on for ever: it stores its condition again."""
    if loop.condition is None or loop.axis.extent == 1:
        return
    buffer = loop.condition.element.buffer
    if not any(b.root is buffer.root for b, _, is_write in accesses(loop) if is_write):
        yield "the loop while {} never stores its condition", buffer


def _batch_faults(loop: Loop) -> Iterator[Fault]:
    nests = list(nests_of(loop.steps)) if loop.batch_axes else []
    if loop.batch_axes and len(nests) < len(list(leaves_of(loop.steps))):
        yield "a loop over {} with batch axes contains calls", loop.axis
    if len(nests) != len(loop.batch_axes) or not is_batch_independent(nests, loop.batch_axes):
        yield "a loop over {} carries a dependence across its batch axes", loop.axis


def _parallel_faults(loop: Loop) -> Iterator[Fault]:
    """An iteration of a parallel loop writes its own part of buffers, and thread-local ones."""
    if not loop.is_parallel:
        return
    ownership, nests = RowOwnership(), list(leaves_of(loop.steps))
    for nest in nests:
        touched = [
            (*access, ownership_keys(access, loop.axis, Layout()))
            for access in accesses(nest)
            if access[0].root.kind != "thread_local"
            and not (isinstance(nest, Nest) and access[0].root in nest.registers)
        ]
        if not ownership.admit(touched):
            yield "a parallel loop over {} carries a dependence between iterations", loop.axis
    if loop.is_reversed or len(nests) < len(loop.steps):
        yield "a parallel loop over {} runs backwards or contains loops", loop.axis


class ConditionalWrites:
    """What loops with a condition have written, of which only one of two complements runs."""

    def __init__(self) -> None:
        self._written: dict[tuple[Buffer, Index, bool], set[Buffer]] = {}

    def certain(self, loop: Loop, before: Set[Buffer], after: set[Buffer]) -> Set[Buffer]:
        """Return what is written after a loop, whether or not it ran, of what is so if it did."""
        condition = loop.condition
        if condition is None:
            return after
        element = condition.element
        possible = after - before
        self._written[element.buffer, element.index, condition.is_until] = possible
        complement = (element.buffer, element.index, not condition.is_until)
        is_branch = loop.axis.extent == 1
        return before | (possible & self._written.get(complement, set()) if is_branch else set())

    def forget(self, buffer: Buffer) -> None:
        """Forget the loops that tested what a store overwrites."""
        self._written = {k: v for k, v in self._written.items() if k[0].root is not buffer.root}
