"""Array methods whose arguments differ from those of the NumPy function of the same name."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.graph.node import Node
from chainrule.ops.numpy_api import shape_manipulation

__all__ = ["flatten", "item", "reshape", "tolist", "transpose"]


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
    """Return one element, a traced scalar."""
    if x.size != 1 and not index:
        raise ArgumentError(f"x.item(): {x.type} has {x.size} elements; say which one, or index it")
    if not index:
        return shape_manipulation.reshape(x, ())
    if len(index) == 1 and isinstance(index[0], int | np.integer):
        return shape_manipulation.ravel(x)[index[0]]
    return x[index[0] if len(index) == 1 else index]


def tolist(x: Node) -> Any:
    """Return nested lists of traced scalars."""
    return [tolist(each) for each in x] if x.shape else x
