"""LU factorization and solution of small systems, in place of calls of LAPACK.

A call of LAPACK takes longer than the arithmetic of a system of a few equations. The functions here
store what LAPACK would: both factors in one matrix, by columns, and the exchanges of rows, counted
from 1 (``getrf``, ``getrs``). As a solution that is not finite is a result here, divisions by
pivots are products with their reciprocals, which all right sides share.

Up to the order `UNROLLED` there are no loops: elements are in registers, and a row is exchanged
with each later one or not by selection. One system and eight right sides take 0.15 µs at order 3
and 0.46 µs at 8, in place of 0.6 and 1.4 µs by LAPACK; loops are as fast as LAPACK at order 24.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.compiler.backends.llvm import emit, ir

__all__ = ["is_inlined", "small_function"]

INLINED, UNROLLED = 4, 8
"""The largest order of a function that is inlined, and of one without loops."""

_INT32 = ir.IntType(32)


def small_function(module: ir.Module, routine: str) -> ir.Function:
    """Return the function of a routine of the loop IR; emitted on first use.

    ::

        small.getrf N DTYPE              (matrix, pivots): P L U = A in place of A
        small.getrs N|T N COUNT DTYPE    (matrix, pivots, x): solutions in place of right sides
    """
    name = "chainrule." + routine.replace(" ", ".")
    if name in module.functions:
        return module.functions[name]
    kind, *words = routine.split(" ")
    arguments = [emit.POINTER] * (2 if kind == "small.getrf" else 3)
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), arguments), name)
    function.linkage = "internal"
    system = _System(function, _order(words), words[-1])
    function.attributes.add("alwaysinline" if system.n <= INLINED else "noinline")
    if kind == "small.getrf":
        (system.factorize if system.is_unrolled else system.factorize_by_loops)()
    else:
        system.solve(words[0] == "T", int(words[2]))
    system.builder.ret_void()
    return function


def is_inlined(routine: str) -> bool:
    """Whether a routine of the loop IR becomes code of its caller."""
    kind, *words = routine.split(" ")
    return kind.startswith("small.") and _order(words) <= INLINED


def _order(words: Sequence[str]) -> int:
    """Return the order of a system from the words of a routine after its kind."""
    return int(words[-2 if len(words) == 2 else -3])


class _System:
    """The equations of one function: its matrix, exchanges, and right sides."""

    def __init__(self, function: ir.Function, n: int, dtype: str) -> None:
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        self.n = n
        self.dtype = dtype
        self.type = emit.FLOATS[dtype]
        self.matrix, self.pivots, *right = function.args
        self.right = right[0] if right else self.matrix
        self.is_unrolled = n <= UNROLLED

    # Memory.

    def address(self, row: ir.Value, column: ir.Value) -> ir.Value:
        """Return the address of an element of the matrix, which is stored by columns."""
        start = self.builder.mul(column, emit.index(self.n))
        return emit.address(self.builder, self.matrix, self.builder.add(start, row), self.dtype)

    def load(self, pointer: ir.Value) -> ir.Value:
        """Load a number."""
        return self.builder.load(pointer, typ=self.type, align=np.dtype(self.dtype).itemsize)

    def store(self, value: ir.Value, pointer: ir.Value) -> None:
        """Store a number."""
        self.builder.store(value, pointer, align=np.dtype(self.dtype).itemsize)

    def element(self, row: int, column: int) -> ir.Value:
        """Load an element of the matrix."""
        return self.load(self.address(emit.index(row), emit.index(column)))

    def pivot_address(self, row: ir.Value) -> ir.Value:
        """Return the address of the row, counted from 1, with which a row is exchanged."""
        return self.builder.gep(self.pivots, [row], source_etype=_INT32)

    # Arithmetic.

    def size(self, value: ir.Value) -> ir.Value:
        """Return the absolute value."""
        name = f"llvm.fabs.{emit.mnemonic(self.type)}"
        return emit.call(self.builder, name, [value], self.type)

    def reciprocal(self, value: ir.Value) -> ir.Value:
        """Return 1 / value."""
        return self.builder.fdiv(ir.Constant(self.type, 1.0), value)

    def reduced(self, value: ir.Value, a: ir.Value, b: ir.Value) -> ir.Value:
        """Return value - a b, rounded once."""
        name = f"llvm.fma.{emit.mnemonic(self.type)}"
        return emit.call(self.builder, name, [self.builder.fneg(a), b, value], self.type)

    # Factorization.

    def factorize(self) -> None:
        """Eliminate without loops."""
        n, builder = self.n, self.builder
        a = [[self.element(i, j) for j in range(n)] for i in range(n)]
        for j in range(n):
            pivot, largest = ir.Constant(_INT32, j + 1), self.size(a[j][j])
            for i in range(j + 1, n):
                size = self.size(a[i][j])
                is_larger = builder.fcmp_ordered(">", size, largest)
                pivot = builder.select(is_larger, ir.Constant(_INT32, i + 1), pivot)
                largest = builder.select(is_larger, size, largest)
            builder.store(pivot, self.pivot_address(emit.index(j)))
            for column in range(n):
                values = [a[i][column] for i in range(n)]
                for i, value in enumerate(self.exchanged(values, j, pivot)):
                    a[i][column] = value
            reciprocal = self.reciprocal(a[j][j])
            for i in range(j + 1, n):
                a[i][j] = builder.fmul(a[i][j], reciprocal)
                for column in range(j + 1, n):
                    a[i][column] = self.reduced(a[i][column], a[i][j], a[j][column])
        for i in range(n):
            for j in range(n):
                self.store(a[i][j], self.address(emit.index(i), emit.index(j)))

    def exchanged(self, values: list[ir.Value], row: int, pivot: ir.Value) -> list[ir.Value]:
        """Exchange a value with that of the pivot's row, which is not above it."""
        builder, result = self.builder, list(values)
        for i in range(row + 1, self.n):
            is_pivot = builder.icmp_signed("==", pivot, ir.Constant(_INT32, i + 1))
            result[row] = builder.select(is_pivot, values[i], result[row])
            result[i] = builder.select(is_pivot, values[row], values[i])
        return result

    def factorize_by_loops(self) -> None:
        """Eliminate column by column; what is below a pivot is contiguous."""
        builder, end = self.builder, emit.index(self.n)
        with emit.counted_loop(builder, emit.index(0), end, "column") as j:
            pivot = self.largest(j)
            order = builder.trunc(builder.add(pivot, emit.index(1)), _INT32)
            builder.store(order, self.pivot_address(j))
            with emit.counted_loop(builder, emit.index(0), end, "exchange") as column:
                self.exchange(self.address(j, column), self.address(pivot, column))
            below = builder.add(j, emit.index(1))
            reciprocal = self.reciprocal(self.load(self.address(j, j)))
            with emit.counted_loop(builder, below, end, "row") as i:
                at = self.address(i, j)
                self.store(builder.fmul(self.load(at), reciprocal), at)
            with emit.counted_loop(builder, below, end, "right") as column:
                factor = self.load(self.address(j, column))
                self.subtract(self.address(emit.index(0), column), j, factor, below, end)

    def largest(self, column: ir.Value) -> ir.Value:
        """Return the row of the largest element of a column, on or below the diagonal."""
        builder, start = self.builder, _following(self.builder, column)
        first = [column, self.size(self.load(self.address(column, column)))]
        with emit.loop_with_carried_values(builder, start, emit.index(self.n), first, "pivot") as (
            i,
            carried,
            following,
        ):
            size = self.size(self.load(self.address(i, column)))
            is_larger = builder.fcmp_ordered(">", size, carried[1])
            following.append(builder.select(is_larger, i, carried[0]))
            following.append(builder.select(is_larger, size, carried[1]))
        return carried[0]

    def exchange(self, a: ir.Value, b: ir.Value) -> None:
        """Exchange two numbers in memory."""
        first, second = self.load(a), self.load(b)
        self.store(second, a)
        self.store(first, b)

    def subtract(
        self, base: ir.Value, column: ir.Value, factor: ir.Value, start: ir.Value, end: ir.Value
    ) -> None:
        """Subtract from the elements at `base` a multiple of a column, in a range of rows."""
        with emit.counted_loop(self.builder, start, end, "update") as i:
            at = emit.address(self.builder, base, i, self.dtype)
            self.store(self.reduced(self.load(at), factor, self.load(self.address(i, column))), at)

    # Solution.

    def solve(self, is_transposed: bool, count: int) -> None:
        """Solve for each right side."""
        for number in range(count) if self.is_unrolled else ():
            self.solve_unrolled(is_transposed, number)
        if not self.is_unrolled:
            with emit.counted_loop(self.builder, emit.index(0), emit.index(count), "side") as side:
                start = self.builder.mul(side, emit.index(self.n))
                x = emit.address(self.builder, self.right, start, self.dtype)
                (self.solve_transposed_by_loops if is_transposed else self.solve_by_loops)(x)

    def solve_unrolled(self, is_transposed: bool, number: int) -> None:
        """Substitute without loops."""
        n, builder = self.n, self.builder
        places = [
            emit.address(builder, self.right, emit.index(number * n + i), self.dtype)
            for i in range(n)
        ]
        x = [self.load(each) for each in places]
        pivots = [builder.load(self.pivot_address(emit.index(i)), typ=_INT32) for i in range(n)]
        lower = [(i, j) for j in range(n) for i in range(j + 1, n)]
        if not is_transposed:
            for j in range(n):
                x = self.exchanged(x, j, pivots[j])
            for i, j in lower:
                x[i] = self.reduced(x[i], self.element(i, j), x[j])
        x = self.substituted(x, is_transposed)
        if is_transposed:
            for i, j in reversed(lower):
                x[j] = self.reduced(x[j], self.element(i, j), x[i])
            for j in reversed(range(n)):
                x = self.exchanged(x, j, pivots[j])
        for value, place in zip(x, places, strict=True):
            self.store(value, place)

    def substituted(self, x: list[ir.Value], is_transposed: bool) -> list[ir.Value]:
        """Solve with the upper factor, or its transpose.

        Equations are divided by their pivots first, so that one operation depends on the one before
        for each unknown in place of two.
        """
        n, builder = self.n, self.builder
        pivots = [self.reciprocal(self.element(i, i)) for i in range(n)]
        x = [builder.fmul(value, pivot) for value, pivot in zip(x, pivots, strict=True)]
        for j in range(n) if is_transposed else reversed(range(n)):
            for i in range(j + 1, n) if is_transposed else range(j):
                factor = self.element(j, i) if is_transposed else self.element(i, j)
                x[i] = self.reduced(x[i], builder.fmul(factor, pivots[i]), x[j])
        return x

    def solve_by_loops(self, x: ir.Value) -> None:
        """Substitute by columns: L from the first one, U from the last one."""
        builder, zero, end = self.builder, emit.index(0), emit.index(self.n)
        with emit.counted_loop(builder, zero, end, "exchange") as j:
            self.exchange_by_pivot(x, j)
        with emit.counted_loop(builder, zero, end, "lower") as j:
            factor = self.load(emit.address(builder, x, j, self.dtype))
            self.subtract(x, j, factor, _following(builder, j), end)
        with emit.counted_loop(builder, zero, end, "upper") as step:
            j = builder.sub(emit.index(self.n - 1), step)
            self.subtract(x, j, self.divided(x, j), zero, j)

    def solve_transposed_by_loops(self, x: ir.Value) -> None:
        """Substitute by columns of the factors, which are rows of the transposed ones."""
        builder, zero, end = self.builder, emit.index(0), emit.index(self.n)
        with emit.counted_loop(builder, zero, end, "upper") as j:
            self.subtract_product(x, j, zero, j)
            self.divided(x, j)
        with emit.counted_loop(builder, zero, end, "lower") as step:
            j = builder.sub(emit.index(self.n - 1), step)
            self.subtract_product(x, j, _following(builder, j), end)
        with emit.counted_loop(builder, zero, end, "exchange") as step:
            self.exchange_by_pivot(x, builder.sub(emit.index(self.n - 1), step))

    def exchange_by_pivot(self, x: ir.Value, row: ir.Value) -> None:
        """Exchange an element with that of the pivot's row."""
        builder = self.builder
        pivot = builder.sext(builder.load(self.pivot_address(row), typ=_INT32), emit.INDEX)
        other = builder.sub(pivot, emit.index(1))
        places = [emit.address(builder, x, each, self.dtype) for each in (row, other)]
        self.exchange(*places)

    def divided(self, x: ir.Value, row: ir.Value) -> ir.Value:
        """Divide an element by the pivot of its row, in place."""
        at = emit.address(self.builder, x, row, self.dtype)
        reciprocal = self.reciprocal(self.load(self.address(row, row)))
        value = self.builder.fmul(self.load(at), reciprocal)
        self.store(value, at)
        return value

    def subtract_product(self, x: ir.Value, row: ir.Value, start: ir.Value, end: ir.Value) -> None:
        """Subtract from an element the product of its column of the matrix with x, in a range."""
        builder, at = self.builder, emit.address(self.builder, x, row, self.dtype)
        with emit.loop_with_carried_values(builder, start, end, [self.load(at)], "sum") as (
            i,
            carried,
            following,
        ):
            other = self.load(emit.address(builder, x, i, self.dtype))
            following.append(self.reduced(carried[0], self.load(self.address(i, row)), other))
        self.store(carried[0], at)


def _following(builder: ir.IRBuilder, index: ir.Value) -> ir.Value:
    """Return the following index."""
    return builder.add(index, emit.index(1))
