"""Shape of a contraction kernel: one loop per axis, with its stride in each of the three arrays.

    out[...] = sum of left[...] * right[...]

Kernels are generated for exact shapes and strides. Two contractions of equal `KernelShape` share
one kernel if they have no epilogue.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Axis, Buffer, Contraction

__all__ = ["KernelLoop", "KernelShape", "LoopBound", "kernel_shape"]


@dataclass(frozen=True)
class LoopBound:
    """The valid iterations k of a depth loop: ``0 <= row + dilation * k - padding < length``.

    ``row`` is the index of a loop of the output, which is identified by its stride there.
    """

    row_stride: int
    dilation: int  # at least 1
    padding: int
    length: int


@dataclass(frozen=True)
class KernelLoop:
    """One loop of a contraction: its extent, at least 1, and the strides of the three arrays.

    Strides count elements; 0 where an array does not have the axis. The role of a loop follows
    from them::

        role      strides that are not 0    in a convolution
        depth     left, right, or both      kernel rows, kernel columns, input channels
        row       left and out              samples, output positions
        column    right and out             output channels
        batch     all three                 groups
    """

    extent: int
    left: int = 0
    right: int = 0
    out: int = 0
    bound: LoopBound | None = None  # of a depth loop, if some of its iterations are invalid

    @property
    def swapped(self) -> KernelLoop:
        """The same loop with the operands swapped."""
        return replace(self, left=self.right, right=self.left)

    @property
    def role(self) -> str:
        """Return "depth", "row", "column" or "batch"."""
        if not self.out:
            return "depth"
        if bool(self.left) == bool(self.right):
            return "batch"
        return "row" if self.left else "column"

    def collapses_with(self, inner: KernelLoop) -> bool:
        """Whether this loop around `inner` visits the elements of one longer loop, in its order."""
        if self.bound or inner.bound:
            return False
        strides = ((inner.left, self.left), (inner.right, self.right), (inner.out, self.out))
        return all(outer == stride * inner.extent for stride, outer in strides)


@dataclass(frozen=True)
class KernelShape:
    """The exact shape and layout of ``out = sum of left * right``, all of one dtype.

    The loops visit every element of the output once; it overlaps neither itself nor an operand.
    """

    dtype: str  # "float32" or "float64"
    loops: tuple[KernelLoop, ...]
    row_tile: int = 0  # rows of a register tile; 0 leaves the choice to the tiling


def kernel_shape(
    contraction: Contraction, out: Buffer, layout: Layout, row_tile: int = 0
) -> KernelShape:
    """Return the loops of a contraction whose kernel stores to `out`."""
    operands = (
        (contraction.left.buffer, contraction.left.index),
        (contraction.right.buffer, contraction.right.index),
        (out, contraction.index),
    )

    def strides(axis: Axis) -> list[int]:
        return [layout.stride(buffer, index, axis) or 0 for buffer, index in operands]

    bounds: dict[Axis, LoopBound] = {}
    for bound in contraction.bounds:
        row = next(axis for axis in contraction.axes if bound.index.coefficient(axis))
        depth = next(axis for axis in contraction.depth if bound.index.coefficient(axis))
        dilation, padding = bound.index.coefficient(depth), -bound.index.constant
        bounds[depth] = LoopBound(strides(row)[2], dilation, padding, bound.length)
    loops = (
        KernelLoop(axis.extent, *strides(axis), bound=bounds.get(axis))
        for axis in (*contraction.axes, *contraction.depth)
    )
    return KernelShape(contraction.target.dtype.name, tuple(loops), row_tile)
