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
    expression: Expression, axes: tuple[Axis, ...], letters: Letters, fixed: frozenset[Axis]
) -> Formula:
    """Return the formula of an array of some axes; those in `fixed` are subscripts."""

    def array(argument: Expression, own: tuple[Axis, ...], inner: frozenset[Axis]) -> Formula:
        return array_formula(argument, own, letters, fixed | inner)

    try:
        plain = tuple(axis for axis in axes if axis not in fixed)
        return MatrixLayout(letters, fixed, array).box(expression, plain).formula
    except NotMatricesError:
        return IndexedLayout(letters, fixed, array).box(expression, axes).formula
