"""Loop fusion: statements with the same iteration space become one nest.

::

    y[i] = exp(x[i])  for i<64                   for i<64 vector i:
    s[] = sum i<64: y[i]                   ->      y[i] = exp(x[i])
    z[i] = multiply(y[i], b[i])  for i<64          s[] = sum i: y[i]
                                                   z[i] = multiply(y[i], b[i])

Greedy, in program order: a statement joins the first nest that runs over axes of the same lengths
and does not precede a nest on which the statement depends; else it begins a nest. Legal if every
dependence between the two stays within one iteration, or their elements are disjoint. Elementwise
statements that read a contraction's target become its epilogue.

Pays: one pass over memory, and what is handed on can stay in registers (decision 0011). An epilogue
runs while the sums are in registers; a long one loses where the result exceeds the caches, as its
other operands are then read in the kernel's order (0017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from chainrule.compiler.analysis.dependence import AccessSet, are_disjoint, same_iteration
from chainrule.compiler.loop_ir.access import Access, accesses
from chainrule.compiler.loop_ir.expressions import axes_of, cost
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Axis, Contraction, Item, Loop, Nest, Statement, Step
from chainrule.compiler.loop_ir.rewrite import rename_axes
from chainrule.compiler.loop_passes.vectorization import choose_loop_order

__all__ = ["fuse"]

EPILOGUE_COST = 40
"""Cost of an epilogue, at most."""
LARGE_EPILOGUE_COST, CACHE_BYTES = 6, 2**19
"""The same where the contraction's result is larger than the caches of a core."""


def fuse(items: Sequence[Item], layout: Layout) -> tuple[Step, ...]:
    """Distribute statements over nests."""
    groups: list[_Group] = []
    for item in items:
        touched = AccessSet.of(accesses(item))
        first = 0
        for number, group in enumerate(groups):
            if group.accesses.conflicts_with(touched):
                first = number
        if not isinstance(item, Statement):
            groups.append(_closed_group(item, layout))
            continue
        axes, vector_axis, is_open = choose_loop_order(item, layout)
        for group in groups[first:]:
            fused = _fused(item, axes, vector_axis, group) if is_open else None
            if fused is not None:
                group.add(fused)
                break
        else:
            groups.append(_Group(axes, vector_axis, is_open=is_open))
            groups[-1].add(item)
    return tuple(group.step() for group in groups)


@dataclass
class _Group:
    """A nest under construction, or a loop; if open, statements may join it."""

    axes: tuple[Axis, ...]
    vector_axis: Axis | None
    contraction: Contraction | None = None
    statements: list[Statement] = field(default_factory=list[Statement])
    loop: Loop | None = None
    is_open: bool = True
    touched: list[Access] = field(default_factory=list[Access])
    accesses: AccessSet = field(default_factory=AccessSet)

    def add(self, item: Item) -> None:
        if isinstance(item, Statement):
            self.statements.append(item)
        touched = list(accesses(item))
        self.touched += touched
        self.accesses.add(touched)

    def step(self) -> Step:
        if self.loop is not None:
            return self.loop
        return Nest(self.axes, self.vector_axis, tuple(self.statements), self.contraction)


def _closed_group(item: Item, layout: Layout) -> _Group:
    """The group of a contraction, which only an epilogue may join, or of a loop."""
    if isinstance(item, Loop):
        body = fuse(cast(Sequence[Item], item.steps), layout)
        loop = Loop(item.axis, item.is_reversed, body)
        group = _Group((), None, loop=loop, is_open=False)
    else:
        assert isinstance(item, Contraction)
        group = _Group(item.axes, None, item)
    group.add(item)
    return group


def _fused(
    item: Statement, axes: tuple[Axis, ...], vector_axis: Axis | None, group: _Group
) -> Statement | None:
    """Return a statement over the axes of a group, or None if it may not join it."""
    if not group.is_open:
        return None
    if group.contraction is not None:
        axes = tuple(axes_of(item))
        if item.reduction or _epilogue_cost(item, group) > _epilogue_limit(group.contraction):
            return None
    elif (vector_axis is None) != (group.vector_axis is None):
        return None
    if tuple(axis.extent for axis in axes) != tuple(axis.extent for axis in group.axes):
        return None
    vectors = vector_axis, group.vector_axis
    if vectors[0] and vectors[1] and axes.index(vectors[0]) != group.axes.index(vectors[1]):
        return None
    renamed = rename_axes(item, _axis_names(item, axes, group.axes))
    return renamed if _is_legal(renamed, group) else None


def _is_legal(item: Statement, group: _Group) -> bool:
    """Whether no dependence is carried between iterations; an epilogue reads the contraction."""
    is_consumer = False
    for buffer, index, is_write in accesses(item):
        for other, other_index, was_written in group.touched:
            if buffer.root is other.root and (is_write or was_written):
                if buffer is other and are_disjoint(index, other_index):
                    continue
                is_consumer = is_consumer or was_written
                if group.axes and not same_iteration(buffer, index, other, other_index, group.axes):
                    return False
    return is_consumer or group.contraction is None


def _axis_names(
    item: Statement, axes: Sequence[Axis], nest_axes: Sequence[Axis]
) -> dict[Axis, Axis]:
    """Map axes of a statement to those of a nest, and away from them any other axis of it.

    In Σⱼ x[i, j] of a square array, j can be the name of the nest's axis over rows.
    """
    names = dict(zip(axes, nest_axes, strict=True))
    for axis in (*axes_of(item), *item.over):
        if axis not in names and axis in nest_axes:
            names[axis] = Axis(axis.extent, axis.name)
    return names


def _epilogue_limit(contraction: Contraction) -> int:
    size = contraction.target.size * contraction.target.dtype.itemsize
    return EPILOGUE_COST if size <= CACHE_BYTES else LARGE_EPILOGUE_COST


def _epilogue_cost(item: Statement, group: _Group) -> int:
    return sum(1 + cost(each.value) for each in (item, *group.statements))
