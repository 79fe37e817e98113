"""Epochs whose last batch has fewer samples than the others: native code as a whole."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import DataError
from chainrule.train.fit.step_runner import StepRunner
from chainrule.train.network import model_of

RANDOM = np.random.default_rng(5)
X = RANDOM.standard_normal((70, 6)).astype("float32")
LABELS = (X[:, 0] + 0.3 * X[:, 1] > 0).astype(int)


def network(seed=0):
    layers = [nn.Dense(8), nn.BatchNorm(), nn.Tanh(), nn.Dropout(0.2), nn.Dense(1), nn.Sigmoid()]
    net = cr.Network(layers, seed=seed)
    net.compile(loss="binary_cross_entropy", optimizer="adam", metrics=["accuracy", "auc"])
    return net


def parameters(net):
    return {name: each.copy() for name, each in net.params.items()}


def trained(epochs, batch_size, **settings):
    net = network()
    for count in epochs:
        net.fit(X, LABELS, epochs=count, batch_size=batch_size, verbose=0, **settings)
    return net


@pytest.mark.parametrize("batch_size", [64, 32, 4])
def test_steps_are_those_of_numpy(monkeypatch, batch_size):
    native = trained([3], batch_size)
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")
    by_numpy = trained([3], batch_size)
    for name, value in parameters(by_numpy).items():
        np.testing.assert_allclose(native.params[name], value, rtol=1e-4, atol=2e-5, err_msg=name)
    for name in ("loss", "accuracy", "auc"):
        expected = by_numpy.history[name]
        np.testing.assert_allclose(native.history[name], expected, rtol=1e-4, err_msg=name)


def test_epochs_of_one_call_have_the_bits_of_epochs_one_by_one():
    def plain(epochs):
        net = cr.Network([nn.Dense(8, activation="tanh"), nn.Dense(1)], seed=0)
        net.compile(loss="mse", optimizer="adam")
        for count in epochs:
            net.fit(X, X[:, :1], epochs=count, batch_size=32, verbose=0)
        return net

    whole, parts = plain([6]), plain([1, 2, 3])
    assert model_of(whole).counter.steps == 18
    for name, value in whole.params.items():
        assert value.tobytes() == parts.params[name].tobytes(), name


def test_all_steps_are_native(monkeypatch):
    calls = []
    run_steps = StepRunner.run_steps

    def counted(self, state, samples, first, end):
        calls.append((first, end))
        return run_steps(self, state, samples, first, end)

    monkeypatch.setattr(StepRunner, "run_steps", counted)
    net = trained([2], 32)
    calls.clear()
    net.fit(X, LABELS, epochs=2, batch_size=32, verbose=0)
    assert sum(end - first for first, end in calls) == 6


def test_the_sample_of_the_last_batch_that_is_not_finite_is_named():
    net, spoilt = trained([1], 64, shuffle=False), X.copy()

    def spoil(net, epoch, logs):
        spoilt[69, 2] = np.nan

    with pytest.raises(DataError, match=r"X\[69, 2\] is nan"):
        net.fit(
            spoilt, LABELS, epochs=3, batch_size=64, verbose=0, shuffle=False, callbacks=[spoil]
        )
