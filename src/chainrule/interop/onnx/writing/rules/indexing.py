"""Indexing by arrays of integers, and stores into parts of an array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.interop.onnx.writing.graph_writer import GraphWriter, Value, difference, total
from chainrule.interop.onnx.writing.program import Size
from chainrule.interop.onnx.writing.rules.movement import padded_into
from chainrule.interop.onnx.writing.rules.rule import Call, Rule

__all__ = ["RULES"]


def _gather(call: Call) -> str:
    if len(call.operands) == 2:
        return call.writer.add(
            "Gather", [call.name(0), _integers(call.writer, call.operands[1])], axis=0
        )
    return call.writer.add("GatherND", [call.name(0), _stacked(call, call.operands[1:])])


def _stacked(call: Call, indices: Sequence[Value]) -> str:
    """Return indices along several axes as one array, with those of an element last."""
    writer = call.writer
    last = writer.array(np.array([-1]))
    columns = [writer.add("Unsqueeze", [_integers(writer, each), last]) for each in indices]
    return columns[0] if len(columns) == 1 else writer.add("Concat", columns, axis=-1)


def _integers(writer: GraphWriter, value: Value) -> str:
    """Return indices as int64, which all operators take."""
    if value.array is not None:
        return writer.array(value.array.astype(np.int64))
    if value.type.dtype == np.int64:
        return value.name
    return writer.add("Cast", [value.name], to=7)


def _scatter(call: Call) -> str:
    indices = _stacked(call, call.operands[2:])
    return call.writer.add("ScatterND", [call.name(0), indices, call.name(1)])


def _scatter_add(call: Call) -> str:
    indices, writer = _stacked(call, call.operands[1:]), call.writer
    zero = writer.array(np.zeros((), call.operands[0].type.dtype))
    zeros = writer.add("Expand", [zero, writer.sizes(call.shape)])
    return writer.add("ScatterND", [zeros, indices, call.name(0)], reduction="add")


def _update_slice(call: Call) -> str:
    """The update where a mask, padded to the shape, is true."""
    x, update = call.operands
    writer, slices = call.writer, call.instruction.params["slices"]
    axis = _only_axis(x, slices)
    if axis is not None:
        return _spliced(call, axis, slices[axis])
    zero: Any = np.zeros((), x.type.dtype)
    there = writer.array(np.ones((), np.float32))
    ones = writer.add("Expand", [there, writer.sizes(update.shape)])
    mask = padded_into(writer, ones, update.shape, slices, x.shape, np.zeros((), np.float32))
    is_new = writer.add("Cast", [mask], to=9)
    values = padded_into(writer, call.name(1), update.shape, slices, x.shape, zero)
    return writer.add("Where", [is_new, values, call.name(0)])


def _only_axis(x: Value, slices: Sequence[tuple[Size, Size, int]]) -> int | None:
    """Return the axis of which a part is stored, if all others are whole and it is contiguous."""
    partial = [i for i, each in enumerate(slices) if tuple(each) != (0, x.shape[i], 1)]
    return partial[0] if len(partial) == 1 and slices[partial[0]][2] == 1 else None


def _spliced(call: Call, axis: int, part: tuple[Size, Size, int]) -> str:
    x, writer = call.operands[0], call.writer
    start, count, _ = part
    end, parts = total(start, count), [call.name(1)]
    rest = difference(x.shape[axis], end)
    whole: list[tuple[Size, Size, int]] = [(0, each, 1) for each in x.shape]
    if start != 0:
        before = [*whole[:axis], (0, start, 1), *whole[axis + 1 :]]
        parts.insert(0, writer.slice(call.name(0), before, x.shape))
    if rest != 0:
        behind = [*whole[:axis], (end, rest, 1), *whole[axis + 1 :]]
        parts.append(writer.slice(call.name(0), behind, x.shape))
    return parts[0] if len(parts) == 1 else writer.add("Concat", parts, axis=axis)


RULES: dict[str, Rule] = {
    "gather": _gather,
    "scatter": _scatter,
    "scatter_add": _scatter_add,
    "update_slice": _update_slice,
}
