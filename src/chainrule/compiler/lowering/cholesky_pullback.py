"""The vector-Jacobian product of the Cholesky factorization, in place, by recursive blocks.

The recursion of `ops.primitives.cholesky_pullback` is unrolled. Matrix products are contractions,
which all threads share; products with the inverses of small triangles are calls of BLAS, which sees
a lower triangle by rows as an upper one by columns.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Call,
    Contraction,
    Expression,
    IndexValue,
    Literal,
    Load,
    Region,
    Statement,
)
from chainrule.compiler.lowering.graph_lowering import OTHERS, Lowering
from chainrule.compiler.lowering.routine_calls import RULES as CALLBACK
from chainrule.compiler.lowering.routine_calls import Matrices, contiguous, real
from chainrule.graph.node import Node
from chainrule.ops.primitives.cholesky_pullback import BLOCK

__all__ = ["lower_cholesky_pullback"]

_INTEGER, _BOOL = np.dtype("int64"), np.dtype(bool)


def lower_cholesky_pullback(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    """Lower the primitive of this name; stacks of matrices and single numbers are for NumPy."""
    if len(node.shape) != 2 or node.size == 1:
        return CALLBACK[OTHERS](lowering, node, inputs)
    factor, result = contiguous(lowering, node.inputs[0]), Matrices.result(lowering, node, 2)
    row, column = lowering.canonical(node.shape)
    result.store(lowering, _where_above(row, column, _number(0, node.dtype), inputs[1]), node)
    _PullBack(lowering, node, factor, result.load).divide(0, node.shape[-1])
    return result.load


class _PullBack:
    """Appends the steps of one product; of `ct` the lower triangle L̄ becomes Ā in place."""

    def __init__(self, lowering: Lowering, node: Node, factor: Load, ct: Load) -> None:
        self.lowering = lowering
        self.node = node
        self.factor = factor
        self.ct = ct

    def divide(self, first: int, size: int) -> None:
        """Pull back through the factorization of the diagonal block of some rows."""
        if size <= BLOCK:
            self._pull_back_block(first, size)
            return
        half, rest = size // 2, size - size // 2
        middle = first + half
        self.divide(middle, rest)
        corner = self._symmetrized(middle, rest)
        k = Axis(rest, "k")
        self._subtract(
            (middle, rest),
            (first, half),
            k,
            lambda i, _: _element(corner, i + Affine(-middle), _of(k)),
            lambda _, j: self._at(self.factor, _of(k, middle), j),
        )
        self._divide_by_triangle((middle, rest), first, half)
        m = Axis(rest, "k")
        self._subtract(
            (first, half),
            (first, half),
            m,
            lambda i, _: self._at(self.ct, _of(m, middle), i),
            lambda _, j: self._at(self.factor, _of(m, middle), j),
        )
        self.divide(first, half)

    def _divide_by_triangle(self, rows: tuple[int, int], first: int, size: int) -> None:
        """X ← X D⁻¹ for rows of L̄ and the diagonal block D of some columns, in place."""
        if size <= BLOCK:
            x = self._region(self.ct, rows, (first, size), is_written=True)
            self._divide("L", "N", (size, rows[1]), first, x, self.node.shape[-1])
            return
        half, rest = size // 2, size - size // 2
        middle, k = first + half, Axis(rest, "k")
        self._divide_by_triangle(rows, middle, rest)
        self._subtract(
            rows,
            (first, half),
            k,
            lambda i, _: self._at(self.ct, i, _of(k, middle)),
            lambda _, j: self._at(self.factor, _of(k, middle), j),
        )
        self._divide_by_triangle(rows, first, half)

    def _pull_back_block(self, first: int, size: int) -> None:
        """Store Φ(D⁻ᵀ (P + Pᵀ) D⁻¹), P = Φ(Dᵀ D̄), of a small diagonal block D."""
        i, j, k = (Axis(size, name) for name in "ijk")
        row, column = _of(i, first), _of(j, first)
        value = self._at(self.factor, row, column)
        triangle = self._stored(i, j, _where_above(row, column, _number(0, value.dtype), value))
        product = self._contracted(
            i, j, k, _element(triangle, _of(k), _of(i)), self._at(self.ct, _of(k, first), column)
        )
        mirrored = _element(product, _of(j), _of(i))
        inner = self._stored(i, j, _where_above(row, column, mirrored, product))
        region = Region(inner.buffer, (_of(i), _of(j)), is_written=True)
        self._divide("L", "N", (size, size), first, region, size)
        self._divide("R", "T", (size, size), first, region, size)
        half = Apply("multiply", (inner, _number(0.5, inner.dtype)), inner.dtype)
        lower = _where(_compared("equal", row, column), half, inner)
        value = _where_above(row, column, _number(0, inner.dtype), lower)
        self._store(self._at(self.ct, row, column), value)

    def _symmetrized(self, first: int, size: int) -> Load:
        """Store Ā + Āᵀ of a diagonal block, whose lower triangle is read."""
        i, j = Axis(size, "i"), Axis(size, "j")
        row, column = _of(i, first), _of(j, first)
        below, above = self._at(self.ct, row, column), self._at(self.ct, column, row)
        twice = Apply("add", (below, below), below.dtype)
        value = _where(_compared("equal", row, column), twice, below)
        return self._stored(i, j, _where_above(row, column, above, value))

    def _subtract(
        self,
        rows: tuple[int, int],
        columns: tuple[int, int],
        depth: Axis,
        left: Callable[[Affine, Affine], Load],
        right: Callable[[Affine, Affine], Load],
    ) -> None:
        """Subtract a product from a block of L̄, of a diagonal one only below the diagonal."""
        i, j = Axis(rows[1], "i"), Axis(columns[1], "j")
        row, column = _of(i, rows[0]), _of(j, columns[0])
        operands = left(row, column), right(row, column)
        product = self._contracted(i, j, depth, *operands)
        old = self._at(self.ct, row, column)
        value = Apply("subtract", (old, product), old.dtype)
        self._store(old, _where_above(row, column, old, value) if rows == columns else value)

    def _contracted(self, i: Axis, j: Axis, depth: Axis, left: Load, right: Load) -> Load:
        """Append a contraction into new memory."""
        load = self._new(i, j)
        index = tuple(each for each in load.index if isinstance(each, Affine))
        item = Contraction(load.buffer, index, left, right, (depth,), self.node.layer)
        self.lowering.items.append(item)
        return load

    def _divide(
        self, side: str, trans: str, sizes: tuple[int, int], first: int, x: Region, ldb: int
    ) -> None:
        """Append the call of ``trsm`` with a diagonal block of L, which it sees as Lᵀ."""
        n, size = self.node.shape[-1], sizes[0]
        triangle = self._region(self.factor, (first, size), (first, size))
        one = self.node.dtype.type(1)
        arguments = (side, "U", trans, "N", *sizes, one, triangle, n, x, ldb)
        flops = size * sizes[0] * sizes[1]
        name = real(self.node.dtype, "blas.trsm")
        self.lowering.items.append(Call(name, arguments, "", flops, self.node.layer))

    # Memory.

    def _at(self, matrix: Load, row: Affine, column: Affine) -> Load:
        """The element of one of the large matrices."""
        return Load(matrix.buffer, (*matrix.index[:-2], row, column))

    def _region(
        self,
        matrix: Load,
        rows: tuple[int, int],
        columns: tuple[int, int],
        is_written: bool = False,
    ) -> Region:
        own = (_of(Axis(length, "i"), first) for first, length in (rows, columns))
        prefix = (each for each in matrix.index[:-2] if isinstance(each, Affine))
        return Region(matrix.buffer, (*prefix, *own), is_written=is_written)

    def _new(self, i: Axis, j: Axis) -> Load:
        buffer = self.lowering.scratch((i.extent, j.extent), self.node.dtype, self.node)
        return Load(buffer, (_of(i), _of(j)))

    def _stored(self, i: Axis, j: Axis, value: Expression) -> Load:
        load = self._new(i, j)
        self._store(load, value)
        return load

    def _store(self, target: Load, value: Expression) -> None:
        item = Statement(target.buffer, target.index, value, layer=self.node.layer)
        self.lowering.items.append(item)


def _of(axis: Axis, first: int = 0) -> Affine:
    return Affine.of(axis, constant=first) if axis.extent > 1 else Affine(first)


def _element(matrix: Load, row: Affine, column: Affine) -> Load:
    return Load(matrix.buffer, (row, column))


def _number(value: float, dtype: np.dtype[np.generic]) -> Literal:
    return Literal(dtype.type(value), dtype)


def _compared(relation: str, row: Affine, column: Affine) -> Expression:
    return Apply(relation, (IndexValue(row, _INTEGER), IndexValue(column, _INTEGER)), _BOOL)


def _where(condition: Expression, yes: Expression, no: Expression) -> Expression:
    return Apply("select", (condition, yes, no), yes.dtype)


def _where_above(row: Affine, column: Affine, yes: Expression, no: Expression) -> Expression:
    """Return the expression of one value above the diagonal and another one elsewhere."""
    return _where(_compared("less", row, column), yes, no)
