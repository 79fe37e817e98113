"""The Cholesky factorization of a large matrix and its gradient, in place, by recursive blocks.

The recursion of `ops.primitives.cholesky_pullback`, and that of the factorization::

    L₁₁ from A₁₁        L₂₁ = A₂₁ L₁₁⁻ᵀ        A₂₂ -= tril(L₂₁ L₂₁ᵀ)        L₂₂ from A₂₂

are unrolled. Matrix products are contractions, which all threads share; small blocks are for calls
of LAPACK, which sees a lower triangle by rows as an upper one by columns.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Argument,
    Axis,
    Buffer,
    Call,
    Contraction,
    Expression,
    IndexValue,
    Literal,
    Load,
    Loop,
    Region,
    Statement,
)
from chainrule.compiler.lowering.graph_lowering import OTHERS, Lowering
from chainrule.compiler.lowering.routine_calls import RULES as CALLBACK
from chainrule.compiler.lowering.routine_calls import Matrices, contiguous, real
from chainrule.graph.node import Node
from chainrule.ops.primitives.linear_algebra.cholesky_pullback import BLOCK

__all__ = ["factorize_by_blocks", "lower_cholesky_pullback", "lower_triangle"]

MAX_BLOCKS = 8
"""Blocks along the diagonal, at most: the steps, and the kernels of their shapes, are bounded."""

WHOLE = 128
"""Rows up to which a symmetric product is computed whole, and not its lower triangle alone."""

MIN_PART, MAX_PARTS = 32, 8
"""Rows of a part that one thread substitutes in, at least, and the number of parts, at most."""

_INTEGER, _BOOL = np.dtype("int64"), np.dtype(bool)

Range = tuple[int, int]
"""The first row or column of a block, and their number."""
Operand = Callable[[Affine, Affine], Load]
"""An element of an operand of a product by its row and column in the large matrix."""


def factorize_by_blocks(lowering: Lowering, node: Node, matrix: Load, failure: str) -> None:
    """Append the factorization of a matrix in place, of which zeros are above the diagonal."""
    _Blocks(lowering, node, matrix, matrix).factorize((0, node.shape[-1]), failure)


def lower_cholesky_pullback(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    """Lower the primitive of this name; stacks of matrices and single numbers are for NumPy."""
    if len(node.shape) != 2 or node.size == 1:
        return CALLBACK[OTHERS](lowering, node, inputs)
    factor, result = contiguous(lowering, node.inputs[0]), Matrices.result(lowering, node, 2)
    result.store(lowering, lower_triangle(inputs[1], lowering.canonical(node.shape)), node)
    _Blocks(lowering, node, factor, result.load).pull_back((0, node.shape[-1]))
    return result.load


def lower_triangle(value: Expression, index: tuple[Affine, ...]) -> Expression:
    """Return a matrix with zeros above the diagonal, at the index of its element."""
    return _where_above(index[-2], index[-1], _number(0, value.dtype), value)


class _Blocks:
    """Appends steps that work on the blocks of `target`, given a factor, in place."""

    def __init__(self, lowering: Lowering, node: Node, factor: Load, target: Load) -> None:
        self.lowering = lowering
        self.node = node
        self.dtype = node.dtype
        self.factor = factor
        self.target = target
        self.small = max(BLOCK, -(-self.node.shape[-1] // MAX_BLOCKS))
        self.inverses: dict[Range, Buffer] = {}

    def factorize(self, block: Range, failure: str) -> None:
        """Factorize a diagonal block."""
        if block[1] <= self.small:
            region = self._region(self.target, block, block, is_written=True)
            self._call("lapack.potrf", ("U", block[1], region, self._stride, None), failure)
            return
        head, tail = _halves(block)
        self.factorize(head, failure)
        self._divide(tail, head, is_transposed=True)
        self._subtract(tail, tail, head, self._of_target, _swapped(self._of_target))
        self.factorize(tail, failure)

    def pull_back(self, block: Range) -> None:
        """Replace L̄ by Ā in the lower triangle of a diagonal block."""
        if block[1] <= self.small:
            self._pull_back_small(block)
            return
        head, tail = _halves(block)
        self.pull_back(tail)
        corner, first = self._symmetrized(tail), Affine(-tail[0])
        symmetric: Operand = lambda i, k: Load(corner.buffer, (i + first, k + first))  # noqa: E731
        self._subtract(tail, head, tail, symmetric, self._of_factor)
        self._divide(tail, head, is_transposed=False)
        self._subtract(head, head, tail, _swapped(self._of_target), self._of_factor)
        self.pull_back(head)

    def _divide(self, rows: Range, block: Range, is_transposed: bool) -> None:
        """X ← X D⁻¹ or X D⁻ᵀ, for rows X of the target and a diagonal block D of the factor."""
        if block[1] <= self.small:
            (self._substitute if is_transposed else self._multiply_by_inverse)(rows, block)
            return
        head, tail = _halves(block)
        first, second = (head, tail) if is_transposed else (tail, head)
        self._divide(rows, first, is_transposed)
        right = _swapped(self._of_factor) if is_transposed else self._of_factor
        self._subtract(rows, second, first, self._of_target, right)
        self._divide(rows, second, is_transposed)

    def _substitute(self, rows: Range, block: Range) -> None:
        """X ← X D⁻ᵀ by substitution, which threads share: in a copy of equal parts."""
        parts = max(1, min(MAX_PARTS, rows[1] // MIN_PART))
        size = -(-rows[1] // parts)
        copy = self._new(Axis(parts * size, "i"), _axis(block, "j")).buffer
        part = Buffer("alias", copy.dtype, (parts, size, block[1]), copy.name, base=copy)
        i, j = _axis(rows, "i"), _axis(block, "j")
        here, there = (
            Load(copy, (_of(i), _of(j))),
            self._of_target(_of(i, rows[0]), _of(j, block[0])),
        )
        self._store(here, there)
        number = Axis(parts, "b", is_loop_index=True)
        index = (_of(number), _of(Axis(size, "i")), _of(j))
        triangle, one = self._region(self.factor, block, block), self.dtype.type(1)
        x, n = Region(part, index, is_written=True), block[1]
        arguments = ("L", "U", "T", "N", n, size, one, triangle, self._stride, x, n)
        call = self._new_call("blas.trsm", arguments)
        self.lowering.items.append(Loop(number, False, (call,), is_parallel=True))
        self._store(there, here)

    def _multiply_by_inverse(self, rows: Range, block: Range) -> None:
        """X ← X D⁻¹ by the inverse, which is accurate enough for a derivative."""
        i, j, k = _axis(rows, "i"), _axis(block, "j"), _axis(block, "k")
        row, inverse = _of(i, rows[0]), self._inverse(block)
        left = self._of_target(row, _of(k, block[0]))
        product = self._product(i, j, k, left, Load(inverse, (_of(k), _of(j))))
        self._store(self._of_target(row, _of(j, block[0])), product)

    def _inverse(self, block: Range) -> Buffer:
        """Store the inverse of a small diagonal block of the factor, once."""
        if block not in self.inverses:
            copy = self._triangle(block)
            region = Region(copy.buffer, tuple(_of(_axis(block, x)) for x in "ij"), is_written=True)
            self._call("lapack.trtri", ("U", "N", block[1], region, block[1], None))
            self.inverses[block] = copy.buffer
        return self.inverses[block]

    def _triangle(self, block: Range) -> Load:
        """Copy a diagonal block of the factor, with zeros above the diagonal."""
        i, j = _axis(block, "i"), _axis(block, "j")
        row, column = _of(i, block[0]), _of(j, block[0])
        return self._stored(i, j, lower_triangle(self._of_factor(row, column), (row, column)))

    def _pull_back_small(self, block: Range) -> None:
        """Store Φ(D⁻ᵀ (P + Pᵀ) D⁻¹) with P = Φ(Dᵀ D̄), of a small diagonal block D."""
        i, j, k = (_axis(block, name) for name in "ijk")
        row, column = _of(i, block[0]), _of(j, block[0])
        triangle, inverse = self._triangle(block).buffer, self._inverse(block)

        def product(left: Buffer, right: Load, is_transposed: bool) -> Load:
            index = (_of(k), _of(i)) if is_transposed else (_of(i), _of(k))
            return self._product(i, j, k, Load(left, index), right)

        p = product(triangle, self._of_target(_of(k, block[0]), column), True)
        mirrored = Load(p.buffer, (_of(j), _of(i)))
        both = self._stored(i, j, _where_above(row, column, mirrored, p))
        right = product(both.buffer, Load(inverse, (_of(k), _of(j))), False)
        z = product(inverse, Load(right.buffer, (_of(k), _of(j))), True)
        half = Apply("multiply", (z, _number(0.5, self.dtype)), self.dtype)
        value = _where(_compared("equal", row, column), half, z)
        self._store(self._of_target(row, column), lower_triangle(value, (row, column)))

    def _symmetrized(self, block: Range) -> Load:
        """Store Ā + Āᵀ of a diagonal block, whose lower triangle is read."""
        i, j = _axis(block, "i"), _axis(block, "j")
        row, column = _of(i, block[0]), _of(j, block[0])
        below, above = self._of_target(row, column), self._of_target(column, row)
        twice = Apply("add", (below, below), self.dtype)
        value = _where(_compared("equal", row, column), twice, below)
        return self._stored(i, j, _where_above(row, column, above, value))

    def _subtract(
        self, rows: Range, columns: Range, depth: Range, left: Operand, right: Operand
    ) -> None:
        """Subtract a product from a block of the target, from a diagonal one below the diagonal."""
        if rows == columns and rows[1] > max(WHOLE, 2 * self.small):
            head, tail = _halves(rows)
            for part in ((head, head), (tail, head), (tail, tail)):
                self._subtract(*part, depth, left, right)
            return
        i, j, k = _axis(rows, "i"), _axis(columns, "j"), _axis(depth, "k")
        row, column, step = _of(i, rows[0]), _of(j, columns[0]), _of(k, depth[0])
        product = self._product(i, j, k, left(row, step), right(step, column))
        old = self._of_target(row, column)
        value = Apply("subtract", (old, product), self.dtype)
        is_diagonal = rows == columns
        self._store(old, _where_above(row, column, old, value) if is_diagonal else value)

    # Steps.

    def _product(self, i: Axis, j: Axis, k: Axis, left: Load, right: Load) -> Load:
        """Append a contraction into new memory."""
        load = self._new(i, j)
        index = (_of(i), _of(j))
        item = Contraction(load.buffer, index, left, right, (k,), self.node.layer)
        self.lowering.items.append(item)
        return load

    def _call(self, name: str, arguments: tuple[Argument, ...], failure: str = "") -> None:
        self.lowering.items.append(self._new_call(name, arguments, failure))

    def _new_call(self, name: str, arguments: tuple[Argument, ...], failure: str = "") -> Call:
        sizes = [each for each in arguments if isinstance(each, int)]
        flops = int(np.prod(sizes[:2])) * self.small
        return Call(real(self.dtype, name), arguments, failure, flops, self.node.layer)

    # Memory.

    @property
    def _stride(self) -> int:
        return self.node.shape[-1]

    def _of_target(self, row: Affine, column: Affine) -> Load:
        return Load(self.target.buffer, (*self.target.index[:-2], row, column))

    def _of_factor(self, row: Affine, column: Affine) -> Load:
        return Load(self.factor.buffer, (*self.factor.index[:-2], row, column))

    def _region(
        self, matrix: Load, rows: Range, columns: Range, is_written: bool = False
    ) -> Region:
        own = (_of(_axis(each, "i"), each[0]) for each in (rows, columns))
        prefix = (each for each in matrix.index[:-2] if isinstance(each, Affine))
        return Region(matrix.buffer, (*prefix, *own), is_written=is_written)

    def _new(self, i: Axis, j: Axis) -> Load:
        buffer = self.lowering.scratch((i.extent, j.extent), self.dtype, self.node)
        return Load(buffer, (_of(i), _of(j)))

    def _stored(self, i: Axis, j: Axis, value: Expression) -> Load:
        load = self._new(i, j)
        self._store(load, value)
        return load

    def _store(self, target: Load, value: Expression) -> None:
        item = Statement(target.buffer, target.index, value, layer=self.node.layer)
        self.lowering.items.append(item)


def _halves(block: Range) -> tuple[Range, Range]:
    first, size = block
    half = size // 2
    return (first, half), (first + half, size - half)


def _swapped(operand: Operand) -> Operand:
    """The transpose of an operand."""
    return lambda row, column: operand(column, row)


def _axis(block: Range, name: str) -> Axis:
    return Axis(block[1], name)


def _of(axis: Axis, first: int = 0) -> Affine:
    return Affine.of(axis, constant=first)


def _number(value: float, dtype: np.dtype[np.generic]) -> Literal:
    return Literal(dtype.type(value), dtype)


def _compared(relation: str, row: Affine, column: Affine) -> Expression:
    return Apply(relation, (IndexValue(row, _INTEGER), IndexValue(column, _INTEGER)), _BOOL)


def _where(condition: Expression, yes: Expression, no: Expression) -> Expression:
    return Apply("select", (condition, yes, no), yes.dtype)


def _where_above(row: Affine, column: Affine, yes: Expression, no: Expression) -> Expression:
    """Return the expression of one value above the diagonal and another one elsewhere."""
    return _where(_compared("less", row, column), yes, no)
