"""Whether a function does more than return a value: what it changes outside of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from chainrule.errors import UnsupportedError
from chainrule.graph.left_behind import Snapshot
from chainrule.graph.place import MISSING, Place, is_same
from chainrule.graph.reachable_state import ReachableState, find_reachable_state
from chainrule.science.effects import may_have_effects

__all__ = ["call_without_effects"]

_Result = TypeVar("_Result")


def call_without_effects(call: Callable[[], _Result], *roots: Any) -> _Result:
    """Call a function; raise UnsupportedError if it changed what can be reached from `roots`.

    A compiled program would not repeat such a change at each evaluation, as counting calls, or
    adding to a list. What was changed is restored before.
    """
    state = find_reachable_state(*roots)
    before, arrays = Snapshot.of(state), _array_contents(state)
    if may_have_effects(state):
        raise UnsupportedError("it may do more than return a value, such as printing or counting")
    try:
        result = call()
    finally:
        after = find_reachable_state(*roots)
        values = after.values()
        changed = [place.label for place, value in values if _is_changed(before, place, value)]
        changed += [label for label, array, content in arrays if array.tobytes() != content]
        is_grown = any(len(each) != len(copy) for each, copy in before.copies)
        before.restore(after)
        for _, array, content in arrays:
            if array.flags.writeable and array.tobytes() != content:
                array[...] = np.frombuffer(content, array.dtype).reshape(array.shape)
    if changed or is_grown:
        places = " and ".join(changed[:3]) or "a list"
        raise UnsupportedError(f"each call changes {places}")
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
