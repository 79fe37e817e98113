"""Copies that transpose, one square of vectors at a time in registers.

The code of a square is long, so it is written once, as a function of its own that all kernels of a
module share.
"""

from typing import Any

from chainrule.compiler.backends import emit, ir
from chainrule.compiler.backends.vector_access import masked_load, masked_store

__all__ = ["transpose", "transposing_packer"]

Value = Any


def transposing_packer(module: Any, dtype: str, width: int) -> Any:
    """Return the function that copies a panel whose columns are contiguous along depth.

    Parameters
    ----------
    module : ir.Module
        The module being written.
    dtype : {"float32", "float64"}
        Kind of the numbers.
    width : int
        Lanes of a vector.

    Returns
    -------
    ir.Function
        ``void (ptr panel, i64 step, i64 columns, i64 depth, i64 vectors, ptr scratch)``: copies the
        panel of so many vectors, whose columns lie ``step`` apart, to ``scratch[k, column]``. There
        are ``columns`` of them; lanes beyond get the numbers of the last one, depth beyond zeros.
    """
    name = f"chainrule.pack.{dtype}.{width}"
    if name in module.globals:
        return module.globals[name]
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
    with emit.counted_loop(builder, zero, vectors, "vector") as vector:
        first = builder.mul(vector, emit.index(width))
        lines: list[Value] = []
        for lane in range(width):
            # Beyond the last column the last one is read again; those lanes are never stored.
            column = emit.smaller(builder, builder.add(first, emit.index(lane)), last)
            lines.append(emit.address(builder, panel, builder.mul(column, step), dtype))
        copy = emit.address(builder, scratch, first, dtype)
        with emit.counted_loop(builder, zero, squares, "square") as square:
            k = builder.mul(square, emit.index(width))
            mask = emit.first_lanes(builder, builder.sub(depth, k), width)
            place = emit.address(builder, copy, builder.mul(k, size), dtype)
            _copy_square(builder, dtype, [(line, k) for line in lines], mask, place, size)
    builder.ret_void()
    return function


def _copy_square(
    builder: Any,
    dtype: str,
    starts: list[tuple[Value, Value]],
    mask: Value,
    place: Value,
    size: Value,
) -> None:
    """Write the copy of one square: vectors that begin so far along lines, lines so far apart."""
    addresses = [emit.address(builder, line, k, dtype) for line, k in starts]
    numbers = [masked_load(builder, each, dtype, len(starts), mask) for each in addresses]
    for vector in transpose(builder, numbers):
        masked_store(builder, vector, place, None)
        place = emit.address(builder, place, size, dtype)


def transpose(builder: Any, vectors: list[Value]) -> list[Value]:
    """Transpose a square of vectors in registers.

    Stage s exchanges bit s of a number's row with bit s of its lane, so log2(width) stages move
    every number to its place.

    Parameters
    ----------
    builder : ir.IRBuilder
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
