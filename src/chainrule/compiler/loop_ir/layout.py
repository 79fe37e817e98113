"""Layout of buffers: the strides of row-major and of column-major ones.

An array of many short rows, such as (batch, 10), is stored column-major, so that vectors run along
the batch and are full (`loop_passes.layout_assignment` chooses). All other buffers are row-major.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.compiler.loop_ir.expressions import axes_in
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Axis,
    Buffer,
    Expression,
)

__all__ = ["Layout", "is_narrow"]

SHORT = 16
"""Rows of fewer elements do not fill the widest vector, 16 float32."""
FEW_COLUMNS = 8
"""Contractions of fewer columns are column-major in any case: their vectors run along the rows."""


class Layout:
    """The strides of buffers in elements, given the matrices that are column-major."""

    def __init__(self, column_major: frozenset[Buffer] = frozenset()) -> None:
        self.column_major = column_major

    def strides(self, buffer: Buffer) -> tuple[int, ...]:
        """Return the strides of a buffer along its axes."""
        if buffer in self.column_major:
            return 1, buffer.shape[0]
        strides: list[int] = []
        stride = 1
        for length in reversed(buffer.shape):
            strides.insert(0, stride)
            stride *= max(length, 1)
        return tuple(strides)

    def stride(
        self, buffer: Buffer, index: Sequence[Affine | Expression], axis: Axis
    ) -> int | None:
        """Return the stride of an access along an axis; None where it is a gather along it."""
        total = 0
        for i, step in zip(index, self.strides(buffer), strict=True):
            if isinstance(i, Affine):
                total += i.coefficient(axis) * step
            elif axis in axes_in(i):
                return None
        return total


def is_narrow(shape: tuple[int, ...]) -> bool:
    """Whether an array has many rows that are too short to fill a vector."""
    return len(shape) == 2 and 1 < shape[1] < SHORT <= shape[0]
