"""Attributes of arrays: what depends on shape and dtype, and views."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.ops.numpy_api.shape_manipulation import swapaxes

__all__ = ["device", "imag", "itemsize", "mT", "nbytes", "real"]


def real(x: Node) -> Node:
    """The real part: the array itself."""
    return x


def imag(x: Node) -> Any:
    """The imaginary part: zeros."""
    return np.zeros(x.shape, x.dtype)


def mT(x: Node) -> Node:  # noqa: N802 (NumPy's name)
    """The transposed matrices of the last two axes."""
    return swapaxes(x, -1, -2)


def itemsize(x: Node) -> int:
    """Return the bytes of an element."""
    return x.dtype.itemsize


def nbytes(x: Node) -> int:
    """Return the bytes of all elements."""
    return x.size * x.dtype.itemsize


def device(x: Node) -> str:
    """The device of NumPy's arrays."""
    return "cpu"
