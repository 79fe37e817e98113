"""Sums over a batch in two parts: over what belongs to a row, and over the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chainrule.compiler.loop_ir.expressions import axes_of
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Load, Nest, Statement
from chainrule.compiler.loop_passes.vectorization import choose_loop_order

__all__ = ["split_reduction", "with_statement"]

SHARE = 8
"""Fewer numbers to a sum, and a row's part of it would save little."""


def split_reduction(
    total: Statement, nest: Nest, extent: int, layout: Layout
) -> Iterator[tuple[Nest, Axis, Statement]]:
    """Write a sum as one of sums, in each way that its axes allow."""
    if (
        total.reduction != "sum"
        or (nest.vector_axis is None and nest.axes)
        or nest.vector_axis in total.over
    ):
        return
    own = axes_of(total)
    for row in total.over:
        inner = tuple(axis for axis in total.over if axis is not row)
        count = 1
        for axis in inner:
            count *= axis.extent
        if row.extent != extent or count < SHARE or nest.vector_axis not in own:
            continue
        shape = (extent, *(axis.extent for axis in own))
        target = Buffer("arena", total.target.dtype, shape, total.target.name, total.layer)
        index = tuple(map(Affine.of, (row, *own)))
        part = Statement(target, index, total.value, "sum", inner, total.layer)
        axes, vector_axis, _ = choose_loop_order(part, layout)
        if axes[:1] == (row,) and vector_axis is not row:
            rest = replace(total, value=Load(target, index), over=(row,))
            yield Nest(axes, vector_axis, (part,)), row, rest


def with_statement(nest: Nest, old: Statement, new: Statement) -> Nest:
    """Return a nest with one of its statements exchanged."""
    statements = tuple(new if each is old else each for each in nest.statements)
    return replace(nest, statements=statements)
