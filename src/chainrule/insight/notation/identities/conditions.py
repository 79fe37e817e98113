"""Identities of conditions: those decided beforehand, ties, bounds that do not act."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from chainrule.insight.notation import algebra
from chainrule.insight.notation.algebra import as_factors
from chainrule.insight.notation.batch import TRACED_BATCH
from chainrule.insight.notation.canonical import key
from chainrule.insight.notation.expression import (
    Application,
    Cases,
    Expression,
    Function,
    Number,
    Place,
    Reduction,
    Relation,
    substitute,
)
from chainrule.insight.notation.identities.sums import expanded
from chainrule.insight.notation.index import Index
from chainrule.insight.notation.primitive_rules import OPPOSITES

__all__ = [
    "decided",
    "finite",
    "first_maximum",
    "index_in_range",
    "known_order",
    "only_term",
    "present",
    "rectifier",
    "saturation",
    "tie",
]


def finite(expression: Expression) -> Expression | None:
    """Return 0 for a comparison of a value with infinity, which a guard makes."""
    match expression:
        case Relation("=", left, right) if Number(math.inf) in (left, right):
            return algebra.ZERO
        case Relation("<", _, Number(math.inf)):
            return algebra.ONE
        case Function("logical_and", _, arguments) if algebra.ZERO in arguments:
            return algebra.ZERO
        case _:
            return None


def present(expression: Expression) -> Expression | None:
    """``Σ [c] ≠ 0``, whether any term of a derivative is there, holds but for data without one."""
    match expression:
        case Relation("≠", Reduction("Σ", _, body), Number(0)) if _is_condition(body):
            return algebra.ONE
        case Relation("≠", condition, Number(0)) if _is_condition(condition):
            return condition
        case Function("logical_not", _, (Relation(sign, left, right),)):
            return Relation(OPPOSITES[sign], left, right)
        case _:
            return None


def _is_condition(expression: Expression) -> bool:
    match expression:
        case Relation() | Function("logical_and" | "logical_or" | "logical_not"):
            return True
        case _:
            return False


def first_maximum(expression: Expression) -> Expression | None:
    """Return ``argmax a`` for the least place at which no entry of ``a`` is larger.

    ``min_i (i if a_i ≥ max_j a_j else n)`` is the place of the first maximum.
    """
    match expression:
        case Reduction("min", _, Cases(Relation("<", a, largest), Number(end), Place(index))):
            axes = tuple(axis for axis, _ in sorted(index.terms, key=lambda term: -term[1]))
            in_order = Index()
            for axis in axes:
                in_order = in_order * axis.length + Index.of(axis)
            is_end = end >= math.prod(axis.length for axis in axes)
            is_order = set(in_order.terms) == set(index.terms) and not index.offset
            is_largest = key(largest) == key(Reduction("max", axes, a))
            if is_end and is_order and is_largest and set(axes) == set(expression.axes):
                return Reduction("argmax", axes, a)
        case _:
            pass
    return None


def known_order(expression: Expression) -> Expression | None:
    """Decide comparisons of numbers, and of places with numbers beyond their range."""
    match expression:
        case Relation(sign, Number(a), Number(b)):
            return algebra.ONE if _HOLDS[sign](a, b) else algebra.ZERO
        case Relation("<" | "≤" | ">" | "≥" as sign, Place(index), Number(bound)):
            low, high = index.range
            ends = {_HOLDS[sign](each, bound) for each in (low, high)}
        case Relation("<" | "≤" | ">" | "≥" as sign, Number(bound), Place(index)):
            low, high = index.range
            ends = {_HOLDS[sign](bound, each) for each in (low, high)}
        case _:
            return None
    has_samples = any(axis.length >= TRACED_BATCH for axis in index.axes)
    if len(ends) > 1 or has_samples:
        return None
    return algebra.ONE if ends.pop() else algebra.ZERO


_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "≠": operator.ne,
    "<": operator.lt,
    "≤": operator.le,
    ">": operator.gt,
    "≥": operator.ge,
}


def only_term(expression: Expression) -> Expression | None:
    """``Σ_l [l = i] v_l = v_i``."""
    if not isinstance(expression, Reduction) or expression.kind != "Σ":
        return None
    factors = as_factors(expression.body)
    for factor in factors:
        match factor:
            case Relation("=", Place(one), Place(other)):
                for index, value in ((one, other), (other, one)):
                    axis = index.axis
                    if axis is None or axis not in expression.axes or axis in value.axes:
                        continue
                    low, high = value.range
                    if low >= 0 and high < axis.length:
                        rest = algebra.multiply(*(x for x in factors if x is not factor))
                        axes = [x for x in expression.axes if x is not axis]
                        return algebra.reduce("Σ", axes, substitute(rest, {axis: value}))
            case _:
                pass
    return None


def index_in_range(expression: Expression) -> Expression | None:
    """Leave out what is done with negative indices of rows that are looked up."""
    if not isinstance(expression, Application):
        return None
    if expression.primitive.name not in ("gather", "scatter_add"):
        return None
    array, *places = expression.arguments
    new = [(_not_negative(each), axes) for each, axes in places]
    return replace(expression, arguments=(array, *new))


def _not_negative(index: Expression) -> Expression:
    match index:
        case Cases(Relation("<", value, Number(zero)), _, other) if not zero:
            return other if key(value) == key(other) else index
        case _:
            return index


def saturation(expression: Expression) -> Expression | None:
    """Leave out a bound far beyond the values, where a function is constant in floats."""
    match expression:
        case Function("maximum" | "minimum", _, (u, Number(bound)) | (Number(bound), u)):
            is_guard = bound <= -_FAR if expression.name == "maximum" else bound >= _FAR
            return u if is_guard and not isinstance(u, Number) else None
        case Relation(sign, left, right):
            for side, other in ((left, right), (right, left)):
                if isinstance(side, Number) and abs(side.value) >= _FAR and side is not other:
                    below = (side.value < 0) == (side is left)
                    holds = {"=": False, "≠": True, "<": below, "≤": below}.get(sign, not below)
                    return algebra.ONE if holds else algebra.ZERO
        case _:
            pass
    return None


_FAR = 500


def decided(expression: Expression) -> Expression | None:
    """Leave out conditions that are known to hold, or not to."""
    match expression:
        case Cases(condition, if_true, if_false) if isinstance(condition, Number):
            return if_true if condition.value else if_false
        case Cases(Relation() as condition, if_true, if_false) if if_false == algebra.ZERO:
            return algebra.multiply(if_true, condition)
        case Cases(Function("logical_and", _, parts), if_true, if_false) if (
            if_false == algebra.ZERO and all(isinstance(each, Relation) for each in parts)
        ):
            return algebra.multiply(if_true, *parts)
        case Cases(_, if_true, if_false) if key(expanded(if_true)) == key(expanded(if_false)):
            return if_true
        case Function("logical_and", _, (a, b)) if algebra.ONE in (a, b):
            return b if a == algebra.ONE else a
        case Function("logical_or", _, (a, b)) if algebra.ZERO in (a, b):
            return b if a == algebra.ZERO else a
        case Function("logical_or", _, (a, b)) if algebra.ONE in (a, b):
            return algebra.ONE
        case _:
            return None


def tie(expression: Expression) -> Expression | None:
    """``v if a < b else [a = b] v / 2``, the derivative of a maximum, is ``v [a < b]``.

    Where a = b any value between 0 and v is a subgradient.
    """
    match expression:
        case Cases(_, if_true, if_false) if key(if_false) == key(algebra.multiply(_HALF, if_true)):
            return if_true
        case Cases(
            Relation("<", a, b),
            holds,
            Function("logical_and", template, (Relation("=", c, d), rest)),
        ) if key(holds) == key(rest) and {key(a), key(b)} == {key(c), key(d)}:
            return Function("logical_and", template, (Relation("≤", a, b), rest))
        case Function("logical_or", _, (Relation("<", a, b), Relation("=", c, d))):
            if {key(a), key(b)} == {key(c), key(d)}:
                return Relation("≤", a, b)
        case Cases(Relation("<", a, b) as condition, if_true, if_false):
            for factor in as_factors(if_false):
                if not isinstance(factor, Relation) or factor.sign != "=":
                    continue
                sides = {key(factor.left), key(factor.right)}
                half = algebra.multiply(_HALF, if_true, factor)
                if sides == {key(a), key(b)} and key(half) == key(if_false):
                    return algebra.multiply(if_true, condition)
        case _:
            pass
    return None


_HALF = Number(Fraction(1, 2))


def rectifier(expression: Expression) -> Expression | None:
    """``z [z > 0] = max(0, z)``."""
    for bracket in as_factors(expression):
        match bracket:
            case Relation(">" | "≥", z, Number(value)) | Relation("<" | "≤", Number(value), z) if (
                not value
            ):
                others = [each for each in as_factors(expression) if each is not bracket]
                for each in others:
                    if key(each) == key(z):
                        rest = [x for x in others if x is not each]
                        rectified = Function("maximum", "max({0}, {1})", (algebra.ZERO, z))
                        return algebra.multiply(*rest, rectified)
            case _:
                pass
    return None
