"""Checks of scales and learning rates that are only probably wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.insight.mistakes.catalogue import kind
from chainrule.insight.mistakes.mistake import Mistake
from chainrule.insight.mistakes.subject import Subject
from chainrule.nn.layers.activation_layers import Rescale
from chainrule.nn.layers.embedding import Embedding
from chainrule.nn.layers.feature_normalization import Normalization
from chainrule.nn.layers.normalization import BatchNorm, LayerNorm
from chainrule.optim.minimizer import Minimizer
from chainrule.optim.sgd import SGD

__all__ = ["likely_setting_mistakes"]

_LARGE = 50.0
"""Inputs beyond are far from −1 to 1."""
_FAR = 500.0
"""Targets beyond are far from the outputs of a network that has not learned yet."""
_LOW, _HIGH_SGD, _HIGH = 1e-5, 2.0, 0.1
"""Learning rates that are rarely right, of SGD and of adaptive methods."""


def likely_setting_mistakes(subject: Subject) -> Iterator[Mistake]:
    """Yield what is a mistake where the network does not learn."""
    yield from _scales(subject)
    optimizer = subject.objective.optimizer
    rate: Any = getattr(optimizer, "learning_rate", None)
    if isinstance(optimizer, Minimizer) or not isinstance(rate, int | float):
        return
    name = type(optimizer).__name__
    if rate < _LOW:
        yield Mistake(kind("CR051"), f"the learning rate of {name} is {rate:g}")
    elif rate > (_HIGH_SGD if isinstance(optimizer, SGD) else _HIGH) and name != "Adadelta":
        yield Mistake(kind("CR050"), f"the learning rate of {name} is {rate:g}")


def _scales(subject: Subject) -> Iterator[Mistake]:
    X, y, first = subject.X, subject.y, subject.layers[0]
    scaling = Rescale | BatchNorm | LayerNorm | Normalization | Embedding
    largest = float(np.abs(X).max())
    if largest > _LARGE and not isinstance(first, scaling):
        is_image = float(X.min()) >= 0 and 200 < largest <= 255
        yield Mistake(
            kind("CR031" if is_image else "CR030"), f"X goes from {X.min():.4g} to {X.max():.4g}"
        )
    if subject.nature == "amounts" and subject.ends_plainly and float(np.abs(y).max()) > _FAR:
        yield Mistake(kind("CR032"), f"y goes from {y.min():.4g} to {y.max():.4g}")
