"""Traced values left behind: what a traced function has stored in places that outlive its call.

A place that was rebound, as by ``self.w = self.w - 0.1 * x``, can be written again at each call.
An entry added to a list cannot be repeated, nor one in an object made while tracing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from chainrule import tree
from chainrule.errors import TraceError
from chainrule.graph.node import Node, as_node, is_differentiable
from chainrule.graph.place import MISSING, Place, is_same
from chainrule.graph.protocol_gaps.plain_store import fillable_kinds
from chainrule.graph.reachable_state import ReachableState

__all__ = ["Snapshot", "refuse_left_behind", "release_constants", "take_left_behind"]


@dataclass(frozen=True)
class Snapshot:
    """What could be reached before a function was traced."""

    state: ReachableState
    values: dict[Any, Any]
    copies: tuple[tuple[Any, Any], ...]

    @staticmethod
    def of(state: ReachableState) -> Snapshot:
        """Take the values of the places, and copies of the containers that may grow."""
        values = {place.identity: value for place, value in state.values()}
        layers = {id(value) for place, value in state.values() if _is_of_layer(place)}
        copies = tuple(
            (each, dict(each) if isinstance(each, dict) else list(each))
            for key, each in state.lists.items()
            if key not in layers
        )
        return Snapshot(state, values, copies)

    def restore(self, after: ReachableState) -> None:
        """Restore what a function has changed, before it is run again."""
        for (
            container,
            copy,
        ) in self.copies:  # first, as others that equal them may be in their place
            _refill(container, copy)
        for place, value in after.values():
            old = self.values.get(place.identity, MISSING)
            is_rebound = (
                not (value is old or is_same(value, old))
                and place.kind != "content"
                and self.holds(place)
                and not _is_of_layer(place)
            )
            if is_rebound and (old is not MISSING or place.kind == "attribute"):
                place.write(old)

    def changed(self, after: ReachableState) -> list[Place]:
        """Return the places that hold something else than before, or are new."""
        return [
            place
            for place, value in after.values()
            if (old := self.values.get(place.identity, MISSING)) is not value
            and not is_same(old, value)
            and (old is not MISSING or self.holds(place))
        ]

    def holds(self, place: Place) -> bool:
        """Whether a place was there, if empty perhaps: its container is not new."""
        is_known = place.identity in self.values or id(place.container) in self.state.known
        return is_known or (place.kind == "entry" and _is_namespace(place.container))


def take_left_behind(
    before: Snapshot, after: ReachableState
) -> tuple[list[tuple[Place, Any]], list[str]]:
    """Take the nodes out of all places that are reachable after a trace, and restore these.

    Returns the places that can be written again with what they held, and labels of the others.
    """
    release_constants(after)
    writes: list[tuple[Place, Any]] = []
    others: list[str] = []
    for place, value in after.values():
        old = before.values.get(place.identity, MISSING)
        if value is old or not _holds_node(value):
            continue
        can_be_written = place.kind == "attribute" or (
            place.kind == "entry" and (isinstance(place.container, dict) or old is not MISSING)
        )
        if before.holds(place) and can_be_written:
            writes.append((place, value))
            place.write(old)
        elif before.holds(place) or not isinstance(place.container, dict | list | tuple):
            others.append(place.label)  # in a container that has grown, or in a new object
    for container, copy in before.copies:
        if not isinstance(container, dict) and any(map(_holds_node, container)):
            _refill(container, copy)
    return writes, others


def release_constants(state: ReachableState) -> None:
    """Replace arrays of constants that user's code has made and kept by those of NumPy."""
    if not fillable_kinds.get():
        return
    for place, value in state.values():
        if place.kind != "content" and _holds_node(value):
            leaves, structure = tree.flatten(value)
            plain = list(map(_released, leaves))
            if any(a is not b for a, b in zip(leaves, plain, strict=True)):
                place.write(tree.unflatten(structure, plain))


def _released(leaf: Any) -> Any:
    content = as_node(leaf) if type(leaf) is Node else None
    if content is None or not content.is_known or is_differentiable(content):
        return leaf
    return np.array(content.value)


def refuse_left_behind(operation: str, labels: Sequence[str]) -> None:
    """Raise a TraceError if traced values were left in places with these labels."""
    if labels:
        raise TraceError(
            f"{operation}: a traced value is stored in {' and '.join(labels)}, which outlives the "
            "call; as the function is traced once, later calls would not store it again: return "
            "it from the function and store it outside"
        )


def _is_of_layer(place: Place) -> bool:
    """Whether a place is an attribute of a layer: a trace sets it apart, but for what builds it."""
    return place.kind == "attribute" and hasattr(type(place.container), "_settings_are_versioned")


def _refill(container: Any, copy: Any) -> None:
    if len(container) != len(copy) or any(a is not b for a, b in zip(container, copy, strict=True)):
        container.clear()
        (container.extend if isinstance(container, list | deque) else container.update)(copy)


def _is_namespace(container: Any) -> bool:
    """Whether a dictionary holds the globals of a module."""
    return type(container) is dict and "__name__" in container and "__builtins__" in container


def _holds_node(value: Any) -> bool:
    if isinstance(value, frozenset | set | deque):
        return any(type(each) is Node for each in cast(Iterable[Any], value))
    return any(type(leaf) is Node for leaf in tree.flatten(value)[0])
