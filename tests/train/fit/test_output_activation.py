"""A softmax at the end is one with its cross-entropy, also where a wrapper is around it."""

import warnings

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(32, 5, 4)).astype("f")
Y = DRAW.integers(0, 3, (32, 5))


def trained(last):
    net = cr.Network([nn.Dense(6, "tanh"), last], seed=0)
    net.compile("cross_entropy", "sgd", learning_rate=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        losses = net.fit(X, Y, epochs=3, batch_size=8, verbose=0)["loss"]
    return net, losses


@pytest.mark.parametrize(
    "last",
    [
        nn.Dense(3, activation="softmax", initializer="zeros"),
        nn.TimeDistributed(nn.Dense(3, activation="softmax", initializer="zeros")),
    ],
    ids=["dense", "time distributed"],
)
def test_a_softmax_at_every_step_learns_as_its_logits_do(last):
    plain, wanted = trained(nn.Dense(3, initializer="zeros"))
    net, losses = trained(last)
    np.testing.assert_allclose(losses, wanted, rtol=1e-6)
    np.testing.assert_allclose(net.predict(X), plain.predict_proba(X), rtol=1e-5)
    np.testing.assert_allclose(net.predict(X).sum(axis=-1), 1, rtol=1e-5)


def test_large_scores_at_every_step_cost_what_they_should():
    """Probabilities would be 0 in float32, and their logarithm infinite."""
    inner = nn.Dense(2, activation="softmax", use_bias=False, initializer="ones")
    net = cr.Network([nn.TimeDistributed(inner)], seed=0)
    net.compile("cross_entropy", "sgd")
    x = np.ones((1, 2, 1), "f")
    net(x)
    net.params["time_distributed.layer.weight"] = np.array([[200.0, 0.0]])
    assert net.evaluate(x, np.ones((1, 2), int))["loss"] == pytest.approx(200)
