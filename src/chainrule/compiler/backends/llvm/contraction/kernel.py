"""Contraction kernel: one function for an exact shape and layout, register-tiled as in BLIS.

    for each block of row tiles, if that pays:             macro-kernel (`tiles_per_block`)
        for each panel of columns:
            pack the panel of right, if that pays          (`packing_policy`)
            for each tile of rows:
                accumulators = 0                           micro-kernel
                for k in depth:
                    accumulators += left[tile, k] * right[k, panel]    one FMA per element
                out[tile, panel] = epilogue(accumulators)

Several blocks read panels that are packed before the first. Where a deep panel exceeds the
first-level cache, a loop over blocks of depth is outermost, and accumulators are in memory between
these (`depth_blocking`).

Rows and depth may be several loops each (`loop_roles`): with the output positions of a convolution
as rows, and kernel rows, kernel columns and channels as depth, this is a direct convolution, which
reads its windows in place.

Every element of the output is one chain of fused multiply-adds in the order of depth, whatever its
tile; a long depth is several chains, whose sums are added up (`microkernel`). So its bits depend
neither on the tiling nor on the number of threads.

References
----------
Goto & van de Geijn (2008), "Anatomy of High-Performance Matrix Multiplication"; Van Zee & van de
Geijn (2015), "BLIS: A Framework for Rapidly Instantiating BLAS Functionality".
"""

from dataclasses import dataclass

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.contraction.kernel_shape import KernelShape
from chainrule.compiler.backends.llvm.contraction.loop_roles import LoopRoles, assign_roles
from chainrule.compiler.backends.llvm.contraction.macrokernel import (
    MacroKernel,
    partial_sum_size,
)
from chainrule.compiler.backends.llvm.contraction.packing import packed_sizes
from chainrule.compiler.backends.llvm.contraction.tile_sites import EmitEpilogue, EmitPrefetch
from chainrule.compiler.backends.llvm.contraction.tiling import Tiling, choose_tiling
from chainrule.compiler.backends.llvm.target import Target

__all__ = ["ContractionKernel", "emit_kernel", "scratch_size"]


@dataclass(frozen=True)
class ContractionKernel:
    """The function of a contraction, and the loops and tiles it was generated for.

    Its signature is ``void (ptr out, ptr left, ptr right, ptr scratch, ptr context,
    i64 batch_start, i64 batch_stop, i64 tile_start, i64 tile_stop, i64 panel_start,
    i64 panel_stop)``. ``scratch`` is private to the thread: `scratch_size` elements, 64-byte
    aligned. If there is an epilogue, its operands come last. If `roles.swapped`, tiles run over
    what the caller calls columns.
    """

    function: ir.Function
    roles: LoopRoles
    tiling: Tiling

    @property
    def trip_counts(self) -> tuple[int, int, int]:
        """Trip counts of batch, row tiles and panels: the ranges that threads may share."""
        return self.roles.batch_size, self.tiling.tiles, self.tiling.panels


def scratch_size(shape: KernelShape, target: Target, tiling: Tiling | None = None) -> int:
    """Return the elements of scratch memory that each thread needs for packing."""
    roles = assign_roles(shape)
    tiling = tiling or choose_tiling(roles, target)
    return sum(packed_sizes(roles, tiling)) + partial_sum_size(roles, tiling)


def emit_kernel(
    module: ir.Module,
    name: str,
    shape: KernelShape,
    target: Target,
    epilogue: EmitEpilogue | None = None,
    prefetch: EmitPrefetch | None = None,
    tiling: Tiling | None = None,
) -> ContractionKernel:
    """Emit the function of a contraction into a module; without a tiling, the one of least cost."""
    roles = assign_roles(shape)
    tiling = tiling or choose_tiling(roles, target)
    operands = [emit.POINTER] * (epilogue is not None)
    parameters = [*[emit.POINTER] * 5, *[emit.INDEX] * 6, *operands]
    function_type = ir.FunctionType(ir.VoidType(), parameters)
    function = ir.Function(module, function_type, name)
    function.linkage = "internal"
    # The output overlaps no input, and scratch overlaps nothing: loads may move across stores.
    for argument in (function.args[0], function.args[3]):
        argument.add_attribute("noalias")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    MacroKernel(builder, roles, tiling, epilogue, prefetch).emit()
    builder.ret_void()
    return ContractionKernel(function, roles, tiling)
