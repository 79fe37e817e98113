"""Laws of simplification for windows, folds and margins: index maps are brought together.

What reverse mode makes of strided windows, groups and pooling has slices, reshapes and zeros
between the operations that a kernel could do at once. These laws move them out of the way. None of
them changes a number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.compiler.graph_passes.axis_groups import axis_groups, is_merge
from chainrule.graph.node import Node
from chainrule.ops.primitives import movement, selection
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.contraction import contract, split_spec
from chainrule.ops.primitives.windows import fold, unfold

__all__ = ["LAWS", "is_zero", "sink_reshape"]

Params = dict[str, Any]
Slices = tuple[tuple[int, int, int], ...]


def is_zero(node: Node) -> bool:
    """Tell whether a node is known to be +0.0 or 0 everywhere."""
    while node.primitive is not None and node.primitive.is_broadcast:
        node = node.inputs[0]
    if not node.is_constant:
        return False
    return not any(memoryview(node.known_value.tobytes()))


def sink_reshape(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    """``f(merge(a), b)`` is ``merge(f(a, split(b)))``, for elementwise f.

    A merge of axes that cost something to lay out is done once, by whoever stores the result;
    splitting axes costs nothing.
    """
    merged = next((each for each in inputs if _is_costly_merge(each)), None)
    if merged is None or node.primitive is None:
        return None
    shape = merged.inputs[0].shape
    split = [_reshaped(each, shape) for each in inputs]
    return movement.reshape(node.primitive(*split, **node.params), shape=node.shape)


def _is_costly_merge(node: Node) -> bool:
    """Whether a node merges axes of something that is computed and in another order."""
    if node.primitive is not movement.reshape or not is_merge(node.inputs[0].shape, node.shape):
        return False
    source = node.inputs[0]
    is_turned = source.primitive is movement.transpose
    source = source.inputs[0] if is_turned else source
    return source.primitive is not None and source.primitive.ufunc is not None


def _reshaped(node: Node, shape: tuple[int, ...]) -> Node:
    """Reshape, without a detour."""
    if node.primitive is not None and node.primitive.is_broadcast and node.inputs[0].size == 1:
        return broadcast_to(movement.reshape(node.inputs[0], shape=()), shape)
    while node.primitive is movement.reshape:
        node = node.inputs[0]
    return node if node.shape == shape else movement.reshape(node, shape=shape)


def _select(inputs: tuple[Node, ...], params: Params) -> Node | None:
    """A choice between zero and something with zeros around is made within."""
    condition, zero, placed = inputs
    if placed.primitive is not movement.pad_into or not is_zero(zero):
        return None
    slices = placed.params["slices"]
    if any(step < 0 for _, _, step in slices):
        return None
    inner = placed.inputs[0]
    parts = (movement.strided_slice(each, slices=slices) for each in (condition, zero))
    chosen = selection.select(*parts, inner)
    later = sink_reshape(chosen, chosen.inputs)
    return movement.pad_into(
        chosen if later is None else later, slices=slices, shape=placed.params["shape"]
    )


def _slice(inputs: tuple[Node, ...], params: Params) -> Node | None:
    """Some of the windows, or parts of them, are windows with other steps."""
    inner, slices = inputs[0], params["slices"]
    if inner.primitive is movement.reshape:
        return _slice_of_reshaped(inner, slices)
    if inner.primitive is not unfold or not _is_upward(slices):
        return None
    x = inner.inputs[0]
    taken, sliding = _narrowed(slices, x.shape, inner.params)
    whole = tuple((0, n, 1) for n in x.shape)
    return unfold(x if taken == whole else movement.strided_slice(x, slices=taken), **sliding)


def _slice_of_reshaped(reshaped: Node, slices: Slices) -> Node | None:
    """Of a fold whose other axes are reshaped, a part is cut out before that."""
    source = reshaped.inputs[0]
    if source.primitive is not fold or 0 in source.shape:
        return None
    origin = _unchanged(source.shape, reshaped.shape)
    taken = [(0, length, 1) for length in source.shape]
    shape = list(reshaped.shape)
    for axis, (start, count, step) in enumerate(slices):
        if (start, count, step) == (0, shape[axis], 1):
            continue
        if axis not in origin:
            return None
        taken[origin[axis]], shape[axis] = (start, count, step), count
    cut = movement.strided_slice(source, slices=tuple(taken))
    return movement.reshape(cut, shape=tuple(shape))


def _unchanged(old: tuple[int, ...], new: tuple[int, ...]) -> dict[int, int]:
    """Return, for axes that a reshape leaves as they are, which ones they were."""
    return {news[0]: olds[0] for olds, news in axis_groups(old, new) if len(olds) == len(news) == 1}


def _fold(inputs: tuple[Node, ...], params: Params) -> Node | None:
    inner = inputs[0]
    if inner.primitive is movement.pad_into:
        return _fold_of_placed(inner, params)
    if inner.primitive is movement.reshape:
        return _fold_of_reshaped(inner, params)
    return None


def _fold_of_placed(placed: Node, params: Params) -> Node | None:
    """Windows of which most are zero are fewer windows, with other steps."""
    slices, shape = placed.params["slices"], params["shape"]
    if not _is_upward(slices):
        return None
    taken, sliding = _narrowed(slices, shape, params)
    within = tuple(length for _, length, _ in taken)
    folded = fold(placed.inputs[0], shape=within, **sliding)
    if within == shape:
        return folded
    return movement.pad_into(folded, slices=taken, shape=shape)


def _fold_of_reshaped(reshaped: Node, params: Params) -> Node | None:
    """Axes that the windows neither slide along nor have are reshaped after folding."""
    source, count = reshaped.inputs[0], len(params["shape"])
    if 0 in source.shape:
        return None
    origin = _unchanged(source.shape, reshaped.shape)
    before = len(source.shape) - len(params["sizes"])
    entries = range(count, len(reshaped.shape))
    axes = tuple(origin.get(axis, -1) for axis in params["axes"])
    if -1 in axes or [origin.get(i) for i in entries] != [*range(before, len(source.shape))]:
        return None
    shape = list(source.shape[:before])
    for axis, old in zip(params["axes"], axes, strict=True):
        shape[old] = params["shape"][axis]
    folded = fold(source, **{**params, "shape": tuple(shape), "axes": axes})
    return movement.reshape(folded, shape=params["shape"])


def _transpose(inputs: tuple[Node, ...], params: Params) -> Node | None:
    """A contraction gives its result in any order of axes."""
    inner, axes = inputs[0], params["axes"]
    # Of matrices the evaluator would exchange the factors, which may change last bits.
    if inner.primitive is not contract or len(axes) < 3:
        return None
    left, right, result = split_spec(inner.params["spec"])
    order = "".join(result[axis] for axis in axes)
    return contract(*inner.inputs, spec=f"{left},{right}->{order}")


def _is_upward(slices: Slices) -> bool:
    return all(count > 0 and step > 0 for _, count, step in slices)


def _narrowed(slices: Slices, shape: tuple[int, ...], sliding: Params) -> tuple[Slices, Params]:
    """Return what the windows that slices take reach over, and how they slide along it."""
    taken, entries = list(slices[: len(shape)]), slices[len(shape) :]
    axes, strides, dilations = (sliding[name] for name in ("axes", "strides", "dilations"))
    numbers: list[tuple[int, int, int]] = []
    for k, (first, size, rate) in enumerate(entries):
        start, places, step = taken[axes[k]]
        stride, dilation = strides[k] * step, dilations[k] * rate
        numbers.append((size, stride, dilation))
        begin, reach = start * strides[k] + first * dilations[k], (size - 1) * dilation + 1
        length = shape[axes[k]]
        # An end that no window reaches is left where it is.
        if begin or (length - reach) // stride + 1 != places:
            length = (places - 1) * stride + reach
        taken[axes[k]] = (begin, length, 1)
    sizes, strides, dilations = zip(*numbers, strict=True)
    made = {"axes": axes, "sizes": sizes, "strides": strides, "dilations": dilations}
    return tuple(taken), made


LAWS: dict[str, Callable[[tuple[Node, ...], Params], Node | None]] = {
    selection.select.name: _select,
    movement.strided_slice.name: _slice,
    fold.name: _fold,
    movement.transpose.name: _transpose,
}
