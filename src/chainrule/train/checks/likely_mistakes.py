"""Warnings of likely mistakes, with evidence and remedy: unscaled inputs, missing classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import counted, warn
from chainrule.nn.losses.loss import Loss
from chainrule.train.checks.finite import Extent

__all__ = ["warn_likely_mistakes"]

Array = NDArray[Any]

_LARGE = 50.0
_FAR = 1000.0
"""Targets beyond are far from the outputs of a network that has not learned yet."""
_IMBALANCED = 0.95
_AMOUNTS = ("mse", "mae", "huber")
_FEW = 10  # samples; fewer are an experiment
_ENOUGH = 100  # samples; fewer are no evidence of imbalance


def warn_likely_mistakes(
    X: Array,
    y: Array,
    extent: Extent,
    loss: Loss,
    output_shape: tuple[int | None, ...],
    *,
    needs_scaling: bool = True,
    is_weighted: bool = False,
    ends_frozen: bool = False,
    ends_scaled: bool = False,
    of_batch: bool = False,
) -> None:
    """Warn of what is probably a mistake in training data that passed `check_samples`.

    Layers below one that is frozen may learn from a single answer, as those of a generator do.
    A batch may lack classes, so that of one only inputs and amounts are compared.

    Examples
    --------
    >>> import warnings
    >>> from chainrule.nn.losses.loss import LOSSES
    >>> X, y = np.array([[0.0], [255.0]]), np.array([[0.0], [1.0]])
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn_likely_mistakes(X, y, Extent(0.0, 255.0), LOSSES["mse"], (None, 1))
    >>> print(caught[0].message)
    fit: X goes from 0 to 255; networks train slowly, or not at all, on inputs far from -1 to 1:
    pass X / 255, or begin with nn.Rescale(1 / 255)
    """
    of_targets = [] if of_batch else _targets(y, loss, output_shape, is_weighted, ends_frozen)
    messages = [*_inputs(X, extent, needs_scaling), *of_targets]
    if loss.name in _AMOUNTS and not ends_scaled:
        messages += _amounts(y)
    for message in messages:
        warn(f"fit: {message}")


def _inputs(X: Array, extent: Extent, needs_scaling: bool) -> Iterator[str]:
    low, high = extent.low, extent.high
    if X.ndim == 4 and X.shape[1] in (1, 3) and X.shape[2] == X.shape[3] > 4:
        yield (
            f"X has shape {X.shape}; if these are images with their channels first, pass "
            "np.moveaxis(X, 1, -1), as channels come last here"
        )
    if len(X) > 1 and low == high:
        yield f"X is {low:g} everywhere; a network learns nothing from inputs that never change"
    elif needs_scaling and max(-low, high) > _LARGE:
        is_image = low >= 0 and high <= 255 and (X.dtype == np.uint8 or high > 200)
        remedy = (
            "pass X / 255, or begin with nn.Rescale(1 / 255)"
            if is_image
            else "begin with nn.Normalization(), or pass (X - X.mean(axis=0)) / X.std(axis=0), "
            "with mean and std of the training data"
        )
        yield (
            f"X goes from {low:g} to {high:g}; networks train slowly, or not at all, on inputs far "
            f"from -1 to 1: {remedy}"
        )


def _amounts(y: Array) -> Iterator[str]:
    """Yield that amounts are far from the first outputs, which steps of usual size never reach."""
    low, high = float(y.min()), float(y.max())
    if len(y) < _FEW or max(-low, high) <= _FAR or low == high:
        return
    yield (
        f"y goes from {low:g} to {high:g}, and the outputs of a network begin near 0: end with "
        "nn.Rescale(y.std(), y.mean()), with those of the training data"
    )


def _targets(
    y: Array, loss: Loss, output_shape: tuple[int | None, ...], is_weighted: bool, ends_frozen: bool
) -> Iterator[str]:
    if len(y) > 1 and bool(np.all(y == y[:1])):
        if ends_frozen:
            return
        value = y.flat[0] if y[0].size == 1 else "the same"
        yield f"y is {value} for every sample; there is nothing to learn but this answer"
        return
    is_classes = loss.takes_labels and y.ndim == 1
    if not (is_classes or loss.name in ("binary_cross_entropy", "hinge")) or y[0].size != 1:
        return
    labels, counts = np.unique(y, return_counts=True)
    outputs = output_shape[-1] or 0
    if is_classes and y.dtype.kind in "biuf" and len(labels) < outputs:
        missing = np.setdiff1d(np.arange(outputs), labels)
        listed = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
        yield (
            f"y has no sample of {len(missing)} of the {counted(outputs, 'class')} ({listed}); "
            "the network cannot learn them: give fewer units, or a split that has all classes"
        )
    fraction = counts.max() / len(y)
    if len(y) >= _ENOUGH and fraction >= _IMBALANCED and not is_weighted:
        yield (
            f"y is {labels[counts.argmax()]} in {fraction:.1%} of the samples, so that always "
            "answering it looks good; try class_weight='balanced' and the metric f1 or auc"
        )
