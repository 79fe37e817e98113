"""Privatization: a buffer of all batch rows shrinks to one row for each thread.

::

    for i<32 j<128:                  loop row<32 parallel:
      a[i, j] = exp(x[i, j])   ->      for j<128: a[0, j] = exp(x[row, j])     # a: thread-local
      b[i, j] = sin(a[i, j])           for j<128: b[row, j] = sin(a[0, j])

Legal if the nests of the loop alone touch the buffer, each at its own row of the first axis. Pays
because one row stays in a core's cache, and memory for the others is not needed (decision 0020).
`batch_fusion` decides and builds the loop.
"""

from __future__ import annotations

from dataclasses import replace

from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Index, Nest
from chainrule.compiler.loop_ir.rewrite import Rewriter

__all__ = ["privatize"]


def privatize(nest: Nest, row: Axis, iteration: Axis, private: dict[Buffer, Buffer]) -> Nest:
    """Return a nest for the row `iteration` of a loop, with its private buffers in place of shared.

    `private` maps buffers of all rows to buffers of one row; aliases of them are added to it.
    """

    def access(buffer: Buffer, index: Index) -> tuple[Buffer, Index]:
        if buffer.root not in private:
            return buffer, index
        return _private(buffer, private), (Affine(), *index[1:])

    rewriter = Rewriter(access, lambda index: index.substitute({row: Affine.of(iteration)}))
    axes = tuple(axis for axis in nest.axes if axis is not row)
    statements = tuple(map(rewriter.statement, nest.statements))
    contraction = None if nest.contraction is None else rewriter.contraction(nest.contraction)
    registers = frozenset(private.get(each, each) for each in nest.registers)
    return Nest(axes, nest.vector_axis, statements, contraction, registers)


def _private(buffer: Buffer, private: dict[Buffer, Buffer]) -> Buffer:
    if buffer not in private:
        root = private[buffer.root]
        private[buffer] = replace(buffer, shape=(1, *buffer.shape[1:]), base=root)
    return private[buffer]
