"""From expressions to formulas: in matrices as far as that can be read, else with indices.

In matrix notation an array is its name alone. A product of entries is ``A ⊙ B``, a contraction over
one axis is ``A B``, ``Aᵀ B`` or ``A Bᵀ``, a vector added to a matrix is added to each row. That is
possible if each symbol has the axes of the result, the last ones of them, or their transposition.
Otherwise all symbols of an equation have indices, ``Σ_{p,q,c} x_{n,i+p,j+q,c} W_{p,q,c,k}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction as Ratio

from chainrule.insight.notation import algebra
from chainrule.insight.notation.algebra import as_factors
from chainrule.insight.notation.expression import (
    Addition,
    Application,
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
)
from chainrule.insight.notation.functions import FUNCTIONS
from chainrule.insight.notation.index import Axis, Index
from chainrule.insight.notation.letters import Letters
from chainrule.insight.notation.rules import softmax_parts
from chainrule.insight.notation.typeset import (
    BigOperator,
    Choice,
    Fenced,
    Formula,
    Fraction,
    Mark,
    Root,
    Row,
    Scripts,
)

__all__ = ["equation", "name_of", "title_of"]

_ADD, _SUM, _MULTIPLY, _MATRIX, _POWER, _ATOM = range(6)
"""How tightly the parts of a formula are bound, from a sum to a single mark."""

_SPACE = Mark(" ", "space")


@dataclass(frozen=True)
class _Box:
    """A formula, and how tightly its parts are bound."""

    formula: Formula
    level: int

    def at_least(self, level: int) -> Formula:
        """Return the formula, in brackets if its parts are bound less tightly than `level`."""
        return self.formula if self.level >= level else Fenced("(", self.formula, ")")


class _NotMatrices(Exception):
    """The expression needs indices."""


def equation(left: Formula, expression: Expression, axes: Sequence[Axis]) -> Formula:
    """Return the formula ``left = expression``, or ``left_{i,j} = ...`` if it needs indices.

    Parameters
    ----------
    left : Formula
        The left-hand side without indices.
    expression : Expression
        The right-hand side.
    axes : sequence of Axis
        The axes of the left-hand side; those of length 1 are not printed.
    """
    letters = Letters(expression, axes)
    try:
        right = _Matrices(letters).box(expression, tuple(axes))
    except _NotMatrices:
        right = _Indexed(letters).box(expression, tuple(axes))
        shown = [letters.mark(axis) for axis in axes if axis.length != 1]
        left = Scripts(left, _listed(shown)) if shown else left
    return Row((left, Mark("=", "operator"), right.formula))


def name_of(name: Name) -> Formula:
    """Return the formula of a name."""
    base = Mark(name.base, "letter" if len(name.base) == 1 else "word")
    lower = Mark(name.subscript, "word") if name.subscript else None
    upper = Mark(name.superscript, "word") if name.superscript else None
    return Scripts(base, lower, upper) if lower or upper else base


def title_of(function: Function) -> str:
    """Return the name of a function in text."""
    known = FUNCTIONS.get(function.name)
    return function.name if known is None or "{0}" in known.text else known.text


class _Indexed:
    """Layout in which each symbol has its indices."""

    def __init__(self, letters: Letters) -> None:
        self.letters = letters

    def box(self, expression: Expression, axes: tuple[Axis, ...]) -> _Box:
        """Return the formula of an expression; `axes` are those of the arrays around it."""
        match expression:
            case Number(value):
                return _number(value)
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
            case Relation(sign, left, right):
                sides = [self.box(each, axes).at_least(_ADD) for each in (left, right)]
                body = Row((sides[0], Mark(sign, "operator"), sides[1]))
                return _Box(Fenced("[", body, "]"), _ATOM)
            case Cases():
                return self.cases(expression, axes)
            case Reduction():
                return self.reduction(expression, axes)
            case Application():
                return self.application(expression, axes)

    def symbol(self, symbol: Symbol, axes: tuple[Axis, ...]) -> _Box:
        indices = [each for each in symbol.indices if not _is_only(each)]
        base = name_of(symbol.name)
        if not indices:
            return _Box(base, _ATOM)
        lower = _listed([self.letters.index(each) for each in indices])
        if isinstance(base, Scripts):
            return _Box(Scripts(base.base, _beside(base.lower, lower), base.upper), _ATOM)
        return _Box(Scripts(base, lower), _ATOM)

    def addition(self, terms: Sequence[Expression], axes: tuple[Axis, ...]) -> _Box:
        parts: list[Formula] = []
        for term in sorted(terms, key=_is_negative):
            is_negative = _is_negative(term)
            shown = algebra.negative(term) if is_negative else term
            if parts or is_negative:
                kind = "operator" if parts else "function"
                parts.append(Mark("−" if is_negative else "+", kind))
            parts.append(self.box(shown, axes).at_least(_SUM))
        return _Box(Row(tuple(parts)), _ADD)

    def product(self, product: Expression, axes: tuple[Axis, ...]) -> _Box:
        if _is_negative(product):
            inner = self.box(algebra.negative(product), axes).at_least(_SUM)
            return _Box(Row((Mark("−", "function"), inner)), _ADD)
        for numerator, denominator in softmax_parts(product):
            value = algebra.divide(numerator, denominator)
            rest = algebra.divide(product, value)
            softmax = Function("softmax", "softmax({0})", numerator.arguments)  # pyright: ignore
            factors = [each for each in as_factors(rest) if each != algebra.ONE]
            return self.quotient([*factors, softmax], axes)
        return self.quotient(as_factors(product), axes)

    def quotient(self, factors: Iterable[Expression], axes: tuple[Axis, ...]) -> _Box:
        above, below = list[Expression](), list[Expression]()
        for factor in factors:
            match factor:
                case Number(Ratio() as value) if value.denominator != 1:
                    below.insert(0, Number(Ratio(value.denominator)))
                    if value.numerator != 1:
                        above.insert(0, Number(Ratio(value.numerator)))
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
            return self.factors([_Quotient(tuple(rest), tuple(below)), *big], axes)
        return self.fraction(above, below, axes)

    def fraction(
        self, above: Sequence[Expression], below: Sequence[Expression], axes: tuple[Axis, ...]
    ) -> _Box:
        top = self.factors(above, axes) if above else _number(Ratio(1))
        bottom = self.factors(below, axes)
        brackets = top.level < _MATRIX and top.level != _MULTIPLY, bottom.level < _POWER
        return _Box(Fraction(top.formula, bottom.formula, brackets), _MULTIPLY)

    def factors(self, factors: Sequence[Expression], axes: tuple[Axis, ...]) -> _Box:
        ordered = sorted(factors, key=_rank)
        if len(ordered) == 1:
            return self.factor(ordered[0], axes)
        parts: list[Formula] = []
        for position, factor in enumerate(ordered):
            if position:
                parts.append(self.between(ordered[position - 1], factor))
            is_last = position == len(ordered) - 1
            box = self.factor(factor, axes)
            parts.append(box.at_least(_SUM if is_last and self.is_big(factor, axes) else self.tight))
        return _Box(Row(tuple(parts)), _MULTIPLY)

    tight = _POWER
    """How tightly the factors of a product are bound, at least."""

    def between(self, left: Expression, right: Expression) -> Formula:
        return _SPACE

    def factor(self, factor: Expression, axes: tuple[Axis, ...]) -> _Box:
        if isinstance(factor, _Quotient):
            box = self.fraction(factor.above, factor.below, axes)
            return _Box(Fenced("(", box.formula, ")"), _ATOM)
        return self.box(factor, axes)

    def is_big(self, factor: Expression, axes: tuple[Axis, ...]) -> bool:
        """Whether a factor is printed as a sum sign with what is summed."""
        return isinstance(factor, Reduction) and factor.kind == "Σ"

    def power(self, power: Power, axes: tuple[Axis, ...]) -> _Box:
        match power.exponent:
            case Number(value) if value == 0.5:
                box = self.box(power.base, axes)
                return _Box(Root(box.formula, box.level < _ATOM), _ATOM)
            case Number(value) if value < 0:
                return self.quotient([power], axes)
            case _:
                base = self.box(power.base, axes).at_least(_ATOM)
                return _Box(Scripts(base, None, self.box(power.exponent, ()).formula), _POWER)

    def function(self, function: Function, axes: tuple[Axis, ...]) -> _Box:
        arguments = [self.box(each, axes).formula for each in function.arguments]
        text = FUNCTIONS[function.name].text if function.name in FUNCTIONS else function.name
        if "{0}" in text:
            return _Box(Fenced(text[0], arguments[0], text[-1]), _ATOM)
        body = Fenced("(", _listed(arguments), ")")
        return _Box(Row((Mark(text, "function"), body)), _ATOM)

    def cases(self, cases: Cases, axes: tuple[Axis, ...]) -> _Box:
        condition = self.box(cases.condition, axes).formula
        if isinstance(condition, Fenced):
            condition = condition.body
        values = [self.box(each, axes).formula for each in (cases.if_true, cases.if_false)]
        return _Box(Choice(((values[0], condition), (values[1], None))), _ATOM)

    def reduction(self, reduction: Reduction, axes: tuple[Axis, ...]) -> _Box:
        under = _listed([self.letters.mark(axis) for axis in reduction.axes])
        body = self.box(reduction.body, (*axes, *reduction.axes)).at_least(_SUM)
        return _Box(BigOperator(reduction.kind, under, body), _SUM)

    def application(self, application: Application, axes: tuple[Axis, ...]) -> _Box:
        whole = self.whole(application)
        indices = [each for each in application.indices if not _is_only(each)]
        if not indices:
            return whole
        lower = _listed([self.letters.index(each) for each in indices])
        return _Box(Scripts(whole.at_least(_POWER), lower), _POWER)

    def whole(self, application: Application) -> _Box:
        """Return a primitive of whole arrays as a function of them."""
        arguments: list[Formula] = []
        for each, axes in application.arguments:
            own = tuple(axis for axis in axes if axis.length != 1)
            try:
                arguments.append(_Matrices(self.letters).box(each, own).formula)
            except _NotMatrices:
                arguments.append(_Indexed(self.letters).box(each, own).formula)
        name = _TITLES.get(application.primitive.name, application.primitive.name)
        body = Fenced("(", _listed(arguments), ")")
        return _Box(Row((Mark(name, "function"), body)), _POWER)


class _Matrices(_Indexed):
    """Layout in which each symbol is a whole array; raises `_NotMatrices` where it cannot be."""

    tight = _POWER

    def symbol(self, symbol: Symbol, axes: tuple[Axis, ...]) -> _Box:
        own = _plain(symbol.indices)
        base = name_of(symbol.name)
        if symbol.is_padded or own is None:
            raise _NotMatrices
        if len(axes) >= 2 and own == (axes[-1], axes[-2]):
            return _Box(_transposed(base), _POWER)
        own, axes = _long(own), _long(axes)
        if own == axes[len(axes) - len(own) :] or own == axes[: len(own)]:
            return _Box(base, _ATOM)
        raise _NotMatrices

    def between(self, left: Expression, right: Expression) -> Formula:
        arrays = all(_is_array(each) for each in (left, right))
        return Mark("⊙", "operator") if arrays else _SPACE

    def is_big(self, factor: Expression, axes: tuple[Axis, ...]) -> bool:
        if not super().is_big(factor, axes):
            return False
        return self.matrix_product(factor, axes) is None  # pyright: ignore[reportArgumentType]

    def reduction(self, reduction: Reduction, axes: tuple[Axis, ...]) -> _Box:
        if reduction.kind == "Σ":
            found = self.matrix_product(reduction, axes)
            if found is not None:
                return found
        kept = tuple(axis for axis in axes if axis in free_axes(reduction))
        inner = free_axes(reduction.body)
        ordered = tuple(axis for axis in inner if axis in kept or axis in reduction.axes)
        if len(ordered) > len(kept) + len(reduction.axes):
            raise _NotMatrices
        under = _listed([self.letters.mark(axis) for axis in reduction.axes])
        body = self.box(reduction.body, ordered).at_least(_SUM)
        return _Box(BigOperator(reduction.kind, under, body), _SUM)

    def matrix_product(self, reduction: Reduction, axes: tuple[Axis, ...]) -> _Box | None:
        """Return a contraction over one axis as a product of two matrices, if it is one."""
        if len(reduction.axes) != 1:
            return None
        (over,) = reduction.axes
        row, column = axes[:-1], axes[-1:]
        if len(axes) == 1 and not any(
            axes[0] in free_axes(each) and free_axes(each)[0] is over
            for each in as_factors(reduction.body)
        ):
            row, column = axes, ()
        left, right = list[Expression](), list[Expression]()
        for factor in as_factors(reduction.body):
            own = free_axes(factor)
            if any(axis in column for axis in own):
                if any(axis in row for axis in own):
                    return None
                right.append(factor)
            elif any(axis in row for axis in own) or (not left and not row):
                left.append(factor)
            else:
                (right if left or not row else left).append(factor)
        if not left or not right:
            return None
        parts = [
            self.factors(left, (*row, over)).at_least(_POWER),
            self.factors(right, (over, *column)).at_least(_POWER),
        ]
        if not row and isinstance(parts[0], Mark | Scripts):
            parts[0] = _transposed(parts[0])
        return _Box(Row((parts[0], _SPACE, parts[1])), _MATRIX)

    def application(self, application: Application, axes: tuple[Axis, ...]) -> _Box:
        own = _plain(application.indices)
        if own is None or _long(own) != _long(axes)[len(_long(axes)) - len(_long(own)) :]:
            raise _NotMatrices
        return self.whole(application)


@dataclass(frozen=True)
class _Quotient:
    """A quotient of numbers in front of a sum."""

    above: tuple[Expression, ...]
    below: tuple[Expression, ...]


_TITLES = {"reshape": "vec", "concatenate": "concat"}


def _plain(indices: Iterable[Index]) -> tuple[Axis, ...] | None:
    """Return the axes of indices that are axes alone; None if one is more."""
    found: list[Axis] = []
    for index in indices:
        if index.is_only:
            continue
        if index.axis is None:
            return None
        found.append(index.axis)
    return tuple(found)


def _is_only(index: Index) -> bool:
    """Whether it is along an axis of length 1."""
    return index.is_only or (bool(index.terms) and all(x.length == 1 for x in index.axes))


def _long(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
    return tuple(axis for axis in axes if axis.length != 1)


def _rank(factor: Expression) -> int:
    """Order factors: numbers, variables, functions, arrays, sums."""
    if isinstance(factor, Number | _Quotient):
        return 0
    if isinstance(factor, Reduction):
        return 4
    if free_axes(factor):
        return 3
    base = factor.base if isinstance(factor, Power) else factor
    return 1 if isinstance(base, Symbol) else 2


def _is_array(factor: Expression) -> bool:
    return not isinstance(factor, _Quotient) and bool(free_axes(factor))


def _is_negative(term: Expression) -> bool:
    first = as_factors(term)[0]
    return isinstance(first, Number) and first.value < 0


def _number(value: Ratio | float) -> _Box:
    if isinstance(value, Ratio) and value.denominator == 1:
        text = str(abs(value.numerator))
        box = _Box(Mark(text, "number"), _ATOM)
    elif isinstance(value, Ratio):
        top, bottom = (Mark(str(x), "number") for x in (abs(value.numerator), value.denominator))
        box = _Box(Fraction(top, bottom), _MULTIPLY)
    else:
        box = _Box(Mark(f"{abs(value):.6g}", "number"), _ATOM)
    if value < 0:
        return _Box(Row((Mark("−", "function"), box.formula)), _ADD)
    return box


def _transposed(formula: Formula) -> Formula:
    return Scripts(formula, None, Mark("T", "operator"))


def _listed(formulas: Sequence[Formula]) -> Formula:
    if len(formulas) == 1:
        return formulas[0]
    parts: list[Formula] = []
    for each in formulas:
        parts += [Mark(",", "operator"), each] if parts else [each]
    return Row(tuple(parts))


def _beside(first: Formula | None, second: Formula) -> Formula:
    return second if first is None else _listed([first, second])
