"""Windows along axes: gathered in general, pooling and transposed convolutions where they are."""

from __future__ import annotations

import itertools
from math import prod
from typing import Any, NamedTuple

import numpy as np

from chainrule.interop.onnx.writing.graph_writer import GraphWriter, Value, scaled, total
from chainrule.interop.onnx.writing.program import Size
from chainrule.interop.onnx.writing.rules import elementwise, reduction
from chainrule.interop.onnx.writing.rules.convolution import channels_first, channels_last
from chainrule.interop.onnx.writing.rules.movement import padded_into
from chainrule.interop.onnx.writing.rules.rule import Call, Rule, made_by

__all__ = ["RULES"]


def _unfold(call: Call) -> str:
    """Gather the entries of the windows along one axis after the other, then move their axes."""
    params, writer, name = call.instruction.params, call.writer, call.name()
    axes: list[int] = params["axes"]
    rank = len(call.operands[0].shape)
    order = list(range(rank))  # the axes of the result that those of `name` become
    for k in sorted(range(len(axes)), key=lambda k: -axes[k]):
        indices = _positions(
            writer, call.shape[axes[k]], params["sizes"][k], params["strides"][k],
            params["dilations"][k],
        )  # fmt: skip
        name = writer.add("Gather", [name, indices], axis=axes[k])
        order.insert(axes[k] + 1, rank + k)
    return writer.transpose(name, [order.index(each) for each in range(len(order))])


def _positions(writer: GraphWriter, count: Size, size: int, stride: int, dilation: int) -> str:
    """Return the indices of the entries of all windows, (windows, size)."""
    offsets = np.arange(size) * dilation
    if isinstance(count, int):
        return writer.array(np.arange(count)[:, None] * stride + offsets)
    end = writer.reshape(writer.size(scaled(count, stride)), [1], [])
    starts = writer.add("Range", [writer.array(np.int64(0)), end, writer.array(np.int64(stride))])
    column = writer.add("Unsqueeze", [starts, writer.array(np.array([1]))])
    return writer.add("Add", [column, writer.array(offsets)])


class _Pool(NamedTuple):
    """Windows over the inner axes of (batch, space, channels), whose entries are the last axes."""

    source: Value
    sizes: list[int]
    strides: list[int]
    dilations: list[int]


def _pool_of(x: Value) -> _Pool | None:
    source = made_by(x, "unfold")
    if source is not None and x.made_by is not None:
        params = x.made_by[0].params
        if list(params["axes"]) == list(range(1, len(source[0].shape) - 1)):
            return _Pool(source[0], params["sizes"], params["strides"], params["dilations"])
    split = made_by(x, "transpose")
    source = made_by(split[0], "reshape") if split else None
    if split is None or source is None or x.made_by is None:
        return None
    count = len(source[0].shape) - 2  # windows side by side: (batch, n, size, ..., channels)
    inner = list(range(2, 2 * count + 1, 2))
    outer = list(range(1, 2 * count, 2))
    lengths = split[0].shape
    sizes = [each for i in inner if isinstance(each := lengths[i : i + 1] and lengths[i], int)]
    is_split = len(lengths) == 2 * count + 2 and len(sizes) == count
    if not is_split or list(x.made_by[0].params["axes"]) != [0, *outer, 2 * count + 1, *inner]:
        return None
    merged = [scaled(lengths[i], size) for i, size in zip(outer, sizes, strict=True)]
    if [lengths[0], *merged, lengths[-1]] != list(source[0].shape):
        return None
    return _Pool(source[0], sizes, sizes, [1] * count)


def _pooled(call: Call, pool: _Pool, operator: str) -> str:
    count = len(pool.sizes)
    attributes: dict[str, Any] = {"kernel_shape": pool.sizes, "strides": pool.strides}
    name = call.writer.add(operator, [channels_first(call.writer, pool.source)], **attributes)
    return channels_last(call.writer, name, count)


def _reduce_max(call: Call) -> str:
    x = call.operands[0]
    pool = _pool_of(x)
    if pool is not None and set(pool.dilations) == {1}:
        rank = len(x.shape)
        if list(call.instruction.params["axes"]) == list(range(rank - len(pool.sizes), rank)):
            return _pooled(call, pool, "MaxPool")
    return reduction.RULES["reduce_max"](call)  # pyright: ignore[reportReturnType]


def _divide(call: Call) -> str:
    """The sum over windows, by the number of their entries, is AveragePool."""
    above, below = call.operands
    total_ = made_by(above, "reshape")
    windows = made_by(total_[0], "reduce_to") if total_ else None
    pool = _pool_of(windows[0]) if windows else None
    number = (below.source or below).array
    if pool is not None and windows is not None and total_ is not None and number is not None:
        rank = len(windows[0].shape) - len(pool.sizes)
        is_all = list(total_[0].shape[rank:]) == [1] * len(pool.sizes) and list(
            total_[0].shape[:rank]
        ) == list(above.shape)
        if is_all and (number == prod(pool.sizes)).all() and set(pool.dilations) == {1}:
            return _pooled(call, pool, "AveragePool")
    return elementwise.RULES["divide"](call)  # pyright: ignore[reportReturnType]


def _fold(call: Call) -> str:
    """Windows added up where they overlap: one offset of all windows at a time."""
    found = _transposed_convolution(call)
    if found is not None:
        return found
    params, writer, x = call.instruction.params, call.writer, call.operands[0]
    rank = len(call.shape)
    zero = np.zeros((), x.type.dtype)
    result = ""
    for offsets in itertools.product(*map(range, params["sizes"])):
        slices = [*[(0, n, 1) for n in x.shape[:rank]], *[(k, 1, 1) for k in offsets]]
        part = writer.slice(call.name(), slices, x.shape)
        ones = [1] * len(offsets)
        part = writer.reshape(part, [*x.shape[:rank], *ones], x.shape[:rank])
        target: list[tuple[Size, Size, int]] = [(0, n, 1) for n in x.shape[:rank]]
        for k, axis in enumerate(params["axes"]):
            target[axis] = (
                offsets[k] * params["dilations"][k],
                x.shape[axis],
                params["strides"][k],
            )
        part = padded_into(writer, part, x.shape[:rank], target, call.shape, zero)
        result = writer.add("Add", [result, part]) if result else part
    return result


def _transposed_convolution(call: Call) -> str | None:
    """A contraction with a kernel whose windows are added up, channels last."""
    params, writer = call.instruction.params, call.writer
    count = len(params["sizes"])
    moved = made_by(call.operands[0], "transpose")
    factors = made_by(moved[0], "contract") if moved else None
    if moved is None or factors is None or moved[0].made_by is None:
        return None
    x, kernel = factors
    left, right, result = moved[0].made_by[0].params["spec"].replace("->", ",").split(",")
    is_kernel = (
        right[:count] + right[count + 1 :] == result[count + 1 :] and len(right) == count + 2
    )
    is_plain = result[: count + 1] == left[:-1] and right[count] == left[-1] and is_kernel
    if not is_plain or list(params["axes"]) != list(range(1, count + 1)):
        return None
    if call.operands[0].made_by is None or len(call.shape) != count + 2:
        return None
    order = [*range(count + 1), 2 * count + 1, *range(count + 1, 2 * count + 1)]
    if list(call.operands[0].made_by[0].params["axes"]) != order:
        return None
    extra = _output_padding(call, x, params)
    if extra is None:
        return None
    axes = [count, count + 1, *range(count)]
    weight = (
        writer.transpose(writer.name_of(kernel), axes)
        if kernel.array is None
        else writer.array(kernel.array.transpose(axes), kernel.label or "kernel")
    )
    name = writer.add(
        "ConvTranspose", [channels_first(writer, x), weight],
        kernel_shape=list(params["sizes"]), strides=list(params["strides"]),
        dilations=list(params["dilations"]), **extra,
    )  # fmt: skip
    return channels_last(writer, name, count)


def _output_padding(call: Call, x: Value, params: dict[str, list[int]]) -> dict[str, Any] | None:
    """Return the attribute for a result longer than its windows; None if it is much longer."""
    extra: list[int] = []
    for k, axis in enumerate(params["axes"]):
        extent = (params["sizes"][k] - 1) * params["dilations"][k] + 1
        covered = total(scaled(total(x.shape[axis], -1), params["strides"][k]), extent)
        rest = total(call.shape[axis], scaled(covered, -1))
        if not isinstance(rest, int) or not 0 <= rest < max(params["strides"][k], 1):
            return None
        extra.append(rest)
    return {"output_padding": extra} if any(extra) else {}


RULES: dict[str, Rule] = {
    "divide": _divide,
    "fold": _fold,
    "reduce_max": _reduce_max,
    "unfold": _unfold,
}
