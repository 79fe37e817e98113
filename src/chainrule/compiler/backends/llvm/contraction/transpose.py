"""Transposing packer: copies a panel transposed, one square block of vectors at a time.

The code of a block is long, so it is emitted once a module, as a function shared by all kernels.
"""

from collections.abc import Callable

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.vector_memory import load_vector, store_vector

__all__ = ["transposing_packer"]


def transposing_packer(module: ir.Module, dtype: str, width: int) -> ir.Function:
    """Return the function that packs a panel whose columns are contiguous along depth.

    Its signature is ``void (ptr panel, i64 stride, i64 columns, i64 depth, i64 vectors,
    ptr scratch)``.
    """
    name = f"chainrule.pack.{dtype}.{width}"
    if name in module.functions:
        return module.functions[name]
    arguments = [emit.POINTER, *[emit.INDEX] * 4, emit.POINTER]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), arguments), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    panel, stride, columns, depth, vectors, scratch = function.args
    scratch.add_attribute("noalias")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    zero, last = emit.index(0), builder.sub(columns, emit.index(1))
    blocks = builder.udiv(builder.add(depth, emit.index(width - 1)), emit.index(width))
    row_size = builder.mul(vectors, emit.index(width))
    buffer = builder.alloca(ir.ArrayType(emit.vector_type(dtype, width), width))
    with emit.counted_loop(builder, zero, vectors, "vector") as vector:
        first = builder.mul(vector, emit.index(width))
        target = emit.address(builder, scratch, first, dtype)
        with emit.counted_loop(builder, zero, blocks, "square") as block:
            k = builder.mul(block, emit.index(width))
            mask = emit.first_lanes(builder, builder.sub(depth, k), width)

            def source(lane: ir.Value) -> ir.Value:
                # Beyond the last column that one is loaded again; those lanes are never read.
                column = emit.minimum(builder, builder.add(first, lane), last)
                start = emit.address(builder, panel, builder.mul(column, stride), dtype)
                return emit.address(builder, start, k, dtype)

            rows = emit.address(builder, target, builder.mul(k, row_size), dtype)
            _transpose_block(builder, dtype, width, source, mask, buffer, rows, row_size)
    builder.ret_void()
    return function


def _transpose_block(
    builder: ir.IRBuilder,
    dtype: str,
    width: int,
    source: Callable[[ir.Value], ir.Value],
    mask: ir.Value,
    buffer: ir.Value,
    target: ir.Value,
    row_size: ir.Value,
) -> None:
    """Transpose a block from the vectors at `source` to rows that are `row_size` elements apart.

    A block of 16 vectors in registers would be 64 shuffles, which LLVM compiles for longer than a
    contraction. The first half of the stages stays within a few adjacent rows, the second half
    within as many rows at a distance: each half is a loop, with a buffer between them.
    """
    vector_type, near = emit.vector_type(dtype, width), 1 << (width.bit_length() // 2)

    def slot(row: ir.Value) -> ir.Value:
        return builder.gep(buffer, [row], source_etype=vector_type)

    with emit.counted_loop(builder, emit.index(0), emit.index(width // near), "near") as group:
        first = builder.mul(group, emit.index(near))
        rows = [builder.add(first, emit.index(i)) for i in range(near)]
        vectors = [load_vector(builder, source(row), vector_type, mask) for row in rows]
        for row, vector in zip(rows, _butterfly(builder, vectors, 1, near), strict=True):
            builder.store(vector, slot(row))
    with emit.counted_loop(builder, emit.index(0), emit.index(near), "far") as first:
        rows = [builder.add(first, emit.index(i)) for i in range(0, width, near)]
        vectors = [builder.load(slot(row), typ=vector_type) for row in rows]
        for row, vector in zip(rows, _butterfly(builder, vectors, near, width), strict=True):
            address = emit.address(builder, target, builder.mul(row, row_size), dtype)
            store_vector(builder, vector, address)


def _butterfly(
    builder: ir.IRBuilder, vectors: list[ir.Value], first: int, end: int
) -> list[ir.Value]:
    """Emit the butterfly stages first, 2 first, ... below `end` of a transpose.

    Stage s swaps bit s of an element's row with bit s of its lane, so log2(width) stages transpose
    a block. These vectors are rows `first` apart.
    """
    stage, width = first, ir.vector_of(vectors[0]).count
    while stage < end:
        low = [lane if not lane & stage else width + lane - stage for lane in range(width)]
        high = [lane + stage if not lane & stage else width + lane for lane in range(width)]
        swapped, distance = list(vectors), stage // first
        for row in range(len(vectors)):
            if not row & distance:
                pair = vectors[row], vectors[row + distance]
                swapped[row] = _shuffle(builder, *pair, low)
                swapped[row + distance] = _shuffle(builder, *pair, high)
        vectors = swapped
        stage *= 2
    return vectors


def _shuffle(
    builder: ir.IRBuilder, first: ir.Value, second: ir.Value, lanes: list[int]
) -> ir.Value:
    order = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes)
    return builder.shuffle_vector(first, second, order)
