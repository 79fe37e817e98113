"""Constructors of expressions in normal form: numbers computed, like terms and powers collected.

A sum is of terms with distinct bodies, ``3 a + 2 b``; a product is of a number and powers of
distinct bases; what does not depend on the axis of a sum is a factor in front of it. Nothing is
expanded: ``a (1 - a)`` remains.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from fractions import Fraction

from chainrule.insight.notation.batch import BATCH_SIZE, TRACED_BATCH
from chainrule.insight.notation.canonical import key
from chainrule.insight.notation.expression import (
    Addition,
    Application,
    Cases,
    Expression,
    Function,
    Number,
    Place,
    Power,
    Product,
    Reduction,
    Relation,
    Symbol,
    free_axes,
    operands,
    rebuilt,
    substitute,
    walk,
)
from chainrule.insight.notation.index import Axis, Index

__all__ = [
    "ONE",
    "ZERO",
    "add",
    "as_factors",
    "as_terms",
    "constant",
    "divide",
    "length_of",
    "multiply",
    "negative",
    "normalized",
    "number",
    "place",
    "power",
    "reduce",
    "subtract",
]

ZERO = Number(Fraction(0))
ONE = Number(Fraction(1))

_LARGEST_DENOMINATOR = 1000
_EPSILON = {"float16": 1e-3, "float32": 1e-7}


def number(value: float, dtype: str = "float64") -> Number:
    """Return a constant as the fraction that rounds to it in its dtype, if there is a small one."""
    if not math.isfinite(value):
        return Number(value)
    fraction = Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
    tolerance = _EPSILON.get(dtype, 1e-15) * abs(value)
    return Number(fraction if abs(float(fraction) - value) <= tolerance else value)


def constant(value: float, dtype: str = "float64") -> Expression:
    """Return a constant of a graph: a number, or a small fraction times a power of N.

    The 1/N of a mean over a batch is the number 1 / `TRACED_BATCH` in the graph.
    """
    plain = number(value, dtype)
    if isinstance(plain.value, Fraction) and plain.value.numerator % TRACED_BATCH:
        return plain
    for exponent in (1, -1, 2, -2):
        rest = number(value * float(TRACED_BATCH) ** -exponent, dtype)
        if isinstance(rest.value, Fraction) and rest.value and rest.value.denominator < 100:
            return multiply(rest, power(BATCH_SIZE, Number(Fraction(exponent))))
    return plain


def add(*terms: Expression) -> Expression:
    """Return the sum, like terms collected."""
    collected: dict[Hashable, tuple[Fraction | float, Expression]] = {}
    for term in _with_one_place(_distributed(_flat(terms, Addition))):
        factor, body = _coefficient(term)
        name = key(body)
        before = collected.get(name, (Fraction(0), body))[0]
        collected[name] = before + factor, body
    kept = [
        body if factor == 1 else multiply(Number(factor), body)
        for factor, body in collected.values()
        if factor
    ]
    return kept[0] if len(kept) == 1 else Addition(tuple(kept)) if kept else ZERO


def _with_one_place(terms: Iterable[Expression]) -> list[Expression]:
    """Add up places and integers: ``(2t + 1) - 2t = 1``."""
    given, places = list(terms), list[Expression]()
    index = Index()
    for term in given:
        factor, body = _coefficient(term)
        if isinstance(factor, Fraction) and factor.denominator == 1:
            if isinstance(body, Place):
                places.append(term)
                index = index + body.index * int(factor)
            elif body == ONE:
                places.append(term)
                index = index + Index((), int(factor))
    if not any(isinstance(_coefficient(each)[1], Place) for each in places):
        return given
    rest = [each for each in given if not any(each is other for other in places)]
    return [place(index), *rest]


def place(index: Index) -> Expression:
    """Return the value of an index, a number where it is the same everywhere."""
    return Place(index) if index.terms else Number(Fraction(index.offset))


def subtract(left: Expression, right: Expression) -> Expression:
    """Return the difference."""
    return add(left, negative(right))


def negative(operand: Expression) -> Expression:
    """Return the operand times -1."""
    return multiply(Number(Fraction(-1)), operand)


def multiply(*factors: Expression) -> Expression:
    """Return the product, powers of one base collected."""
    value: Fraction | float = Fraction(1)
    powers: dict[Hashable, tuple[Expression, list[Expression]]] = {}
    for factor in _flat(factors, Product):
        if isinstance(factor, Number):
            value *= factor.value
            continue
        base, exponent = _base_and_exponent(factor)
        powers.setdefault(key(base), (base, []))[1].append(exponent)
    if not value:
        return ZERO
    raised = [
        base if len(exponents) == 1 and exponents[0] is ONE else power(base, add(*exponents))
        for base, exponents in powers.values()
    ]
    if any(isinstance(each, Number | Product) for each in raised):
        return multiply(Number(value), *raised)
    kept = [*([] if value == 1 and raised else [Number(value)]), *raised]
    return kept[0] if len(kept) == 1 else Product(tuple(kept))


def divide(left: Expression, right: Expression) -> Expression:
    """Return the quotient, as a product with the power -1."""
    return multiply(left, power(right, Number(Fraction(-1))))


def power(base: Expression, exponent: Expression) -> Expression:
    """Return the power; integer powers of products and of powers are powers of their factors."""
    if not isinstance(exponent, Number):
        return Power(base, exponent)
    n = exponent.value
    if n == 0 or base == ONE:
        return ONE
    if n == 1:
        return base
    is_integer = isinstance(n, Fraction) and n.denominator == 1
    match base:
        case Number(value) if is_integer and (value or n > 0):
            return Number(value ** int(n) if isinstance(value, Fraction) else value ** float(n))
        case Product(factors) if is_integer:
            return multiply(*(power(each, exponent) for each in factors))
        case Power(inner, m) if is_integer:
            return power(inner, multiply(m, exponent))
        case _:
            return Power(base, exponent)


def reduce(kind: str, axes: Sequence[Axis], body: Expression) -> Expression:
    """Return the sum, max or min over axes; what does not depend on them is taken out of a sum."""
    if isinstance(body, Reduction) and body.kind == kind and kind != "argmax":
        axes, body = (*axes, *body.axes), body.body
    single = _short_axes(body, axes)
    axes, body = [axis for axis in axes if axis not in single], substitute(body, single)
    depends = free_axes(body)
    bound = tuple(axis for axis in axes if axis in depends)
    if kind != "Σ":
        return Reduction(kind, bound, body) if bound else body
    lengths = [length_of(axis) for axis in axes if axis not in depends]
    inside, outside = list[Expression](), list[Expression](lengths)
    for factor in as_factors(body):
        is_inside = any(axis in bound for axis in free_axes(factor))
        (inside if is_inside else outside).append(factor)
    if not inside:
        return multiply(*outside)
    summed = multiply(*inside)
    if isinstance(summed, Reduction) and summed.kind == kind:
        return multiply(*outside, reduce(kind, bound, summed))
    return multiply(*outside, Reduction(kind, bound, summed))


def _short_axes(body: Expression, axes: Sequence[Axis]) -> dict[Axis, Index]:
    """Return the axes of one entry that are left out: all but those of a contraction of arrays."""
    short = [axis for axis in axes if axis.length == 1]
    if not short:
        return {}
    plain = [
        [index.axis for index in each.indices] for each in walk(body) if isinstance(each, Symbol)
    ]
    uses = {axis: sum(axis in each for each in plain) for axis in short}
    return {axis: Index(is_only=True) for axis in short if uses[axis] < 2}


def length_of(axis: Axis) -> Expression:
    """Return the number of values of an axis: a number, or N for the samples of a batch."""
    count, rest = divmod(axis.length, TRACED_BATCH)
    return Number(Fraction(axis.length)) if rest else multiply(number(count), BATCH_SIZE)


def as_factors(expression: Expression) -> tuple[Expression, ...]:
    """Return the factors of a product, or the expression as its only factor."""
    return expression.factors if isinstance(expression, Product) else (expression,)


def as_terms(expression: Expression) -> tuple[Expression, ...]:
    """Return the terms of a sum, or the expression as its only term."""
    return expression.terms if isinstance(expression, Addition) else (expression,)


def normalized(expression: Expression, new: tuple[Expression, ...]) -> Expression:
    """Return an expression with other operands, in normal form."""
    match expression:
        case Addition():
            return add(*new)
        case Product():
            return multiply(*new)
        case Power():
            return power(new[0], new[1])
        case Reduction(kind, axes):
            return reduce(kind, axes, new[0])
        case Number() | Symbol() | Place():
            return expression
        case Function() | Relation() | Cases() | Application():
            return expression if new == operands(expression) else rebuilt(expression, new)


def _flat(parts: Iterable[Expression], kind: type[Addition] | type[Product]) -> list[Expression]:
    flat: list[Expression] = []
    for part in parts:
        flat += _flat(operands(part), kind) if isinstance(part, kind) else [part]
    return flat


def _distributed(terms: Iterable[Expression]) -> Iterator[Expression]:
    """Multiply numbers into sums: ``-(a + b) = -a - b``."""
    for term in terms:
        match term:
            case Product((Number() as factor, Addition(inner))):
                yield from (multiply(factor, each) for each in inner)
            case _:
                yield term


def _coefficient(term: Expression) -> tuple[Fraction | float, Expression]:
    """Split a term into its number and the rest."""
    match term:
        case Number(value):
            return value, ONE
        case Product((Number(value), *rest)):
            return value, multiply(*rest)
        case _:
            return Fraction(1), term


def _base_and_exponent(factor: Expression) -> tuple[Expression, Expression]:
    match factor:
        case Power(base, exponent):
            return base, exponent
        case _:
            return factor, ONE
