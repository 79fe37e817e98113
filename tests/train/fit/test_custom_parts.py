"""Training with user-defined losses and layers."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError
from chainrule.train.network import Network
from tests.train.small_network import copy_of, samples, small

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.errors.ChainruleWarning")


def test_a_custom_loss_may_return_a_scalar_or_one_value_a_sample():
    X, y = samples()
    nets = [
        small(loss=loss)
        for loss in (
            "mse",
            lambda y, p: np.mean((p - y) ** 2),
            lambda y, p: np.mean((p - y) ** 2, axis=1),
            lambda y, p: (p - y) ** 2,
        )
    ]
    for net in nets:
        net.fit(X, y, epochs=2, verbose=0)
        np.testing.assert_allclose(
            net.params["dense.weight"], nets[0].params["dense.weight"], rtol=1e-12
        )


def test_a_custom_loss_receives_class_indices_as_integers():
    X, _ = samples()
    y = np.arange(40) % 2

    def cross_entropy(y, scores):
        shifted = scores - np.max(scores, axis=1, keepdims=True)
        logs = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
        return -logs[np.arange(len(y)), y]

    own, ours = small(loss=cross_entropy), small(loss="cross_entropy")
    own.fit(X, y, verbose=0)
    ours.fit(X, y, verbose=0)
    np.testing.assert_allclose(own.params["dense.weight"], ours.params["dense.weight"], rtol=1e-12)


def without_return(y_true, y_pred):
    np.mean((y_true - y_pred) ** 2)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (without_return, "the loss without_return returns None; its last line must return"),
        (lambda y_true, y_pred: (y_pred, 1), "returns a tuple"),
        (lambda y_true, y_pred: "0.5", "returns a str"),
        (lambda y_true, y_pred: np.mean(y_true**2), "does not depend on any parameter"),
        (lambda y_true, y_pred: 1.0, "does not depend on any parameter"),
        (lambda y_true, y_pred: np.mean((y_true - np.round(y_pred)) ** 2), "may cut"),
        (lambda y_true, y_pred: np.mean(cr.stop_gradient(y_pred) ** 2), "may cut"),
    ],
)
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_a_loss_independent_of_the_parameters_is_refused(loss, message, l2):
    X, y = samples()
    net = Network([nn.Dense(5, l2=l2), nn.Dense(2)])
    net.compile(loss=loss, optimizer="sgd")
    before = net.predict(X)
    with pytest.raises(ArgumentError, match=message):
        net.fit(X, y, verbose=0)
    assert np.array_equal(net.predict(X), before)


def test_layers_without_derivative_are_refused():
    X, y = samples()
    net = Network([nn.Dense(2), nn.Activation(np.round)])
    net.compile(loss="mse", optimizer="sgd")
    with pytest.raises(ArgumentError, match="the loss mse does not depend on any parameter"):
        net.fit(X, y, verbose=0)
    last = Network([nn.Dense(3), nn.Activation(np.sign), nn.Dense(2)])
    last.compile(loss="mse", optimizer="sgd")
    runner = last.fit(X, y, epochs=5, verbose=0)["loss"]
    assert runner[-1] < runner[0], "the last layer can learn"


class Scale(nn.Layer):
    def build(self, input_shape):
        self.gain = self.parameter("gain", shape=input_shape[-1:], initializer="ones")

    def forward(self, x):
        self.x = x
        return x * self.gain


class HandScale(Scale):
    def backward(self, dy):
        self.gain.grad = np.sum(dy * self.x, axis=0)
        return dy * self.gain


def test_a_manual_backward_trains_as_the_derived_one():
    X, y = samples()
    nets = [
        Network([nn.Dense(4), scale, nn.Dense(2)], dtype="float64")
        for scale in (Scale(), HandScale())
    ]
    for net in nets:
        net.compile(loss="mse", optimizer=optim.SGD(0.1))
        net.fit(X, y, epochs=3, batch_size=8, verbose=0)
    derived, by_hand = (list(net.params.values()) for net in nets)
    for mine, theirs in zip(derived, by_hand, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-14)
    assert not np.allclose(derived[2], 1)


class CountingMean(nn.Layer):
    """A layer with non-trainable state: the mean of its inputs."""

    def build(self, input_shape):
        self.mean = self.parameter("mean", input_shape[-1:], "zeros", trainable=False)

    def forward(self, x):
        return x - self.mean

    def train_forward(self, x, random):
        self.mean.value = 0.5 * self.mean.value + 0.5 * np.mean(x, axis=0)
        return x - np.mean(x, axis=0)


def test_layer_state_changes_in_training_only():
    X, y = samples(8)
    net = Network([CountingMean(), nn.Dense(2)], dtype="float64")
    net.compile(loss="mse", optimizer="sgd")
    net.fit(X, y, epochs=2, batch_size=None, verbose=0)
    mean = net.params["counting_mean.mean"]
    np.testing.assert_allclose(mean, 0.75 * X.mean(axis=0), rtol=1e-12)
    before = mean.copy()
    net.predict(X)
    net.evaluate(X, y)
    assert np.array_equal(net.params["counting_mean.mean"], before)


def test_parameters_that_are_not_trainable_stay_constant():
    X, y = samples()
    net = small()
    net(X)
    net.layers[0].weight.trainable = False
    before = copy_of(net.params)
    net.fit(X, y, epochs=2, verbose=0)
    assert np.array_equal(net.params["dense.weight"], before["dense.weight"])
    assert not np.array_equal(net.params["dense_1.weight"], before["dense_1.weight"])
