"""Losses of amounts."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from chainrule.losses.evaluation import Reduction, loss_function, loss_of_amounts

__all__ = ["cosine", "huber", "log_cosh", "mae", "mse", "poisson", "quantile", "sse"]


@loss_function
def mse(y_true: ArrayLike, y_pred: ArrayLike, *, reduction: Reduction = None) -> Any:
    """Compute the mean squared error, mean (ŷ - y)².

    Parameters
    ----------
    y_true : array, (n, ...)
        Targets.
    y_pred : array, (n, ...)
        Predictions of the same shape; (n,) and (n, 1) are taken as equal.
    reduction : {"mean", "sum", "none"} or None
        None is that of ``net.compile``; "none" returns the loss of each sample.

    Returns
    -------
    float, or array (n,)
        The loss.

    Raises
    ------
    DataError, DTypeError, ShapeError
        For NaN, text, other shapes (nothing is broadcast), or values that it is not defined for.

    Examples
    --------
    >>> mse([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    return loss_of_amounts("mse", y_true, y_pred, reduction)


@loss_function
def sse(y_true: ArrayLike, y_pred: ArrayLike, *, reduction: Reduction = None) -> Any:
    """Compute the sum of squared errors, Σ (ŷ - y)², over all samples.

    Parameters
    ----------
    y_true : array, (n, ...)
        Targets.
    y_pred : array, (n, ...)
        Predictions of the same shape; (n,) and (n, 1) are taken as equal.
    reduction : {"mean", "sum", "none"} or None
        None is that of ``net.compile``; "none" returns the loss of each sample.

    Returns
    -------
    float, or array (n,)
        The loss.

    Raises
    ------
    DataError, DTypeError, ShapeError
        As `mse`.

    Examples
    --------
    >>> sse([1.0, 2.0], [1.0, 4.0])
    4.0
    """
    return loss_of_amounts("sse", y_true, y_pred, reduction)


@loss_function
def mae(y_true: ArrayLike, y_pred: ArrayLike, *, reduction: Reduction = None) -> Any:
    """Compute the mean absolute error, mean |ŷ - y|.

    Parameters
    ----------
    y_true : array, (n, ...)
        Targets.
    y_pred : array, (n, ...)
        Predictions of the same shape; (n,) and (n, 1) are taken as equal.
    reduction : {"mean", "sum", "none"} or None
        None is that of ``net.compile``; "none" returns the loss of each sample.

    Returns
    -------
    float, or array (n,)
        The loss.

    Raises
    ------
    DataError, DTypeError, ShapeError
        As `mse`.

    Examples
    --------
    >>> mae([1.0, 2.0], [1.0, 4.0])
    1.0
    """
    return loss_of_amounts("mae", y_true, y_pred, reduction)


@loss_function
def huber(
    y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0, *, reduction: Reduction = None
) -> Any:
    """Compute the Huber loss: e²/2 where |e| ≤ δ, else δ (|e| - δ/2), with e = ŷ - y.

    Parameters
    ----------
    y_true : array, (n, ...)
        Targets.
    y_pred : array, (n, ...)
        Predictions of the same shape; (n,) and (n, 1) are taken as equal.
    delta : float > 0
        δ: where it turns from squares to absolute values.
    reduction : {"mean", "sum", "none"} or None
        None is that of ``net.compile``; "none" returns the loss of each sample.

    Returns
    -------
    float, or array (n,)
        The loss.

    Raises
    ------
    DataError, DTypeError, ShapeError
        As `mse`.

    Examples
    --------
    >>> huber([0.0, 0.0], [0.5, 3.0])
    1.3125
    """
    return loss_of_amounts("huber", y_true, y_pred, reduction, delta=delta)


@loss_function
def log_cosh(y_true: ArrayLike, y_pred: ArrayLike, *, reduction: Reduction = None) -> Any:
    """Compute ln cosh e, e = ŷ - y: about e²/2 for small |e| and |e| - ln 2 for large.

    Parameters
    ----------
    y_true : array, (n, ...)
        Targets.
    y_pred : array, (n, ...)
        Predictions of the same shape; (n,) and (n, 1) are taken as equal.
    reduction : {"mean", "sum", "none"} or None
        None is that of ``net.compile``; "none" returns the loss of each sample.

    Returns
    -------
    float, or array (n,)
        The loss.

    Raises
    ------
    DataError, DTypeError, ShapeError
        As `mse`.

    Examples
    --------
    >>> log_cosh([0.0], [0.0])
    0.0
    """
    return loss_of_amounts("log_cosh", y_true, y_pred, reduction)


@loss_function
def quantile(
    y_true: ArrayLike, y_pred: ArrayLike, q: float = 0.5, *, reduction: Reduction = None
) -> Any:
    """Compute the quantile (pinball) loss max(q e, (q - 1) e), with e = y - ŷ.

    Parameters
    ----------
    y_true : array, (n, ...)
        Targets.
    y_pred : array, (n, ...)
        Predictions of the same shape; (n,) and (n, 1) are taken as equal.
    q : float in (0, 1)
        Which quantile has the least loss.
    reduction : {"mean", "sum", "none"} or None
        None is that of ``net.compile``; "none" returns the loss of each sample.

    Returns
    -------
    float, or array (n,)
        The loss.

    Raises
    ------
    DataError, DTypeError, ShapeError
        As `mse`.

    Examples
    --------
    >>> quantile([1.0, 0.0], [0.0, 1.0], q=0.75)
    0.5
    """
    return loss_of_amounts("quantile", y_true, y_pred, reduction, q=q)


@loss_function
def poisson(y_true: ArrayLike, y_pred: ArrayLike, *, reduction: Reduction = None) -> Any:
    """Compute the Poisson negative log-likelihood ŷ - y ln ŷ (+ ln y!), of counts y at rate ŷ.

    Parameters
    ----------
    y_true : array, (n, ...)
        Targets.
    y_pred : array, (n, ...)
        Predictions of the same shape; (n,) and (n, 1) are taken as equal.
    reduction : {"mean", "sum", "none"} or None
        None is that of ``net.compile``; "none" returns the loss of each sample.

    Returns
    -------
    float, or array (n,)
        The loss.

    Raises
    ------
    DataError, DTypeError, ShapeError
        As `mse`.

    Examples
    --------
    >>> poisson([0, 0], [1.0, 3.0])
    2.0
    """
    return loss_of_amounts("poisson", y_true, y_pred, reduction)


@loss_function
def cosine(y_true: ArrayLike, y_pred: ArrayLike, *, reduction: Reduction = None) -> Any:
    """Compute the cosine distance 1 - y·ŷ / (‖y‖ ‖ŷ‖) along the last axis.

    Parameters
    ----------
    y_true : array, (n, ...)
        Targets.
    y_pred : array, (n, ...)
        Predictions of the same shape; (n,) and (n, 1) are taken as equal.
    reduction : {"mean", "sum", "none"} or None
        None is that of ``net.compile``; "none" returns the loss of each sample.

    Returns
    -------
    float, or array (n,)
        The loss.

    Raises
    ------
    DataError, DTypeError, ShapeError
        As `mse`.

    Examples
    --------
    >>> cosine([[1.0, 0.0], [1.0, 0.0]], [[5.0, 0.0], [0.0, 2.0]])
    0.5
    """
    return loss_of_amounts("cosine", y_true, y_pred, reduction)
