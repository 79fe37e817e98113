"""Undo what a call changes outside of itself, and say what that was.

A function is traced, or called to try it, besides the calls that the user asked for. What these
change, such as a count of calls or an entry of a list, is to be as before.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from chainrule.errors import UnsupportedError
from chainrule.graph.left_behind import Snapshot
from chainrule.graph.place import MISSING, Place, is_same
from chainrule.graph.reachable_state import ReachableState, find_reachable_state
from chainrule.science.effects import may_have_effects

__all__ = ["call_without_effects", "undone"]

_Result = TypeVar("_Result")


@contextmanager
def undone(*roots: Any, state: ReachableState | None = None) -> Generator[list[str]]:
    """Undo what the block changes within reach of `roots`; the list then names the places."""
    state = find_reachable_state(*roots) if state is None else state
    before, arrays = Snapshot.of(state), _array_contents(state)
    changed: list[str] = []
    try:
        yield changed
    finally:
        after = find_reachable_state(*roots)
        changed += [place.label for place, x in after.values() if _is_changed(before, place, x)]
        changed += [label for label, array, content in arrays if array.tobytes() != content]
        if not changed and any(len(each) != len(copy) for each, copy in before.copies):
            changed.append("a list")
        before.restore(after)
        for _, array, content in arrays:
            if array.flags.writeable and array.tobytes() != content:
                array[...] = np.frombuffer(content, array.dtype).reshape(array.shape)


def call_without_effects(call: Callable[[], _Result], *roots: Any) -> _Result:
    """Call a function; raise UnsupportedError if it changed what can be reached from `roots`.

    A compiled program would not repeat such a change at each evaluation, as counting calls, or
    adding to a list. What was changed is restored before.
    """
    state = find_reachable_state(*roots)
    if may_have_effects(state):
        raise UnsupportedError("it may do more than return a value, such as printing or counting")
    with undone(*roots, state=state) as changed:
        result = call()
    if changed:
        raise UnsupportedError(f"each call changes {' and '.join(changed[:3])}")
    return result


def _is_changed(before: Snapshot, place: Place, value: Any) -> bool:
    old = before.values.get(place.identity, MISSING)
    if old is MISSING:
        return before.holds(place) and place.kind in ("attribute", "entry")
    return value is not old and not is_same(value, old)


def _array_contents(state: ReachableState) -> list[tuple[str, Any, bytes]]:
    return [
        (place.label, value, value.tobytes())
        for place, value in state.values()
        if isinstance(value, np.ndarray) and value.dtype != object
    ]
