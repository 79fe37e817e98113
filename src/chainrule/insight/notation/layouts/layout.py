"""What the two layouts of expressions share: sums, products, quotients, functions, cases."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction as Ratio

from chainrule.insight.notation import algebra
from chainrule.insight.notation.algebra import as_factors
from chainrule.insight.notation.elementary import softmax_parts
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
)
from chainrule.insight.notation.fixed_axes import joined_axis
from chainrule.insight.notation.functions import FUNCTIONS
from chainrule.insight.notation.index import Axis
from chainrule.insight.notation.layouts.applications import options_of, solution
from chainrule.insight.notation.layouts.boxes import (
    ADD,
    ATOM,
    MATRIX,
    MULTIPLY,
    POWER,
    SPACE,
    SUM,
    Box,
    as_fraction,
    is_negative,
    listed,
    long_axes,
    number_box,
    rank,
    square_of,
)
from chainrule.insight.notation.letters import Letters
from chainrule.insight.notation.primitive_rules import MIRRORED
from chainrule.insight.notation.typeset import (
    Choice,
    Fenced,
    Formula,
    Fraction,
    Mark,
    Root,
    Row,
    Scripts,
)

__all__ = ["Layout"]


class Layout(ABC):
    """The layout of expressions; how symbols and sums look is for its two subclasses to say.

    Parameters
    ----------
    letters : Letters
        The letters of axes.
    fixed : frozenset of Axis
        The axes that are subscripts of matrices, such as steps of sequences.
    array : callable
        Returns the formula of a whole array of some axes, an argument of a primitive, in which
        further axes are fixed.
    """

    def __init__(
        self,
        letters: Letters,
        fixed: frozenset[Axis],
        array: Callable[[Expression, tuple[Axis, ...], frozenset[Axis]], Formula],
    ) -> None:
        self.letters = letters
        self.fixed = fixed
        self.array = array

    def box(self, expression: Expression, axes: tuple[Axis, ...]) -> Box:
        """Return the formula of an expression; `axes` are those of the arrays around it."""
        match expression:
            case Number(value):
                return number_box(value)
            case Symbol():
                return self.symbol(expression, axes)
            case Addition(terms):
                return self.addition(terms, axes)
            case Product():
                return self.product(expression, axes)
            case Power():
                return self.power(expression, axes)
            case Function():
                return self.function(expression, axes)
            case Place():
                return self.place(expression)
            case Relation():
                return self.relation(expression, axes)
            case Cases():
                return self.cases(expression, axes)
            case Reduction():
                return self.reduction(expression, axes)
            case Application():
                return self.application(expression, axes)

    @abstractmethod
    def symbol(self, symbol: Symbol, axes: tuple[Axis, ...]) -> Box:
        """Return the formula of a symbol in an array of `axes`."""

    @abstractmethod
    def place(self, place: Place) -> Box:
        """Return the formula of the value of an index."""

    def relation(self, relation: Relation, axes: tuple[Axis, ...]) -> Box:
        """Return the bracket of a comparison; ``[(p, q) = argmax x_{p,q}]`` of places."""
        if isinstance(relation.left, Number) and not isinstance(relation.right, Number):
            relation = Relation(MIRRORED[relation.sign], relation.right, relation.left)
        left, right = (self.box(each, axes).at_least(ADD) for each in operands(relation))
        match relation:
            case Relation("=", Place(index), Reduction("argmax", over)):
                digits = index.digits([axis.length for axis in over])
                if digits is not None and len(digits) > 1:
                    marks = [self.place(Place(each)).formula for each in digits]
                    left = Fenced("(", listed(marks), ")")
            case _:
                pass
        body = Row((left, Mark(relation.sign, "operator"), right))
        return Box(Fenced("[", body, "]"), ATOM)

    def addition(self, terms: Sequence[Expression], axes: tuple[Axis, ...]) -> Box:
        """Return the formula of a sum of terms; those subtracted come last."""
        parts: list[Formula] = []
        for term in sorted(terms, key=is_negative):
            is_subtracted = is_negative(term)
            shown = algebra.negative(term) if is_subtracted else term
            if parts or is_subtracted:
                kind = "operator" if parts else "function"
                parts.append(Mark("−" if is_subtracted else "+", kind))
            parts.append(self.box(shown, axes).at_least(SUM))
        return Box(Row(tuple(parts)), ADD)

    def product(self, product: Expression, axes: tuple[Axis, ...]) -> Box:
        """Return the formula of a product, of softmax where a factor is one."""
        if is_negative(product):
            inner = self.box(algebra.negative(product), axes).at_least(SUM)
            return Box(Row((Mark("−", "function"), inner)), ADD)
        for numerator, denominator in softmax_parts(product):
            value = algebra.divide(numerator, denominator)
            rest = algebra.divide(product, value)
            softmax = Function("softmax", "softmax({0})", operands(numerator))
            factors = [each for each in as_factors(rest) if each != algebra.ONE]
            return self.quotient([*factors, softmax], axes)
        return self.quotient(as_factors(product), axes)

    def quotient(self, factors: Iterable[Expression], axes: tuple[Axis, ...]) -> Box:
        """Return the formula of a product of powers, the negative ones beneath a line."""
        above, below = list[Expression](), list[Expression]()
        for factor in factors:
            if isinstance(factor, Number):
                factor = Number(as_fraction(factor.value))
            match factor:
                case Number(Ratio() as value) if value.denominator != 1:
                    below.insert(0, Number(Ratio(value.denominator)))
                    if value.numerator != 1:
                        above.insert(0, Number(Ratio(value.numerator)))
                case Number(float() as value) if (square := square_of(value)) and square < 1:
                    below.insert(0, Power(Number(1 / square), Number(Ratio(1, 2))))
                case Power(base, Number(value)) if value < 0:
                    below.append(algebra.power(base, Number(-value)))
                case _:
                    above.append(factor)
        if not below:
            return self.factors(above, axes)
        big = [each for each in above if isinstance(each, Reduction)]
        is_scalar = all(not free_axes(each) for each in below)
        if is_scalar and len(big) == 1 and self.is_big(big[0], axes):
            rest = [each for each in above if each is not big[0]]
            front = self.fraction(rest, below, axes).formula
            assert isinstance(front, Fraction)
            body = self.box(big[0], axes).at_least(SUM)
            return Box(Row((replace(front, is_fenced=True), SPACE, body)), MULTIPLY)
        return self.fraction(above, below, axes)

    def fraction(
        self, above: Sequence[Expression], below: Sequence[Expression], axes: tuple[Axis, ...]
    ) -> Box:
        """Return the formula of a quotient of two products."""
        top = self.factors(above, axes) if above else number_box(Ratio(1))
        bottom = self.factors(below, axes)
        brackets = top.level < MATRIX and top.level != MULTIPLY, bottom.level < POWER
        return Box(Fraction(top.formula, bottom.formula, brackets), MULTIPLY)

    def factors(self, factors: Sequence[Expression], axes: tuple[Axis, ...]) -> Box:
        """Return the formula of factors side by side."""
        ordered = sorted(factors, key=rank)
        if len(ordered) == 1:
            return self.box(ordered[0], axes)
        outer = self.outer_product(ordered, axes)
        if outer is not None:
            return outer
        parts: list[Formula] = []
        for position, factor in enumerate(ordered):
            if position:
                parts.append(self.between(ordered[position - 1], factor))
            is_last = position == len(ordered) - 1
            box = self.box(factor, axes)
            is_open = is_last and self.is_big(factor, axes)
            parts.append(box.at_least(SUM if is_open else POWER))
        return Box(Row(tuple(parts)), MULTIPLY)

    @abstractmethod
    def outer_product(self, factors: Sequence[Expression], axes: tuple[Axis, ...]) -> Box | None:
        """Return a product of vectors that is a matrix, if factors are that."""

    @abstractmethod
    def between(self, left: Expression, right: Expression) -> Formula:
        """Return what is written between two factors."""

    @abstractmethod
    def is_big(self, factor: Expression, axes: tuple[Axis, ...]) -> bool:
        """Whether a factor is printed as a sum sign with what is summed."""

    def power(self, power: Power, axes: tuple[Axis, ...]) -> Box:
        """Return the formula of a power, a root or a quotient."""
        match power.exponent:
            case Number(value) if value == 0.5:
                box = self.box(power.base, axes)
                return Box(Root(box.formula, box.level < ATOM), ATOM)
            case Number(value) if value < 0:
                return self.quotient([power], axes)
            case _:
                base = self.box(power.base, axes).at_least(ATOM)
                return Box(Scripts(base, None, self.box(power.exponent, ()).formula), POWER)

    def function(self, function: Function, axes: tuple[Axis, ...]) -> Box:
        """Return the formula of an elementary function."""
        arguments = [self.box(each, axes).formula for each in function.arguments]
        text = FUNCTIONS[function.name].text if function.name in FUNCTIONS else function.name
        if "{0}" in text:
            return Box(Fenced(text[0], arguments[0], text[-1]), ATOM)
        body = Fenced("(", listed(arguments), ")")
        return Box(Row((Mark(text, "function"), body)), ATOM)

    def cases(self, cases: Cases, axes: tuple[Axis, ...]) -> Box:
        """Return the formula of a choice."""
        condition = self.box(cases.condition, axes).formula
        if isinstance(condition, Fenced):
            condition = condition.body
        values = [self.box(each, axes).formula for each in (cases.if_true, cases.if_false)]
        return Box(Choice(((values[0], condition), (values[1], None))), ATOM)

    @abstractmethod
    def reduction(self, reduction: Reduction, axes: tuple[Axis, ...]) -> Box:
        """Return the formula of a sum, maximum or minimum over axes."""

    @abstractmethod
    def application(self, application: Application, axes: tuple[Axis, ...]) -> Box:
        """Return the formula of an entry of a function of whole arrays."""

    def whole(self, application: Application) -> Box:
        """Return a primitive of whole arrays as a function of them."""
        joined = joined_axis(application)
        if joined is not None:
            ((argument, axes),) = application.arguments
            body = Fenced("(", self.array(argument, long_axes(axes), frozenset([joined])), ")")
            title = Mark("concat", "function")
            return Box(Row((Scripts(title, self.letters.mark(joined)), body)), POWER)
        arguments = [
            self.array(each, long_axes(axes), frozenset()) for each, axes in application.arguments
        ]
        if application.primitive.name in ("solve", "unchecked_solve"):
            return solution(application, arguments)
        name = _TITLES.get(application.primitive.name, application.primitive.name)
        arguments += [Mark(each, "word") for each in options_of(application)]
        body = Fenced("(", listed(arguments), ")")
        return Box(Row((Mark(name, "function"), body)), POWER)


_TITLES = {"reshape": "vec", "concatenate": "concat"}
