"""How buffers lie in memory: in rows, or with a short last axis first.

An array of many short rows, such as (batch, 10), is stored column by column: vectors then run along
the batch and are full. Everything elementwise that is linked to it is stored alike; memory that
belongs to the user, and what is reshaped, stays in rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    Expression,
    IndexValue,
    Load,
)

__all__ = ["Layout", "is_narrow"]

SHORT = 16
FEW_COLUMNS = 8


class Layout:
    """The strides of buffers, counted in elements.

    Parameters
    ----------
    by_columns : frozenset of Buffer
        The buffers of two axes whose first axis is contiguous.
    """

    def __init__(self, by_columns: frozenset[Buffer] = frozenset()) -> None:
        self.by_columns = by_columns

    def strides(self, buffer: Buffer) -> tuple[int, ...]:
        """Return the strides of a buffer."""
        if buffer in self.by_columns:
            return 1, buffer.shape[0]
        strides: list[int] = []
        step = 1
        for length in reversed(buffer.shape):
            strides.insert(0, step)
            step *= max(length, 1)
        return tuple(strides)

    def stride(
        self, buffer: Buffer, index: Sequence[Affine | Expression], axis: Axis
    ) -> int | None:
        """Return the step between neighbours along an axis; None where it is looked up."""
        total = 0
        for place, step in zip(index, self.strides(buffer), strict=True):
            if isinstance(place, Affine):
                total += place.coefficient(axis) * step
            elif _depends(place, axis):
                return None
        return total


def _depends(value: Expression, axis: Axis) -> bool:
    match value:
        case IndexValue(index, _):
            return index.coefficient(axis) != 0
        case Load(_, index):
            return any(
                i.coefficient(axis) != 0 if isinstance(i, Affine) else _depends(i, axis)
                for i in index
            )
        case Apply(_, operands, _):
            return any(_depends(each, axis) for each in operands)
        case _:
            return False


def is_narrow(shape: tuple[int, ...]) -> bool:
    """Whether an array has many short rows."""
    return len(shape) == 2 and 1 < shape[1] < SHORT <= shape[0]
