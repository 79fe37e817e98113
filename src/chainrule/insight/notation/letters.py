"""Letters of axes: ``n`` for the samples of a batch, the others in the order of appearance."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.insight.notation.batch import TRACED_BATCH
from chainrule.insight.notation.expression import (
    Application,
    Expression,
    Reduction,
    Symbol,
    free_axes,
    operands,
    walk,
)
from chainrule.insight.notation.fixed_axes import joined_axes, steps_of
from chainrule.insight.notation.index import Axis, Index
from chainrule.insight.notation.typeset import Formula, Mark, Row

__all__ = ["Letters"]

_POOL = "ijklmpqrstuvw"


class Letters:
    """A letter for each axis of an equation."""

    def __init__(
        self, expression: Expression, axes: Sequence[Axis], fixed: frozenset[Axis] = frozenset()
    ) -> None:
        self._letters: dict[Axis, str] = {}
        self._steps = steps_of(expression) | {axis for axis in axes if axis.is_step}
        self._heads = (fixed - self._steps) | joined_axes(expression)
        taken = {each.name.base for each in walk(expression) if isinstance(each, Symbol)}
        for axis in dict.fromkeys((*axes, *free_axes(expression))):
            self._assign(axis, taken)
        self._assign_bound(expression, taken)

    def _assign_bound(self, expression: Expression, taken: set[str]) -> None:
        """Give letters to the axes of reductions; those side by side may share them."""
        inner = set(taken)
        if isinstance(expression, Reduction):
            for axis in expression.axes:
                self._assign(axis, inner)
        if isinstance(expression, Application):
            for each, axes in expression.arguments:
                own = set(inner)
                for axis in axes:
                    self._assign(axis, own)
                self._assign_bound(each, own)
            return
        for each in operands(expression):
            self._assign_bound(each, inner)

    def _assign(self, axis: Axis, taken: set[str]) -> None:
        """Give an axis a letter that is not taken, and take it."""
        wanted = "n" if axis.length == TRACED_BATCH else axis.letter
        wanted = (
            (axis.letter or "t") if axis in self._steps else "h" if axis in self._heads else wanted
        )
        free = (each for each in [wanted, *_POOL] if each and each not in taken)
        letter = next(free, f"i{len(self._letters)}")
        taken.add(self._letters.setdefault(axis, letter))

    def mark(self, axis: Axis) -> Formula:
        """Return the letter of an axis."""
        return Mark(self._letters.get(axis, "·"))

    def index(self, index: Index) -> Formula:
        """Return an index: ``i``, ``2i + p - 1``."""
        parts: list[Formula] = []
        for axis, coefficient in index.terms:
            if parts or coefficient < 0:
                parts.append(Mark("−" if coefficient < 0 else "+", "function"))
            if abs(coefficient) != 1:
                parts.append(Mark(str(abs(coefficient)), "number"))
            parts.append(self.mark(axis))
        if index.offset or not parts:
            if parts or index.offset < 0:
                parts.append(Mark("−" if index.offset < 0 else "+", "function"))
            parts.append(Mark(str(abs(index.offset)), "number"))
        return Row(tuple(parts)) if len(parts) > 1 else parts[0]
