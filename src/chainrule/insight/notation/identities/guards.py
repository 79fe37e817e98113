"""Guards of the library, which keep functions and derivatives finite at special points."""

from __future__ import annotations

from fractions import Fraction

from chainrule.insight.notation import algebra
from chainrule.insight.notation.algebra import as_factors, as_terms
from chainrule.insight.notation.canonical import key
from chainrule.insight.notation.elementary import is_function, ln_of
from chainrule.insight.notation.expression import (
    Cases,
    Expression,
    Function,
    Number,
    Power,
    Relation,
    operands,
)

__all__ = ["domain_of_log", "power_at_zero", "repeated_condition", "root_at_zero", "rounding"]


def repeated_condition(expression: Expression) -> Expression | None:
    """``[c]² = [c]``."""
    match expression:
        case Power(Relation() as condition, Number(value)) if value > 0:
            return condition
        case Function("logical_and", _, (a, b)) if key(a) == key(b):
            return a
        case _:
            return None


def root_at_zero(expression: Expression) -> Expression | None:
    """``[u ≠ 0] f(u if u ≠ 0, else 1) = f(u)``, for powers and the logarithm."""
    factors = as_factors(expression)
    for bracket in factors:
        match bracket:
            case Relation("≠", u, Number(zero)) if not zero:
                rest = [each for each in factors if each is not bracket]
                found = [_without_guard(each, u) for each in rest]
                if any(key(a) != key(b) for a, b in zip(rest, found, strict=True)):
                    return algebra.multiply(*found)
                if any(key(each) == key(ln_of(u)) for each in rest):
                    return algebra.multiply(*rest)
            case _:
                pass
    return None


def _without_guard(factor: Expression, u: Expression) -> Expression:
    match factor:
        case Power(Cases(Relation("=", v, Number(zero)), Number(), w), exponent) if not zero:
            return algebra.power(w, exponent) if key(v) == key(w) == key(u) else factor
        case _:
            return factor


def power_at_zero(expression: Expression) -> Expression | None:
    """``u^{n if u = 0, else v} = u^v``, but for u = 0."""
    if not isinstance(expression, Power):
        return None
    exponent = _chosen(expression.exponent, expression.base)
    is_changed = key(exponent) != key(expression.exponent)
    return algebra.power(expression.base, exponent) if is_changed else None


def _chosen(exponent: Expression, u: Expression) -> Expression:
    match exponent:
        case Cases(condition, Number(), other) if _needs_zero(condition, u):
            return other
        case _:
            new = tuple(_chosen(each, u) for each in operands(exponent))
            return algebra.normalized(exponent, new) if new else exponent


def _needs_zero(condition: Expression, u: Expression) -> bool:
    match condition:
        case Relation("=", v, Number(zero)):
            return not zero and key(u) == key(v)
        case Function("logical_and", _, parts):
            return any(_needs_zero(each, u) for each in parts)
        case _:
            return False


def domain_of_log(expression: Expression) -> Expression | None:
    """``ln(u if u > 0, else 1) = ln u``, where that is defined."""
    if not is_function(expression, "log"):
        return None
    match operands(expression)[0]:
        case Cases(Relation("<", Number(zero), u), v, Number()) if not zero and key(u) == key(v):
            return ln_of(u)
        case _:
            return None


def rounding(expression: Expression) -> Expression | None:
    """``d if |d| < ε |r|`` is 0, but for rounding, where ε is that of floats."""
    match expression:
        case Cases(Function("logical_and", _, conditions), d, Number(zero)) if not zero:
            for each in conditions:
                match each:
                    case Relation("<", Function("absolute", _, (e,)), bound) if key(e) == key(d):
                        if _is_tiny(bound):
                            return algebra.ZERO
                    case _:
                        pass
        case _:
            pass
    return None


def _is_tiny(bound: Expression) -> bool:
    numbers = [each.value for each in as_factors(bound) if isinstance(each, Number)]
    return len(as_terms(bound)) == 1 and bool(numbers) and 0 < numbers[0] < _TINY


_TINY = Fraction(1, 10**12)
