"""Losses and metrics of one's own that pair each target with each output."""

import warnings

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import ChainruleWarning
from chainrule.train.network import Network

pytestmark = pytest.mark.usefixtures("numpy_backend")

X = np.random.default_rng(0).normal(size=(20, 3))
COLUMN, FLAT = X[:, :1], X[:, 0]


class FirstOutput(nn.Layer):
    """A layer whose outputs have no second axis."""

    def forward(self, x):
        return x[:, 0]


def network(loss, metrics=(), *more):
    net = Network([nn.Dense(1), *more], seed=0)
    net.compile(loss, "sgd", learning_rate=0.01, metrics=list(metrics))
    return net


PAIRING = [
    lambda y, p: np.mean((y - p) ** 2),
    lambda y, p: np.sqrt(np.mean(np.square(p - y))),
    lambda y, p: np.max(np.abs(y - p)),
    lambda y, p: np.mean(np.maximum(0.9 * (y - p), 0.1 * (p - y))),
    lambda y, p: np.mean(np.where(y > 0, 2.0, 1.0) * p),
    lambda y, p: -np.mean(y * p),
]


def test_targets_that_broadcast_against_outputs_are_warned_of_with_the_reshape_that_mends_it():
    for loss in PAIRING:
        for y, mended, more in ((FLAT, COLUMN, ()), (COLUMN, FLAT, (FirstOutput(),))):
            net = network(loss, (), *more)
            remedy = r"y.reshape\(-1, 1\)" if y is FLAT else r"y.reshape\(-1\)"
            with pytest.warns(ChainruleWarning, match=rf"broadcast to \(20, 20\).*{remedy}"):
                net.fit(X, y, verbose=0)
            with pytest.warns(ChainruleWarning, match=r"validation_data\[1\] of shape"):
                net.fit(X, mended, validation_data=(X, y), verbose=0)
            with pytest.warns(ChainruleWarning, match="evaluate: the loss"):
                net.evaluate(X, y)
            net.evaluate(X, mended)  # without a warning
    with pytest.warns(ChainruleWarning, match="the metric "):
        network(lambda y, p: (y - p[:, 0]) ** 2, PAIRING[:1]).fit(X, FLAT, verbose=0)


def test_functions_that_bring_the_shapes_together_or_pair_by_an_axis_are_not_warned_of():
    for loss in (
        lambda y, p: (y - p[:, 0]) ** 2,
        lambda y, p: np.mean((y - np.squeeze(p)) ** 2),
        lambda y, p: np.mean((y[:, None] - p) ** 2),
        lambda y, p: np.mean(np.maximum(0, 1 - np.sign(y[:, None] - y) * (p - p.T))),
        lambda y, p: np.mean(np.abs(y[None, :] - p)),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            network(loss, [lambda y, p: float(np.mean(y))]).fit(X, FLAT, verbose=0)
