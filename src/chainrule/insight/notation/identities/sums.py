"""Identities of sums and products: common factors, expansion, signs."""

from __future__ import annotations

import itertools
from fractions import Fraction

from chainrule.insight.notation import algebra
from chainrule.insight.notation.algebra import as_factors, as_terms
from chainrule.insight.notation.elementary import number_of, powers_of, size
from chainrule.insight.notation.expression import (
    Addition,
    Application,
    Expression,
    Function,
    Number,
    Place,
    Product,
    Reduction,
    Symbol,
    substitute,
    walk,
)
from chainrule.insight.notation.index import Axis, Index

__all__ = [
    "common_denominator",
    "common_factor",
    "expanded",
    "expansion",
    "grouped",
    "joined_sum",
    "sign",
    "sum_of_sums",
]


def common_factor(expression: Expression) -> Expression | None:
    """``a b + a c = a (b + c)``, for factors and for the number that leaves integers."""
    if not isinstance(expression, Addition):
        return None
    first, *others = map(powers_of, expression.terms)
    shared: list[Expression] = []
    for name, (base, exponent) in first.items():
        exponents = [each[name][1] for each in others if name in each]
        if len(exponents) == len(others) and all(each == exponent for each in exponents):
            shared.append(algebra.power(base, exponent))
    numbers = [number_of(each) for each in expression.terms]
    if isinstance(numbers[0], Fraction) and all(abs(each) == abs(numbers[0]) for each in numbers):
        sign = 1 if max(numbers) > 0 else -1
        shared.insert(0, Number(sign * abs(numbers[0])))
    factor = algebra.multiply(*shared)
    if not shared or factor == algebra.ONE:
        return None
    rest = algebra.add(*(algebra.divide(each, factor) for each in expression.terms))
    return algebra.multiply(factor, rest)


def joined_sum(expression: Expression) -> Expression | None:
    """``Σ_{i,p} v[2i + p] = Σ_u v[u]``, for p < 2."""
    if not isinstance(expression, Reduction) or expression.kind != "Σ":
        return None
    indices = _indices(expression.body)
    for outer, inner in itertools.permutations(expression.axes, 2):
        if all(_is_joined(each, outer, inner) for each in indices):
            new = Axis(outer.length * inner.length)
            body = substitute(expression.body, {outer: Index(), inner: Index.of(new)})
            rest = (axis for axis in expression.axes if axis is not outer and axis is not inner)
            return algebra.reduce("Σ", (*rest, new), body)
    return None


def _indices(expression: Expression) -> list[Index]:
    found: list[Index] = []
    for each in walk(expression):
        if isinstance(each, Symbol | Application):
            found += each.indices
        elif isinstance(each, Place):
            found.append(each.index)
    return found


def _is_joined(index: Index, outer: Axis, inner: Axis) -> bool:
    terms = dict(index.terms)
    return terms.get(outer, 0) == terms.get(inner, 0) * inner.length


def common_denominator(expression: Expression) -> Expression | None:
    """``a / u² + b / u = (a + b u) / u²``, where the numerator is then shorter."""
    if not isinstance(expression, Addition):
        return None
    parts = [powers_of(each) for each in expression.terms]
    shared: list[Expression] = []
    for name, (base, _) in parts[0].items():
        exponents = [each[name][1] for each in parts if name in each]
        values = [each.value for each in exponents if isinstance(each, Number)]
        if len(values) == len(parts) and max(values) < 0:
            shared.append(algebra.power(base, Number(min(values))))
    if not shared:
        return None
    factor = algebra.multiply(*shared)
    rest = algebra.add(*(algebra.divide(each, factor) for each in expression.terms))
    together = algebra.multiply(factor, rest)
    return together if _symbols(together) < _symbols(expression) else None


def grouped(expression: Expression) -> Expression | None:
    """``a b + a c + d = a (b + c) + d``, for the two terms that share most."""
    if not isinstance(expression, Addition) or len(expression.terms) < 3:
        return None
    best, shorter = None, _symbols(expression)
    for one, other in itertools.combinations(expression.terms, 2):
        pair = common_factor(Addition((one, other)))
        if pair is not None:
            rest = [each for each in expression.terms if each is not other]
            together = algebra.add(*(pair if each is one else each for each in rest))
            if _symbols(together) < shorter:
                best, shorter = together, _symbols(together)
    return best


def sum_of_sums(expression: Expression) -> Expression | None:
    """``Σ (a + b) = Σ a + Σ b``, where a factor can then be taken out of a sum."""
    if not isinstance(expression, Reduction) or expression.kind != "Σ":
        return None
    terms = _multiplied_out(expression.body)
    if len(terms) == 1:
        return None
    total = algebra.add(*(algebra.reduce("Σ", expression.axes, each) for each in terms))
    return total if size(total) < size(expression) else None


def expansion(expression: Expression) -> Expression | None:
    """Multiply out where terms then cancel: ``(1 - y) p - y (1 - p) = p - y``."""
    if not isinstance(expression, Addition | Product):
        return None
    products = [_multiplied_out(each) for each in as_terms(expression)]
    if sum(map(len, products)) == len(products):
        return None
    expanded = algebra.add(*(term for each in products for term in each))
    return expanded if _symbols(expanded) < _symbols(expression) else None


def expanded(expression: Expression) -> Expression:
    """Return an expression with its products of a few sums multiplied out."""
    terms = [expression]
    for _ in range(_MOST_SUMS):
        terms = [part for each in terms for part in _first_multiplied_out(each)]
    return algebra.add(*terms)


_MOST_SUMS = 3


def _first_multiplied_out(term: Expression) -> list[Expression]:
    if isinstance(term, Addition):
        return list(term.terms)
    for factor in as_factors(term):
        if isinstance(factor, Addition):
            rest = [each for each in as_factors(term) if each is not factor]
            return [algebra.multiply(*rest, each) for each in factor.terms]
    return [term]


def _symbols(expression: Expression) -> int:
    return sum(isinstance(each, Symbol | Function) for each in walk(expression))


def _multiplied_out(term: Expression) -> list[Expression]:
    sums = [each for each in as_factors(term) if isinstance(each, Addition)]
    if isinstance(term, Addition):
        return [part for each in term.terms for part in _multiplied_out(each)]
    if len(sums) != 1:
        return [term]
    rest = [each for each in as_factors(term) if each is not sums[0]]
    return [algebra.multiply(*rest, each) for each in sums[0].terms]


def sign(expression: Expression) -> Expression | None:
    """``-2 (y - p) = 2 (p - y)``."""
    if number_of(expression) >= 0 or not isinstance(expression, Product):
        return None
    for factor in expression.factors:
        if isinstance(factor, Addition) and _has_mixed_signs(factor):
            opposite = Addition(tuple(algebra.negative(each) for each in factor.terms))
            factors = (opposite if x is factor else x for x in expression.factors)
            return algebra.multiply(Number(Fraction(-1)), *factors)
    return None


def _has_mixed_signs(expression: Addition) -> bool:
    """Whether some terms are subtracted, and none is a number, as in ``1 - a``."""
    terms = expression.terms
    return not any(isinstance(x, Number) for x in terms) and any(number_of(x) < 0 for x in terms)
