"""Identities of exp, ln, softmax and the logistic function."""

from __future__ import annotations

from fractions import Fraction

from chainrule.insight.notation import algebra
from chainrule.insight.notation.algebra import as_factors, as_terms
from chainrule.insight.notation.canonical import key
from chainrule.insight.notation.elementary import (
    denominators,
    exp_of,
    is_function,
    ln_of,
    number_of,
    powers_of,
    sigmoid_of,
    softmax_parts,
)
from chainrule.insight.notation.expression import (
    Expression,
    Function,
    Number,
    Power,
    Reduction,
    free_axes,
    operands,
)

__all__ = [
    "exp_of_log",
    "hyperbolic",
    "log_of_exp",
    "log_softmax",
    "logistic",
    "logistic_odds",
    "logistic_symmetry",
    "product_of_exps",
    "shift_of_exponents",
    "tangent",
]


def exp_of_log(expression: Expression) -> Expression | None:
    """``exp(a + c ln v) = v^c exp(a)``."""
    if not is_function(expression, "exp"):
        return None
    (argument,) = operands(expression)
    rest, factors = list[Expression](), list[Expression]()
    for term in as_terms(argument):
        logs = [each for each in as_factors(term) if is_function(each, "log")]
        others = [each for each in as_factors(term) if not is_function(each, "log")]
        if len(logs) == 1 and all(isinstance(each, Number) for each in others):
            factors.append(algebra.power(operands(logs[0])[0], algebra.multiply(*others)))
        else:
            rest.append(term)
    if not factors:
        return None
    return algebra.multiply(*factors, exp_of(algebra.add(*rest)))


def log_of_exp(expression: Expression) -> Expression | None:
    """``ln(exp(a) b) = a + ln b``."""
    if not is_function(expression, "log"):
        return None
    factors = as_factors(operands(expression)[0])
    exps = [each for each in factors if is_function(each, "exp")]
    if not exps or any(softmax_parts(operands(expression)[0])):
        return None
    rest = algebra.multiply(*(each for each in factors if each not in exps))
    return algebra.add(*(operands(each)[0] for each in exps), ln_of(rest))


def product_of_exps(expression: Expression) -> Expression | None:
    """``exp(a) exp(b) = exp(a + b)``."""
    exponents, others = list[Expression](), list[Expression]()
    for factor in as_factors(expression):
        base, n = (factor, algebra.ONE)
        if isinstance(factor, Power) and isinstance(factor.exponent, Number):
            base, n = factor.base, factor.exponent
        if is_function(base, "exp"):
            exponents.append(algebra.multiply(n, operands(base)[0]))
        else:
            others.append(factor)
    if len(exponents) < 2:
        return None
    return algebra.multiply(*others, exp_of(algebra.add(*exponents)))


def shift_of_exponents(expression: Expression) -> Expression | None:
    """``Σ_j exp(z_j + m) = exp(m) Σ_j exp(z_j)``, where m is the same for all j."""
    if not isinstance(expression, Reduction) or not is_function(expression.body, "exp"):
        return None
    terms = as_terms(operands(expression.body)[0])
    kept = [each for each in terms if set(free_axes(each)) & set(expression.axes)]
    if expression.kind != "Σ" or len(kept) == len(terms):
        return None
    shift = algebra.add(*(each for each in terms if each not in kept))
    inner = algebra.reduce("Σ", expression.axes, exp_of(algebra.add(*kept)))
    return algebra.multiply(exp_of(shift), inner)


def log_softmax(expression: Expression) -> Expression | None:
    """``z_i - ln Σ_j exp(z_j) = ln softmax(z)_i``."""
    for term in as_terms(expression):
        for log in as_factors(term):
            if not is_function(log, "log") or not isinstance(operands(log)[0], Reduction):
                continue
            sum_of_exps = operands(log)[0]
            factor = algebra.negative(algebra.divide(term, log))
            for other in as_terms(expression):
                candidate = exp_of(algebra.divide(other, factor))
                quotient = algebra.divide(candidate, sum_of_exps)
                if any(softmax_parts(quotient)):
                    rest = [x for x in as_terms(expression) if x is not term and x is not other]
                    return algebra.add(*rest, algebra.multiply(factor, ln_of(quotient)))
    return None


def hyperbolic(expression: Expression) -> Expression | None:
    """``(exp(z) - exp(-z)) / 2 = sinh(z)`` and ``(exp(z) + exp(-z)) / 2 = cosh(z)``."""
    for factor in as_factors(expression):
        terms = as_terms(factor)
        if len(terms) != 2 or not all(is_function(_positive(each), "exp") for each in terms):
            continue
        (one,), (other,) = (operands(_positive(each)) for each in terms)
        numbers = [number_of(each) for each in terms]
        if key(algebra.add(one, other)) != key(algebra.ZERO) or numbers[0] != 1:
            continue
        z = one if number_of(one) > 0 else other
        name = "cosh" if numbers[1] == 1 else "sinh"
        sign = 1 if z is one or name == "cosh" else -1
        function = Function(name, f"{name}({{0}})", (z,))
        rest = algebra.divide(expression, factor)
        return algebra.multiply(Number(Fraction(2 * sign)), rest, function)
    return None


def _positive(term: Expression) -> Expression:
    return algebra.negative(term) if number_of(term) == -1 else term


def tangent(expression: Expression) -> Expression | None:
    """``sin(z) / cos(z) = tan(z)``."""
    for factor in as_factors(expression):
        match factor:
            case Power(Function("cos", _, (z,)), Number(value)) if value < 0:
                sine = Function("sin", "sin({0})", (z,))
                n = Number(Fraction(-value))
                if key(sine) in {key(base) for base, e in powers_of(expression).values() if e == n}:
                    tan = Function("tan", "tan({0})", (z,))
                    rest = algebra.divide(
                        expression, algebra.multiply(factor, algebra.power(sine, n))
                    )
                    return algebra.multiply(rest, algebra.power(tan, n))
            case _:
                pass
    return None


def logistic(expression: Expression) -> Expression | None:
    """``exp(z) / (1 + exp(z)) = σ(z)`` and ``1 / (1 + exp(z)) = σ(-z)``."""
    for base in denominators(expression):
        terms = as_terms(base)
        exps = [each for each in terms if is_function(each, "exp")]
        if len(terms) != 2 or len(exps) != 1 or algebra.ONE not in terms:
            continue
        (z,) = operands(exps[0])
        rest = algebra.multiply(expression, base)
        for factor in as_factors(rest):
            if key(factor) == key(exps[0]):
                return algebra.multiply(algebra.divide(rest, factor), sigmoid_of(z))
        return algebra.multiply(rest, sigmoid_of(algebra.negative(z)))
    return None


def logistic_symmetry(expression: Expression) -> Expression | None:
    """``σ(-z) = 1 - σ(z)``."""
    if not is_function(expression, "sigmoid") or number_of(operands(expression)[0]) > 0:
        return None
    return algebra.subtract(algebra.ONE, sigmoid_of(algebra.negative(operands(expression)[0])))


def logistic_odds(expression: Expression) -> Expression | None:
    """``exp(z) (1 - σ(z)) = σ(z)`` and ``exp(-z) σ(z) = 1 - σ(z)``."""
    factors = as_factors(expression)
    for factor in factors:
        if is_function(factor, "exp"):
            (z,) = operands(factor)
            s, opposite = sigmoid_of(z), sigmoid_of(algebra.negative(z))
            cases = (_complement(s), s), (opposite, _complement(opposite))
            for wanted, product in cases:
                for each in factors:
                    if key(each) == key(wanted):
                        rest = [x for x in factors if x is not factor and x is not each]
                        return algebra.multiply(*rest, product)
    return None


def _complement(p: Expression) -> Expression:
    return algebra.subtract(algebra.ONE, p)
