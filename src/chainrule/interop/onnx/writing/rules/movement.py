"""Index maps: reshape, transpose, slices, padding, concatenation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.interop.onnx.writing.graph_writer import (
    GraphWriter,
    difference,
    scaled,
    total,
)
from chainrule.interop.onnx.writing.program import Size
from chainrule.interop.onnx.writing.rules.rule import Call, Rule

__all__ = ["RULES", "padded_into"]

Slices = Sequence[tuple[Size, Size, int]]


def _broadcast_to(call: Call) -> str:
    return call.writer.add("Expand", [call.name(), call.writer.sizes(call.shape)])


def _reshape(call: Call) -> str:
    return call.writer.reshape(call.name(), call.operands[0].shape, call.shape)


def _transpose(call: Call) -> str:
    return call.writer.transpose(call.name(), call.instruction.params["axes"])


def _strided_slice(call: Call) -> str:
    slices = call.instruction.params["slices"]
    return call.writer.slice(call.name(), slices, call.operands[0].shape)


def _concatenate(call: Call) -> str:
    """Concat of what is not empty; Pad, if all but one repeat the same number."""
    axis, writer = call.instruction.params["axis"], call.writer
    parts = [each for each in call.operands if each.shape[axis] != 0]
    fills = [None if each.source is None else each.source.array for each in parts]
    others = [i for i, fill in enumerate(fills) if fill is None or fill.shape]
    numbers = {fill.tobytes() for fill in fills if fill is not None and not fill.shape}
    if len(parts) == 1:
        return writer.name_of(parts[0])
    if len(others) == 1 and len(numbers) == 1:
        k = others[0]
        lengths: list[Size] = [0, 0]
        for i, each in enumerate(parts):
            if i != k:
                lengths[i > k] = total(lengths[i > k], each.shape[axis])
        none: list[Size] = [0] * len(call.shape)
        pads = [[*none[:axis], each, *none[axis + 1 :]] for each in lengths]
        fill = fills[k - 1 if k else 1]
        return writer.pad(writer.name_of(parts[k]), pads[0], pads[1], fill)
    return writer.add("Concat", [writer.name_of(each) for each in parts], axis=axis)


def _pad_into(call: Call) -> str:
    x, params = call.operands[0], call.instruction.params
    zero = np.zeros((), x.type.dtype)
    return padded_into(call.writer, call.name(), x.shape, params["slices"], call.shape, zero)


def padded_into(
    writer: GraphWriter,
    name: str,
    before: Sequence[Size],
    slices: Slices,
    shape: Sequence[Size],
    fill: object,
) -> str:
    """Return an array of a shape filled with `fill`, with a value at ``slices``."""
    lengths, front, behind = list(before), list[Size](), list[Size]()
    for axis, (start, count, step) in enumerate(slices):
        if step < 0:  # reversed
            whole = [(0, length, 1) for length in lengths]
            turned = [*whole[:axis], (total(count, -1), count, -1), *whole[axis + 1 :]]
            name = writer.slice(name, turned, lengths)
            start, step = total(start, scaled(total(count, -1), step)), -step
        if step > 1:
            name, lengths[axis] = _spread(writer, name, lengths, axis, step, fill)
        front.append(start)
        behind.append(difference(shape[axis], total(start, lengths[axis])))
    return writer.pad(name, front, behind, fill)


def _spread(
    writer: GraphWriter, name: str, lengths: list[Size], axis: int, step: int, fill: object
) -> tuple[str, Size]:
    """Put `step - 1` times `fill` between the elements along an axis."""
    split = [*lengths[: axis + 1], 1, *lengths[axis + 1 :]]
    name = writer.reshape(name, lengths, split)
    after = [0] * len(split)
    after[axis + 1] = step - 1
    name = writer.pad(name, [0] * len(split), after, fill)
    split[axis + 1] = step
    longer = [*lengths[:axis], scaled(lengths[axis], step), *lengths[axis + 1 :]]
    name = writer.reshape(name, split, longer)
    count = total(longer[axis], 1 - step)
    slices = [(0, each, 1) for each in longer]
    slices[axis] = (0, count, 1)
    return writer.slice(name, slices, longer), count


def _uninitialized(call: Call) -> str:
    zero = call.writer.array(np.zeros((), call.instruction.types[0].dtype))
    return call.writer.add("Expand", [zero, call.writer.sizes(call.shape)])


RULES: dict[str, Rule] = {
    "broadcast_to": _broadcast_to,
    "concatenate": _concatenate,
    "pad_into": _pad_into,
    "reshape": _reshape,
    "strided_slice": _strided_slice,
    "transpose": _transpose,
    "uninitialized": _uninitialized,
}
