"""Checks of sample weights: shape, sign, and that some samples are left to count."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError
from chainrule.train.checks.finite import check_finite

__all__ = ["check_some_left", "check_weight"]

Array = NDArray[Any]


def check_weight(weight: Array, length: int, function: str, name: str, dtype: Any) -> None:
    """Refuse weights that are not one finite number of at least 0 for each sample."""
    if weight.shape != (length,):
        raise DataError(
            f"{function}: {name} has shape {weight.shape}; it must have one number for each "
            f"of the {length} samples, shape ({length},)"
        )
    extent = check_finite(weight, function, name, dtype)
    if extent.low < 0:
        bad = np.flatnonzero(weight < 0)
        raise DataError(
            f"{function}: {name} is negative {len(bad)} times, first {weight[bad[0]]} at "
            f"{name}[{bad[0]}]; weights must be 0 or more"
        )
    check_some_left(weight, function, f"{name} is", "samples", dtype)


def check_some_left(weight: Array, function: str, subject: str, samples: str, dtype: Any) -> None:
    """Refuse weights that are all 0, or so small that their squares vanish in the network's dtype.

    Examples
    --------
    >>> check_some_left(np.zeros(3), "fit", "sample_weight is", "samples", "float32")
    Traceback (most recent call last):
    chainrule.errors.DataError: fit: sample_weight is 0 for all 3 samples, so that none counts; give
    some of them a weight greater than 0
    """
    largest = float(weight.max())
    least = math.sqrt(float(np.finfo(dtype).tiny))
    if largest >= least:
        return
    if largest == 0:
        raise DataError(
            f"{function}: {subject} 0 for all {weight.size} {samples}, so that none counts; give "
            "some of them a weight greater than 0"
        )
    raise DataError(
        f"{function}: {subject} at most {largest:.3g} for all {weight.size} {samples}, which "
        f"vanishes in {np.dtype(dtype)}, so that none counts; scale the weights up, for example to "
        "a mean of 1"
    )
