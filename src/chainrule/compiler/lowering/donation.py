"""Donated inputs: an array that is given away is updated in place to be a result.

::

    result[i] = state[i]  for i<64              loop t<20:
    loop t<20:                            ->      result[i] = subtract(result[i], d[i])  for i<64
      result[i] = subtract(result[i], d[i])

The caller stores the first values in the memory of the result; where that is the memory of the
input, nothing is copied. Legal if nothing else reads the input, and nothing writes the result
before the copy (XLA's input-output aliasing).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import loops_of
from chainrule.compiler.loop_ir.loops import Buffer, Item, Load, Statement, Step

__all__ = ["update_in_place"]


def update_in_place(
    items: Sequence[Item], inputs: Sequence[Buffer], outputs: Sequence[Buffer], donated: int
) -> tuple[list[Item], frozenset[Buffer]]:
    """Drop the copies of donated inputs to results; return the other items, and these results."""
    sources = dict(zip(outputs[:donated], inputs[:donated], strict=True))
    copies: dict[Buffer, int] = {}
    touched: dict[Buffer, int] = {}
    for loop in loops_of(cast(Sequence[Step], items)):
        if loop.condition is not None:
            touched[loop.condition.element.buffer.root] = 1
    for number, item in enumerate(items):
        for buffer, _, _ in accesses(item):
            touched[buffer.root] = touched.get(buffer.root, 0) + 1
            if touched[buffer.root] == 1 and _copied(item) is sources.get(buffer.root, item):
                copies[buffer.root] = number
    in_place = frozenset(each for each in copies if touched[sources[each]] == 1)
    dropped = {copies[each] for each in in_place}
    kept = [item for number, item in enumerate(items) if number not in dropped]
    return kept, in_place


def _copied(item: Item) -> Buffer | None:
    """Return the array that a statement copies as it is, or None."""
    if not isinstance(item, Statement) or item.over or not isinstance(item.value, Load):
        return None
    is_whole = item.target.shape == item.value.buffer.shape and item.index == item.value.index
    return item.value.buffer if is_whole and item.target.dtype == item.value.buffer.dtype else None
