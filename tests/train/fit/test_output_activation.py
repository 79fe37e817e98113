"""A final softmax is fused with its cross-entropy, also within a wrapper."""

import warnings

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, ChainruleWarning
from chainrule.train.model.model import gives_scores

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(32, 5, 4)).astype("f")
Y = DRAW.integers(0, 3, (32, 5))


class Halved(nn.Dense):
    """A dense layer with a different pre-activation."""

    def pre_activation(self, x):
        return super().pre_activation(x) / 2


class Opaque(nn.Dense):
    """A dense layer that replaces its output, so that its activation cannot be left out."""

    def forward(self, x):
        return super().forward(x)


def trained(last):
    net = cr.Network([nn.Dense(6, "tanh"), last], seed=0)
    net.compile("cross_entropy", "sgd", learning_rate=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        losses = net.fit(X, Y, epochs=3, batch_size=8, verbose=0)["loss"]
    return net, losses


@pytest.mark.parametrize(
    ("fused", "plain"),
    [
        (nn.Dense(3, "softmax", initializer="zeros"), nn.Dense(3, initializer="zeros")),
        (
            nn.TimeDistributed(nn.Dense(3, "softmax", initializer="zeros")),
            nn.Dense(3, initializer="zeros"),
        ),
        (Halved(3, "softmax", initializer="zeros"), Halved(3, initializer="zeros")),
    ],
    ids=["dense", "time distributed", "own pre-activation"],
)
def test_a_fused_softmax_trains_as_its_logits_do(fused, plain):
    plain, expected = trained(plain)
    net, losses = trained(fused)
    np.testing.assert_allclose(losses, expected, rtol=1e-6)
    np.testing.assert_allclose(net.predict(X), plain.predict_proba(X), rtol=1e-5)
    np.testing.assert_allclose(net.predict(X).sum(axis=-1), 1, rtol=1e-5)


def test_large_scores_within_a_wrapper_give_a_finite_loss():
    """Probabilities would be 0 in float32, and their logarithm infinite."""
    inner = nn.Dense(2, activation="softmax", use_bias=False, initializer="ones")
    net = cr.Network([nn.TimeDistributed(inner)], seed=0)
    net.compile("cross_entropy", "sgd")
    x = np.ones((1, 2, 1), "f")
    net(x)
    net.params["time_distributed.layer.weight"] = np.array([[200.0, 0.0]])
    assert net.evaluate(x, np.ones((1, 2), int))["loss"] == pytest.approx(200)


@pytest.mark.parametrize("wrapper", [lambda layer: layer, nn.TimeDistributed])
def test_an_activation_within_an_overridden_forward_is_reported(wrapper):
    net = cr.Network([wrapper(Opaque(3, "softmax"))])
    net.compile("cross_entropy", "sgd")
    with pytest.warns(ChainruleWarning, match="override pre_activation"):
        net.fit(X, Y, verbose=0)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Dense(3, "tanh"), (2, 4)),
        (nn.Activation("tanh"), (2, 4)),
        (nn.Conv2D(3, 2, activation="tanh"), (2, 4, 4, 1)),
        (nn.DepthwiseConv2D(2, activation="tanh"), (2, 4, 4, 1)),
        (nn.ConvTranspose2D(3, 2, activation="tanh"), (2, 4, 4, 1)),
        (nn.TimeDistributed(nn.Dense(3, "tanh")), (2, 5, 4)),
    ],
    ids=lambda each: getattr(each, "kind", None),
)
def test_the_output_is_the_activation_of_the_scores(layer, shape):
    x = DRAW.normal(size=shape)
    assert gives_scores(layer)
    assert np.array_equal(layer(x), np.tanh(layer.scores(x)))


@pytest.mark.parametrize(
    ("loss", "activation", "units"), [("poisson", "softplus", 1), ("kl_divergence", "softmax", 3)]
)
def test_outputs_without_a_logarithm_are_refused_and_the_remedy_trains(loss, activation, units):
    x, y = X[:, 0], DRAW.dirichlet(np.ones(max(units, 2)), 32)[:, :units]
    net = cr.Network([nn.Dense(units)], seed=1)
    net.compile(loss)
    with pytest.raises(ArgumentError, match=f'activation="{activation}"'):
        net.fit(x, y, verbose=0)
    net = cr.Network([nn.Dense(units, activation)], seed=1)
    net.compile(loss)
    assert np.isfinite(net.fit(x, y, verbose=0)["loss"]).all()


def test_outputs_that_are_no_distribution_are_warned_of_by_the_divergence():
    net = cr.Network([nn.Dense(3, "sigmoid")], seed=1)
    net.compile("kl_divergence")
    with pytest.warns(ChainruleWarning, match="adds up to"):
        net.fit(X[:, 0], DRAW.dirichlet(np.ones(3), 32), verbose=0)
