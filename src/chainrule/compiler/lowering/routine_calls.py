"""Calls of external routines: their operands in memory, and the call back into Python.

A routine is given whole matrices in row-major order, one for each index of the batch: the calls
stand in a parallel loop over a batch that is stored with one axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.compiler.loop_ir.errors import CannotCompile
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Axis,
    Buffer,
    Call,
    Condition,
    Expression,
    Load,
    Loop,
    Region,
    Statement,
    Step,
)
from chainrule.compiler.lowering.graph_lowering import OTHERS, Lowering, Rule
from chainrule.compiler.lowering.loop_body import as_steps
from chainrule.compiler.routine import callback_name, result_types
from chainrule.graph.node import Node

__all__ = ["RULES", "Matrices", "append_calls", "contiguous", "real"]


def _call_back(lowering: Lowering, node: Node, inputs: list[Expression]) -> Any:
    """Evaluate a node by NumPy in the middle of the program."""
    routine = callback_name(node)
    if routine is None:
        raise CannotCompile(f"{node.primitive and node.primitive.name} is not compiled")
    operands = [contiguous(lowering, each) for each in node.inputs]
    results: list[Load] = []
    for type_ in result_types(node):
        buffer = lowering.scratch(type_.shape, type_.dtype, node)
        results.append(Load(buffer, lowering.canonical(type_.shape)))
    arguments = (*(_region(each) for each in operands), *(_region(each, True) for each in results))
    failure = f"{node.primitive and node.primitive.name} failed"
    lowering.items.append(Call(routine, (*arguments, None), failure, layer=node.layer))
    return results if isinstance(node.type, tuple) else results[0]


def _require(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    """The value itself; where a condition is false, NumPy raises the error, and is called for it.

    ::

        holds[] = min i: condition[i]
        loop t<1 until holds[]: call python {"primitive": "require", ...}(...)
    """
    routine = callback_name(node)
    if routine is None:
        raise CannotCompile("require is not compiled")
    value, condition = inputs
    holds, index = lowering.scratch((), np.dtype(bool), node), lowering.canonical(node.shape)
    over = tuple(axis for each in index for axis, _ in each.terms)
    reduction = "min" if over else ""
    lowering.items.append(Statement(holds, (), condition, reduction, over, node.layer))
    operands: list[Step] = []
    regions: list[Region] = []
    for each, expression in zip(node.inputs, (value, condition), strict=True):
        copy = lowering.scratch(node.shape, each.dtype, node)
        operands += as_steps([Statement(copy, index, expression)], node.layer)
        regions.append(_region(Load(copy, index)))
    regions.append(_region(Load(lowering.scratch(node.shape, node.dtype, node), index), True))
    call = Call(routine, (*regions, None), "require failed", layer=node.layer)
    step = Axis(1, "t", is_loop_index=True)
    test = Condition(Load(holds, ()), is_until=True)
    lowering.items.append(Loop(step, False, (*operands, call), condition=test))
    return value


def _region(load: Load, is_written: bool = False) -> Region:
    index = tuple(i for i in load.index if isinstance(i, Affine))
    return Region(load.buffer, index, not is_written, is_written)


def contiguous(lowering: Lowering, node: Node) -> Load:
    """Return a node's value where it is stored in row-major order, copied where it is not."""
    value, index = lowering.materialized(node), lowering.canonical(node.shape)
    first = len(value.index) - len(index)
    axes = {axis for each in index for axis, _ in each.terms}
    prefix = [each for each in value.index[:first] if isinstance(each, Affine)]
    is_own = not any(axis in axes for each in prefix for axis, _ in each.terms)
    if is_own and value.index[first:] == index and value.buffer.shape[first:] == node.shape:
        return value
    copy = lowering.scratch(node.shape, node.dtype, node)
    lowering.items.append(Statement(copy, index, value, layer=node.layer))
    return Load(copy, index)


@dataclass(frozen=True)
class Matrices:
    """A batch of matrices, or of vectors, of which a routine is given one after the other.

    `index` is that of all elements, at the canonical axes of the value's shape. The batch is one
    axis of the buffer, or none.
    """

    buffer: Buffer
    index: tuple[Affine, ...]
    rank: int  # of a matrix or vector: the last axes
    batch: tuple[int, ...]

    @staticmethod
    def new(
        lowering: Lowering,
        shape: Sequence[int],
        rank: int,
        dtype: Any,
        node: Node,
        is_transposed: bool = False,
    ) -> Matrices:
        """Reserve memory for a value; its batch axes become one.

        Where it is to be transposed, a matrix is stored as LAPACK expects it, column by column.
        """
        batch, own = tuple(shape[: len(shape) - rank]), tuple(shape[len(shape) - rank :])
        canonical = lowering.canonical(tuple(shape))
        index = canonical[len(batch) :]
        if is_transposed:
            own, index = own[::-1], index[::-1]
        if not batch:
            return Matrices(lowering.scratch(own, dtype, node), index, rank, batch)
        buffer = lowering.scratch((math.prod(batch), *own), dtype, node)
        flat = Affine()
        for number, each in enumerate(canonical[: len(batch)]):
            flat += each.scaled(math.prod(batch[number + 1 :]))
        return Matrices(buffer, (flat, *index), rank, batch)

    @staticmethod
    def operand(lowering: Lowering, node: Node) -> Matrices:
        """Return the memory of matrices that a routine reads; copied unless it can read them."""
        batch = node.shape[:-2]
        if len(batch) < 2:
            load = contiguous(lowering, node)
            index = tuple(i for i in load.index if isinstance(i, Affine))
            return Matrices(load.buffer, index, 2, batch)
        value = lowering.expressions[node.serial]
        copy = Matrices.new(lowering, node.shape, 2, node.dtype, node)
        return copy.store(lowering, value, node)

    @staticmethod
    def result(lowering: Lowering, node: Node, rank: int) -> Matrices:
        """Reserve memory for a node's value: where it must be stored, if that is possible."""
        batch = node.shape[: len(node.shape) - rank]
        if node.serial in lowering.targets and not batch:
            return Matrices(*lowering.target(node), rank, batch)
        return Matrices.new(lowering, node.shape, rank, node.dtype, node)

    def store(self, lowering: Lowering, value: Expression, node: Node) -> Matrices:
        """Store a value, given at the canonical axes; return these matrices."""
        lowering.items.append(Statement(self.buffer, self.index, value, layer=node.layer))
        return self

    @property
    def load(self) -> Load:
        """The value as an expression."""
        return Load(self.buffer, self.index)

    def region(self, batch: Affine | None, is_read: bool = True, is_written: bool = True) -> Region:
        """The matrix at an index of the batch, as an argument of a routine; by default updated."""
        first = len(self.index) - self.rank
        own = self.index[first:]
        prefix = self.index[:first] if batch is None else (*self.index[: first - 1], batch)
        return Region(self.buffer, (*prefix, *own), is_read, is_written)


def append_calls(
    lowering: Lowering, batch: Sequence[int], calls: Callable[[Affine | None], Sequence[Call]]
) -> None:
    """Append the calls for each index of a batch, given the index in one axis; None without one."""
    if not batch:
        lowering.items += calls(None)
    elif math.prod(batch) == 1:
        lowering.items += calls(Affine())
    else:
        axis = Axis(math.prod(batch), "b", is_loop_index=True)
        steps = tuple(calls(Affine.of(axis)))
        lowering.items.append(Loop(axis, False, steps, is_parallel=True))


def real(dtype: np.dtype[Any], name: str) -> str:
    """Return the name of a routine of LAPACK or BLAS for a dtype.

    >>> real(np.dtype("float32"), "lapack.potrf")
    'lapack.spotrf'
    """
    kind, _, rest = name.partition(".")
    return f"{kind}.{'s' if dtype.itemsize == 4 else 'd'}{rest}"


RULES: dict[str, Rule] = {OTHERS: _call_back, "require": _require}
