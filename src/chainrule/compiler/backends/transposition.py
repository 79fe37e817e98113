"""Copies that transpose, one square of vectors at a time in registers.

The code of a square is long, so it is written once for an operand, as a function of its own that
the panels of all groups and kernels of a module share.
"""

from typing import Any

import llvmlite.ir as ir

from chainrule.compiler.backends import emit
from chainrule.compiler.backends.arrangement import Arrangement
from chainrule.compiler.backends.vector_access import masked_load, masked_store

__all__ = ["transpose", "transposing_packer"]

Value = Any


def transposing_packer(module: Any, arrangement: Arrangement, width: int) -> Any:
    """Return the function that copies a part of a panel of a ``right`` contiguous along depth.

    Parameters
    ----------
    module : llvmlite.ir.Module
        The module being written.
    arrangement : Arrangement
        Its innermost loop of depth is contiguous in ``right``.
    width : int
        Lanes of a vector.

    Returns
    -------
    llvmlite.ir.Function
        ``void (ptr right, i64 column, i64 vectors, ptr scratch)``: copies, for one turn of the
        loops around, the panel of so many vectors that begins at a column to
        ``scratch[k, column in panel]``.
    """
    column, depth = arrangement.column, arrangement.depth[-1].extent
    parts = (arrangement.dtype, width, depth, column.extent, column.right)
    name = ".".join(map(str, ("chainrule.pack", *parts)))
    if name in module.globals:
        return module.globals[name]
    arguments = [emit.POINTER, emit.INDEX, emit.INDEX, emit.POINTER]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), arguments), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    function.args[3].add_attribute("noalias")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    zero, squares = emit.index(0), emit.index(-(-depth // width))
    with emit.counted_loop(builder, zero, function.args[2], "vector") as vector:
        offset = builder.mul(vector, emit.index(width))
        lines = _lines(builder, arrangement, width, offset)
        with emit.counted_loop(builder, zero, squares, "square") as square:
            _copy_square(builder, arrangement, lines, offset, square)
    builder.ret_void()
    return function


def _lines(builder: Any, arrangement: Arrangement, width: int, offset: Value) -> list[Value]:
    """Return where the columns of one vector begin."""
    right, column = builder.function.args[:2]
    begin, last = builder.add(column, offset), emit.index(arrangement.column.extent - 1)
    lines: list[Value] = []
    for lane in range(width):
        wanted = builder.add(begin, emit.index(lane))
        if arrangement.column.extent % width:
            # Beyond the last column the last one is read again; those lanes are never stored.
            inside = builder.icmp_signed("<", wanted, last)
            wanted = builder.select(inside, wanted, last)
        step = builder.mul(wanted, emit.index(arrangement.column.right))
        lines.append(emit.address(builder, right, step, arrangement.dtype))
    return lines


def _copy_square(
    builder: Any, arrangement: Arrangement, lines: list[Value], offset: Value, square: Value
) -> None:
    """Write the copy of one square of a panel."""
    vectors, scratch = builder.function.args[2:]
    dtype, depth, width = arrangement.dtype, arrangement.depth[-1].extent, len(lines)
    k = builder.mul(square, emit.index(width))
    mask = None
    if depth % width:
        mask = emit.first_lanes(builder, builder.sub(emit.index(depth), k), width)
    starts = [emit.address(builder, line, k, dtype) for line in lines]
    numbers = [masked_load(builder, start, dtype, width, mask) for start in starts]
    size = builder.mul(vectors, emit.index(width))
    place = builder.add(builder.mul(k, size), offset)
    for vector in transpose(builder, numbers):
        masked_store(builder, vector, emit.address(builder, scratch, place, dtype), None)
        place = builder.add(place, size)


def transpose(builder: Any, vectors: list[Value]) -> list[Value]:
    """Transpose a square of vectors in registers.

    Stage s exchanges bit s of a number's row with bit s of its lane, so log2(width) stages move
    every number to its place.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
        Where to write.
    vectors : list of values
        ``width`` vectors of ``width`` lanes.

    Returns
    -------
    list of values
        Lane i of vector j is what lane j of vector i was.
    """
    width = len(vectors)
    stage = 1
    while stage < width:
        low = [lane if not lane & stage else width + lane - stage for lane in range(width)]
        high = [lane + stage if not lane & stage else width + lane for lane in range(width)]
        following = list(vectors)
        for row in range(width):
            if not row & stage:
                pair = vectors[row], vectors[row + stage]
                following[row] = _shuffled(builder, *pair, low)
                following[row + stage] = _shuffled(builder, *pair, high)
        vectors = following
        stage *= 2
    return vectors


def _shuffled(builder: Any, first: Value, second: Value, lanes: list[int]) -> Value:
    order = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes)
    return builder.shuffle_vector(first, second, order)
