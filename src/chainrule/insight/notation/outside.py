"""Sums over the windows that contain an entry, and arrays that are 0 outside of an operand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from chainrule.graph.node import Node
from chainrule.insight.notation import algebra
from chainrule.insight.notation.algebra import as_factors
from chainrule.insight.notation.canonical import key
from chainrule.insight.notation.expression import (
    Expression,
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
from chainrule.insight.notation.names import Indices, axes_of

__all__ = ["folded", "padded"]

_Write = Callable[[Node, Indices], Expression]
"""Writes the entry of a node at some indices."""


def folded(node: Node, indices: Indices, write: _Write) -> Expression:
    """Sum over the windows that contain an entry: ``Σ_p y[i - p, p]``, or ``Σ_{2j + p = i}``."""
    params, (operand,) = node.params, node.inputs
    bound, inner = [Axis(size) for size in params["sizes"]], list(indices)
    if all(each == 1 for each in params["strides"]):
        for axis, offset, dilation in zip(params["axes"], bound, params["dilations"], strict=True):
            inner[axis] -= Index.of(offset) * dilation
        inner += map(Index.of, bound)
        body = _zero_outside(write(operand, tuple(inner)), bound)
        if body is not None:
            return algebra.reduce("Σ", bound, body)
    windows, conditions, inner = list[Axis](), list[Expression](), list(indices)
    for i, axis in enumerate(params["axes"]):
        windows.append(Axis(operand.shape[axis]))
        inner[axis] = Index.of(windows[-1])
        stride, dilation = params["strides"][i], params["dilations"][i]
        place = inner[axis] * stride + Index.of(bound[i]) * dilation
        conditions.append(Relation("=", Place(place), Place(indices[axis])))
    inner += map(Index.of, bound)
    body = write(operand, tuple(inner))
    return algebra.reduce("Σ", (*windows, *bound), algebra.multiply(body, *conditions))


def _zero_outside(expression: Expression, axes: Sequence[Axis]) -> Expression | None:
    """Return an expression that is 0 where an index that depends on `axes` is out of range.

    None if it is no product of a symbol that has all these indices.
    """
    match expression:
        case Symbol(name, indices):
            long = [axis for axis in axes if axis.length != 1]
            return Symbol(name, indices, True) if _has_shifted(expression, long) else None
        case Product(factors):
            for factor in factors:
                if isinstance(factor, Symbol) and _has_shifted(factor, axes):
                    rest = [each for each in factors if each is not factor]
                    return algebra.multiply(Symbol(factor.name, factor.indices, True), *rest)
            return None
        case Reduction("Σ", over, body):
            inner = _zero_outside(body, axes)
            return None if inner is None else algebra.reduce("Σ", over, inner)
        case _:
            return None


def _has_shifted(symbol: Symbol, axes: Sequence[Axis]) -> bool:
    shifted = {axis for each in symbol.indices if len(each.terms) > 1 for axis in each.axes}
    return all(axis in shifted for axis in axes)


def padded(node: Node, indices: Indices, write: _Write) -> Expression:
    """Outside the operand the value is 0, which a symbol says of itself, or a condition."""
    (operand,) = node.inputs
    found = _padded_symbol(node, indices, write)
    if found is not None:
        return found
    inner, windows, conditions = list[Index](), list[Axis](), list[Expression]()
    for index, length, each in zip(indices, node.shape, node.params["slices"], strict=True):
        start, count, step = each
        if step == 1:
            place = index - Index((), start)
            if start:
                conditions.append(Relation("≤", Number(Fraction(start)), algebra.place(index)))
            if start + count < length:
                end = Number(Fraction(start + count))
                conditions.append(Relation("<", algebra.place(index), end))
        else:
            windows.append(Axis(count))
            place = Index.of(windows[-1])
            source = Place(place * step + Index((), start))
            conditions.append(Relation("=", source, Place(index)))
        inner.append(place)
    body = _guarded(write(operand, tuple(inner)))
    known = as_factors(body.body if isinstance(body, Reduction) else body)
    conditions = [each for each in conditions if not _is_implied(each, known)]
    return algebra.reduce("Σ", windows, algebra.multiply(body, *conditions))


def _is_implied(condition: Expression, factors: Sequence[Expression]) -> bool:
    """Whether a bound of a place follows from an equation of it among the factors."""
    for each in factors:
        match each, condition:
            case (
                Relation("=", Place(source), Place() as known),
                Relation("≤", Number(), Place() as bounded)
                | Relation("<", Place() as bounded, Number()),
            ) if key(known) == key(bounded):
                low, high = source.range
                if isinstance(condition.left, Number):
                    return condition.left.value <= low
                return isinstance(condition.right, Number) and high < condition.right.value
            case _:
                pass
    return False


def _guarded(expression: Expression) -> Expression:
    """Return an expression that can be evaluated where its indices are out of range."""
    if isinstance(expression, Symbol):
        return replace(expression, is_padded=True)
    new = tuple(_guarded(each) for each in operands(expression))
    return algebra.normalized(expression, new) if new else expression


def _padded_symbol(node: Node, indices: Indices, write: _Write) -> Expression | None:
    (operand,) = node.inputs
    if any(step != 1 for _, _, step in node.params["slices"]):
        return None
    starts = [start for start, _, _ in node.params["slices"]]
    inner = tuple(i - Index((), start) for i, start in zip(indices, starts, strict=True))
    axes = axes_of(operand)
    whole = write(operand, tuple(map(Index.of, axes)))
    if not isinstance(whole, Symbol) or any(each.axis is None for each in whole.indices):
        return None  # what is outside the operand may be inside the array of the symbol
    lengths = zip(axes, node.shape, strict=True)
    if any(axis.length != n and axis not in free_axes(whole) for axis, n in lengths):
        return None  # nor has the symbol an index that says what is outside
    found = write(operand, inner)
    return Symbol(found.name, found.indices, True) if isinstance(found, Symbol) else None
