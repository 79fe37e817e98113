"""Layout with indices: each symbol is an entry, ``x_{n,i+p} W_{p,k}``."""

from __future__ import annotations

from typing import final

from chainrule.insight.notation.expression import (
    Application,
    Expression,
    Reduction,
    Symbol,
)
from chainrule.insight.notation.index import Axis
from chainrule.insight.notation.layouts.boxes import (
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

    def between(self, left: Expression, right: Expression) -> Formula:
        """Return a blank: entries are numbers."""
        return SPACE

    def is_big(self, factor: Expression, axes: tuple[Axis, ...]) -> bool:
        """Whether a factor is printed as a sum sign with what is summed."""
        return isinstance(factor, Reduction) and factor.kind == "Σ"

    def reduction(self, reduction: Reduction, axes: tuple[Axis, ...]) -> Box:
        """Return the sign of a sum or extremum with its axes beneath."""
        under = listed([self.letters.mark(axis) for axis in long_axes(reduction.axes)])
        body = self.box(reduction.body, (*axes, *reduction.axes)).at_least(SUM)
        return Box(BigOperator(reduction.kind, under, body), SUM)

    def application(self, application: Application, axes: tuple[Axis, ...]) -> Box:
        """Return a function of whole arrays, with indices."""
        whole = self.whole(application)
        indices = [each for each in application.indices if not each.is_only_entry]
        if not indices:
            return whole
        lower = listed([self.letters.index(each) for each in indices])
        return Box(Scripts(whole.at_least(POWER), lower), POWER)
