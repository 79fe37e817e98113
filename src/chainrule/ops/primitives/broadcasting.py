"""Conversion and broadcasting: what NumPy does implicitly, as primitives.

``broadcast_to`` repeats along axes and ``reduce_to`` sums along them. They are linear and each is
the transpose of the other, so each is the other's derivative rule. All sums are ``reduce_to``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node, constant
from chainrule.graph.primitive import Primitive, Sample

__all__ = ["broadcast_to", "cast", "reduce_to", "uninitialized"]


def _cast_type(x: ArrayType, dtype: np.dtype[Any]) -> ArrayType:
    return x.with_dtype(dtype)


def _cast_vjp(ct: Node, y: Node, x: Node, dtype: np.dtype[Any]) -> tuple[Node | None]:
    is_differentiable = x.array_type.is_float and y.array_type.is_float
    return (cast(ct, x.dtype) if is_differentiable else None,)


def _cast_jvp(tangents: tuple[Node | None], y: Node, x: Node, dtype: np.dtype[Any]) -> Node | None:
    return None if tangents[0] is None or not y.array_type.is_float else cast(tangents[0], dtype)


_cast = Primitive(
    "cast",
    infer=_cast_type,
    evaluate=lambda x, dtype: x.astype(dtype),
    vjp=_cast_vjp,
    jvp=_cast_jvp,
    batch=lambda size, is_batched, x, dtype: cast(x, dtype),
    formula="{0}",
    reference=lambda x, dtype: np.array(x.tolist(), dtype).reshape(x.shape),
    samples=lambda: [
        Sample((np.array([1.5, -2.5]),), {"dtype": np.dtype("float32")}),
        Sample((np.array([[1.0, 2.0]]),), {"dtype": np.dtype("float64")}),
        Sample((np.array([True, False]),), {"dtype": np.dtype("float64")}),
        Sample((np.array([1.7, -1.7]),), {"dtype": np.dtype("int64")}),
    ],
)


def cast(x: Any, dtype: Any) -> Any:
    """Convert to another dtype; a node of that dtype is returned as it is."""
    dtype = np.dtype(dtype)
    if isinstance(x, Node) and x.dtype == dtype and not x.array_type.weak:
        return x
    return _cast(x, dtype=dtype)


def _axes(narrow: tuple[int, ...], wide: tuple[int, ...]) -> tuple[int, ...]:
    """Axes of shape `wide` along which shape `narrow` is broadcast."""
    added = len(wide) - len(narrow)
    stretched = (added + i for i, n in enumerate(narrow) if n == 1 and wide[added + i] != 1)
    return (*range(added), *stretched)


def _check_broadcast(name: str, narrow: tuple[int, ...], wide: tuple[int, ...]) -> None:
    pairs = zip(narrow[::-1], wide[::-1], strict=False)
    if len(narrow) > len(wide) or any(n not in (1, m) for n, m in pairs):
        raise ShapeError(
            f"{name}: shape {narrow} does not broadcast to {wide}; counted from the end, each axis "
            "must have the same length or length 1"
        )


def _broadcast_type(x: ArrayType, shape: tuple[int, ...]) -> ArrayType:
    _check_broadcast("broadcast_to", x.shape, shape)
    return x.with_shape(shape)


def _reduce_type(x: ArrayType, shape: tuple[int, ...]) -> ArrayType:
    _check_broadcast("reduce_to", shape, x.shape)
    return x.with_shape(shape)


def _reduce(x: Any, shape: tuple[int, ...]) -> Any:
    # Half precision is added up in single precision.
    dtype = np.dtype("float32") if x.dtype == np.float16 else x.dtype
    total = np.add.reduce(x, axis=_axes(shape, x.shape), dtype=dtype).reshape(shape)
    return total.astype(x.dtype, copy=False)


_broadcast_to = Primitive(
    "broadcast_to",
    infer=_broadcast_type,
    evaluate=np.broadcast_to,
    vjp=lambda ct, y, x, shape: (reduce_to(ct, x.shape),),
    jvp=lambda t, y, x, shape: broadcast_to(t[0], shape),
    batch=lambda size, is_batched, x, shape: broadcast_to(_aligned(x, shape), (size, *shape)),
    formula="{0}",
    reference=lambda x, shape: x * np.ones(shape, x.dtype),
    samples=lambda: [
        Sample((np.arange(3.0),), {"shape": (2, 3)}),
        Sample((np.array([[1.0], [2.0]]),), {"shape": (4, 2, 3)}),
        Sample((np.array(2.0),), {"shape": (0, 2)}),
        Sample((np.ones((1, 3)),), {"shape": (1, 3)}),
    ],
    invalid=lambda: [Sample((np.arange(3.0),), {"shape": (2,)})],
    is_broadcast=True,
)

_uninitialized = Primitive(
    "uninitialized",
    infer=_broadcast_type,
    evaluate=np.broadcast_to,
    vjp=lambda ct, y, x, shape: (reduce_to(ct, x.shape),),
    jvp=lambda t, y, x, shape: broadcast_to(t[0], shape),
    batch=lambda size, is_batched, x, shape: _uninitialized(
        _aligned(x, shape), shape=(size, *shape)
    ),
    formula="{0}",
    reference=lambda x, shape: x * np.ones(shape, x.dtype),
    samples=lambda: [Sample((np.array(2.0),), {"shape": (3, 2)})],
)

_reduce_to = Primitive(
    "reduce_to",
    infer=_reduce_type,
    evaluate=_reduce,
    vjp=lambda ct, y, x, shape: (broadcast_to(ct, x.shape),),
    jvp=lambda t, y, x, shape: reduce_to(t[0], shape),
    batch=lambda size, is_batched, x, shape: _batched_reduce(size, x, shape),
    formula="Σ {0}",
    reference=lambda x, shape: np.einsum(
        x, [*range(x.ndim)], [i for i in range(x.ndim) if i not in _axes(shape, x.shape)]
    ).reshape(shape),
    samples=lambda: [
        Sample((np.arange(6.0).reshape(2, 3),), {"shape": (3,)}),
        Sample((np.arange(24.0).reshape(4, 2, 3),), {"shape": (2, 1)}),
        Sample((np.ones((0, 2)),), {"shape": (1, 2)}),
        Sample((np.ones((2, 3)),), {"shape": ()}),
    ],
    invalid=lambda: [Sample((np.ones((2, 3)),), {"shape": (2,)})],
)


def broadcast_to(x: Any, shape: Any) -> Any:
    """Repeat along new or unit axes, as `numpy.broadcast_to`."""
    shape = _as_shape(shape)
    return x if getattr(x, "shape", None) == shape else _broadcast_to(x, shape=shape)


def uninitialized(dtype: np.dtype[Any], shape: tuple[int, ...]) -> Node:
    """Return an array that is stored into before it is read; elsewhere, it is 0.

    As the first carry of a compiled loop it is not filled.
    """
    return _uninitialized(constant(np.zeros((), dtype)), shape=shape)


def reduce_to(x: Any, shape: Any) -> Any:
    """Sum along the axes by which `shape` would be broadcast; the transpose of `broadcast_to`."""
    shape = _as_shape(shape)
    return x if getattr(x, "shape", None) == shape else _reduce_to(x, shape=shape)


def _as_shape(shape: Any) -> tuple[int, ...]:
    if type(shape) is not tuple and np.ndim(shape) == 0:
        return (int(shape),)
    return tuple([int(n) for n in shape])


def _aligned(x: Any, shape: tuple[int, ...]) -> Any:
    """Insert unit axes after the batch axis of `x`, up to the number of axes of `shape`."""
    first, *rest = x.shape
    return x.reshape((first, *(1,) * (len(shape) - len(rest)), *rest))


def _batched_reduce(size: int, x: Any, shape: tuple[int, ...]) -> Any:
    added = (1,) * (x.ndim - 1 - len(shape))
    return reduce_to(x, (size, *added, *shape)).reshape((size, *shape))
