"""Rules from the definitions of named values, and from what is known of the data."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from chainrule.insight.notation import algebra
from chainrule.insight.notation.algebra import as_factors
from chainrule.insight.notation.canonical import key
from chainrule.insight.notation.elementary import (
    exp_of,
    is_function,
    ln_of,
    number_of,
    powers_of,
    softmax_parts,
)
from chainrule.insight.notation.expression import (
    Expression,
    Name,
    Number,
    Reduction,
    Symbol,
    free_axes,
    names_in,
    operands,
    substitute,
)
from chainrule.insight.notation.identities.rule import Rule
from chainrule.insight.notation.index import Axis, Index

__all__ = [
    "definition",
    "log_of_sigmoid",
    "odds_of_sigmoid",
    "rows_sum_to_one",
    "softmax_numerator",
]


def rows_sum_to_one(name: Name) -> Rule:
    """Return the rule that the entries of an array add up to 1 along its last axis."""

    def apply(expression: Expression) -> Expression | None:
        if not isinstance(expression, Reduction) or expression.kind != "Σ":
            return None
        for factor in as_factors(expression.body):
            if isinstance(factor, Symbol) and factor.name == name and factor.indices:
                axis = factor.indices[-1].axis
                others = [each for each in as_factors(expression.body) if each is not factor]
                if axis in expression.axes and all(axis not in free_axes(x) for x in others):
                    remaining = [each for each in expression.axes if each is not axis]
                    return algebra.reduce("Σ", remaining, algebra.multiply(*others))
        return None

    return Rule(f"each row of {name} sums to 1", apply)


def softmax_numerator(name: Name, axes: Sequence[Axis], value: Expression) -> Rule | None:
    """Return the rule ``exp(z_i) = p_i Σ_j exp(z_j)`` for a named ``p = softmax(z)``."""
    for numerator, denominator in softmax_parts(value):

        def apply(
            expression: Expression, wanted: Expression = numerator, total: Reduction = denominator
        ) -> Expression | None:
            if not is_function(expression, "exp"):
                return None
            for at in _placements(expression, value, axes):
                if key(substitute(wanted, at)) == key(expression):
                    symbol = Symbol(name, tuple(at.get(axis, Index.of(axis)) for axis in axes))
                    return algebra.multiply(symbol, substitute(total, at))
            return None

        return Rule("", apply, name)
    return None


def log_of_sigmoid(name: Name, axes: Sequence[Axis], value: Expression) -> Rule | None:
    """Return the rules ``ln(1 + exp(-z)) = -ln p``, ``ln(1 + exp(z)) = -ln(1 - p)``, p = σ(z)."""
    if not is_function(value, "sigmoid"):
        return None
    (z,) = operands(value)

    def apply(expression: Expression) -> Expression | None:
        if not is_function(expression, "log"):
            return None
        for at in _placements(expression, value, axes):
            symbol = Symbol(name, tuple(at.get(axis, Index.of(axis)) for axis in axes))
            for sign, p in ((-1, symbol), (1, algebra.subtract(algebra.ONE, symbol))):
                exponent = algebra.multiply(Number(Fraction(sign)), substitute(z, at))
                if key(operands(expression)[0]) == key(algebra.add(algebra.ONE, exp_of(exponent))):
                    return algebra.negative(ln_of(p))
        return None

    return Rule(f"ln(1 + exp(−z)) = −ln {name}", apply, name)


def definition(
    name: Name,
    axes: Sequence[Axis],
    value: Expression,
    first: tuple[int, ...] = (),
    places: Sequence[Index] | None = None,
) -> Rule:
    """Return the rule that writes a symbol for its definition, wherever that is a factor.

    `first` is that of the symbol of a sequence, `places` are its indices if these are not `axes`.
    """
    places = tuple(map(Index.of, axes)) if places is None else places
    parts = powers_of(value)
    kinds = {_kind(base) for base, _ in parts.values()}

    def apply(expression: Expression) -> Expression | None:
        if not kinds or not kinds <= {_kind(base) for base, _ in powers_of(expression).values()}:
            return None
        for at in _placements(expression, value, axes):
            wanted = {key(substitute(base, at)): exponent for base, exponent in parts.values()}
            found = powers_of(expression)
            n = _common_power(wanted, found)
            if n:
                indices = tuple(each.substitute(at) for each in places)
                symbol = Symbol(name, indices, first=first)
                factor = Number(Fraction(number_of(value)))
                rest = [algebra.power(b, e) for each, (b, e) in found.items() if each not in wanted]
                number = Number(number_of(expression))
                power = algebra.power(symbol, Number(Fraction(n)))
                factor = algebra.power(factor, Number(Fraction(n)))
                return algebra.multiply(algebra.divide(number, factor), *rest, power)
        return None

    return Rule("", apply, name)


def _common_power(
    wanted: Mapping[Hashable, Expression], found: Mapping[Any, tuple[Expression, Expression]]
) -> int:
    """Return n if the factors of the n-th power of a definition are there, else 0."""
    powers: set[Expression] = set()
    for each, exponent in wanted.items():
        if each not in found:
            return 0
        powers.add(algebra.divide(found[each][1], exponent))
    match powers.pop():
        case Number(Fraction() as n) if n.denominator == 1 and not powers:
            return int(n)
        case _:
            return 0


def _kind(factor: Expression) -> object:
    """Return what a factor shares with all that are equal to it, whatever its axes."""
    return type(factor), getattr(factor, "name", None)


def odds_of_sigmoid(
    name: Name, axes: Sequence[Axis], value: Expression, first: tuple[int, ...] = ()
) -> Rule | None:
    """Return the rule ``exp(-z) p = 1 - p`` for a named ``p = σ(z)``."""
    if not is_function(value, "sigmoid"):
        return None
    (z,) = operands(value)

    def apply(expression: Expression) -> Expression | None:
        factors = as_factors(expression)
        for exponential in (each for each in factors if is_function(each, "exp")):
            for at in _placements(exponential, value, axes):
                indices = tuple(at.get(axis, Index.of(axis)) for axis in axes)
                p = Symbol(name, indices, first=first)
                inverse = exp_of(algebra.negative(substitute(z, at)))
                if key(inverse) == key(exponential) and key(p) in powers_of(expression):
                    rest = algebra.divide(algebra.divide(expression, exponential), p)
                    return algebra.multiply(rest, algebra.subtract(algebra.ONE, p))
        return None

    return Rule("", apply, name)


def _placements(
    expression: Expression, value: Expression, axes: Sequence[Axis]
) -> Iterator[Mapping[Axis, Index]]:
    """Yield ways to put axes of an expression in place of those of a definition."""
    if isinstance(expression, Symbol | Number) or not names_in(value) <= names_in(expression):
        return
    own = free_axes(expression)
    candidates = [
        [Index.of(each) for each in own if each.length == axis.length] or _ONLY[: axis.length == 1]
        for axis in axes
    ]
    yield from _choices(axes, candidates)


_ONLY = [Index(is_only=True)]


def _choices(
    axes: Sequence[Axis], candidates: Sequence[Sequence[Index]]
) -> Iterator[Mapping[Axis, Index]]:
    if not axes:
        yield {}
        return
    for first in candidates[0]:
        for rest in _choices(axes[1:], candidates[1:]):
            if first.is_only or first not in rest.values():
                yield {axes[0]: first, **rest}
