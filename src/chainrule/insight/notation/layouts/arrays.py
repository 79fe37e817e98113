"""The layout of a whole array: in matrices if that can be, else with indices."""

from __future__ import annotations

from chainrule.insight.notation.expression import Expression
from chainrule.insight.notation.index import Axis
from chainrule.insight.notation.layouts.boxes import NotMatricesError
from chainrule.insight.notation.layouts.indexed import IndexedLayout
from chainrule.insight.notation.layouts.matrices import MatrixLayout
from chainrule.insight.notation.letters import Letters
from chainrule.insight.notation.typeset import Formula

__all__ = ["array_formula"]


def array_formula(
    expression: Expression, axes: tuple[Axis, ...], letters: Letters, steps: frozenset[Axis]
) -> Formula:
    """Return the formula of an array of some axes."""

    def array(argument: Expression, own: tuple[Axis, ...]) -> Formula:
        return array_formula(argument, own, letters, steps)

    try:
        return MatrixLayout(letters, steps, array).box(expression, axes).formula
    except NotMatricesError:
        return IndexedLayout(letters, steps, array).box(expression, axes).formula
