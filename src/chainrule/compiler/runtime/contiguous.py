"""Arrays as native code reads them: C-contiguous, aligned, in native byte order."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import GraphError

__all__ = ["CONTIGUOUS", "contiguous_array", "is_contiguous", "native_byte_order"]

CONTIGUOUS = 0x101
"""NumPy's flags ``C_CONTIGUOUS`` and ``ALIGNED``, to be tested in one look-up."""


def is_contiguous(array: Any, dtype: Any, shape: tuple[int, ...]) -> bool:
    """Whether this is a C-contiguous, aligned array of that type."""
    is_array = type(array) is np.ndarray and array.dtype is dtype
    return is_array and array.shape == shape and array.flags.num & CONTIGUOUS == CONTIGUOUS


def contiguous_array(array: Any, dtype: Any, shape: tuple[int, ...]) -> Any:
    """Return a C-contiguous, aligned array of that type, a copy only if necessary."""
    result = np.require(np.asarray(array, dtype), requirements=["C", "A"]).view(np.ndarray)
    if result.shape != shape:
        raise GraphError(f"program: expected an input of shape {shape}, got {result.shape}")
    return result


def native_byte_order(array: Any) -> Any:
    """Return an array in this machine's byte order, a copy only if necessary."""
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
