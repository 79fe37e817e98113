"""Recognises convolutions: a contraction of windows with a kernel, channels last.

ONNX has channels first: the input and the result are transposed, the kernel is stored as it wants.
"""

from __future__ import annotations

from typing import Any

from chainrule.interop.onnx.writing.graph_writer import GraphWriter, Value, difference, total
from chainrule.interop.onnx.writing.program import Size
from chainrule.interop.onnx.writing.rules.rule import made_by

__all__ = ["channels_first", "channels_last", "convolution", "unpadded"]


def convolution(writer: GraphWriter, spec: str, x: Value, kernel: Value) -> str | None:
    """Return what a contraction with a kernel gives as a Conv; None if it is none."""
    left, right, result = spec.replace("->", ",").split(",")
    grouped = made_by(x, "reshape")
    windows = x if grouped is None else grouped[0]
    source = made_by(windows, "unfold")
    if source is None or windows.made_by is None:
        return None
    params = windows.made_by[0].params
    count = len(params["axes"])
    space, inner = left[1 : 1 + count], left[-count:]
    group = left[1 + count : -count - 1]  # the letter of the groups, if there are several
    channel, filters = left[-count - 1], result[-1]
    is_last = list(params["axes"]) == list(range(1, 1 + count)) and len(group) == (
        grouped is not None
    )
    wanted = inner + channel + group + filters, left[0] + space + group + filters
    if not is_last or (right, result) != wanted or len(source[0].shape) != count + 2:
        return None
    groups = kernel.shape[-2] if group else 1
    if not isinstance(groups, int):
        return None
    weight = _kernel(writer, kernel, count, groups, bool(group))
    image, pads = unpadded(source[0])
    name = writer.add(
        "Conv",
        [channels_first(writer, image), weight],
        kernel_shape=list(params["sizes"]),
        strides=list(params["strides"]),
        dilations=list(params["dilations"]),
        pads=pads,
        group=groups,
    )
    name = channels_last(writer, name, count)
    if not group:
        return name
    lengths = [windows.shape[0], *windows.shape[1 : 1 + count]]
    return writer.reshape(
        name, [*lengths, _times(groups, kernel.shape[-1])], [*lengths, groups, kernel.shape[-1]]
    )


def _times(groups: int, each: Size) -> Size:
    assert isinstance(each, int)
    return groups * each


def _kernel(writer: GraphWriter, kernel: Value, count: int, groups: int, is_grouped: bool) -> str:
    """(space, channels, [groups,] filters) to (groups × filters, channels, space)."""
    axes = [*range(count + 1, len(kernel.shape)), count, *range(count)]
    if kernel.array is not None:
        array = kernel.array.transpose(axes)
        merged = array.reshape(-1, *array.shape[2:]) if is_grouped else array
        return writer.array(merged, kernel.label or "kernel")
    name = writer.transpose(writer.name_of(kernel), axes)
    if not is_grouped:
        return name
    before = [kernel.shape[each] for each in axes]
    return writer.reshape(name, before, [_times(groups, before[1]), *before[2:]])


def unpadded(x: Value) -> tuple[Value, list[int]]:
    """Return what a value pads with zeros, with the pads of its inner axes; itself without any."""
    none = [0] * (2 * (len(x.shape) - 2))
    source = made_by(x, "pad_into")
    if source is None or x.made_by is None:
        return x, none
    front: list[Any] = []
    behind: list[Any] = []
    for (start, count, step), length in zip(x.made_by[0].params["slices"], x.shape, strict=True):
        if step != 1:
            return x, none
        front.append(start)
        behind.append(difference(length, total(start, count)))
    if any(front[i] or behind[i] for i in (0, -1)):
        return x, none
    pads = [*front[1:-1], *behind[1:-1]]
    return (source[0], pads) if all(isinstance(each, int) for each in pads) else (x, none)


def channels_first(writer: GraphWriter, x: Value) -> str:
    """Return (batch, space, channels) as (batch, channels, space)."""
    rank = len(x.shape)
    return writer.transpose(writer.name_of(x), [0, rank - 1, *range(1, rank - 1)])


def channels_last(writer: GraphWriter, name: str, count: int) -> str:
    """Return (batch, channels, space) as (batch, space, channels)."""
    return writer.transpose(name, [0, *range(2, count + 2), 1])
