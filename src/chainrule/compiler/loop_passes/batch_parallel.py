"""Loops whose rows never look at each other, so that threads can run through them without waiting.

The samples of a batch go through a recurrent layer side by side: whatever a step stores for one of
them, later steps read for this one alone. Then a thread may take some rows through all turns of the
loop. It is a law on what is touched, not on layers: every buffer that is written in the loop has
one place at which all nests that touch it have their own row.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from chainrule.compiler.analysis.independence import is_batch_independent
from chainrule.compiler.loop_ir.expressions import nests_of
from chainrule.compiler.loop_ir.loops import Axis, Loop, Nest, Step

__all__ = ["mark_batch_parallel"]

MOST_CHOICES = 64
"""Ways to choose an axis for each nest that are tried; contractions may have several axes."""


def mark_batch_parallel(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Note the rows of all loops that have some, from the outside; loops within belong to them."""
    return tuple(_noted(step) if isinstance(step, Loop) else step for step in steps)


def _noted(step: Loop) -> Loop:
    rows = _rows(list(nests_of(step.steps)))
    return (
        replace(step, batch_axes=rows)
        if rows
        else replace(step, steps=mark_batch_parallel(step.steps))
    )


def _rows(nests: Sequence[Nest]) -> tuple[Axis, ...]:
    """The axis of each nest whose values never meet in the others; none where there is no such."""
    choices = [_candidates(nest) for nest in nests]
    extents = [{axis.extent for axis in each} for each in choices]
    for extent in sorted(set[int].intersection(*extents), reverse=True):
        own = [[axis for axis in each if axis.extent == extent] for each in choices]
        for rows in itertools.islice(itertools.product(*own), MOST_CHOICES):
            if is_batch_independent(nests, rows):
                return rows
    return ()


def _candidates(nest: Nest) -> tuple[Axis, ...]:
    """Axes that threads can share: any of a contraction, else the outermost."""
    axes = nest.axes[:1] if nest.contraction is None else nest.contraction.axes
    return tuple(axis for axis in axes if axis.extent > 1)
