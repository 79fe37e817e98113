"""Arrays as arguments of the functions on data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.array_classes import refuse_masked
from chainrule.errors import DataError

__all__ = ["as_array"]


def as_array(value: Any, what: str) -> NDArray[Any]:
    """Return an array, which retains its mask; a list of masked arrays has none.

    Examples
    --------
    >>> as_array([[1, 2], [3]], "split: X")
    Traceback (most recent call last):
    chainrule.errors.DataError: split: X is ragged, and no array; give all rows the same length
    """
    if isinstance(value, list | tuple):
        refuse_masked(value, what)
    try:
        return np.asanyarray(value)
    except (ValueError, TypeError):
        raise DataError(f"{what} is ragged, and no array; give all rows the same length") from None
