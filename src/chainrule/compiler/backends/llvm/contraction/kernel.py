"""The one contraction generator: a function of machine code for an exact shape and layout.

    for each panel of columns:
        copy the panel of right into scratch, if its layout is a bad one to read   (`packing`)
        for each tile of rows:
            accumulators = 0
            for k in depth: accumulators += left[row, k] * right[k, panel]         one fma each
            out[rows, panel] = epilogue(accumulators)

Rows and depth may be several loops each (`arrangement`): with the places of a picture as rows, and
kernel rows, kernel columns and channels as depth, this is a convolution that reads its windows
where they lie.

Every output number is summed by one chain of fused multiply-adds in the order of depth, whatever
the tile it lies in. So its bits depend neither on the tiles nor on how threads share them.

References
----------
Goto & van de Geijn (2008), "Anatomy of High-Performance Matrix Multiplication": register tiles,
panels and packing.
"""

from dataclasses import dataclass
from typing import Any

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.contraction.loop_roles import (
    KernelShape,
    LoopRoles,
    arrange,
    matrix_product,
)
from chainrule.compiler.backends.llvm.contraction.macrokernel import (
    Epilogue,
    EpilogueSite,
    TileWriter,
)
from chainrule.compiler.backends.llvm.contraction.packing import packed_items
from chainrule.compiler.backends.llvm.contraction.tiling import Tiling, choose_tiling
from chainrule.compiler.backends.llvm.target import Target

__all__ = [
    "Epilogue",
    "EpilogueSite",
    "Kernel",
    "emit_contraction",
    "matrix_product",
    "scratch_items",
]

Value = Any


@dataclass(frozen=True)
class Kernel:
    """A contraction's function and what its caller must know.

    Parameters
    ----------
    function : ir.Function
        ``void (ptr out, ptr left, ptr right, ptr scratch, ptr context, i64 batch_start,
        i64 batch_stop, i64 tile_start, i64 tile_stop, i64 panel_start, i64 panel_stop)``.
        ``scratch`` is this thread's own, `scratch_items` numbers, 64-byte aligned.
    arrangement : LoopRoles
        Its loops. Where it is exchanged, tiles run over what the caller calls columns.
    tiling : Tiling
        Its tiles.
    """

    function: Any
    arrangement: LoopRoles
    tiling: Tiling

    @property
    def ranges(self) -> tuple[int, int, int]:
        """How many turns of batch, row tiles and panels there are to be shared."""
        return self.arrangement.batch_size, self.tiling.tiles, self.tiling.panels


def scratch_items(contraction: KernelShape, target: Target) -> int:
    """Return how many numbers of scratch memory each thread needs."""
    arrangement = arrange(contraction)
    return sum(packed_items(arrangement, choose_tiling(arrangement, target)))


def emit_contraction(
    module: Any,
    name: str,
    contraction: KernelShape,
    target: Target,
    epilogue: Epilogue | None = None,
) -> Kernel:
    """Write the function of a contraction into a module.

    Examples
    --------
    >>> from chainrule.compiler.backends.llvm.target import host_target
    >>> shape = matrix_product("float32", 7, 5, 13, (13, 1), (5, 1), (5, 1))
    >>> kernel = emit_contraction(ir.Module(), "product", shape, host_target())
    >>> kernel.arrangement.swapped
    False
    """
    arrangement = arrange(contraction)
    tiling = choose_tiling(arrangement, target)
    kind = ir.FunctionType(ir.VoidType(), [emit.POINTER] * 5 + [emit.INDEX] * 6)
    function = ir.Function(module, kind, name)
    function.linkage = "internal"
    # The output overlaps no input, and scratch overlaps nothing: loads may move across stores.
    for argument in (function.args[0], function.args[3]):
        argument.add_attribute("noalias")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    TileWriter(builder, arrangement, tiling, epilogue).write()
    builder.ret_void()
    return Kernel(function, arrangement, tiling)
