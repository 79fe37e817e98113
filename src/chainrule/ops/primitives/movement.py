"""Movement primitives: index maps, which move elements and compute nothing.

Each maps an output index to an input index. They are linear, and their derivatives are their
transposes: of ``reshape`` and ``transpose`` the inverse, of ``strided_slice`` ``pad_into`` and
back, of ``concatenate`` a slice for each operand. (``unfold`` and ``fold`` are in ``windows``.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, counted
from chainrule.graph.array_type import ArrayType
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.rules import batched_alike, linear_in

__all__ = [
    "Slices",
    "as_slices",
    "check_slices",
    "concatenate",
    "pad_into",
    "reshape",
    "strided_slice",
    "transpose",
]

Slices = tuple[tuple[int, int, int], ...]
"""For each axis: first index, number of indices, step (negative steps run backwards)."""


def _reshape_type(x: ArrayType, shape: tuple[int, ...]) -> ArrayType:
    if math.prod(shape) != x.size:
        raise ShapeError(
            f"reshape: {x} has {counted(x.size, 'element')}, which do not fill the shape {shape} "
            f"({counted(math.prod(shape), 'element')})"
        )
    return x.with_shape(shape)


reshape = Primitive(
    "reshape",
    infer=_reshape_type,
    evaluate=lambda x, shape: x.reshape(shape),
    vjp=lambda ct, y, x, shape: (reshape(ct, shape=x.shape),),
    jvp=linear_in(0),
    batch=lambda size, is_batched, x, shape: reshape(x, shape=(size, *shape)),
    formula="reshape({0}, {shape})",
    reference=lambda x, shape: np.array(x.ravel().tolist(), x.dtype).reshape(shape),
    samples=lambda: [
        Sample((np.arange(6.0).reshape(2, 3),), {"shape": (3, 2)}),
        Sample((np.arange(6.0).reshape(2, 3).T,), {"shape": (6,)}),
        Sample((np.array(1.0),), {"shape": (1, 1)}),
        Sample((np.ones((0, 3)),), {"shape": (3, 0)}),
    ],
    invalid=lambda: [Sample((np.ones(6),), {"shape": (4,)})],
)


def _transpose_type(x: ArrayType, axes: tuple[int, ...]) -> ArrayType:
    if sorted(axes) != list(range(x.ndim)):
        raise ShapeError(
            f"transpose: axes {axes} are not an order of the {counted(x.ndim, 'axis')} of {x}"
        )
    return x.with_shape(tuple(x.shape[i] for i in axes))


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(axes.index(i) for i in range(len(axes)))


transpose = Primitive(
    "transpose",
    infer=_transpose_type,
    evaluate=lambda x, axes: x.transpose(axes),
    vjp=lambda ct, y, x, axes: (transpose(ct, axes=_inverse(axes)),),
    jvp=linear_in(0),
    batch=lambda size, is_batched, x, axes: transpose(x, axes=(0, *(i + 1 for i in axes))),
    formula="{0}ᵀ",
    reference=lambda x, axes: np.einsum(x, [*range(x.ndim)], list(axes)),
    samples=lambda: [
        Sample((np.arange(6.0).reshape(2, 3),), {"axes": (1, 0)}),
        Sample((np.arange(24.0).reshape(2, 3, 4),), {"axes": (2, 0, 1)}),
        Sample((np.array(1.0),), {"axes": ()}),
    ],
    invalid=lambda: [Sample((np.ones((2, 3)),), {"axes": (0, 0)})],
)


def as_slices(slices: Slices) -> tuple[slice, ...]:
    """Return Python slices; one with a negative step that includes index 0 ends at None."""

    def python_slice(start: int, count: int, step: int) -> slice:
        stop = start + count * step
        return slice(start, stop if stop >= 0 else None, step)

    return tuple(python_slice(*each) for each in slices)


def check_slices(name: str, slices: Slices, shape: tuple[int, ...]) -> None:
    """Refuse slices that are out of the bounds of a shape."""
    in_bounds = len(slices) == len(shape) and all(
        count == 0 or (0 <= start < length and 0 <= start + (count - 1) * step < length)
        for (start, count, step), length in zip(slices, shape, strict=True)
    )
    if not in_bounds:
        raise ShapeError(f"{name}: slices {slices} are out of bounds for shape {shape}")


def _slice_type(x: ArrayType, slices: Slices) -> ArrayType:
    check_slices("strided_slice", slices, x.shape)
    return x.with_shape(tuple(count for _, count, _ in slices))


def _pad_into_type(x: ArrayType, slices: Slices, shape: tuple[int, ...]) -> ArrayType:
    check_slices("pad_into", slices, shape)
    if x.shape != tuple(count for _, count, _ in slices):
        raise ShapeError(f"pad_into: {x} does not fill the slices {slices}")
    return x.with_shape(shape)


def _pad_into(x: Any, slices: Slices, shape: tuple[int, ...]) -> Any:
    result = np.zeros(shape, x.dtype)
    result[as_slices(slices)] = x
    return result


def _indices(slices: Slices) -> Any:
    return np.ix_(*[[start + i * step for i in range(count)] for start, count, step in slices])


def _pad_into_reference(x: Any, slices: Slices, shape: tuple[int, ...]) -> Any:
    result = np.zeros(shape)
    for index in np.ndindex(*x.shape):
        target = tuple(s + i * step for i, (s, _, step) in zip(index, slices, strict=True))
        result[target] = x[index]
    return result


strided_slice = Primitive(
    "strided_slice",
    infer=_slice_type,
    evaluate=lambda x, slices: x[as_slices(slices)],
    vjp=lambda ct, y, x, slices: (pad_into(ct, slices=slices, shape=x.shape),),
    jvp=linear_in(0),
    batch=lambda size, is_batched, x, slices: strided_slice(x, slices=((0, size, 1), *slices)),
    formula="{0}[{slices}]",
    reference=lambda x, slices: x[_indices(slices)],
    samples=lambda: [
        Sample((np.arange(5.0),), {"slices": ((1, 2, 2),)}),
        Sample((np.arange(5.0),), {"slices": ((4, 5, -1),)}),
        Sample((np.arange(6.0).reshape(2, 3),), {"slices": ((0, 2, 1), (2, 2, -1))}),
        Sample((np.arange(3.0),), {"slices": ((0, 0, 1),)}),
    ],
    invalid=lambda: [Sample((np.ones(3),), {"slices": ((1, 3, 1),)})],
)

pad_into = Primitive(
    "pad_into",
    infer=_pad_into_type,
    evaluate=_pad_into,
    vjp=lambda ct, y, x, slices, shape: (strided_slice(ct, slices=slices),),
    jvp=linear_in(0),
    batch=lambda size, is_batched, x, slices, shape: pad_into(
        x, slices=((0, size, 1), *slices), shape=(size, *shape)
    ),
    formula="pad_into({0})",
    reference=_pad_into_reference,
    samples=lambda: [
        Sample((np.arange(2.0),), {"slices": ((1, 2, 2),), "shape": (5,)}),
        Sample((np.arange(5.0),), {"slices": ((4, 5, -1),), "shape": (5,)}),
        Sample((np.ones((1, 2)),), {"slices": ((1, 1, 1), (0, 2, 2)), "shape": (2, 3)}),
    ],
    invalid=lambda: [Sample((np.ones(2),), {"slices": ((0, 3, 1),), "shape": (5,)})],
)


def _other_axis(types: Sequence[ArrayType]) -> str:
    """Name the axis along which arrays can be concatenated, if there is one."""
    if len({x.ndim for x in types}) > 1:
        return "; give all the same number of axes, for example by x[:, None]"
    for axis in range(types[0].ndim):
        if len({x.shape[:axis] + x.shape[axis + 1 :] for x in types}) == 1:
            return f"; along axis={axis} they fit"
    return ""


def _concatenate_type(*types: ArrayType, axis: int) -> ArrayType:
    first = types[0]
    rest = {x.shape[:axis] + x.shape[axis + 1 :] for x in types}
    if len(rest) > 1 or len({x.ndim for x in types}) > 1:
        shapes = ", ".join(map(repr, types))
        raise ShapeError(
            f"concatenate: {shapes} must agree on every axis but axis {axis}{_other_axis(types)}"
        )
    length = sum(x.shape[axis] for x in types)
    return first.with_shape((*first.shape[:axis], length, *first.shape[axis + 1 :]))


def _concatenate_vjp(ct: Any, y: Any, *inputs: Any, axis: int) -> list[Any]:
    starts = np.cumsum([0, *(x.shape[axis] for x in inputs)]).tolist()
    return [
        strided_slice(
            ct,
            slices=tuple((start, n, 1) if i == axis else (0, n, 1) for i, n in enumerate(x.shape)),
        )
        for x, start in zip(inputs, starts, strict=False)
    ]


concatenate = Primitive(
    "concatenate",
    infer=_concatenate_type,
    evaluate=lambda *arrays, axis: np.concatenate(arrays, axis=axis),
    vjp=_concatenate_vjp,
    jvp=linear_in(),
    batch=lambda size, is_batched, *inputs, axis: concatenate(
        *batched_alike(size, is_batched, inputs), axis=axis + 1
    ),
    formula="[{0}, …]",
    reference=lambda *arrays, axis: np.moveaxis(
        np.array([row for x in arrays for row in np.moveaxis(x, axis, 0)]), 0, axis
    ),
    samples=lambda: [
        Sample((np.arange(2.0), np.arange(3.0)), {"axis": 0}),
        Sample((np.ones((2, 1)), np.zeros((2, 2)), np.ones((2, 1))), {"axis": 1}),
        Sample((np.ones((1, 2)),), {"axis": 0}),
    ],
    invalid=lambda: [Sample((np.ones((2, 1)), np.ones((3, 1))), {"axis": 1})],
)
