"""Checks of scales, losses, learning rates and lengths that are only probably wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.insight.mistakes.catalogue import kind
from chainrule.insight.mistakes.mistake import Mistake
from chainrule.insight.mistakes.subject import WEIGHTED, Subject, is_linear
from chainrule.nn.layers.lstm_gru import GRU, LSTM
from chainrule.nn.layers.normalization import BatchNorm, LayerNorm
from chainrule.nn.layers.rnn import RNN
from chainrule.optim.minimizer import Minimizer
from chainrule.optim.sgd import SGD

__all__ = ["extreme_rates", "likely_setting_mistakes", "setting_mistakes"]

_LARGE = 50.0
"""Inputs beyond are far from −1 to 1."""
_FAR = 500.0
"""Targets beyond are far from the outputs of a network that has not learned yet."""
_LOW, _HIGH_SGD, _HIGH = 1e-5, 2.0, 0.1
"""Learning rates that are rarely right, of SGD and of adaptive methods."""
_PIXELS = 48
"""Values of a sample of an image at least."""
_FEW_STEPS = 50
"""Steps of a training that is hardly begun."""
_AMOUNTS = ("mse", "mae", "sse", "huber", "log_cosh", "quantile")


def setting_mistakes(subject: Subject) -> Iterator[Mistake]:
    """Yield that images are given as bytes to a network that does not scale them."""
    X = subject.X
    if X.size // len(X) > _PIXELS and _are_bytes(X) and _takes_inputs_unscaled(subject):
        yield _unscaled(subject)


def likely_setting_mistakes(subject: Subject) -> Iterator[Mistake]:
    """Yield what is a mistake where the network does not learn."""
    yield from _scales(subject)
    loss, nature, settings = subject.loss, subject.nature, subject.settings
    if loss.is_built_in and loss.name in _AMOUNTS and nature in ("class", "binary", "several"):
        yield Mistake(
            kind("CR010"), f"the loss is {loss.name}, and the targets are {_KINDS[nature]}"
        )
    if loss.name == "binary_cross_entropy" and nature == "class":
        yield Mistake(
            kind("CR005"), "the loss takes each output by itself, and the targets are one of them"
        )
    if settings.epochs is not None:
        size = settings.batch_size or len(subject.X)
        steps = settings.epochs * -(-len(subject.X) // size)
        if steps < _FEW_STEPS:
            yield Mistake(kind("CR052"), f"{settings.epochs} epochs are {steps} steps")


def extreme_rates(subject: Subject) -> Iterator[Mistake]:
    """Yield a learning rate that is right for hardly any network."""
    optimizer = subject.objective.optimizer
    rate: Any = getattr(optimizer, "learning_rate", None)
    if isinstance(optimizer, Minimizer) or not isinstance(rate, int | float):
        return
    name = type(optimizer).__name__
    if rate < _LOW:
        yield Mistake(kind("CR051"), f"the learning rate of {name} is {rate:g}")
    elif rate > (_HIGH_SGD if isinstance(optimizer, SGD) else _HIGH) and name != "Adadelta":
        yield Mistake(kind("CR050"), f"the learning rate of {name} is {rate:g}")


_KINDS = {"class": "classes", "binary": "yes or no", "several": "labels"}


def _scales(subject: Subject) -> Iterator[Mistake]:
    X, y = subject.X, subject.y
    if X.dtype.kind in "iufb" and np.abs(X).max() > _LARGE and _takes_inputs_unscaled(subject):
        yield _unscaled(subject)
    if subject.nature == "amounts" and subject.ends_plainly and float(np.abs(y).max()) > _FAR:
        yield Mistake(kind("CR032"), f"y goes from {y.min():.4g} to {y.max():.4g}")


def _unscaled(subject: Subject) -> Mistake:
    X = subject.X
    code = "CR031" if _are_bytes(X) else "CR030"
    return Mistake(kind(code), f"X goes from {X.min():.4g} to {X.max():.4g}")


def _are_bytes(X: Any) -> bool:
    return X.dtype.kind in "iuf" and X.min() >= 0 and 200 < X.max() <= 255


def _takes_inputs_unscaled(subject: Subject) -> bool:
    """Whether the first layer with weights sees the inputs as they are."""
    for layer in subject.layers:
        if isinstance(layer, (*WEIGHTED, RNN, LSTM, GRU)):
            return True
        if isinstance(layer, BatchNorm | LayerNorm) or not is_linear(layer):
            return False
    return False
