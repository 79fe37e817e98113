"""Array methods whose arguments differ from those of the NumPy function of the same name."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, DTypeError, UnsupportedError, counted
from chainrule.graph.node import Node
from chainrule.ops.numpy_api import indexing, searching, shape_manipulation
from chainrule.ops.primitives.selection import identity

__all__ = [
    "astype", "compress", "flatten", "item", "partition", "reshape", "to_device", "tolist",
    "transpose", "view",
]  # fmt: skip


def astype(
    x: Any, dtype: Any, order: str = "K", casting: Any = "unsafe", subok: bool = True,
    copy: bool = True,
) -> Any:  # fmt: skip
    """Convert to another dtype: ``x.astype(np.float32)``."""
    if not np.can_cast(x.dtype, dtype, casting):
        raise DTypeError(
            f"x.astype: cannot convert {x.dtype} to {np.dtype(dtype)} with casting={casting!r}; "
            "use casting='unsafe'"
        )
    return shape_manipulation.astype(x, dtype)


def compress(x: Any, condition: Any, axis: int | None = None) -> Any:
    """Take the entries where a condition of known value is true."""
    return indexing.compress(condition, x, axis)


def view(x: Any, dtype: Any = None, type: Any = None) -> Any:
    """Return the array itself, for its own dtype; its bytes cannot be read as another."""
    given = [each for each in (dtype, type) if each is not None and each is not np.ndarray]
    if any(isinstance(each, builtins.type) and issubclass(each, np.ndarray) for each in given):
        raise UnsupportedError(
            "x.view: a subclass of arrays cannot be traced; pass a masked array as "
            "x.filled(value), and any other as np.asarray(x)"
        )
    if any(np.dtype(each) != x.dtype for each in given):
        raise UnsupportedError(
            f"x.view: the bytes of {x.dtype} cannot be read as {np.dtype(given[0])}; convert the "
            "values with x.astype(dtype)"
        )
    return x


def partition(x: Any, kth: Any, axis: int = -1, kind: str = "introselect") -> None:
    """Partition the array itself along an axis."""
    x[...] = searching.partition(x, kth, axis)


def to_device(x: Any, device: str, *, stream: Any = None) -> Any:
    """Return the array itself: all arrays are on the CPU."""
    return x


def reshape(x: Any, *shape: Any, order: str = "C") -> Any:
    """Reshape: ``x.reshape(2, 3)`` or ``x.reshape((2, 3))``."""
    return shape_manipulation.reshape(x, shape[0] if len(shape) == 1 else shape, order)


def transpose(x: Any, *axes: Any) -> Any:
    """Reorder the axes: ``x.transpose(1, 0)`` or ``x.transpose((1, 0))``."""
    if len(axes) == 1 and not isinstance(axes[0], int | np.integer):
        return shape_manipulation.transpose(x, axes[0])
    return shape_manipulation.transpose(x, axes or None)


def flatten(x: Any, order: str = "C") -> Any:
    """Flatten in row-major order."""
    return shape_manipulation.ravel(x, order)


def item(x: Node, *index: Any) -> Node:
    """Return one element, a traced scalar of Python's type."""
    return _of_python(identity(_element(x, index)))


def _of_python(x: Node) -> Node:
    x.python_type = _PYTHON_TYPES[x.dtype.kind]
    return x


_PYTHON_TYPES = {"f": float, "i": int, "u": int, "b": bool}


def _element(x: Node, index: tuple[Any, ...]) -> Node:
    if x.size != 1 and not index:
        raise ArgumentError(
            f"x.item(): {x.type} has {counted(x.size, 'element')}; say which one, or index it"
        )
    if not index:
        return shape_manipulation.reshape(x, ())
    if len(index) == 1 and isinstance(index[0], int | np.integer):
        return shape_manipulation.ravel(x)[index[0]]
    return x[index[0] if len(index) == 1 else index]


def tolist(x: Node) -> Any:
    """Return nested lists of traced scalars."""
    return [tolist(each) for each in x] if x.shape else _of_python(identity(x))
