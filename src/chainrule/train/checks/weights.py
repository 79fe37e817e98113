"""Checks of sample weights: shape, sign, and that some samples are left to count."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError, counted
from chainrule.train.checks.finite import check_finite

__all__ = ["check_some_left", "check_weight", "check_weight_shape"]

Array = NDArray[Any]


def check_weight(weight: Array, length: int, function: str, name: str, dtype: Any) -> None:
    """Refuse weights that are not finite numbers of at least 0, for samples or their steps."""
    if weight.shape[:1] != (length,) or weight.ndim > 2:
        check_weight_shape(weight, length, None, function, name)
    extent = check_finite(weight, function, name, dtype)
    if extent.low < 0:
        bad = np.argwhere(weight < 0)
        first = tuple(bad[0].tolist())
        raise DataError(
            f"{function}: {name} is negative {len(bad)} times, first {weight[first]} at "
            f"{name}[{', '.join(map(str, first))}]; weights must be 0 or more"
        )
    check_some_left(weight, function, f"{name} is", "samples", dtype)


def check_weight_shape(
    weight: Array, length: int, steps: int | None, function: str, name: str
) -> None:
    """Refuse weights unless there is one for each sample, or each step of outputs that have them.

    Examples
    --------
    >>> check_weight_shape(np.ones((2, 4)), 2, 5, "fit", "sample_weight")
    Traceback (most recent call last):
    chainrule.errors.DataError: fit: sample_weight has shape (2, 4); it must have one number for
    each of the 2 samples, shape (2,), or for each of the 5 steps of the outputs, shape (2, 5)
    """
    if weight.shape == (length,) or (steps is not None and weight.shape == (length, steps)):
        return
    of_steps = (
        f", or for each of the {counted(steps, 'step')} of the outputs, shape ({length}, {steps})"
    )
    raise DataError(
        f"{function}: {name} has shape {weight.shape}; it must have one number for each of the "
        f"{counted(length, 'sample')}, shape ({length},){'' if steps is None else of_steps}"
    )


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
