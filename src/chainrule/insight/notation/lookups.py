"""Entries at places that are formulas of indices: of joined arrays, diagonals, rows looked up."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from chainrule.graph.node import Node
from chainrule.insight.notation import algebra
from chainrule.insight.notation.expression import Expression, Number, Place, Relation
from chainrule.insight.notation.index import Index
from chainrule.insight.notation.names import Indices, axes_of

__all__ = ["concatenated", "gathered", "scattered"]

_Write = Callable[[Node, Indices], Expression]
"""Writes the entry of a node at some indices."""


def concatenated(node: Node, indices: Indices, write: _Write) -> Expression | None:
    """Return the entry of the only operand that an index runs through."""
    axis = node.params["axis"]
    low, high = indices[axis].range
    start = 0
    for operand in node.inputs:
        end = start + operand.shape[axis]
        if start <= low and high < end:
            inner = list(indices)
            inner[axis] = (
                Index(is_only=True) if end - start == 1 else inner[axis] - Index((), start)
            )
            return write(operand, tuple(inner))
        start = end
    return None


def gathered(node: Node, indices: Indices, write: _Write) -> Expression | None:
    """Return an entry at places that are formulas of indices, as of a diagonal."""
    array, *places = node.inputs
    count = len(places[0].shape)
    found = [_as_index(write(each, indices[:count])) for each in places]
    inside = [each for each in found if each is not None and each.range[0] >= 0]
    if len(inside) < len(places):
        return None
    return write(array, (*inside, *indices[count:]))


def scattered(node: Node, indices: Indices, write: _Write) -> Expression | None:
    """Return the sum of the entries whose place is that of the result."""
    rows, *places = node.inputs
    over = axes_of(places[0])
    lead = tuple(map(Index.of, over))
    found = [_as_index(write(each, lead)) for each in places]
    if any(each is None or each.range[0] < 0 for each in found):
        return None
    entry = write(rows, (*lead, *indices[len(places) :]))
    conditions = (
        Relation("=", algebra.place(one or Index()), algebra.place(other))
        for one, other in zip(found, indices, strict=False)
    )
    return algebra.reduce("Σ", over, algebra.multiply(entry, *conditions))


def _as_index(place: Expression) -> Index | None:
    match place:
        case Place(index):
            return index
        case Number(Fraction() as value) if value.denominator == 1:
            return Index((), int(value))
        case _:
            return None
