"""Shape alignment of targets and outputs, without broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ShapeError

__all__ = ["aligned", "cut", "equal_shapes", "is_yes_or_no", "labels", "per_sample"]

Array = Any


def is_yes_or_no(y_pred: Array, threshold: float | None) -> bool:
    """Return whether outputs are binary, each with a threshold, rather than one a class."""
    return threshold is not None or y_pred.ndim == 1 or y_pred.shape[-1] == 1


def cut(threshold: float | None) -> float:
    """Return the threshold above which an output is positive."""
    return 0.5 if threshold is None else threshold


def per_sample(values: Array) -> Array:
    """Return the mean over all axes but the first."""
    return values if values.ndim == 1 else np.mean(values, axis=tuple(range(1, values.ndim)))


def equal_shapes(name: str, y_true: Array, y_pred: Array) -> Array:
    """Return the targets if they have the shape of the outputs."""
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            f"{name}: y_true has shape {y_true.shape} and y_pred {y_pred.shape}; they must be "
            "equal, as nothing is stretched: reshape one"
        )
    return y_true


def aligned(name: str, y_true: Array, y_pred: Array) -> Array:
    """Return binary targets in the shape of the outputs; (n,) and (n, 1) are the same."""
    if y_true.size == y_pred.size and y_true.shape[0] == y_pred.shape[0]:
        return y_true.reshape(y_pred.shape)
    return equal_shapes(name, y_true, y_pred)


def labels(name: str, y_true: Array, y_pred: Array) -> Array:
    """Return the class index of each sample."""
    if y_true.shape == y_pred.shape:
        return np.argmax(y_true, axis=-1)
    if y_true.shape != y_pred.shape[:-1]:
        raise ShapeError(
            f"{name}: y_true has shape {y_true.shape} and y_pred {y_pred.shape}; targets must be "
            f"class indices, {y_pred.shape[:-1]}, or rows with a single 1, {y_pred.shape}"
        )
    return y_true if y_true.dtype.kind in "iu" else y_true.astype(np.int64)
