"""Layout in matrices: each symbol is a whole array, ``A Bᵀ``, ``A ⊙ B``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

from chainrule.insight.notation import algebra
from chainrule.insight.notation.algebra import as_factors
from chainrule.insight.notation.batch import TRACED_BATCH
from chainrule.insight.notation.expression import (
    Application,
    Expression,
    Place,
    Product,
    Reduction,
    Symbol,
    free_axes,
)
from chainrule.insight.notation.index import Axis, Index
from chainrule.insight.notation.layouts.boxes import (
    ATOM,
    MATRIX,
    POWER,
    SPACE,
    SUM,
    Box,
    NotMatricesError,
    is_array,
    is_fixed,
    listed,
    long_axes,
    name_of,
    plain_axes,
    transposed,
    with_indices,
)
from chainrule.insight.notation.layouts.layout import Layout

__all__ = ["MatrixLayout", "fixed_marks"]
from chainrule.insight.notation.letters import Letters
from chainrule.insight.notation.typeset import (
    BigOperator,
    Formula,
    Mark,
    Row,
    Scripts,
)


@final
class MatrixLayout(Layout):
    """Layout in which each symbol is a whole array; if all can be so.

    Raises `NotMatricesError` where a symbol needs indices.
    """

    def symbol(self, symbol: Symbol, axes: tuple[Axis, ...]) -> Box:
        """Return the name of an array, transposed if its axes are those of the result exchanged."""
        fixed = [each for each in symbol.indices if is_fixed(each, self.fixed)]
        if any(not each.terms for each in fixed) and fixed != list(symbol.indices[: len(fixed)]):
            raise NotMatricesError
        own = plain_axes((each for each in symbol.indices if each not in fixed), self.fixed)
        blocks = [x.block for x in symbol.indices if x.block is not None and x not in fixed]
        if own is not None and len(own) == 1 and any(each.isdigit() for each in blocks):
            raise NotMatricesError  # it would be an entry of a vector
        marks: list[Formula] = [
            Mark(each, "number" if each.isdigit() else "letter") for each in blocks
        ]
        marks += fixed_marks(symbol.indices, self.fixed, self.letters)
        base = with_indices(name_of(symbol.name), marks)
        if own is None or (symbol.is_padded and not fixed):
            raise NotMatricesError
        if len(axes) >= 2 and own == (*axes[: len(own) - 2], axes[-1], axes[-2]):
            return Box(transposed(base), POWER)
        own, axes = long_axes(own), long_axes(axes)
        is_of_samples = len(own) == 1 and own[0].length == TRACED_BATCH and own == axes[:1]
        if own == axes[len(axes) - len(own) :] or is_of_samples:
            return Box(base, ATOM)
        raise NotMatricesError

    def place(self, place: Place) -> Box:
        """Refuse: a place is a number for each entry."""
        raise NotMatricesError

    def between(self, left: Expression, right: Expression) -> Formula:
        """Return ⊙ between arrays, else a blank."""
        arrays = all(is_array(each) for each in (left, right))
        return Mark("⊙", "operator") if arrays else SPACE

    def is_big(self, factor: Expression, axes: tuple[Axis, ...]) -> bool:
        """Whether a factor is a sum that is no product of matrices."""
        if not isinstance(factor, Reduction) or factor.kind != "Σ":
            return False
        return self.matrix_product(factor, axes) is None

    def outer_product(self, factors: Sequence[Expression], axes: tuple[Axis, ...]) -> Box | None:
        """Return a column times a row, ``u vᵀ``, if factors are that."""
        long = long_axes(axes)
        own = [set(free_axes(each)) - self.fixed for each in factors]
        if len(long) == 2 and {long[0]} in own and {long[1]} in own and set(long) not in own:
            numbers, columns, rows = (
                [each for each, axes_ in zip(factors, own, strict=True) if axes_ == wanted]
                for wanted in (set[Axis](), {long[0]}, {long[1]})
            )
            sides = [
                self.box(algebra.multiply(*each), (axis,)).at_least(POWER)
                for each, axis in ((columns, long[0]), (rows, long[1]))
            ]
            front = [self.box(each, ()).at_least(POWER) for each in numbers]
            spaced = [part for each in front for part in (each, SPACE)]
            return Box(Row((*spaced, sides[0], SPACE, transposed(sides[1]))), MATRIX)
        return None

    def reduction(self, reduction: Reduction, axes: tuple[Axis, ...]) -> Box:
        """Return a product of matrices, or a sum or extremum over axes."""
        own = {axis for axis in free_axes(reduction) if axis not in self.fixed and axis.length > 1}
        outer = long_axes(axes)
        if own - set(outer[len(outer) - len(own) :]):
            raise NotMatricesError  # it would be added to rows, not to columns
        if reduction.kind == "Σ":
            found = self.matrix_product(reduction, axes) or self.sum_of_products(reduction, axes)
            if found is not None:
                return found
        kept = tuple(axis for axis in axes if axis in free_axes(reduction))
        inner = free_axes(reduction.body)
        ordered = tuple(axis for axis in inner if axis in kept or axis in reduction.axes)
        ordered = tuple(axis for axis in ordered if axis not in self.fixed)
        if len(ordered) > len(kept) + len(reduction.axes):
            raise NotMatricesError
        under = listed([self.letters.mark(axis) for axis in reduction.axes])
        body = self.box(reduction.body, ordered).at_least(SUM)
        return Box(BigOperator(reduction.kind, under, body), SUM)

    def sum_of_products(self, reduction: Reduction, axes: tuple[Axis, ...]) -> Box | None:
        """Return a sum over steps, or samples, and other axes as one of products of matrices."""
        over = tuple(axis for axis in reduction.axes if axis in self.fixed)
        if over:
            return self.outer_sum(over, reduction, axes, self.box)
        samples = tuple(axis for axis in reduction.axes if axis.length == TRACED_BATCH)
        if len(axes) > 1:
            inner = MatrixLayout(self.letters, self.fixed | set(samples), self.array)
            return self.outer_sum(samples, reduction, axes, inner.matrix_product)
        for contracted in reversed(reduction.axes):
            over = tuple(axis for axis in reduction.axes if axis is not contracted)
            uses = [x for x in as_factors(reduction.body) if contracted in free_axes(x)]
            if len(uses) > 1 and len(axes) == 1:
                found = self.outer_sum(
                    over, reduction, axes, lambda r, own, o=over: self.matrix_product(r, (*o, *own))
                )
                if found is not None:
                    return found
        return None

    def outer_sum(
        self,
        over: tuple[Axis, ...],
        reduction: Reduction,
        axes: tuple[Axis, ...],
        inner: Callable[[Reduction, tuple[Axis, ...]], Box | None],
    ) -> Box | None:
        """Return a sum over some axes of the sum over the others."""
        rest = tuple(axis for axis in reduction.axes if axis not in over)
        box = inner(Reduction("Σ", rest, reduction.body), axes) if over and rest else None
        if box is None:
            return None
        under = listed([self.letters.mark(axis) for axis in over])
        return Box(BigOperator("Σ", under, box.at_least(SUM)), SUM)

    def matrix_product(self, reduction: Reduction, axes: tuple[Axis, ...]) -> Box | None:
        """Return a contraction over one axis as a product of two matrices, if it is one."""
        if len(reduction.axes) != 1:
            return None
        (over,) = reduction.axes
        if over in self.fixed:
            return None
        row, column = axes[:-1], axes[-1:]
        if len(axes) == 1 and not any(
            axes[0] in free_axes(each) and free_axes(each)[0] is over
            for each in as_factors(reduction.body)
        ):
            row, column = axes, ()
        stacked = self.stacked_axes(reduction, axes)
        row = row[len(stacked) :]
        if column and column[0].length == 1 and column[0] not in free_axes(reduction.body):
            column = ()
        left, right = _sides(as_factors(reduction.body), row, column)
        if not left or not right:
            return None
        if not axes and (chain := self.bilinear(left, right, over)) is not None:
            return chain
        if column and not row and not stacked:  # vectors are columns: Aᵀ x
            left, right, row, column = right, left, column, ()
        parts = [
            self.box(algebra.multiply(*left), (*stacked, *row, over)).at_least(POWER),
            self.box(algebra.multiply(*right), (*stacked, over, *column)).at_least(POWER),
        ]
        if not axes:
            if not isinstance(parts[0], Mark | Scripts):
                return None
            parts[0] = transposed(parts[0])
        return Box(Row((parts[0], SPACE, parts[1])), MATRIX)

    def bilinear(self, left: list[Expression], right: list[Expression], over: Axis) -> Box | None:
        """Return ``wᵀ M u`` for the product of u with a product of a vector w and a matrix M."""
        for inner, outer in ((left, right), (right, left)):
            match inner:
                case [Reduction("Σ", (axis,), Product(factors))] if len(factors) == 2:
                    own = [set(free_axes(each)) for each in factors]
                    vector, matrix = factors if own[0] == {axis} else factors[::-1]
                    is_chain = set(free_axes(vector)) == {axis}
                    if is_chain and set(free_axes(matrix)) == {axis, over}:
                        u = algebra.multiply(*outer)
                        return self._chain(vector, matrix, u, (axis, over))
                case _:
                    pass
        return None

    def _chain(
        self, w: Expression, matrix: Expression, u: Expression, axes: tuple[Axis, ...]
    ) -> Box:
        """Return ``wᵀ M u``, or ``uᵀ M w`` if that needs no transposition of M."""
        middle = self.box(matrix, axes)
        if isinstance(matrix, Symbol) and matrix.indices[-1].axis is not axes[1]:
            w, u, axes = u, w, axes[::-1]
            middle = self.box(matrix, axes)
        sides = [
            self.box(each, (axis,)).at_least(POWER) for each, axis in zip((w, u), axes, strict=True)
        ]
        parts = (transposed(sides[0]), SPACE, middle.at_least(POWER), SPACE, sides[1])
        return Box(Row(parts), MATRIX)

    def stacked_axes(self, reduction: Reduction, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        """Return the first axes, of arrays of three or more, that are those of all factors."""
        found: tuple[Axis, ...] = ()
        factors = [free_axes(each) for each in as_factors(reduction.body) if is_array(each)]
        for axis in axes[:-2]:
            if len(factors) < 2 or not all(axis in each for each in factors):
                break
            found = (*found, axis)
        return found

    def application(self, application: Application, axes: tuple[Axis, ...]) -> Box:
        """Return a function of whole arrays."""
        if application.primitive.name in ("gather", "scatter_add"):
            raise NotMatricesError
        if fixed_marks(application.indices, self.fixed, self.letters):
            raise NotMatricesError
        own = plain_axes(application.indices, self.fixed)
        if (
            own is None
            or long_axes(own) != long_axes(axes)[len(long_axes(axes)) - len(long_axes(own)) :]
        ):
            raise NotMatricesError
        return self.whole(application)


def _sides(
    factors: Sequence[Expression], row: tuple[Axis, ...], column: tuple[Axis, ...]
) -> tuple[list[Expression], list[Expression]]:
    """Split the factors of a contraction into two matrices; none, if one has both other axes."""
    left, right = list[Expression](), list[Expression]()
    for factor in factors:
        own = free_axes(factor)
        if any(axis in column for axis in own):
            if any(axis in row for axis in own):
                return [], []
            right.append(factor)
        elif column or any(axis in row for axis in own):
            left.append(factor)
        else:
            (right if row or left else left).append(factor)
    return left, right


def fixed_marks(
    indices: Sequence[Index], fixed: frozenset[Axis], letters: Letters
) -> list[Formula]:
    """Return the subscripts of a matrix: the indices along fixed axes, and blocks."""
    marks: list[Formula] = []
    for each in indices:
        if is_fixed(each, fixed):
            marks.append(letters.index(each))
        elif each.block_axes is not None and each.block_axes[0] in fixed:
            marks.append(letters.mark(each.block_axes[0]))
    return marks
