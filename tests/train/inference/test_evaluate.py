"""Evaluation of losses of one's own, as functions, records and subclasses of `Loss`."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import ShapeError
from chainrule.nn.losses.loss import LOSSES, Loss
from chainrule.train.network import Network


def rmse(y, p):
    return np.sqrt(np.mean((y - p) ** 2))


def total(y, p):
    return np.sum(np.abs(y - p))


def correlation(y, p):
    return -np.mean((y - y.mean()) * (p - p.mean())) / (y.std() * p.std())


def squeezed(y, p):
    return np.squeeze(np.mean((y - p) ** 2, axis=-1))


def mean_of_root(y, p):
    """The geometric mean of the probabilities of the classes."""
    p = np.exp(p) / np.sum(np.exp(p), axis=1, keepdims=True)
    return 1 - np.exp(np.mean(np.log(p[np.arange(len(y)), y])))


@dataclass(frozen=True)
class Called(Loss):
    """A loss that is a method."""

    def __call__(self, y_true, y_pred):
        return rmse(y_true, y_pred)


AMOUNTS = (rmse, total, correlation, squeezed, Loss("record", rmse), Called("method", rmse))


def trained(loss, X, y, l2=0.0):
    net = Network([nn.Dense(2, l2=l2)], seed=0, dtype="float64")
    net.compile(loss=loss, optimizer="sgd", learning_rate=1e-12)
    return net, net.fit(X, y, epochs=2, batch_size=None, verbose=0, validation_data=(X, y))


@pytest.mark.parametrize("count", [2, 65, 1025, 2500])
def test_a_loss_of_ones_own_is_its_value_on_all_samples_at_any_number(count):
    generator = np.random.default_rng(count)
    X = generator.normal(size=(count, 3))
    amounts = X[:, :2] * np.arange(count)[:, None]  # later rows are harder
    labels = (X[:, 0] > 0).astype(np.uint8)
    cases = [(loss, amounts) for loss in AMOUNTS] + [(mean_of_root, labels)]
    for loss, y in cases:
        net, history = trained(loss, X, y, l2=0.1)
        penalty = 0.05 * np.sum(net.params["dense.weight"] ** 2)
        right = np.mean(loss(y, net.predict(X))) + penalty
        np.testing.assert_allclose(net.evaluate(X, y)["loss"], right, rtol=1e-9)
        np.testing.assert_allclose(history["val_loss"], [right] * 2, rtol=1e-6)


class Encoder(nn.Layer):
    """A layer whose output a loss reads."""

    def build(self, input_shape):
        self.weight = self.parameter("weight", shape=(input_shape[-1], 2))

    def forward(self, x):
        self.code = x @ self.weight
        return self.code


def test_a_loss_of_one_number_may_read_what_layers_saved():
    X = np.random.default_rng(0).normal(size=(1500, 3)) * np.linspace(0, 1, 1500)[:, None]
    encoder = Encoder()
    net = Network([encoder, nn.Dense(3)], seed=0, dtype="float64")

    def loss(y, p):
        return rmse(y, p) + np.sqrt(np.mean(encoder.code**2)) + np.sum(encoder.weight**2)

    net.compile(loss=loss, optimizer="sgd", learning_rate=1e-12)
    history = net.fit(X, X, batch_size=None, verbose=0, validation_data=(X, X))
    weight = net.params["encoder.weight"]
    right = rmse(X, net.predict(X)) + np.sqrt(np.mean((X @ weight) ** 2)) + np.sum(weight**2)
    np.testing.assert_allclose(net.evaluate(X, X)["loss"], right, rtol=1e-12)
    np.testing.assert_allclose(history["val_loss"], right, rtol=1e-6)


def test_a_gathered_loss_leaves_the_metrics_as_they_are():
    X = np.random.default_rng(0).normal(size=(1500, 3))
    nets = [Network([nn.Dense(2)], seed=0) for _ in range(2)]
    for net, loss in zip(nets, (rmse, "mse"), strict=True):
        net.compile(loss=loss, metrics=["mae", "r2"])
    first, second = (net.evaluate(X, X[:, :2]) for net in nets)
    assert (first["mae"], first["r2"]) == (second["mae"], second["r2"])


def test_losses_that_give_one_number_refuse_weights_before_the_first_step():
    X = np.random.default_rng(0).normal(size=(40, 3))
    y, weight = X[:, :2], np.ones(40)
    net, _ = trained(rmse, X, y)
    before = net.params["dense.weight"].copy()
    with pytest.raises(ShapeError, match=r"evaluate: the loss rmse .* one value for each sample"):
        net.evaluate(X, y, weight)
    with pytest.raises(ShapeError, match=r"fit: the loss rmse .* one value for each sample"):
        net.fit(X, y, validation_data=(X, y, weight), verbose=0)
    assert np.array_equal(net.params["dense.weight"], before)


def test_only_losses_of_this_library_are_known_to_have_one_value_a_sample():
    known = LOSSES["cross_entropy"]
    assert known.is_built_in
    assert known.of_probabilities().is_built_in
    assert not replace(known, per_sample=rmse).is_built_in
    assert not Called("mse", LOSSES["mse"].per_sample).is_built_in


def residual_in_place(y, p):
    y -= p
    return np.mean(y**2, axis=1)


def root_of_residual_in_place(y, p):
    p -= y
    return np.sqrt(np.mean(p**2))


def sorted_outputs(y, p):
    p.sort(axis=0)
    y[:] = 0
    return np.max(p)


def test_what_custom_losses_and_metrics_assign_to_their_arguments_stays_within_them():
    X = np.random.default_rng(0).normal(size=(1100, 3))
    for loss in ("mse", residual_in_place, root_of_residual_in_place):
        for dtype in ("float32", "float64"):
            y = (X[:, :1] + X[:, 1:2] ** 2).astype(dtype)
            given = X.copy(), y.copy()
            net = Network([nn.Dense(1)], seed=0, dtype=dtype)
            metrics = [sorted_outputs, "mae", "r2"]
            net.compile(loss, "sgd", learning_rate=1e-9, metrics=metrics)
            history = net.fit(*given, validation_data=given, verbose=0)
            p, results = net.predict(X), net.evaluate(*given)
            assert np.array_equal(given[0], X)
            assert np.array_equal(given[1], y)
            squared = np.mean((y - p) ** 2)
            assert results["loss"] == pytest.approx(
                np.sqrt(squared) if loss is root_of_residual_in_place else squared, rel=1e-4
            )
            assert results["mae"] == pytest.approx(np.mean(np.abs(y - p)), rel=1e-4)
            assert results["r2"] == pytest.approx(1 - squared / np.var(y), abs=1e-4)
            assert results["sorted_outputs"] == pytest.approx(p.max())
            for name, value in results.items():
                assert history[f"val_{name}"][-1] == pytest.approx(value)
