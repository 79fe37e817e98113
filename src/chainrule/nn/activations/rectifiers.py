"""The ReLU family: relu, leaky_relu, elu, selu, softplus, gelu, silu, mish."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.ops.primitives import special

__all__ = ["elu", "gelu", "leaky_relu", "mish", "relu", "selu", "silu", "softplus"]

# Klambauer et al. (2017), appendix A1: the fixed point of mean 0 and variance 1.
_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717

# σ, Φ and tanh(softplus) are 0 here in any precision; at -inf, x times 0 would be NaN.
_SATURATED = -1000.0


def relu(x: Any) -> Any:
    """Compute the rectified linear unit, max(x, 0).

    Parameters
    ----------
    x : array, float
        The input.

    Returns
    -------
    array, float, as `x`, in [0, inf]
        Its derivative at 0 is 0.

    References
    ----------
    Nair & Hinton (2010), "Rectified linear units improve restricted Boltzmann machines".

    Examples
    --------
    >>> relu(np.array([-1.0, 0.0, 2.0, np.nan]))
    array([ 0.,  0.,  2., nan])
    """
    return np.where(x <= 0, 0, x)


def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """Compute x where x > 0 and slope · x elsewhere.

    Parameters
    ----------
    x : array, float
        The input.
    slope : float
        The negative slope, also the derivative at 0.

    Returns
    -------
    array, float, as `x`
        The result.

    References
    ----------
    Maas, Hannun & Ng (2013), "Rectifier nonlinearities improve neural network acoustic models".

    Examples
    --------
    >>> leaky_relu(np.array([-1.0, 0.0, 2.0]))
    array([-0.01,  0.  ,  2.  ])
    """
    result: Any = np.where(x > 0, x, x * slope)
    return result


def elu(x: Any, alpha: float = 1.0) -> Any:
    """Compute x where x > 0 and α (exp(x) - 1) elsewhere.

    Parameters
    ----------
    x : array, float
        The input.
    alpha : float
        α, also the derivative at 0.

    Returns
    -------
    array, float, as `x`, above -α
        The result.

    References
    ----------
    Clevert, Unterthiner & Hochreiter (2016), "Fast and accurate deep network learning by
    exponential linear units (ELUs)", equation 15.

    Examples
    --------
    >>> elu(np.array([-np.inf, 0.0, 2.0]))
    array([-1.,  0.,  2.])
    """
    # The branch not taken must not overflow.
    return np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0, x)))


def selu(x: Any) -> Any:
    """Compute λ · elu(x, α), whose fixed point over layers is mean 0 and variance 1.

    Parameters
    ----------
    x : array, float
        The input.

    Returns
    -------
    array, float, as `x`
        Its derivative at 0 is λ α, the left derivative.

    References
    ----------
    Klambauer et al. (2017), "Self-normalizing neural networks", equation 2; constants from
    appendix A1.

    Examples
    --------
    >>> selu(np.array([-np.inf, 0.0, 1.0])).round(4)
    array([-1.7581,  0.    ,  1.0507])
    """
    return _SELU_SCALE * elu(x, _SELU_ALPHA)


def softplus(x: Any) -> Any:
    """Compute ln(1 + exp(x)), a smooth relu; its derivative is σ(x).

    Parameters
    ----------
    x : array, float
        The input.

    Returns
    -------
    array, float, as `x`, in [0, inf]
        The result.

    References
    ----------
    Dugas et al. (2001), "Incorporating second-order functional knowledge for better option
    pricing", equation 5.

    Examples
    --------
    >>> softplus(np.array([-np.inf, 0.0, np.inf])).round(4)
    array([0.    , 0.6931,    inf])
    """
    with np.errstate(invalid="ignore"):  # NumPy warns of NaN here, which it propagates
        return np.logaddexp(x, 0)


def gelu(x: Any) -> Any:
    """Compute x Φ(x), with the exact normal CDF Φ(x) = (1 + erf(x/√2)) / 2.

    Parameters
    ----------
    x : array, float
        The input.

    Returns
    -------
    array, float, as `x`
        The result.

    References
    ----------
    Hendrycks & Gimpel (2016), "Gaussian error linear units (GELUs)", section 2.

    Examples
    --------
    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1587,  0.    ,  0.8413])
    """
    clipped = np.clip(x, _SATURATED, -_SATURATED)  # the derivative of erf squares it
    return 0.5 * np.maximum(x, _SATURATED) * (1 + special.erf(clipped / math.sqrt(2)))


def silu(x: Any) -> Any:
    """Compute x σ(x), also known as swish.

    Parameters
    ----------
    x : array, float
        The input.

    Returns
    -------
    array, float, as `x`
        The result.

    References
    ----------
    Elfwing, Uchibe & Doya (2018), "Sigmoid-weighted linear units for neural network function
    approximation in reinforcement learning", equation 1.

    Examples
    --------
    >>> silu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.2689,  0.    ,  0.7311])
    """
    return np.maximum(x, _SATURATED) * special.sigmoid(x)


def mish(x: Any) -> Any:
    """Compute x tanh(softplus(x)).

    Parameters
    ----------
    x : array, float
        The input.

    Returns
    -------
    array, float, as `x`
        The result.

    References
    ----------
    Misra (2020), "Mish: a self regularized non-monotonic activation function", equation 1.

    Examples
    --------
    >>> mish(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.3034,  0.    ,  0.8651])
    """
    return np.maximum(x, _SATURATED) * np.tanh(softplus(x))
