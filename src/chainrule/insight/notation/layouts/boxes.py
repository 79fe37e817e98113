"""Formulas with their precedence, and the parts that both layouts are made of."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction as Ratio

from chainrule.insight.notation.algebra import as_factors
from chainrule.insight.notation.expression import (
    Expression,
    Function,
    Name,
    Number,
    Power,
    Reduction,
    Symbol,
    free_axes,
)
from chainrule.insight.notation.functions import FUNCTIONS
from chainrule.insight.notation.index import Axis, Index
from chainrule.insight.notation.typeset import (
    Fenced,
    Formula,
    Fraction,
    Mark,
    Root,
    Row,
    Scripts,
)

__all__ = [
    "ADD",
    "ATOM",
    "MATRIX",
    "MULTIPLY",
    "POWER",
    "SPACE",
    "SUM",
    "Box",
    "NotMatricesError",
    "as_fraction",
    "is_array",
    "is_fixed",
    "is_negative",
    "listed",
    "long_axes",
    "name_of",
    "number_box",
    "plain_axes",
    "rank",
    "square_of",
    "title_of",
    "transposed",
    "with_indices",
]

ADD, SUM, MULTIPLY, MATRIX, POWER, ATOM = range(6)
"""How tightly the parts of a formula are bound, from a sum to a single mark."""

SPACE = Mark(" ", "space")


@dataclass(frozen=True)
class Box:
    """A formula, and how tightly its parts are bound."""

    formula: Formula
    level: int

    def at_least(self, level: int) -> Formula:
        """Return the formula, in brackets if its parts are bound less tightly than `level`."""
        return self.formula if self.level >= level else Fenced("(", self.formula, ")")


class NotMatricesError(Exception):
    """The expression needs indices."""


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


def plain_axes(indices: Iterable[Index], fixed: Container[Axis] = ()) -> tuple[Axis, ...] | None:
    """Return the axes of indices that are axes alone, or run through a block; None for others."""
    found: list[Axis] = []
    for index in indices:
        if index.is_only:
            continue
        block = index.block_axes
        axis = index.axis_of_block if block is None or block[0] not in fixed else block[1]
        if axis is None:
            return None
        found.append(axis)
    return tuple(found)


def long_axes(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
    """Return the axes of more than one entry."""
    return tuple(axis for axis in axes if axis.length != 1)


def rank(factor: Expression) -> int:
    """Order factors: numbers, variables, functions, arrays, sums."""
    if isinstance(factor, Number):
        return 0
    if isinstance(factor, Reduction):
        return 4
    if free_axes(factor):
        return 3
    base = factor.base if isinstance(factor, Power) else factor
    return 1 if isinstance(base, Symbol) else 2


def is_array(factor: Expression) -> bool:
    """Whether a factor has axes."""
    return bool(free_axes(factor))


def is_fixed(index: Index, fixed: Container[Axis]) -> bool:
    """Whether an index is the same for the whole matrix: a number, or along a fixed axis."""
    return not index.is_only and all(axis in fixed for axis in index.axes)


def is_negative(term: Expression) -> bool:
    """Whether the number in front of a term is negative."""
    first = as_factors(term)[0]
    return isinstance(first, Number) and first.value < 0


def as_fraction(value: Ratio | float) -> Ratio | float:
    """Return a number as a fraction if it is that of small integers."""
    if isinstance(value, Ratio) or not math.isfinite(value):
        return value
    plain = Ratio(value).limit_denominator(64)
    return plain if abs(plain - value) <= 1e-15 * abs(value) else value


def number_box(value: Ratio | float) -> Box:
    """Return the formula of a number."""
    value = as_fraction(value)
    if isinstance(value, Ratio) and value.denominator == 1:
        text = str(abs(value.numerator))
        box = Box(Mark(text, "number"), ATOM)
    elif isinstance(value, Ratio):
        top, bottom = (Mark(str(x), "number") for x in (abs(value.numerator), value.denominator))
        box = Box(Fraction(top, bottom), MULTIPLY)
    else:
        box = _irrational_box(abs(value))
    if value < 0:
        return Box(Row((Mark("−", "function"), box.formula)), ADD)
    return box


def _irrational_box(value: float) -> Box:
    """Return a number that is no small fraction: √(2/3), √2/√π, ∞, or its digits."""
    if math.isinf(value):
        return Box(Mark("∞"), ATOM)
    square = square_of(value)
    under_pi = None if square else square_of(value * math.sqrt(math.pi))
    square = square or under_pi
    if square is None:
        return Box(Mark(f"{value:.10g}", "number"), ATOM)
    top = Mark(str(square.numerator), "number")
    under = [Mark(str(square.denominator), "number")] * (square.denominator != 1)
    under += [Mark("π")] * (under_pi is not None)
    root: Formula = top if square.numerator == 1 else Root(top)
    if not under:
        return Box(root, ATOM)
    return Box(Fraction(root, Root(Row(tuple(under)), len(under) > 1)), MULTIPLY)


def square_of(value: float) -> Ratio | None:
    """Return the small fraction that a number is the root of, if there is one."""
    if not math.isfinite(value):
        return None
    square = Ratio(value * value).limit_denominator(64)
    return square if square and abs(math.sqrt(square) - value) <= 1e-15 * value else None


def transposed(formula: Formula) -> Formula:
    """Return a formula with the mark of a transposition."""
    return Scripts(formula, None, Mark("T", "operator"))


def listed(formulas: Sequence[Formula]) -> Formula:
    """Return formulas with commas between."""
    if len(formulas) == 1:
        return formulas[0]
    parts: list[Formula] = []
    for each in formulas:
        parts += [Mark(",", "operator"), each] if parts else [each]
    return Row(tuple(parts))


def with_indices(base: Formula, marks: Sequence[Formula]) -> Formula:
    """Return a name with indices as its subscript, after the one that it has."""
    if not marks:
        return base
    if isinstance(base, Scripts):
        return Scripts(base.base, _beside(base.lower, listed(marks)), base.upper)
    return Scripts(base, listed(marks))


def _beside(first: Formula | None, second: Formula) -> Formula:
    return second if first is None else listed([first, second])
