"""Elementary functions as expressions, and the parts of expressions that identities look for."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from chainrule.insight.notation import algebra
from chainrule.insight.notation.algebra import as_factors
from chainrule.insight.notation.canonical import key
from chainrule.insight.notation.expression import (
    Expression,
    Function,
    Number,
    Power,
    Reduction,
    free_axes,
    operands,
    substitute,
)
from chainrule.insight.notation.index import Index
from chainrule.insight.notation.remembered import remembered

__all__ = [
    "denominators",
    "exp_of",
    "is_function",
    "ln_of",
    "number_of",
    "powers_of",
    "sigmoid_of",
    "size",
    "softmax_parts",
]


def exp_of(argument: Expression) -> Expression:
    """Return ``exp(argument)``."""
    return algebra.ONE if argument == algebra.ZERO else Function("exp", "exp({0})", (argument,))


def ln_of(argument: Expression) -> Expression:
    """Return ``ln(argument)``."""
    return algebra.ZERO if argument == algebra.ONE else Function("log", "ln({0})", (argument,))


def sigmoid_of(argument: Expression) -> Expression:
    """Return ``σ(argument)``."""
    return Function("sigmoid", "σ({0})", (argument,))


def is_function(expression: Expression, name: str) -> bool:
    """Whether an expression is an elementary function of that name."""
    return isinstance(expression, Function) and expression.name == name


def number_of(term: Expression) -> Fraction | float:
    """Return the number in front of a term."""
    first = as_factors(term)[0]
    return first.value if isinstance(first, Number) else Fraction(1)


def powers_of(term: Expression) -> dict[object, tuple[Expression, Expression]]:
    """Return the factors of a term but its number, as bases and exponents."""
    found: dict[object, tuple[Expression, Expression]] = {}
    for factor in as_factors(term):
        if isinstance(factor, Power):
            found[key(factor.base)] = factor.base, factor.exponent
        elif not isinstance(factor, Number):
            found[key(factor)] = factor, algebra.ONE
    return found


def denominators(expression: Expression) -> list[Expression]:
    """Return what a product divides by."""
    minus_one = Number(Fraction(-1))
    return [
        each.base
        for each in as_factors(expression)
        if isinstance(each, Power) and each.exponent == minus_one
    ]


def softmax_parts(expression: Expression) -> Iterator[tuple[Expression, Reduction]]:
    """Yield each ``exp(z_i)`` with the ``Σ_j exp(z_j)`` that a product divides by."""
    numerators = [each for each in as_factors(expression) if is_function(each, "exp")]
    for base in denominators(expression):
        if not isinstance(base, Reduction) or base.kind != "Σ" or len(base.axes) != 1:
            continue
        if not is_function(base.body, "exp"):
            continue
        for numerator in numerators:
            for axis in free_axes(numerator):
                at_axis = substitute(base.body, {base.axes[0]: Index.of(axis)})
                if axis not in free_axes(base) and key(at_axis) == key(numerator):
                    yield numerator, base
                    break


@remembered
def size(expression: Expression) -> int:
    """Return the number of operations and symbols."""
    return 1 + sum(map(size, operands(expression)))
