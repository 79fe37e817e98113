"""Losses of classes."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from chainrule.errors import DataError
from chainrule.losses.evaluation import (
    Reduction,
    check_rows,
    computed,
    is_traced,
    known_logits,
    loss_function,
    loss_of_amounts,
    outputs,
    reduced,
    refuse_exchanged,
)
from chainrule.train.metrics.outcome import as_array, outcome_of

__all__ = ["binary_cross_entropy", "cross_entropy", "hinge", "kl_divergence"]


@loss_function
def cross_entropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool | None = None,
    *,
    labels: ArrayLike | None = None,
    reduction: Reduction = None,
) -> Any:
    """Compute the cross-entropy of classes, -ln p of the true class.

    Parameters
    ----------
    y_true : array, (n, ...) or (n, ..., classes)
        Labels, one-hot rows or rows of probabilities.
    y_pred : array, float, (n, ..., classes)
        Probabilities, the sum of each row being 1; or logits.
    from_logits : bool or None
        Whether `y_pred` are logits. None is False; in a loss of your own, where values are not
        known, it must be given.
    labels : array, (classes,), or None
        The classes in the order of the columns; None is their sorted order.
    reduction : {"mean", "sum", "none"} or None
        None is that of ``net.compile``; "none" returns the loss of each sample.

    Returns
    -------
    float, or array (n,)
        The loss.

    Raises
    ------
    DataError, DTypeError, ShapeError, ArgumentError
        For predictions that are no probabilities, and other unsuitable data.

    Examples
    --------
    >>> cross_entropy(["no", "yes"], [[0.5, 0.5], [0.25, 0.75]], reduction="none").round(4)
    array([0.6931, 0.2877])
    """
    if is_traced(y_true, y_pred):
        known = known_logits("cross_entropy", from_logits)
        return reduced("cross_entropy", y_true, y_pred, reduction, from_logits=known)
    true, predicted = as_array("cross_entropy", "y_true", y_true), outputs("cross_entropy", y_pred)
    refuse_exchanged("cross_entropy", true, predicted)
    if not from_logits:
        check_rows("cross_entropy", predicted, "; for logits give from_logits=True")
    if true.shape != predicted.shape or labels is not None:
        truth = outcome_of("cross_entropy", true, predicted, None, labels).truth
        true = truth.reshape(predicted.shape[:-1])
    return computed("cross_entropy", true, predicted, reduction, from_logits=bool(from_logits))


@loss_function
def binary_cross_entropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool | None = None,
    *,
    reduction: Reduction = None,
) -> Any:
    """Compute the binary cross-entropy -(y ln p + (1 - y) ln(1 - p)).

    Parameters
    ----------
    y_true : array, (n, ...)
        0 and 1, or probabilities; of two other labels the second in sorted order counts as 1.
    y_pred : array, float, (n, ...)
        Probabilities of 1, or logits.
    from_logits : bool or None
        As that of `cross_entropy`.
    reduction : {"mean", "sum", "none"} or None
        None is that of ``net.compile``; "none" returns the loss of each sample.

    Returns
    -------
    float, or array (n,)
        The loss.

    Raises
    ------
    DataError, DTypeError, ShapeError, ArgumentError
        For predictions that are no probabilities, and other unsuitable data.

    Examples
    --------
    >>> binary_cross_entropy([0, 1], [0.5, 0.5])
    0.6931471805599453
    """
    if is_traced(y_true, y_pred):
        known = known_logits("binary_cross_entropy", from_logits)
        return reduced("binary_cross_entropy", y_true, y_pred, reduction, from_logits=known)
    true = as_array("binary_cross_entropy", "y_true", y_true)
    predicted = outputs("binary_cross_entropy", y_pred)
    if not from_logits and predicted.size and (predicted.min() < 0 or predicted.max() > 1):
        raise DataError(
            f"binary_cross_entropy: y_pred holds {predicted.min():.4g} to {predicted.max():.4g}, "
            "which are no probabilities; for logits give from_logits=True"
        )
    if true.dtype.kind == "U":
        true = outcome_of("binary_cross_entropy", true, predicted, 0.0).truth
    return computed(
        "binary_cross_entropy", true, predicted, reduction, from_logits=bool(from_logits)
    )


@loss_function
def hinge(y_true: ArrayLike, y_pred: ArrayLike, *, reduction: Reduction = None) -> Any:
    """Compute the hinge loss max(0, 1 - s ŷ), s = 1 for the positive class and -1 for the other.

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
    >>> hinge([1, 0], [0.5, 0.5])
    1.0
    """
    return loss_of_amounts("hinge", y_true, y_pred, reduction)


@loss_function
def kl_divergence(y_true: ArrayLike, y_pred: ArrayLike, *, reduction: Reduction = None) -> Any:
    """Compute the Kullback-Leibler divergence Σ y ln(y / ŷ) along the last axis.

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
    >>> round(kl_divergence([[0.5, 0.5]], [[0.25, 0.75]]), 4)
    0.1438
    """
    return loss_of_amounts("kl_divergence", y_true, y_pred, reduction)
