"""Prediction of any number of rows by programs for a few numbers of rows.

A batch is padded by copies of its last row to the next number that has a program, and the outputs
of these are dropped: for layers that treat each row by itself, see `are_row_independent`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.train.inference.predict_function import PredictFunction

__all__ = ["PaddedRows", "padded_count"]

Array = NDArray[Any]

_STEPS = 4
"""Numbers of rows with a program between two powers of two: at most a fifth is padding."""


def padded_count(count: int) -> int:
    """Return the least number of rows that has a program, for at least `count` rows.

    Examples
    --------
    >>> [padded_count(count) for count in (1, 5, 8, 9, 100, 1000)]
    [1, 5, 8, 10, 112, 1024]
    """
    step = max(1, 2 ** (count - 1).bit_length() // (2 * _STEPS))
    return -(-count // step) * step


class PaddedRows:
    """A prediction of `count` rows by a program for more of them."""

    def __init__(self, function: PredictFunction, shape: tuple[int, ...], count: int) -> None:
        self._function, self._shape, self._count = function, shape, count

    def __call__(self, X: Array) -> Array:
        """Return the outputs for the rows."""
        padded = np.empty(self._shape, X.dtype)
        padded[: self._count] = X
        padded[self._count :] = X[-1]
        return self._function(padded)[: self._count].copy()
