"""The derivative of a function of one number by the rules of a calculus course, step by step.

Each step names its rule: sum, product, quotient, power, chain. The derivative of an elementary
function, such as ``tanh′(u) = 1 − tanh(u)²``, is the rule of its primitive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from chainrule.graph.array_type import ArrayType
from chainrule.graph.environment import suspended
from chainrule.graph.node import Node, constant, variable
from chainrule.graph.primitive import Primitive
from chainrule.insight.notation import algebra, layout, rules
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
    Relation,
    Symbol,
    operands,
    walk,
)
from chainrule.insight.notation.from_graph import express
from chainrule.insight.notation.names import Names
from chainrule.insight.notation.text import to_text
from chainrule.insight.notation.typeset import Fenced, Formula, Mark, Row, Scripts
from chainrule.ops.primitives import elementwise, special

__all__ = ["Step", "StepByStep", "differentiate"]


@dataclass(frozen=True)
class Step:
    """One line on the blackboard: ``(expression)′ = derivative``, by a rule.

    Parameters
    ----------
    expression, derivative : Expression
        What is differentiated, and the result.
    rule : str
        The name of the rule and its statement.
    """

    expression: Expression
    derivative: Expression
    rule: str

    @property
    def formula(self) -> Formula:
        """The line as a formula."""
        inner = layout.equation(Mark(""), self.expression, ())
        assert isinstance(inner, Row)
        left = Scripts(Fenced("(", inner.parts[-1], ")"), None, Mark("′", "operator"))
        return layout.equation(left, self.derivative, ())

    def __str__(self) -> str:
        formula = to_text(self.formula).strip()
        if len(formula) > 50:
            return f"{formula}\n{'':<50} {self.rule}"
        return f"{formula:<50} {self.rule}"


@dataclass(frozen=True)
class StepByStep:
    """The derivative by one argument, and the steps that lead to it, the simplest first."""

    by: Name
    derivative: Expression
    steps: tuple[Step, ...]

    @property
    def symbol(self) -> Formula:
        """The argument as a formula."""
        return layout.name_of(self.by)

    def __str__(self) -> str:
        return "\n".join(map(str, self.steps))


def differentiate(expression: Expression, by: Name) -> StepByStep | None:
    """Differentiate an expression by a symbol, step by step; None if a course has no rule."""
    board = _Blackboard(by)
    try:
        derivative = board.derivative(expression)
    except _NoRuleError:
        return None
    if not board.steps:
        rule = "constant: (c)′ = 0" if derivative == algebra.ZERO else "(x)′ = 1"
        board.steps.append(Step(expression, derivative, rule))
    return StepByStep(by, derivative, tuple(board.steps))


class _NoRuleError(Exception):
    """The expression has a part that no rule of a calculus course is about."""


class _Blackboard:
    """The steps so far; what has been differentiated is not differentiated again."""

    def __init__(self, by: Name) -> None:
        self.by = by
        self.steps: list[Step] = []
        self._known: dict[object, Expression] = {}

    def derivative(self, expression: Expression) -> Expression:
        if not self.depends(expression):
            return algebra.ZERO
        if isinstance(expression, Symbol):
            return algebra.ONE
        name = key(expression)
        if name not in self._known:
            result, rule = self.apply_rule(expression)
            self._known[name], _ = rules.simplify(result)
            if rule:
                self.steps.append(Step(expression, self._known[name], rule))
        return self._known[name]

    def depends(self, expression: Expression) -> bool:
        return any(isinstance(x, Symbol) and x.name == self.by for x in walk(expression))

    def apply_rule(self, expression: Expression) -> tuple[Expression, str]:
        match expression:
            case Addition(terms):
                return algebra.add(*map(self.derivative, terms)), "sum rule: (u + v)′ = u′ + v′"
            case Product():
                return self.product(expression)
            case Power(base, exponent):
                return self.power(base, exponent)
            case Function(_, _, arguments):
                return self.chain(expression, arguments)
            case Cases(condition, if_true, if_false):
                values = self.derivative(if_true), self.derivative(if_false)
                return Cases(condition, *values), "case by case"
            case Relation():
                return algebra.ZERO, ""
            case _:
                raise _NoRuleError

    def product(self, expression: Product) -> tuple[Expression, str]:
        constants = [each for each in expression.factors if not self.depends(each)]
        factors = [each for each in expression.factors if self.depends(each)]
        if constants:
            inner = self.derivative(algebra.multiply(*factors))
            return algebra.multiply(*constants, inner), "constant factor: (c u)′ = c u′"
        below = [each for each in factors if _is_reciprocal(each)]
        above = [each for each in factors if not _is_reciprocal(each)]
        if below and above:
            u = algebra.multiply(*above)
            v = algebra.power(algebra.multiply(*below), Number(Fraction(-1)))
            top = algebra.subtract(
                algebra.multiply(self.derivative(u), v), algebra.multiply(u, self.derivative(v))
            )
            return (
                algebra.divide(top, algebra.power(v, Number(Fraction(2)))),
                "quotient rule: (u / v)′ = (u′ v − u v′) / v²",
            )
        u, v = factors[0], algebra.multiply(*factors[1:])
        terms = algebra.multiply(self.derivative(u), v), algebra.multiply(u, self.derivative(v))
        return algebra.add(*terms), "product rule: (u v)′ = u′ v + u v′"

    def power(self, base: Expression, exponent: Expression) -> tuple[Expression, str]:
        if not self.depends(exponent):
            lower = algebra.power(base, algebra.subtract(exponent, algebra.ONE))
            rule = "power rule: (xⁿ)′ = n xⁿ⁻¹"
            if not isinstance(base, Symbol):
                rule = "chain rule with the power rule: (uⁿ)′ = n uⁿ⁻¹ u′"
            return algebra.multiply(exponent, lower, self.derivative(base)), rule
        power = Power(base, exponent)
        log = Function("log", "ln({0})", (base,))
        inner = self.derivative(algebra.multiply(exponent, log))
        return algebra.multiply(power, inner), "(u^v)′ = u^v (v ln u)′"

    def chain(
        self, expression: Function, arguments: Sequence[Expression]
    ) -> tuple[Expression, str]:
        terms: list[Expression] = []
        for position, argument in enumerate(arguments):
            inner = self.derivative(argument)
            if inner != algebra.ZERO:
                outer = _outer_derivative(expression, position)
                terms.append(algebra.multiply(outer, inner))
        title = layout.title_of(expression)
        if expression.name in ("maximum", "minimum"):
            which = "larger" if expression.name == "maximum" else "smaller"
            return algebra.add(*terms), f"the derivative of the {which} one"
        if expression.name == "absolute":
            return algebra.add(*terms), "chain rule: |u|′ = sign(u) u′"
        is_plain = all(isinstance(each, Symbol | Number) for each in arguments)
        rule = f"derivative of {title}" if is_plain else f"chain rule: {title}(u)′ = {title}′(u) u′"
        return algebra.add(*terms), rule


def _is_reciprocal(factor: Expression) -> bool:
    match factor:
        case Power(_, Number(value)):
            return value < 0
        case _:
            return False


def _outer_derivative(function: Function, position: int) -> Expression:
    """Return the partial derivative of an elementary function, by the rule of its primitive."""
    if function.name in _DERIVATIVES:
        return _DERIVATIVES[function.name](function.arguments[0])
    primitive: Primitive = _PRIMITIVES[function.name]
    scalar = ArrayType(np.dtype("float64"), ())
    names = Names()
    with suspended():
        inputs: list[Node] = [variable(scalar, f"u{i}") for i in range(len(function.arguments))]
        output = Node(primitive, tuple(inputs), {}, scalar)
        if primitive.vjp is None:  # constant between its steps, as floor
            return algebra.ZERO
        derivative = primitive.vjp(constant(np.float64(1.0)), output, *inputs)[position]
    if derivative is None:
        return algebra.ZERO
    symbols = [Name("u", subscript=str(i)) for i in range(len(inputs))]
    names.names |= {node.serial: name for node, name in zip(inputs, symbols, strict=True)}
    found, _ = rules.simplify(express(derivative, (), names))
    values = dict(zip(symbols, function.arguments, strict=True))
    return rules.simplify(_replaced(found, values))[0]


def _replaced(expression: Expression, values: dict[Name, Expression]) -> Expression:
    if isinstance(expression, Symbol):
        return values.get(expression.name, expression)
    new = tuple(_replaced(each, values) for each in operands(expression))
    return algebra.normalized(expression, new) if new else expression


def _function(name: str, u: Expression) -> Expression:
    return Function(name, f"{name}({{0}})", (u,))


def _one_plus(u: Expression, sign: int, exponent: Fraction) -> Expression:
    """Return ``(1 ± u²)`` to the power of an exponent."""
    square = algebra.power(u, Number(Fraction(2)))
    total = algebra.add(algebra.ONE, algebra.multiply(Number(Fraction(sign)), square))
    return algebra.power(total, Number(exponent))


_DERIVATIVES: dict[str, Callable[[Expression], Expression]] = {
    "arccos": lambda u: algebra.negative(_one_plus(u, -1, Fraction(-1, 2))),
    "arcsin": lambda u: _one_plus(u, -1, Fraction(-1, 2)),
    "arctan": lambda u: _one_plus(u, 1, Fraction(-1)),
    "cosh": lambda u: _function("sinh", u),
    "sinh": lambda u: _function("cosh", u),
    "tan": lambda u: _one_plus(_function("tan", u), 1, Fraction(1)),
}
"""Of functions that are no primitives."""

_PRIMITIVES: dict[str, Primitive] = {
    each.name: each
    for room in (elementwise, special)
    for each in vars(room).values()
    if isinstance(each, Primitive)
}
