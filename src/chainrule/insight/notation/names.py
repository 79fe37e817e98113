"""The names that expressions of nodes stop at, and the axes that they may split."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from chainrule.graph.node import Node
from chainrule.insight.notation.expression import Expression, Name, substitute
from chainrule.insight.notation.index import Axis, Index

__all__ = ["Indices", "Names", "Splits", "axes_of"]

Indices = tuple[Index, ...]


class Splits:
    """Axes that are written as several, ``k = 2h + d``, where an array with both is reshaped."""

    def __init__(self) -> None:
        self._allowed: dict[Axis, bool] = {}
        self._made: dict[Axis, tuple[Axis, ...]] = {}

    def allow(self, axes: Iterable[Axis], in_sum: bool = False) -> None:
        """Allow to split axes, of a result or of a sum."""
        self._allowed |= dict.fromkeys(axes, in_sum)

    def is_in_sum(self, index: Index) -> bool:
        """Whether an index is an axis that is summed over."""
        return index.axis is not None and self._allowed.get(index.axis, False)

    def split(self, index: Index, lengths: Sequence[int]) -> list[Index] | None:
        """Return the indices along the axes that an axis is split into; None if it may not be."""
        axis = index.axis
        if axis is None or axis not in self._allowed or axis.length != math.prod(lengths):
            return None
        new = self._made.setdefault(axis, tuple(map(Axis, lengths)))
        self.allow(new, self._allowed[axis])
        is_same = [each.length for each in new] == list(lengths)
        return [Index.of(each) for each in new] if is_same else None

    def index_of(self, axis: Axis) -> Index:
        """Return an axis as an index along those that it has been split into."""
        if axis not in self._made:
            return Index.of(axis)
        index = Index()
        for each in self._made[axis]:
            index = index * each.length + self.index_of(each)
        return index

    def axes_of(self, axes: Iterable[Axis]) -> tuple[Axis, ...]:
        """Return axes with those that have been split replaced."""
        return tuple(
            inner
            for axis in axes
            for inner in (self.axes_of(self._made[axis]) if axis in self._made else (axis,))
        )

    def applied(self, expression: Expression, axes: Iterable[Axis]) -> Expression:
        """Return an expression with the axes among these that have been split replaced."""
        return substitute(expression, {x: self.index_of(x) for x in axes if x in self._made})


@dataclass
class Names:
    """The names of nodes by serial, and the nodes of constants that are not one number.

    An entry of a node in `bindings` is what the function there returns for its indices; one of a
    result of a loop in `loops` what that returns for the number of the result and its indices.
    `parts` has names of slices, blocks of equal length of an axis.
    """

    names: dict[int, Name] = field(default_factory=dict[int, Name])
    constants: dict[Name, Node] = field(default_factory=dict[Name, Node])
    bindings: dict[int, Callable[[Indices], Expression]] = field(
        default_factory=dict[int, "Callable[[Indices], Expression]"]
    )
    loops: dict[int, Callable[[int, Indices], Expression]] = field(
        default_factory=dict[int, "Callable[[int, Indices], Expression]"]
    )
    parts: dict[int, str] = field(default_factory=dict[int, str])
    splits: Splits = field(default_factory=Splits)

    def constant(self, node: Node) -> Name:
        """Return the name of an array constant, which is new if it has none."""
        for name, known in self.constants.items():
            if known is node:
                return name
        name = Name("C", subscript=str(len(self.constants) + 1))
        self.constants[name] = node
        return name

    def within(self) -> Names:
        """Return the names within the body of a loop, which has bindings of its own."""
        return Names(self.names, self.constants, {}, self.loops, self.parts, self.splits)


def axes_of(node: Node, letters: Sequence[str] = ()) -> tuple[Axis, ...]:
    """Return a new axis for each axis of the value of a node."""
    given = [*letters, *[""] * len(node.shape)]
    return tuple(map(Axis, node.shape, given))
