"""Elementwise primitives as algebra of expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from chainrule.insight.notation import algebra
from chainrule.insight.notation.canonical import key
from chainrule.insight.notation.elementary import exp_of, ln_of
from chainrule.insight.notation.expression import (
    Cases,
    Expression,
    Function,
    Number,
    Relation,
)

__all__ = ["ALGEBRA", "MIRRORED", "OPPOSITES", "RELATIONS", "choose"]


def _is_variable(expression: Expression) -> bool:
    return not isinstance(expression, Number)


_HALF = Number(Fraction(1, 2))


def _arctan2(y: Expression, x: Expression) -> Expression:
    """Return arctan(y) where x is 1, arcsin(y) or arccos(x) where the other is the other leg."""
    for name, argument, other in (("arcsin", y, x), ("arccos", x, y)):
        leg = algebra.multiply(
            algebra.subtract(algebra.ONE, argument), algebra.add(algebra.ONE, argument)
        )
        if key(other) == key(algebra.power(leg, _HALF)):
            return Function(name, f"{name}({{0}})", (argument,))
    if x == algebra.ONE:
        return Function("arctan", "arctan({0})", (y,))
    return Function("arctan2", "arctan2({0}, {1})", (y, x))


ALGEBRA: Mapping[str, Callable[..., Expression]] = {
    "add": algebra.add,
    "arctan2": _arctan2,
    "divide": algebra.divide,
    "exp": exp_of,
    "expm1": lambda x: algebra.subtract(exp_of(x), algebra.ONE),
    "log": ln_of,
    "log1p": lambda x: ln_of(algebra.add(algebra.ONE, x)),
    "logaddexp": lambda x, y: ln_of(algebra.add(*sorted((exp_of(x), exp_of(y)), key=_is_variable))),
    "multiply": algebra.multiply,
    "negative": algebra.negative,
    "power": algebra.power,
    "sqrt": lambda x: algebra.power(x, _HALF),
    "subtract": algebra.subtract,
}

RELATIONS = {"equal": "=", "less": "<", "less_equal": "≤", "not_equal": "≠"}
OPPOSITES = {"=": "≠", "<": "≥", "≤": ">", "≠": "=", "≥": "<", ">": "≤"}
MIRRORED = {"=": "=", "≠": "≠", "<": ">", ">": "<", "≤": "≥", "≥": "≤"}
"""The signs of comparisons with their sides exchanged."""


def choose(condition: Expression, if_true: Expression, if_false: Expression) -> Expression:
    """Return a choice; one between a value and 0 is a product with the bracket of Iverson."""
    if if_true == if_false:
        return if_true
    if if_false == algebra.ZERO and isinstance(condition, Relation):
        return algebra.multiply(if_true, condition)
    if if_true == algebra.ZERO and isinstance(condition, Relation):
        opposite = Relation(OPPOSITES[condition.sign], condition.left, condition.right)
        return algebra.multiply(if_false, opposite)
    return Cases(condition, if_true, if_false)
