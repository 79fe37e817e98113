"""Losses as functions of targets and predictions: the losses of ``net.compile``, on arrays.

>>> from chainrule import losses
>>> losses.cross_entropy([0, 1], [[0.5, 0.5], [0.0, 1.0]])
0.34657359027997264

They return what ``net.evaluate`` does, the mean over the samples (`sse` the sum), and can also be
called in a loss of your own, which is differentiated.
"""

from typing import TYPE_CHECKING

from chainrule.arguments.aliases import FUNCTION_ALIASES
from chainrule.arguments.rooms import open_room
from chainrule.losses.classification import (
    binary_cross_entropy,
    cross_entropy,
    hinge,
    kl_divergence,
)
from chainrule.losses.regression import (
    cosine,
    huber,
    log_cosh,
    mae,
    mse,
    poisson,
    quantile,
    sse,
)

__all__ = [
    "binary_cross_entropy",
    "cosine",
    "cross_entropy",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mae",
    "mse",
    "poisson",
    "quantile",
    "sse",
]


if not TYPE_CHECKING:  # type checkers must still reject unknown names
    __getattr__, __dir__ = open_room(__name__, "losses", __all__, FUNCTION_ALIASES)
