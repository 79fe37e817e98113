"""Copies that transpose, one square of vectors at a time.

The code of a square is long, so it is written once, as a function of its own that all kernels of a
module share.
"""

from collections.abc import Callable
from typing import Any

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.vector_memory import load_vector, store_vector

__all__ = ["transposing_packer"]

Value = Any


def transposing_packer(module: Any, dtype: str, width: int) -> Any:
    """Return the function that copies a panel whose columns are contiguous along depth."""
    name = f"chainrule.pack.{dtype}.{width}"
    if name in module.functions:
        return module.functions[name]
    arguments = [emit.POINTER, *[emit.INDEX] * 4, emit.POINTER]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), arguments), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    panel, step, columns, depth, vectors, scratch = function.args
    scratch.add_attribute("noalias")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    zero, last = emit.index(0), builder.sub(columns, emit.index(1))
    squares = builder.udiv(builder.add(depth, emit.index(width - 1)), emit.index(width))
    size = builder.mul(vectors, emit.index(width))
    room = builder.alloca(ir.ArrayType(emit.vector_type(dtype, width), width))
    with emit.counted_loop(builder, zero, vectors, "vector") as vector:
        first = builder.mul(vector, emit.index(width))
        copy = emit.address(builder, scratch, first, dtype)
        with emit.counted_loop(builder, zero, squares, "square") as square:
            k = builder.mul(square, emit.index(width))
            mask = emit.first_lanes(builder, builder.sub(depth, k), width)

            def line(row: Value) -> Value:
                # Beyond the last column the last one is read again; those lanes are never stored.
                column = emit.smaller(builder, builder.add(first, row), last)
                start = emit.address(builder, panel, builder.mul(column, step), dtype)
                return emit.address(builder, start, k, dtype)

            square_copy = emit.address(builder, copy, builder.mul(k, size), dtype)
            _copy_square(builder, dtype, width, line, mask, room, square_copy, size)
    builder.ret_void()
    return function


def _copy_square(
    builder: Any,
    dtype: str,
    width: int,
    line: Callable[[Value], Value],
    mask: Value,
    room: Value,
    copy: Value,
    size: Value,
) -> None:
    """Write the copy of one square: from where `line` says to lines that lie `size` apart.

    A square of 16 vectors in registers would be 64 exchanges, which takes LLVM longer to compile
    than a contraction. Half of the stages stay within a few neighbouring rows, the others within as
    many rows that lie apart: so each half is a loop, and memory hands the rows on.
    """
    kind, near = emit.vector_type(dtype, width), 1 << (width.bit_length() // 2)

    def place(row: Value) -> Value:
        return builder.gep(room, [row], source_etype=kind)

    with emit.counted_loop(builder, emit.index(0), emit.index(width // near), "near") as group:
        start = builder.mul(group, emit.index(near))
        rows = [builder.add(start, emit.index(i)) for i in range(near)]
        vectors = [load_vector(builder, line(row), kind, mask) for row in rows]
        for row, vector in zip(rows, _swapped(builder, vectors, 1, near), strict=True):
            builder.store(vector, place(row))
    with emit.counted_loop(builder, emit.index(0), emit.index(near), "far") as start:
        rows = [builder.add(start, emit.index(i)) for i in range(0, width, near)]
        vectors = [builder.load(place(row), typ=kind) for row in rows]
        for row, vector in zip(rows, _swapped(builder, vectors, near, width), strict=True):
            target = emit.address(builder, copy, builder.mul(row, size), dtype)
            store_vector(builder, vector, target)


def _swapped(builder: Any, vectors: list[Value], first: int, end: int) -> list[Value]:
    """Write the stages of a transposition from one on to before another.

    Stage s exchanges bit s of a number's row with bit s of its lane, so log2(width) stages move
    every number of a square to its place. These vectors are rows that lie `first` apart.
    """
    stage, width = first, vectors[0].type.count
    while stage < end:
        low = [lane if not lane & stage else width + lane - stage for lane in range(width)]
        high = [lane + stage if not lane & stage else width + lane for lane in range(width)]
        following, distance = list(vectors), stage // first
        for row in range(len(vectors)):
            if not row & distance:
                pair = vectors[row], vectors[row + distance]
                following[row] = _shuffled(builder, *pair, low)
                following[row + distance] = _shuffled(builder, *pair, high)
        vectors = following
        stage *= 2
    return vectors


def _shuffled(builder: Any, first: Value, second: Value, lanes: list[int]) -> Value:
    order = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes)
    return builder.shuffle_vector(first, second, order)
