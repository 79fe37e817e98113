"""Bounded activations (sigmoid, tanh, softsign, softmax), log-softmax, and the identity."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.ops.primitives import special
from chainrule.ops.primitives.selection import stop_gradient

__all__ = ["hard_sigmoid", "linear", "log_softmax", "sigmoid", "softmax", "softsign", "tanh"]

# Finite in float32, with a reciprocal below its epsilon.
_HUGE = 1e30


def linear(x: Any) -> Any:
    """Return x: the identity, no activation.

    Parameters
    ----------
    x : array, float
        The input.

    Returns
    -------
    array, float, as `x`
        The input itself.

    Examples
    --------
    >>> float(linear(np.float32(-2)))
    -2.0
    """
    return x


def sigmoid(x: Any) -> Any:
    """Compute the logistic function, σ(x) = 1 / (1 + exp(-x)).

    Parameters
    ----------
    x : array, float
        The input.

    Returns
    -------
    array, float, as `x`, in [0, 1]
        Its derivative is σ (1 - σ).

    Examples
    --------
    >>> sigmoid(np.array([-np.inf, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    return special.sigmoid(x)


def tanh(x: Any) -> Any:
    """Compute the hyperbolic tangent.

    Parameters
    ----------
    x : array, float
        The input.

    Returns
    -------
    array, float, as `x`, in [-1, 1]
        Its derivative is 1 - tanh².

    Examples
    --------
    >>> tanh(np.array([-np.inf, 0.0, 1000.0]))
    array([-1.,  0.,  1.])
    """
    return np.tanh(x)


def hard_sigmoid(x: Any) -> Any:
    """Compute x/6 + 1/2 clipped to [0, 1], a piecewise linear sigmoid.

    Parameters
    ----------
    x : array, float
        The input.

    Returns
    -------
    array, float, as `x`, in [0, 1]
        Its derivative at both kinks, -3 and 3, is 0.

    References
    ----------
    Howard et al. (2019), "Searching for MobileNetV3", section 5.2.

    Examples
    --------
    >>> hard_sigmoid(np.array([-4.0, 0.0, 1.5, 4.0]))
    array([0.  , 0.5 , 0.75, 1.  ])
    """
    return np.where(x <= -3, 0, np.where(x >= 3, 1, x / 6 + 0.5))


def softsign(x: Any) -> Any:
    """Compute x / (1 + |x|).

    Parameters
    ----------
    x : array, float
        The input.

    Returns
    -------
    array, float, as `x`, in [-1, 1]
        The result.

    References
    ----------
    Glorot & Bengio (2010), "Understanding the difficulty of training deep feedforward neural
    networks", section 2.3.

    Examples
    --------
    >>> softsign(np.array([-np.inf, 0.0, 1.0]))
    array([-1. ,  0. ,  0.5])
    """
    x = np.clip(x, -_HUGE, _HUGE)
    return x / (1 + np.abs(x))


def softmax(x: Any) -> Any:
    """Compute exp(xᵢ) / Σⱼ exp(xⱼ) along the last axis.

    Parameters
    ----------
    x : array, float, (..., classes)
        Logits; -inf gives probability 0.

    Returns
    -------
    array, float, (..., classes), in [0, 1]
        Probabilities, which sum to 1 over the classes. Invariant to a constant added to all logits.

    References
    ----------
    Bridle (1990), "Probabilistic interpretation of feedforward classification network outputs".

    Examples
    --------
    >>> softmax(np.array([1000.0, 1000.0, -1000.0]))
    array([0.5, 0.5, 0. ])
    """
    # The maximum is a constant to the derivative: its contribution cancels exactly.
    powers = np.exp(x - stop_gradient(np.max(x, axis=-1, keepdims=True)))
    return powers / np.sum(powers, axis=-1, keepdims=True)


def log_softmax(x: Any) -> Any:
    """Compute xᵢ - ln Σⱼ exp(xⱼ) along the last axis: ln softmax, without loss of precision.

    Parameters
    ----------
    x : array, float, (..., classes)
        Logits.

    Returns
    -------
    array, float, (..., classes), at most 0
        Log-probabilities.

    References
    ----------
    Blanchard, Higham & Higham (2021), "Accurately computing the log-sum-exp and softmax
    functions", equation 1.8.

    Examples
    --------
    >>> log_softmax(np.array([1000.0, 0.0]))
    array([    0., -1000.])
    """
    shifted = x - stop_gradient(np.max(x, axis=-1, keepdims=True))
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
