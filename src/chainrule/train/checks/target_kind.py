"""What targets are: classes, fractions or amounts. Metrics and class weights depend on it."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.nn.losses.loss import Loss
from chainrule.nn.losses.target_domain import find, is_distribution

__all__ = ["TargetKind", "target_kind"]

Array = NDArray[Any]
TargetKind = Literal["classes", "signs", "fractions", "amounts"]


def target_kind(
    y: Array, loss: Loss, output_shape: tuple[int | None, ...]
) -> tuple[TargetKind, tuple[int, ...]]:
    """Return what targets are, for outputs of a shape, and the index of the first that shows it.

    A loss of classes decides it. For others such as mse the values do: classes are indices, 0 and
    1, rows of probabilities, or two values in [0, 1]; signs are -1 and 1 for a single output.
    Fractions are other values in [0, 1].

    Examples
    --------
    >>> from chainrule.nn.losses.loss import LOSSES
    >>> target_kind(np.array([[0.0], [215.5]]), LOSSES["mse"], (None, 1))
    ('amounts', (1, 0))
    """
    if loss.targets.are_classes or y.dtype.kind not in "biuf":
        return "classes", ()
    outputs = output_shape[-1] or 1
    if outputs > 1 and y.ndim == len(output_shape) - 1:
        count, index = find(y, lambda b: (b < 0) | (b >= outputs) | (b != np.rint(b)))
        return ("amounts", index) if count else ("classes", ())
    if outputs > 1 and y.ndim > 1 and not find(y, lambda b: ~is_distribution(b))[0]:
        return "classes", ()
    count, first = find(y, lambda b: (b != 0) & (b != 1))
    if not count:
        return "classes", ()
    if not find(y, lambda b: np.abs(b) != 1)[0]:
        return ("signs" if outputs == 1 else "classes"), first
    count, index = find(y, lambda b: (b < 0) | (b > 1))
    if count:
        return "amounts", index
    low, high = y.min(), y.max()
    are_two = low < 0.5 < high and not find(y, lambda b: (b != low) & (b != high))[0]
    return ("classes", ()) if are_two else ("fractions", first)
