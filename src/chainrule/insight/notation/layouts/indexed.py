"""Layout with indices: each symbol is an entry, ``x_{n,i+p} W_{p,k}``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from chainrule.insight.notation import algebra
from chainrule.insight.notation.algebra import as_factors
from chainrule.insight.notation.expression import (
    Application,
    Expression,
    Place,
    Reduction,
    Relation,
    Symbol,
    free_axes,
    operands,
    substitute,
)
from chainrule.insight.notation.index import Axis, Index
from chainrule.insight.notation.layouts.boxes import (
    ADD,
    ATOM,
    POWER,
    SPACE,
    SUM,
    Box,
    listed,
    long_axes,
    name_of,
    with_indices,
)
from chainrule.insight.notation.layouts.layout import Layout
from chainrule.insight.notation.typeset import (
    BigOperator,
    Formula,
    Mark,
    Row,
    Scripts,
)

__all__ = ["IndexedLayout"]


@final
class IndexedLayout(Layout):
    """Layout in which each symbol has its indices."""

    def symbol(self, symbol: Symbol, axes: tuple[Axis, ...]) -> Box:
        """Return the name of a symbol with its indices."""
        indices = [each for each in symbol.indices if not each.is_only_entry]
        marks = [self.letters.index(each) for each in indices]
        return Box(with_indices(name_of(symbol.name), marks), ATOM)

    def place(self, place: Place) -> Box:
        """Return the index."""
        formula = self.letters.index(place.index)
        return Box(formula, ADD if isinstance(formula, Row) else ATOM)

    def outer_product(self, factors: Sequence[Expression], axes: tuple[Axis, ...]) -> Box | None:
        """Return none: entries are numbers."""
        return None

    def between(self, left: Expression, right: Expression) -> Formula:
        """Return a blank: entries are numbers."""
        return SPACE

    def is_big(self, factor: Expression, axes: tuple[Axis, ...]) -> bool:
        """Whether a factor is printed as a sum sign with what is summed."""
        return isinstance(factor, Reduction) and factor.kind == "Σ"

    def reduction(self, reduction: Reduction, axes: tuple[Axis, ...]) -> Box:
        """Return the sign of a sum or extremum with its axes beneath."""
        conditions = [x for x in as_factors(reduction.body) if _is_condition(x, reduction)]
        under = [self.condition(each) for each in conditions]
        said = {axis for each in conditions for axis in free_axes(each)}
        axes_left = (axis for axis in reduction.axes if axis.length != 1 and axis not in said)
        under += [self.letters.mark(axis) for axis in axes_left]
        rest = [x for x in as_factors(reduction.body) if x not in conditions]
        body = self.box(algebra.multiply(*rest), (*axes, *reduction.axes)).at_least(SUM)
        return Box(BigOperator(reduction.kind, listed(under), body), SUM)

    def condition(self, condition: Expression) -> Formula:
        """Return what is written beneath a sum: ``2i + p = u``."""
        left, right = (self.box(each, ()).formula for each in operands(condition))
        return Row((left, Mark("=", "function"), right))

    def application(self, application: Application, axes: tuple[Axis, ...]) -> Box:
        """Return a function of whole arrays, with indices; rows that are looked up have theirs."""
        match application.primitive.name:
            case "gather":
                return self.gathered(application, axes)
            case "scatter_add":
                return self.scattered(application, axes)
            case _:
                pass
        whole = self.whole(application)
        indices = [each for each in application.indices if not each.is_only_entry]
        if not indices:
            return whole
        lower = listed([self.letters.index(each) for each in indices])
        return Box(Scripts(whole.at_least(POWER), lower), POWER)

    def gathered(self, application: Application, axes: tuple[Axis, ...]) -> Box:
        """Return an entry of a row that is looked up: ``W_{x_n,k}``."""
        (array, own), *places = application.arguments
        first = places[0][1]
        at = dict(zip(first, application.indices, strict=False))
        rest = application.indices[len(first) :]
        found = [
            substitute(each, dict(zip(mine, at.values(), strict=True))) for each, mine in places
        ]
        marks = [self.box(each, axes).formula for each in found]
        marks += [self.letters.index(each) for each in rest if not each.is_only_entry]
        whole = self.array(array, long_axes(own), frozenset())
        return Box(with_indices(whole, marks), ATOM)

    def scattered(self, application: Application, axes: tuple[Axis, ...]) -> Box:
        """Return the sum of the rows with an index: ``Σ_{n: x_n = v} u_{n,k}``."""
        (rows, own), *places = application.arguments
        over = places[0][1]
        rest = application.indices[len(places) :]
        at = dict(zip(own[len(over) :], rest, strict=True))
        at |= {axis: Index.of(mine) for axis, mine in zip(own, over, strict=False)}
        under: list[Formula] = []
        for (place, mine), index in zip(places, application.indices, strict=False):
            found = substitute(place, dict(zip(mine, map(Index.of, over), strict=True)))
            value = self.box(found, axes).formula
            under.append(Row((value, Mark("=", "function"), self.letters.index(index))))
        body = self.box(substitute(rows, at), (*axes, *over)).at_least(SUM)
        return Box(BigOperator("Σ", listed(under), body), SUM)


def _is_condition(factor: Expression, reduction: Reduction) -> bool:
    """Whether a factor says which entries a sum is over."""
    match factor:
        case Relation("=", Place(left), Place(right)) if reduction.kind == "Σ":
            return any(axis in reduction.axes for axis in (*left.axes, *right.axes))
        case _:
            return False
