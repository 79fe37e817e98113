"""Check of a loss of the user's own: it is least where outputs equal targets, not largest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.insight.mistakes.catalogue import kind
from chainrule.insight.mistakes.mistake import Mistake
from chainrule.insight.mistakes.subject import Subject

__all__ = ["own_loss_mistakes"]

Array = NDArray[Any]

_SAMPLES = 64
_SCALES = (0.1, 1.0, 10.0)
"""Distances from the targets, in their standard deviations."""


def own_loss_mistakes(subject: Subject, y: Array) -> Iterator[Mistake]:
    """Yield that a loss falls as outputs leave the targets, in all of some random directions.

    Each direction e is taken both ways: L(y, y + e) + L(y, y − e) ≥ 2 L(y, y) for each loss that is
    convex in the outputs, whatever they are, logits too.
    """
    sizes = [each or 0 for each in subject.model.output_shape[1:]]  # 0 if they vary
    if subject.loss.is_built_in or y.dtype.kind not in "biuf" or len(y) < 2:
        return
    y = np.asarray(y[:_SAMPLES], subject.model.dtype)
    if int(np.prod(sizes)) * len(y) != y.size:
        return
    outputs = y.reshape(len(y), *sizes)
    spread = float(y.std()) or 1.0
    random = np.random.default_rng(0)
    at_targets = _mean(subject, y, outputs)
    ends: list[float] = []
    for scale in _SCALES:
        e = (random.normal(size=outputs.shape) * scale * spread).astype(y.dtype)
        ends.append((_mean(subject, y, outputs + e) + _mean(subject, y, outputs - e)) / 2)
    if all(each < at_targets - 1e-3 * scale**2 for each, scale in zip(ends, _SCALES, strict=True)):
        yield Mistake(
            kind("CR017"),
            f"the loss is {at_targets:.3g} where outputs equal targets, and {ends[1]:.3g} one "
            "standard deviation of the targets away",
        )


def _mean(subject: Subject, y_true: Array, y_pred: Array) -> float:
    """Return the loss of a batch, NaN if it is undefined there."""
    with np.errstate(all="ignore"):
        try:
            return float(np.mean(np.asarray(subject.loss(y_true, y_pred), "float64")))
        except Exception:  # noqa: BLE001 (a loss of the user's own may refuse such outputs)
            return np.nan
