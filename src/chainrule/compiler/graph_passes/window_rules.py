"""Rewrite rules that compose index maps: unfold, fold, pad, slice, reshape.

::

    strided_slice(unfold(x))                    ->  unfold(strided_slice(x)), larger strides
    fold(pad_into(g))                           ->  pad_into(fold(g)), larger strides
    fold(reshape(g)), strided_slice(reshape(fold(g)))  ->  reshape outermost
    select(condition, 0, pad_into(x))           ->  pad_into(select(..., x))
    transpose(contract(a, b))                   ->  contract(a, b), another order of the result
    f(merge(a), b)                              ->  merge(f(a, split(b)))

Legal always: none changes a bit. Reverse mode leaves slices, reshapes and zeros between what one
kernel can do for strided windows, groups and pooling; these rules move them out of the way, so that
`convolution_gradient` matches and no window is stored (decisions 0014, 0021).
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

__all__ = ["RULES", "is_zero", "sink_reshape"]

Params = dict[str, Any]
Slices = tuple[tuple[int, int, int], ...]


def is_zero(node: Node) -> bool:
    """Whether a node is a constant +0.0 or 0 everywhere."""
    while node.primitive is not None and node.primitive.is_broadcast:
        node = node.inputs[0]
    if not node.is_constant:
        return False
    return not any(memoryview(node.known_value.tobytes()))


def sink_reshape(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    """Move a reshape that merges axes behind an elementwise operation.

    ``f(merge(a), b) = merge(f(a, split(b)))``: splitting costs nothing, and the merge is done by
    the statement that stores the result.
    """
    merged = next((each for each in inputs if _is_costly_merge(each)), None)
    if merged is None or node.primitive is None:
        return None
    shape = merged.inputs[0].shape
    split = [_reshaped(each, shape) for each in inputs]
    return movement.reshape(node.primitive(*split, **node.params), shape=node.shape)


def _is_costly_merge(node: Node) -> bool:
    """Whether a node merges axes of a computed value, perhaps transposed."""
    if node.primitive is not movement.reshape or not is_merge(node.inputs[0].shape, node.shape):
        return False
    source = node.inputs[0]
    source = source.inputs[0] if source.primitive is movement.transpose else source
    return source.primitive is not None and source.primitive.ufunc is not None


def _reshaped(node: Node, shape: tuple[int, ...]) -> Node:
    """Reshape a node, past reshapes and broadcasts of one element."""
    if node.primitive is not None and node.primitive.is_broadcast and node.inputs[0].size == 1:
        return broadcast_to(movement.reshape(node.inputs[0], shape=()), shape)
    while node.primitive is movement.reshape:
        node = node.inputs[0]
    return node if node.shape == shape else movement.reshape(node, shape=shape)


def _select(inputs: tuple[Node, ...], params: Params) -> Node | None:
    """``select(c, 0, pad_into(x)) = pad_into(select(slice(c), 0, x))``."""
    condition, zero, padded = inputs
    if padded.primitive is not movement.pad_into or not is_zero(zero):
        return None
    slices = padded.params["slices"]
    if any(step < 0 for _, _, step in slices):
        return None
    inner = padded.inputs[0]
    parts = (movement.strided_slice(each, slices=slices) for each in (condition, zero))
    selected = selection.select(*parts, inner)
    sunk = sink_reshape(selected, selected.inputs)
    return movement.pad_into(
        selected if sunk is None else sunk, slices=slices, shape=padded.params["shape"]
    )


def _slice(inputs: tuple[Node, ...], params: Params) -> Node | None:
    """A slice of windows, or of their elements, is windows of other strides and dilations."""
    inner, slices = inputs[0], params["slices"]
    if inner.primitive is movement.reshape:
        return _slice_of_reshaped(inner, slices)
    if inner.primitive is not unfold or not _is_upward(slices):
        return None
    x = inner.inputs[0]
    used, geometry = _sliced_windows(slices, x.shape, inner.params)
    whole = tuple((0, n, 1) for n in x.shape)
    return unfold(x if used == whole else movement.strided_slice(x, slices=used), **geometry)


def _slice_of_reshaped(reshaped: Node, slices: Slices) -> Node | None:
    """``slice(reshape(fold(g))) = reshape(slice(fold(g)))``, along axes that stay the same."""
    source = reshaped.inputs[0]
    if source.primitive is not fold or 0 in source.shape:
        return None
    origin = _same_axes(source.shape, reshaped.shape)
    source_slices = [(0, length, 1) for length in source.shape]
    shape = list(reshaped.shape)
    for axis, (start, count, step) in enumerate(slices):
        if (start, count, step) == (0, shape[axis], 1):
            continue
        if axis not in origin:
            return None
        source_slices[origin[axis]], shape[axis] = (start, count, step), count
    sliced = movement.strided_slice(source, slices=tuple(source_slices))
    return movement.reshape(sliced, shape=tuple(shape))


def _same_axes(old: tuple[int, ...], new: tuple[int, ...]) -> dict[int, int]:
    """Map the new axes that a reshape neither merges nor splits to the old ones."""
    pairs = axis_groups(old, new)
    return {after[0]: before[0] for before, after in pairs if len(before) == len(after) == 1}


def _fold(inputs: tuple[Node, ...], params: Params) -> Node | None:
    inner = inputs[0]
    if inner.primitive is movement.pad_into:
        return _fold_of_padded(inner, params)
    if inner.primitive is movement.reshape:
        return _fold_of_reshaped(inner, params)
    return None


def _fold_of_padded(padded: Node, params: Params) -> Node | None:
    """The fold of windows most of which are zero is one of fewer windows, of other strides."""
    slices, shape = padded.params["slices"], params["shape"]
    if not _is_upward(slices):
        return None
    used, geometry = _sliced_windows(slices, shape, params)
    inner_shape = tuple(length for _, length, _ in used)
    folded = fold(padded.inputs[0], shape=inner_shape, **geometry)
    if inner_shape == shape:
        return folded
    return movement.pad_into(folded, slices=used, shape=shape)


def _fold_of_reshaped(reshaped: Node, params: Params) -> Node | None:
    """``fold(reshape(g)) = reshape(fold(g))``, for axes that have no windows."""
    source, count = reshaped.inputs[0], len(params["shape"])
    if 0 in source.shape:
        return None
    origin = _same_axes(source.shape, reshaped.shape)
    rank = len(source.shape) - len(params["sizes"])
    taps = range(count, len(reshaped.shape))
    axes = tuple(origin.get(axis, -1) for axis in params["axes"])
    if -1 in axes or [origin.get(i) for i in taps] != [*range(rank, len(source.shape))]:
        return None
    shape = list(source.shape[:rank])
    for axis, old in zip(params["axes"], axes, strict=True):
        shape[old] = params["shape"][axis]
    folded = fold(source, **{**params, "shape": tuple(shape), "axes": axes})
    return movement.reshape(folded, shape=params["shape"])


def _transpose(inputs: tuple[Node, ...], params: Params) -> Node | None:
    """A transposed contraction is a contraction with another order of its result's axes."""
    inner, axes = inputs[0], params["axes"]
    # For matrices the evaluator would swap the operands, which may change the last bits.
    if inner.primitive is not contract or len(axes) < 3:
        return None
    left, right, result = split_spec(inner.params["spec"])
    order = "".join(result[axis] for axis in axes)
    return contract(*inner.inputs, spec=f"{left},{right}->{order}")


def _is_upward(slices: Slices) -> bool:
    return all(count > 0 and step > 0 for _, count, step in slices)


def _sliced_windows(
    slices: Slices, shape: tuple[int, ...], params: Params
) -> tuple[Slices, Params]:
    """Return the slices of an array that sliced windows cover, and the geometry in these."""
    used, taps = list(slices[: len(shape)]), slices[len(shape) :]
    axes, strides, dilations = (params[name] for name in ("axes", "strides", "dilations"))
    geometry: list[tuple[int, int, int]] = []
    for k, (first, size, rate) in enumerate(taps):
        start, positions, step = used[axes[k]]
        stride, dilation = strides[k] * step, dilations[k] * rate
        geometry.append((size, stride, dilation))
        begin, extent = start * strides[k] + first * dilations[k], (size - 1) * dilation + 1
        length = shape[axes[k]]
        # An end that no window covers is not sliced off.
        if begin or (length - extent) // stride + 1 != positions:
            length = (positions - 1) * stride + extent
        used[axes[k]] = (begin, length, 1)
    sizes, strides, dilations = zip(*geometry, strict=True)
    return tuple(used), {"axes": axes, "sizes": sizes, "strides": strides, "dilations": dilations}


RULES: dict[str, Callable[[tuple[Node, ...], Params], Node | None]] = {
    selection.select.name: _select,
    movement.strided_slice.name: _slice,
    fold.name: _fold,
    movement.transpose.name: _transpose,
}
