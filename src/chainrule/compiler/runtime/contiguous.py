"""Arrays as native code takes them: in rows without gaps, in this machine's kinds of number."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import GraphError

__all__ = ["PLAIN", "contiguous_array", "is_plain"]

PLAIN = 0x101
"""NumPy's flags of an array in rows without gaps, at an address its kind of number allows."""


def is_plain(array: Any, dtype: Any, shape: tuple[int, ...]) -> bool:
    """Whether something is an array of a type, in rows without gaps."""
    is_array = type(array) is np.ndarray and array.dtype is dtype
    return is_array and array.shape == shape and array.flags.num & PLAIN == PLAIN


def contiguous_array(array: Any, dtype: Any, shape: tuple[int, ...]) -> Any:
    """Return an array in rows without gaps, of the very type that the program was made for."""
    made = np.require(np.asarray(array, dtype), requirements=["C", "A"]).view(np.ndarray)
    if made.shape != shape:
        raise GraphError(f"a program for an input of shape {shape} was given one of {made.shape}")
    return made
