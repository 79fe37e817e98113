"""Rows sorted by class, of which ``validation_split`` holds out one class alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import warn

__all__ = ["warn_of_sorted_rows"]

_UNLIKELY = 1e-9
"""Probability below which it is no accident that the samples held out are of one class."""


def warn_of_sorted_rows(y: NDArray[Any], first: int, names: Sequence[Any] | None) -> None:
    """Warn if the samples from `first` on are all of one class, which shuffled ones would not be.

    Of n samples drawn from N, k of a class, all are of it with a probability of at most (k / N)ⁿ.
    """
    labels = y.reshape(-1) if y.ndim == 2 and y.shape[1] == 1 else y
    if labels.ndim != 1 or labels.dtype.kind not in "iub" or first >= len(labels):
        return
    held_out, only = labels[first:], labels[-1]
    if np.any(held_out != only):
        return
    share = np.count_nonzero(labels == only) / len(labels)
    if share ** len(held_out) < _UNLIKELY:
        name = names[only] if names else only
        warn(
            f"fit: the last {len(held_out)} samples, which validation_split holds out, are all of "
            f"class {name}: the rows are sorted; shuffle them before, or give validation_data, as "
            "by data.split(X, y)"
        )
