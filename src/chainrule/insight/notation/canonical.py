"""Equality of expressions up to the letters of bound axes and the order of terms and factors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from types import MappingProxyType

from chainrule.insight.notation.expression import (
    Addition,
    Application,
    Expression,
    Function,
    Number,
    Place,
    Product,
    Reduction,
    Relation,
    Symbol,
    free_axes,
    operands,
)
from chainrule.insight.notation.index import Axis, Index
from chainrule.insight.notation.remembered import remembered

__all__ = ["key"]

_Bound = Mapping[Axis, Hashable]


def key(expression: Expression, bound: _Bound = MappingProxyType({})) -> Hashable:
    """Return a value that equal expressions share.

    A bound axis is known by how deeply sums are nested in its own (as de Bruijn, 1972, counts from
    the other end), so that the key of a part does not depend on the sums around it.
    """
    if bound and any(axis in bound for axis in free_axes(expression)):
        return _key(expression, bound)
    return _own_key(expression)


@remembered
def _own_key(expression: Expression) -> Hashable:
    """Return the key of an expression in which no axis is bound from outside."""
    return _key(expression, MappingProxyType({}))


@remembered
def _depth(expression: Expression) -> int:
    """Return how many reductions are nested in an expression."""
    return isinstance(expression, Reduction) + max(map(_depth, operands(expression)), default=0)


def _key(expression: Expression, bound: _Bound) -> Hashable:
    match expression:
        case Number(value):
            return "number", float(value)
        case Symbol(name, indices, is_padded):
            return "symbol", name, _keys(indices, bound), is_padded
        case Place(index):
            return "place", _keys((index,), bound)
        case Reduction(kind, axes, body):
            depth = _depth(expression)
            inner = {axis: (depth, i, axis.length) for i, axis in enumerate(axes)}
            return kind, len(axes), key(body, {**bound, **inner})
        case Application(node, arguments, indices, result):
            inside: list[Hashable] = []
            for each, axes in arguments:
                own = {axis: ("own", i) for i, axis in enumerate(axes)}
                inside.append(key(each, {**bound, **own}))
            called = expression.primitive.name, repr(node.params), result
            return "application", called, tuple(inside), _keys(indices, bound)
        case Addition() | Product():
            counts = Counter(key(each, bound) for each in operands(expression))
            return type(expression).__name__, frozenset(counts.items())
        case Function(name) | Relation(name):
            kind = name
        case _:
            kind = type(expression).__name__
    return kind, tuple(key(each, bound) for each in operands(expression))


def _keys(indices: tuple[Index, ...], bound: _Bound) -> tuple[Hashable, ...]:
    return tuple(
        "only"
        if index.is_only_entry
        else (
            frozenset(
                (bound.get(axis, id(axis)), each) for axis, each in index.terms if axis.length != 1
            ),
            index.offset,
        )
        for index in indices
    )
