"""Batch parallelism: marks recurrent loops that carry no dependence across the batch axis.

::

    loop t<20:                                  loop t<20 batch i i:
      for i<50 j<32: a[i, j] = sum ...   ->       for i<50 j<32: a[i, j] = sum ...
      for i<50 j<32: h[i, j] = tanh(a)            for i<50 j<32: h[i, j] = tanh(a)

Legal if one axis of each nest can be chosen, all of one extent, by which every buffer that the loop
writes is indexed in all nests that touch it (`is_batch_independent`). So no layer is named. Pays
because each thread then runs its rows through all iterations: the batch is partitioned once, and no
barrier is needed in any iteration (decision 0016). A condition, of the loop or of one inside, is a
decision for all rows: such a loop is not marked, only those inside.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from chainrule.compiler.analysis.independence import is_batch_independent
from chainrule.compiler.loop_ir.expressions import has_condition, leaves_of
from chainrule.compiler.loop_ir.loops import Axis, Loop, Nest, Step

__all__ = ["mark_batch_parallel"]

MAX_COMBINATIONS = 64
"""Choices of an axis for each nest that are tried; contractions may offer several axes."""


def mark_batch_parallel(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Mark the outermost loops that are parallel over a batch; inner loops belong to them."""
    return tuple(
        _marked(step) if isinstance(step, Loop) and not step.is_parallel else step for step in steps
    )


def _marked(loop: Loop) -> Loop:
    leaves = list(leaves_of(loop.steps))
    nests = [each for each in leaves if isinstance(each, Nest)]
    # A call is given whole arrays.
    is_candidate = len(nests) == len(leaves) and not has_condition(loop)
    axes = _batch_axes(nests) if is_candidate else ()
    if axes:
        return replace(loop, batch_axes=axes)
    return replace(loop, steps=mark_batch_parallel(loop.steps))


def _batch_axes(nests: Sequence[Nest]) -> tuple[Axis, ...]:
    """Return the batch axis of each nest, longest first; empty if there is a dependence."""
    if not nests:
        return ()
    choices = [_candidates(nest) for nest in nests]
    extents = [{axis.extent for axis in axes} for axes in choices]
    for extent in sorted(set[int].intersection(*extents), reverse=True):
        matching = [[axis for axis in axes if axis.extent == extent] for axes in choices]
        for rows in itertools.islice(itertools.product(*matching), MAX_COMBINATIONS):
            if is_batch_independent(nests, rows):
                return rows
    return ()


def _candidates(nest: Nest) -> tuple[Axis, ...]:
    """Axes that threads can partition: any of a contraction, else the outermost."""
    axes = nest.axes[:1] if nest.contraction is None else nest.contraction.axes
    return tuple(axis for axis in axes if axis.extent > 1)
