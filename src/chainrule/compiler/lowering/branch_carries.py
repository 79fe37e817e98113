"""Carries that are the results of branches: stored in place by each branch.

::

    loop t<1 while test[]: new[i] = f(c[i])          loop t<1 while test[]: c[i] = f(c[i])
    loop t<1 until test[]: new[i] = c[i]        ->
    c[i] = new[i]

The copy moves into both branches, where `coalesce_copies` may drop it. Legal if nothing but the
copy reads ``new``, and nothing after the branches reads the old carry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.loops import Buffer, Item, Load, Loop, Statement, Step
from chainrule.compiler.lowering.graph_lowering import Aliases
from chainrule.compiler.lowering.in_place import coalesce_copies

__all__ = ["copy_in_branches"]


def copy_in_branches(
    items: Sequence[Item], copies: Sequence[Statement], aliases: Aliases
) -> tuple[list[Item], list[Statement]]:
    """Move copies of the results of branches into these; return the items, and the other copies."""
    result: list[Item] = []
    moved: set[Statement] = set()
    for number, item in enumerate(items):
        pair = items[number : number + 2]
        if _are_branches(pair):
            own = [each for each in copies if _may_move(each, number, items)]
            moved |= set(own)
            result.append(_with_copies(item, own, aliases))
        elif _are_branches(items[max(number - 1, 0) : number + 1]):
            own = [each for each in copies if _may_move(each, number - 1, items)]
            result.append(_with_copies(item, own, aliases))
        else:
            result.append(item)
    kept = [each for each in result if not isinstance(each, Loop) or each.steps]
    return kept, [each for each in copies if each not in moved]


def _are_branches(pair: Sequence[Item]) -> bool:
    """Whether two items are loops of which exactly one runs, once."""
    if len(pair) < 2:
        return False
    first, second = pair
    if not (isinstance(first, Loop) and isinstance(second, Loop)):
        return False
    one, other = first.condition, second.condition
    return (
        one is not None
        and other is not None
        and first.axis.extent == second.axis.extent == 1
        and one.element is other.element
        and not one.is_until
        and other.is_until
    )


def _may_move(copy: Statement, number: int, items: Sequence[Item]) -> bool:
    """Whether a copy may move from the end into the branches at a position."""
    value, old = copy.value, copy.target.root
    if not isinstance(value, Load) or value.buffer.kind != "arena" or value.index != copy.index:
        return False
    branches, others = items[number : number + 2], [*items[:number], *items[number + 2 :]]
    first = branches[0]
    assert isinstance(first, Loop)
    assert first.condition is not None
    return (
        all(_stores(each, value.buffer) for each in branches)
        and not any(_touches(each, value.buffer) for each in others)
        and not any(_touches(each, old) for each in items[number + 2 :])
        and first.condition.element.buffer.root is not old
    )


def _stores(item: Item, buffer: Buffer) -> bool:
    return any(each is buffer and is_write for each, _, is_write in accesses(item))


def _touches(item: Item, buffer: Buffer) -> bool:
    return any(each.root is buffer for each, _, _ in accesses(item))


def _with_copies(item: Item, copies: Sequence[Statement], aliases: Aliases) -> Item:
    """Return a branch that ends with copies, as far as these are needed."""
    assert isinstance(item, Loop)
    if not copies:
        return item
    steps = coalesce_copies(cast(Sequence[Item], item.steps), copies, aliases)
    kept = tuple(each for each in steps if not _is_copy_of_itself(each))
    return replace(item, steps=cast(tuple[Step, ...], kept))


def _is_copy_of_itself(item: Item) -> bool:
    return (
        isinstance(item, Statement)
        and not item.reduction
        and isinstance(item.value, Load)
        and item.value.buffer is item.target
        and item.value.index == item.index
    )
