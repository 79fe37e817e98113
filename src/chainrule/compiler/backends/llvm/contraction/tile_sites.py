"""Places in the generated code of a kernel: a panel, a row tile, a vector of finished sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from chainrule.compiler.backends.llvm import ir
from chainrule.compiler.backends.llvm.contraction.kernel_shape import KernelLoop
from chainrule.compiler.backends.llvm.contraction.microkernel import RegisterTile
from chainrule.compiler.backends.llvm.contraction.tiling import PanelGroup

__all__ = [
    "EmitEpilogue", "EmitPrefetch", "EmitTile", "EpilogueSite", "Operands", "Panel", "RowTile",
]  # fmt: skip


@dataclass(frozen=True)
class EpilogueSite:
    """Where an epilogue is emitted: for one vector of finished accumulators."""

    builder: ir.IRBuilder
    # Index of the vector's first lane along each loop of the contraction that is longer than 1,
    # by the loop's stride in the output.
    indices: dict[int, ir.Value]
    mask: ir.Value | None  # the lanes inside the output; None if all are
    context: ir.Value  # the context pointer passed to the kernel


EmitEpilogue = Callable[[EpilogueSite, ir.Value], ir.Value]
"""From the accumulators to the vector to store."""
EmitPrefetch = Callable[[EpilogueSite, int, int, int], None]
"""From the start of a register tile, its row loop's stride in the output, its rows and columns."""


class Panel(NamedTuple):
    """A panel of columns in the generated code."""

    group: PanelGroup
    number: ir.Value
    column: ir.Value  # the first
    mask: ir.Value | None  # lanes of its last vector, if that may be ragged


class Operands(NamedTuple):
    """The arguments of the micro-kernel."""

    tile: RegisterTile
    depth: list[KernelLoop]
    outer_indices: dict[int, ir.Value]
    left: ir.Value
    right: ir.Value


class RowTile(NamedTuple):
    """A row tile in the generated code."""

    number: ir.Value
    rows: list[ir.Value]  # its first index along each row loop
    size: int  # rows


EmitTile = Callable[[Panel, RowTile], None]
