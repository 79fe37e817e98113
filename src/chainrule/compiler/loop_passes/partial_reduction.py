"""Two-stage reduction: a sum over batch and other axes becomes row sums and a sum of these.

::

    s[k] = sum i<32 j<128: x[i, j, k]   ->   p[i, k] = sum j<128: x[i, j, k]     # for each row i
                                             s[k] = sum i<32: p[i, k]

Legal for sums alone; the order of the additions changes, by the shapes and not by the number of
threads. Pays if the first stage joins a loop over batch rows, whose row of ``x`` is still in the
cache (decision 0020): `batch_fusion` is the only user.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from chainrule.compiler.loop_ir.expressions import axes_of
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Load, Nest, Statement
from chainrule.compiler.loop_passes.vectorization import choose_loop_order

__all__ = ["replace_statement", "split_reduction"]

MIN_ROW_TERMS = 8
"""Terms of a row's sum, at least; of fewer, storing the row sums would cost as much."""


def split_reduction(
    total: Statement, nest: Nest, extent: int, layout: Layout
) -> Iterator[tuple[Nest, Axis, Statement]]:
    """Split a sum of a nest over each of its axes of an extent that may be the batch axis.

    Yields the nest of the first stage, its row axis, and the statement of the second stage.
    """
    if (
        total.reduction != "sum"
        or (nest.vector_axis is None and nest.axes)
        or nest.vector_axis in total.over
    ):
        return
    kept = axes_of(total)
    for row in total.over:
        inner = tuple(axis for axis in total.over if axis is not row)
        terms = math.prod(axis.extent for axis in inner)
        if row.extent != extent or terms < MIN_ROW_TERMS or nest.vector_axis not in kept:
            continue
        shape = (extent, *(axis.extent for axis in kept))
        target = Buffer("arena", total.target.dtype, shape, total.target.name, total.layer)
        index = tuple(map(Affine.of, (row, *kept)))
        first = Statement(target, index, total.value, "sum", inner, total.layer)
        axes, vector_axis, _ = choose_loop_order(first, layout)
        if axes[:1] == (row,) and vector_axis is not row:
            second = replace(total, value=Load(target, index), over=(row,))
            yield Nest(axes, vector_axis, (first,)), row, second


def replace_statement(nest: Nest, old: Statement, new: Statement) -> Nest:
    """Return a nest with another statement in place of one of its own."""
    statements = tuple(new if each is old else each for each in nest.statements)
    return replace(nest, statements=statements)
