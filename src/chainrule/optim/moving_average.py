"""Exponential moving averages, and the correction of their bias."""

from __future__ import annotations

import math

import numpy as np

from chainrule.optim.optimizer import Array

__all__ = ["average", "bias_corrected"]


def average(before: Array, value: Array, beta: float) -> Array:
    """Return the exponential moving average ``β·before + (1 - β)·value``.

    Examples
    --------
    >>> average(1.0, 3.0, beta=0.5)
    2.0
    """
    return beta * before + (1 - beta) * value


def bias_corrected(mean: Array, beta: float, step: Array) -> Array:
    """Return ``mean / (1 - βᵗ)``: an average corrected for its bias towards the initial zero.

    Notes
    -----
    ``1 - βᵗ`` is computed as ``-expm1(t·ln β)``. The subtraction would cancel: for β = 0.999 and
    t = 1 it is wrong in the fifth digit in float32.

    References
    ----------
    Kingma & Ba (2015), section 3.

    Examples
    --------
    >>> bias_corrected(average(0.0, 4.0, beta=0.5), beta=0.5, step=1)
    4.0
    """
    if not beta:
        return mean
    exponent = step * math.log(beta)
    # A Python float stays one: NumPy's float64 would widen float32 arrays.
    return mean / -(math.expm1 if type(exponent) is float else np.expm1)(exponent)
