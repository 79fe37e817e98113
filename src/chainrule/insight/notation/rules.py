"""Simplification of expressions by identities that have a name, as a teacher would state them.

`simplify` applies them until none changes the expression, and tells which were used. The rules for
what holds of the data alone (rows of the targets that sum to 1) are given by the caller.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from chainrule.insight.notation import algebra
from chainrule.insight.notation.algebra import as_factors, as_terms
from chainrule.insight.notation.canonical import key
from chainrule.insight.notation.expression import (
    Addition,
    Cases,
    Expression,
    Function,
    Name,
    Number,
    Power,
    Product,
    Reduction,
    Relation,
    Symbol,
    free_axes,
    operands,
    substitute,
    walk,
)
from chainrule.insight.notation.index import Axis, Index

__all__ = [
    "Rule",
    "definition",
    "log_of_sigmoid",
    "rows_sum_to_one",
    "simplify",
    "size",
    "softmax_numerator",
    "softmax_parts",
]


@dataclass(frozen=True)
class Rule:
    """An identity: `apply` returns the simpler expression, or None where it does not hold.

    One that follows from the definition of a value has the name of that in `defines`.
    """

    name: str
    apply: Callable[[Expression], Expression | None]
    defines: Name | None = None


def simplify(expression: Expression, rules: Sequence[Rule] = ()) -> tuple[Expression, list[str]]:
    """Simplify by the rules given and the general ones; return also the names of those used."""
    used: dict[str, None] = {}
    every = (*rules, *_RULES)
    for _ in range(_MOST_PASSES):
        changed = _pass(expression, every, used)
        if key(changed) == key(expression):
            break
        expression = changed
    return expression, [name for name in used if name]


_MOST_PASSES = 20


def _pass(expression: Expression, rules: Sequence[Rule], used: dict[str, None]) -> Expression:
    """Apply the rules once to each part, operands first."""
    new = tuple(_pass(each, rules, used) for each in operands(expression))
    expression = algebra.normalized(expression, new) if new else expression
    for rule in rules:
        found = rule.apply(expression)
        if found is not None and key(found) != key(expression):
            used[rule.name] = None
            expression = found
    return expression


def size(expression: Expression) -> int:
    """Return the number of operations and symbols."""
    return sum(1 for _ in walk(expression))


# Rules that hold for all values.


def _common_factor(expression: Expression) -> Expression | None:
    """``a b + a c = a (b + c)``, for factors and for the number that leaves integers."""
    if not isinstance(expression, Addition):
        return None
    first, *others = map(_powers, expression.terms)
    shared: list[Expression] = []
    for name, (base, exponent) in first.items():
        exponents = [each[name][1] for each in others if name in each]
        if len(exponents) == len(others) and all(each == exponent for each in exponents):
            shared.append(algebra.power(base, exponent))
    numbers = [_number(each) for each in expression.terms]
    if isinstance(numbers[0], Fraction) and all(abs(each) == abs(numbers[0]) for each in numbers):
        sign = 1 if max(numbers) > 0 else -1
        shared.insert(0, Number(sign * abs(numbers[0])))
    factor = algebra.multiply(*shared)
    if not shared or factor == algebra.ONE:
        return None
    rest = algebra.add(*(algebra.divide(each, factor) for each in expression.terms))
    return algebra.multiply(factor, rest)


def _powers(term: Expression) -> dict[object, tuple[Expression, Expression]]:
    """Return the factors of a term but its number, as bases and exponents."""
    found: dict[object, tuple[Expression, Expression]] = {}
    for factor in as_factors(term):
        if isinstance(factor, Power) and isinstance(factor.exponent, Number):
            found[key(factor.base)] = factor.base, factor.exponent
        elif not isinstance(factor, Number):
            found[key(factor)] = factor, algebra.ONE
    return found


def _number(term: Expression) -> Fraction | float:
    first = as_factors(term)[0]
    return first.value if isinstance(first, Number) else Fraction(1)


def _exp_of_log(expression: Expression) -> Expression | None:
    """``exp(a + c ln v) = v^c exp(a)``."""
    if not _is_function(expression, "exp"):
        return None
    (argument,) = operands(expression)
    rest, factors = list[Expression](), list[Expression]()
    for term in as_terms(argument):
        logs = [each for each in as_factors(term) if _is_function(each, "log")]
        others = [each for each in as_factors(term) if not _is_function(each, "log")]
        if len(logs) == 1 and all(isinstance(each, Number) for each in others):
            factors.append(algebra.power(operands(logs[0])[0], algebra.multiply(*others)))
        else:
            rest.append(term)
    if not factors:
        return None
    return algebra.multiply(*factors, _exp(algebra.add(*rest)))


def _exp(argument: Expression) -> Expression:
    return algebra.ONE if argument == algebra.ZERO else Function("exp", "exp({0})", (argument,))


def _log(argument: Expression) -> Expression:
    return algebra.ZERO if argument == algebra.ONE else Function("log", "ln({0})", (argument,))


def _logistic(expression: Expression) -> Expression | None:
    """``exp(z) / (1 + exp(z)) = σ(z)`` and ``1 / (1 + exp(z)) = σ(-z)``."""
    for base in _denominators(expression):
        terms = as_terms(base)
        exps = [each for each in terms if _is_function(each, "exp")]
        if len(terms) != 2 or len(exps) != 1 or algebra.ONE not in terms:
            continue
        (z,) = operands(exps[0])
        rest = algebra.multiply(expression, base)
        for factor in as_factors(rest):
            if key(factor) == key(exps[0]):
                return algebra.multiply(algebra.divide(rest, factor), _sigmoid(z))
        return algebra.multiply(rest, _sigmoid(algebra.negative(z)))
    return None


def _sigmoid(argument: Expression) -> Expression:
    return Function("sigmoid", "σ({0})", (argument,))


def _logistic_symmetry(expression: Expression) -> Expression | None:
    """``σ(-z) = 1 - σ(z)``."""
    if not _is_function(expression, "sigmoid") or _number(operands(expression)[0]) > 0:
        return None
    return algebra.subtract(algebra.ONE, _sigmoid(algebra.negative(operands(expression)[0])))


def _expansion(expression: Expression) -> Expression | None:
    """Multiply out where terms then cancel: ``(1 - y) p - y (1 - p) = p - y``."""
    if not isinstance(expression, Addition | Product):
        return None
    products = [_multiplied_out(each) for each in as_terms(expression)]
    if sum(map(len, products)) == len(products):
        return None
    expanded = algebra.add(*(term for each in products for term in each))
    return expanded if size(expanded) < size(expression) else None


def _multiplied_out(term: Expression) -> list[Expression]:
    sums = [each for each in as_factors(term) if isinstance(each, Addition)]
    if isinstance(term, Addition):
        return [part for each in term.terms for part in _multiplied_out(each)]
    if len(sums) != 1:
        return [term]
    rest = [each for each in as_factors(term) if each is not sums[0]]
    return [algebra.multiply(*rest, each) for each in sums[0].terms]


def _product_of_exps(expression: Expression) -> Expression | None:
    """``exp(a) exp(b) = exp(a + b)``."""
    exponents, others = list[Expression](), list[Expression]()
    for factor in as_factors(expression):
        base, n = (factor, algebra.ONE)
        if isinstance(factor, Power) and isinstance(factor.exponent, Number):
            base, n = factor.base, factor.exponent
        if _is_function(base, "exp"):
            exponents.append(algebra.multiply(n, operands(base)[0]))
        else:
            others.append(factor)
    if len(exponents) < 2:
        return None
    return algebra.multiply(*others, _exp(algebra.add(*exponents)))


def _shift_of_exponents(expression: Expression) -> Expression | None:
    """``Σ_j exp(z_j + m) = exp(m) Σ_j exp(z_j)``, where m is the same for all j."""
    if not isinstance(expression, Reduction) or not _is_function(expression.body, "exp"):
        return None
    terms = as_terms(operands(expression.body)[0])
    kept = [each for each in terms if set(free_axes(each)) & set(expression.axes)]
    if expression.kind != "Σ" or len(kept) == len(terms):
        return None
    shift = algebra.add(*(each for each in terms if each not in kept))
    inner = algebra.reduce("Σ", expression.axes, _exp(algebra.add(*kept)))
    return algebra.multiply(_exp(shift), inner)


def _log_of_exp(expression: Expression) -> Expression | None:
    """``ln(exp(a) b) = a + ln b``."""
    if not _is_function(expression, "log"):
        return None
    factors = as_factors(operands(expression)[0])
    exps = [each for each in factors if _is_function(each, "exp")]
    if not exps or any(softmax_parts(operands(expression)[0])):
        return None
    rest = algebra.multiply(*(each for each in factors if each not in exps))
    return algebra.add(*(operands(each)[0] for each in exps), _log(rest))


def _log_softmax(expression: Expression) -> Expression | None:
    """``z_i - ln Σ_j exp(z_j) = ln softmax(z)_i``."""
    for term in as_terms(expression):
        for log in as_factors(term):
            if not _is_function(log, "log") or not isinstance(operands(log)[0], Reduction):
                continue
            sum_of_exps = operands(log)[0]
            factor = algebra.negative(algebra.divide(term, log))
            for other in as_terms(expression):
                candidate = _exp(algebra.divide(other, factor))
                quotient = algebra.divide(candidate, sum_of_exps)
                if any(softmax_parts(quotient)):
                    rest = [x for x in as_terms(expression) if x is not term and x is not other]
                    return algebra.add(*rest, algebra.multiply(factor, _log(quotient)))
    return None


def _rectifier(expression: Expression) -> Expression | None:
    """``z [z > 0] = max(0, z)``."""
    for bracket in as_factors(expression):
        match bracket:
            case Relation(">" | "≥", z, Number(value)) if not value:
                others = [each for each in as_factors(expression) if each is not bracket]
                for each in others:
                    if key(each) == key(z):
                        rest = [x for x in others if x is not each]
                        rectified = Function("maximum", "max({0}, {1})", (algebra.ZERO, z))
                        return algebra.multiply(*rest, rectified)
            case _:
                pass
    return None


def _sign(expression: Expression) -> Expression | None:
    """``-2 (y - p) = 2 (p - y)``."""
    if _number(expression) >= 0 or not isinstance(expression, Product):
        return None
    for factor in expression.factors:
        if isinstance(factor, Addition) and not any(isinstance(x, Number) for x in factor.terms):
            if any(_number(each) < 0 for each in factor.terms):
                opposite = Addition(tuple(algebra.negative(each) for each in factor.terms))
                factors = (opposite if x is factor else x for x in expression.factors)
                return algebra.multiply(Number(Fraction(-1)), *factors)
    return None


def _finite(expression: Expression) -> Expression | None:
    """A comparison of a value with infinity, which a guard makes, is false."""
    match expression:
        case Relation("=", left, right) if Number(math.inf) in (left, right):
            return algebra.ZERO
        case Function("logical_and", _, arguments) if algebra.ZERO in arguments:
            return algebra.ZERO
        case _:
            return None


def _saturation(expression: Expression) -> Expression | None:
    """A bound far beyond the values, where a function is constant in floats, does not act."""
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


def _decided(expression: Expression) -> Expression | None:
    """Conditions that are known to hold, or not to."""
    match expression:
        case Cases(condition, if_true, if_false) if isinstance(condition, Number):
            return if_true if condition.value else if_false
        case Cases(Relation() as condition, if_true, if_false) if if_false == algebra.ZERO:
            return algebra.multiply(if_true, condition)
        case Cases(_, if_true, if_false) if key(if_true) == key(if_false):
            return if_true
        case Function("logical_and", _, (a, b)) if algebra.ONE in (a, b):
            return b if a == algebra.ONE else a
        case Function("logical_or", _, (a, b)) if algebra.ZERO in (a, b):
            return b if a == algebra.ZERO else a
        case Function("logical_or", _, (a, b)) if algebra.ONE in (a, b):
            return algebra.ONE
        case _:
            return None


def _tie(expression: Expression) -> Expression | None:
    """``v if a < b else [a = b] v / 2``, the derivative of a maximum, is ``v [a < b]``.

    Where a = b any value between 0 and v is a subgradient.
    """
    match expression:
        case Cases(Relation("<", a, b) as condition, if_true, if_false):
            for factor in as_factors(if_false):
                if not isinstance(factor, Relation) or factor.sign != "=":
                    continue
                sides = {key(factor.left), key(factor.right)}
                half = algebra.multiply(_HALF, if_true, factor)
                if sides == {key(a), key(b)} and key(half) == key(if_false):
                    return algebra.multiply(if_true, condition)
        case Function("logical_or", _, (Relation("<", a, b), Relation("=", c, d))):
            if {key(a), key(b)} == {key(c), key(d)}:
                return Relation("≤", a, b)
        case _:
            pass
    return None


_HALF = Number(Fraction(1, 2))


def softmax_parts(expression: Expression) -> Iterator[tuple[Expression, Reduction]]:
    """Yield each ``exp(z_i)`` with the ``Σ_j exp(z_j)`` that a product divides by."""
    numerators = [each for each in as_factors(expression) if _is_function(each, "exp")]
    for base in _denominators(expression):
        if not isinstance(base, Reduction) or base.kind != "Σ" or len(base.axes) != 1:
            continue
        if not _is_function(base.body, "exp"):
            continue
        for numerator in numerators:
            for axis in free_axes(numerator):
                at_axis = substitute(base.body, {base.axes[0]: Index.of(axis)})
                if axis not in free_axes(base) and key(at_axis) == key(numerator):
                    yield numerator, base
                    break


def _denominators(expression: Expression) -> list[Expression]:
    minus_one = Number(Fraction(-1))
    return [
        each.base
        for each in as_factors(expression)
        if isinstance(each, Power) and each.exponent == minus_one
    ]


def _sum_of_sums(expression: Expression) -> Expression | None:
    """``Σ (a + b) = Σ a + Σ b``, where a factor can then be taken out of a sum."""
    if not isinstance(expression, Reduction) or expression.kind != "Σ":
        return None
    terms = _multiplied_out(expression.body)
    if len(terms) == 1:
        return None
    total = algebra.add(*(algebra.reduce("Σ", expression.axes, each) for each in terms))
    return total if size(total) < size(expression) else None


def _is_function(expression: Expression, name: str) -> bool:
    return isinstance(expression, Function) and expression.name == name


_RULES = (
    Rule("the values are finite", _finite),
    Rule("|z| < 500", _saturation),
    Rule("", _decided),
    Rule("where two values are equal, one of them counts as the larger", _tie),
    Rule("exp(ln v) = v", _exp_of_log),
    Rule("", _log_of_exp),
    Rule("", _product_of_exps),
    Rule("", _common_factor),
    Rule("", _sum_of_sums),
    Rule("the maximum, subtracted for numerical range, cancels", _shift_of_exponents),
    Rule("zᵢ − ln Σⱼ exp(zⱼ) = ln softmax(z)ᵢ", _log_softmax),
    Rule("exp(z) / (1 + exp(z)) = σ(z)", _logistic),
    Rule("σ(−z) = 1 − σ(z)", _logistic_symmetry),
    Rule("", _rectifier),
    Rule("", _expansion),
    Rule("", _sign),
)


# Rules of the caller.


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
            if not _is_function(expression, "exp"):
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
    if not _is_function(value, "sigmoid"):
        return None
    (z,) = operands(value)

    def apply(expression: Expression) -> Expression | None:
        if not _is_function(expression, "log"):
            return None
        for at in _placements(expression, value, axes):
            symbol = Symbol(name, tuple(at.get(axis, Index.of(axis)) for axis in axes))
            for sign, p in ((-1, symbol), (1, algebra.subtract(algebra.ONE, symbol))):
                exponent = algebra.multiply(Number(Fraction(sign)), substitute(z, at))
                if key(operands(expression)[0]) == key(algebra.add(algebra.ONE, _exp(exponent))):
                    return algebra.negative(_log(p))
        return None

    return Rule(f"ln(1 + exp(−z)) = −ln {name}", apply, name)


def definition(name: Name, axes: Sequence[Axis], value: Expression) -> Rule:
    """Return the rule that writes a symbol for its definition, wherever that is a factor."""
    parts = _powers(value)

    def apply(expression: Expression) -> Expression | None:
        for at in _placements(expression, value, axes):
            wanted = {key(substitute(base, at)): exponent for base, exponent in parts.values()}
            found = _powers(expression)
            if all(each in found and found[each][1] == wanted[each] for each in wanted):
                symbol = Symbol(name, tuple(at.get(axis, Index.of(axis)) for axis in axes))
                factor = Number(Fraction(_number(value)))
                rest = [algebra.power(b, e) for each, (b, e) in found.items() if each not in wanted]
                number = Number(_number(expression))
                return algebra.multiply(algebra.divide(number, factor), *rest, symbol)
        return None

    return Rule("", apply, name)


def _placements(
    expression: Expression, value: Expression, axes: Sequence[Axis]
) -> Iterator[Mapping[Axis, Index]]:
    """Yield ways to put axes of an expression in place of those of a definition."""
    if isinstance(expression, Symbol | Number):
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
