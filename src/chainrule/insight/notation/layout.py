"""From expressions to formulas: in matrices as far as that can be read, else with indices.

In matrix notation an array is its name alone. A product of entries is ``A ⊙ B``, a contraction over
one axis is ``A B``, ``Aᵀ B`` or ``A Bᵀ``, a vector added to a matrix is added to each row. That is
possible if each symbol has the axes of the result, the last ones of them, or their transposition.
Otherwise all symbols of an equation have indices, ``Σ_{p,q,c} x_{n,i+p,j+q,c} W_{p,q,c,k}``.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.insight.notation.expression import (
    Expression,
)
from chainrule.insight.notation.fixed_axes import fixed_axes
from chainrule.insight.notation.index import Axis, Index
from chainrule.insight.notation.layouts.arrays import array_formula
from chainrule.insight.notation.layouts.boxes import (
    NotMatricesError,
    name_of,
    title_of,
    with_indices,
)
from chainrule.insight.notation.layouts.indexed import IndexedLayout
from chainrule.insight.notation.layouts.matrices import MatrixLayout, fixed_marks
from chainrule.insight.notation.letters import Letters
from chainrule.insight.notation.typeset import (
    Formula,
    Fraction,
    Mark,
    Row,
)

__all__ = ["equation", "name_of", "title_of"]


def equation(
    left: Formula,
    expression: Expression,
    axes: Sequence[Axis],
    places: Sequence[Index] | None = None,
) -> Formula:
    """Return the formula ``left = expression``, or ``left_{i,j} = ...`` if it needs indices.

    Parameters
    ----------
    left : Formula
        The left-hand side without indices.
    expression : Expression
        The right-hand side.
    axes : sequence of Axis
        The axes of the left-hand side; those of length 1 are not printed.
    places : sequence of Index, optional
        Its indices, if they are not the axes themselves.
    """
    places = [Index.of(axis) for axis in axes] if places is None else places
    fixed = fixed_axes(expression, axes, places)
    letters = Letters(expression, axes, fixed)

    def array(argument: Expression, own: tuple[Axis, ...], inner: frozenset[Axis]) -> Formula:
        return array_formula(argument, own, letters, fixed | inner)

    try:
        plain = tuple(axis for axis in axes if axis not in fixed)
        right = MatrixLayout(letters, fixed, array).box(expression, plain)
        shown = fixed_marks(places, fixed, letters)
    except NotMatricesError:
        steps = frozenset(axis for axis in fixed if axis.is_step)
        right = IndexedLayout(letters, steps, array).box(expression, tuple(axes))
        shown = [letters.index(each) for each in places if not each.is_only_entry]
    return Row((_indexed(left, shown), Mark("=", "operator"), right.formula))


def _indexed(left: Formula, marks: Sequence[Formula]) -> Formula:
    """Return a left-hand side with indices, those of a derivative at what it is by."""
    match left:
        case Fraction(numerator, Row((sign, by))):
            return Fraction(numerator, Row((sign, with_indices(by, marks))))
        case _:
            return with_indices(left, marks)
