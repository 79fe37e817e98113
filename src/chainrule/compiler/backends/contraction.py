"""The one contraction generator: a function of machine code for an exact shape and layout.

    for each panel of columns:
        copy the panel of right into scratch, if its layout is a bad one to read   (`packing`)
        for each tile of rows:
            accumulators = 0
            for k: accumulators += left[row, k] * right[k, panel]                  one fma each
            out[rows, panel] = epilogue(accumulators)

Every output number is summed by one chain of fused multiply-adds in the order of k, whatever the
tile it lies in. So its bits depend neither on the tiles nor on how threads share them.

References
----------
Goto & van de Geijn (2008), "Anatomy of High-Performance Matrix Multiplication": register tiles,
panels and packing.
"""

from dataclasses import dataclass, replace
from typing import Any

import llvmlite.ir as ir

from chainrule.compiler.backends import emit
from chainrule.compiler.backends.packing import packed_items
from chainrule.compiler.backends.target import Target
from chainrule.compiler.backends.tile import Epilogue, Site, TileWriter
from chainrule.compiler.backends.tiling import Contraction, Tiling, choose_tiling

__all__ = ["Epilogue", "Kernel", "Site", "emit_contraction", "is_exchanged", "scratch_items"]

Value = Any


@dataclass(frozen=True)
class Kernel:
    """A contraction's function and what its caller must know.

    Parameters
    ----------
    function : llvmlite.ir.Function
        ``void (ptr out, ptr left, ptr right, ptr scratch, ptr context, i64 batch_start,
        i64 batch_stop, i64 tile_start, i64 tile_stop, i64 panel_start, i64 panel_stop)``.
        ``scratch`` is this thread's own, `scratch_items` numbers, 64-byte aligned.
    tiling : Tiling
        ``row_tiles`` and ``panels`` are the units of the ranges.
    exchanged : bool
        Whether rows and columns are exchanged (the output is computed transposed, so that vectors
        lie along its contiguous axis): then tiles run over columns, panels over rows.
    """

    function: Any
    tiling: Tiling
    exchanged: bool


def scratch_items(contraction: Contraction, target: Target) -> int:
    """Return how many numbers of scratch memory each thread needs.

    Parameters
    ----------
    contraction : Contraction
        Shape and layout.
    target : Target
        The processor.

    Returns
    -------
    int
        0 if nothing is copied.
    """
    contraction = _oriented(contraction)
    tiling = choose_tiling(contraction, target)
    return sum(packed_items(contraction, tiling))


def emit_contraction(
    module: Any,
    name: str,
    contraction: Contraction,
    target: Target,
    epilogue: Epilogue | None = None,
) -> Kernel:
    """Write the function of a contraction into a module.

    Parameters
    ----------
    module : llvmlite.ir.Module
        The module to write into.
    name : str
        The function's name; it is internal to the module.
    contraction : Contraction
        Shape and layout.
    target : Target
        The processor to write for.
    epilogue : callable or None
        ``(site, sums) -> vector to store``, called once for each vector of a tile while it is
        written; None stores the sums.

    Returns
    -------
    Kernel
        The function and how to call it.

    Examples
    --------
    >>> from chainrule.compiler.backends.target import host_target
    >>> shape = Contraction("float32", 7, 5, 13, (13, 1), (5, 1), (5, 1))
    >>> kernel = emit_contraction(ir.Module(), "product", shape, host_target())
    >>> kernel.exchanged
    False
    """
    exchanged, contraction = is_exchanged(contraction), _oriented(contraction)
    tiling = choose_tiling(contraction, target)
    kind = ir.FunctionType(ir.VoidType(), [emit.POINTER] * 5 + [emit.INDEX] * 6)
    function = ir.Function(module, kind, name)
    function.linkage = "internal"
    # The output overlaps no input, and scratch overlaps nothing: loads may move across stores.
    for argument in (function.args[0], function.args[3]):
        argument.add_attribute("noalias")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    TileWriter(builder, contraction, tiling, exchanged, epilogue).write()
    builder.ret_void()
    return Kernel(function, tiling, exchanged)


def is_exchanged(contraction: Contraction) -> bool:
    """Tell whether a contraction is computed transposed, with its vectors along the rows.

    Parameters
    ----------
    contraction : Contraction
        Shape and layout.

    Returns
    -------
    bool
        True if only the output's rows are contiguous, or if it has a single column.
    """
    row_stride, column_stride = contraction.out_strides
    single_column = contraction.columns == 1 and contraction.rows > 1
    return row_stride == 1 and (column_stride != 1 or single_column)


def _oriented(contraction: Contraction) -> Contraction:
    """Exchange rows and columns where that puts the vectors along a contiguous axis."""
    if not is_exchanged(contraction):
        return contraction
    left, right, out = contraction.batch_strides
    return replace(
        contraction,
        rows=contraction.columns,
        columns=contraction.rows,
        left_strides=contraction.right_strides[::-1],
        right_strides=contraction.left_strides[::-1],
        out_strides=(contraction.out_strides[1], 1),
        batch_strides=(right, left, out),
    )
