"""Identities of what depends on one condition twice: it is known where the condition is."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

from chainrule.insight.notation import algebra
from chainrule.insight.notation.canonical import key
from chainrule.insight.notation.expression import (
    Cases,
    Expression,
    Function,
    Number,
    Power,
    Product,
    Relation,
    operands,
)
from chainrule.insight.notation.primitive_rules import MIRRORED, OPPOSITES

__all__ = ["compared", "known_condition"]


def compared(expression: Expression) -> Expression | None:
    """Return 0 or 1 for a comparison of numbers, as of a base with 0."""
    match expression:
        case Relation(sign, Number(left), Number(right)):
            return algebra.ONE if _COMPARISONS[sign](left, right) else algebra.ZERO
        case _:
            return None


_COMPARISONS: Mapping[str, Any] = {
    "=": operator.eq, "≠": operator.ne, "<": operator.lt, "≤": operator.le, ">": operator.gt,
    "≥": operator.ge,
}  # fmt: skip


def known_condition(expression: Expression) -> Expression | None:
    """``[c]ⁿ f([c]) = [c] f(1)``, and each of two cases where its condition holds, or does not."""
    match expression:
        case Cases(Relation() as condition, if_true, if_false):
            values = _where(if_true, condition, True), _where(if_false, condition, False)
            return Cases(condition, *values)
        case Product(factors):
            for bracket in factors:
                if isinstance(bracket, Relation):
                    rest = [each for each in factors if each is not bracket]
                    known = [_where(each, bracket, True) for each in rest]
                    if any(new is not old for new, old in zip(known, rest, strict=True)):
                        return algebra.multiply(*known, bracket)
            return None
        case Power(Relation() as bracket, Number(exponent)) if exponent > 0:
            return bracket
        case Function("logical_and" | "logical_or", _, (a, b)) if key(a) == key(b):
            return a
        case _:
            return None


def _where(expression: Expression, condition: Relation, holds: bool) -> Expression:
    """Return an expression where a condition holds, or where it does not."""
    if isinstance(expression, Relation):
        is_equal = _agreement(expression, condition)
        if is_equal is not None:
            return algebra.ONE if is_equal == holds else algebra.ZERO
    parts = operands(expression)
    new = tuple(_where(each, condition, holds) for each in parts)
    if all(each is part for each, part in zip(new, parts, strict=True)):
        return expression
    return algebra.normalized(expression, new)


def _agreement(one: Relation, other: Relation) -> bool | None:
    """Return whether two conditions are the same, or opposite; None if neither."""
    for sign, left, right in (
        (other.sign, other.left, other.right),
        (MIRRORED[other.sign], other.right, other.left),
    ):
        sides = key(one.left) == key(left) and key(one.right) == key(right)
        if sides and one.sign in (sign, OPPOSITES[sign]):
            return one.sign == sign
    return None
