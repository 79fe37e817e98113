"""Captured arrays: those that a traced function reads from outside and that may be written to.

In a program that is kept they are inputs, whose content is read at each call. Arrays that the
library makes itself, such as the zeros of a cotangent, and those of integers and booleans, whose
values may decide shapes and branches, are constants.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import CodeType
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.graph.array_reads import ArrayReads
from chainrule.graph.place import Place
from chainrule.graph.source_location import frame_at

__all__ = ["CapturedArray", "CapturedArrays", "capturing", "capturing_in"]


@dataclass(frozen=True, slots=True)
class CapturedArray:
    """A place whose array is an input; or a tree of arrays, each of them one, with their nodes."""

    place: Place
    value: Any
    nodes: tuple[Any, ...]
    structure: tree.Structure = tree.LEAF


class CapturedArrays:
    """The arrays of the places that a function can reach, and those of them that it used.

    `new_input` returns the node of an input, from an array and its name.
    """

    def __init__(
        self, values: Sequence[tuple[Place, Any]], new_input: Callable[[Any, str], Any]
    ) -> None:
        self._places: dict[int, list[Place]] = {}
        self._kept = values  # alive, so that the ids remain unique
        self._new_input = new_input
        self._used: dict[int, CapturedArray] = {}
        self._reads: dict[int, ArrayReads] = {}
        self._bound: list[CapturedArray] = []
        for place, value in values:
            if _can_be_input(value):
                self._places.setdefault(id(value), []).append(place)

    def bind(self, places: Sequence[Place]) -> None:
        """Let places hold nodes, to trace what is done with their values."""
        for place in places:
            leaves, structure = tree.flatten(place.read())
            nodes = [self._new_input(leaf, place.label) for leaf in leaves]
            place.write(value := tree.unflatten(structure, nodes))
            self._bound.append(CapturedArray(place, value, tuple(nodes), structure))

    def is_bound(self, value: Any) -> bool:
        """Whether a value is the one that some place was bound to."""
        return any(value is each.value for each in self._bound)

    def inputs(self) -> list[CapturedArray]:
        """Return what has become inputs of the program."""
        return [*self._bound, *self._used.values()]

    def node_of(self, array: Any) -> Any:
        """Return the node of an array that the function can reach by some place, else None."""
        places = self._places.get(id(array))
        if places is None:
            return None
        if id(array) not in self._used:
            node = self._new_input(array, places[0].label)
            self._used[id(array)] = CapturedArray(places[0], array, (node,))
            self._reads[id(array)] = ArrayReads(array)
        self._reads[id(array)].note_arrival(frame_at(1))
        return self._used[id(array)].nodes[0]

    def read_by_operations_alone(self, codes: set[CodeType]) -> list[Place]:
        """Return the places whose arrays the program reads, and nothing else in the functions."""
        return [
            places[0]
            for key, reads in self._reads.items()
            if len(places := self._places[key]) == 1 and reads.are_all(places[0], codes)
        ]


def _can_be_input(value: Any) -> bool:
    is_plain = type(value) is np.ndarray and value.dtype.kind == "f" and value.ndim > 0
    return is_plain and value.dtype.isnative and value.size > 0 and _is_writable(value)


def _is_writable(array: Any) -> bool:
    owner = array
    while isinstance(owner, np.ndarray) and not owner.flags.writeable:
        owner = owner.base
    return owner is not None


capturing: ContextVar[CapturedArrays | None] = ContextVar("capturing", default=None)
"""The captured arrays of the innermost trace that is kept, if there is one."""


@contextmanager
def capturing_in(captured: CapturedArrays | None) -> Generator[None]:
    """Let captured arrays be inputs, or constants if `captured` is None."""
    token = capturing.set(captured)
    try:
        yield
    finally:
        capturing.reset(token)
