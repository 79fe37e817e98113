"""The learning rate finder."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, DataError

pytestmark = pytest.mark.usefixtures("numpy_backend")

X = np.random.default_rng(0).normal(size=(400, 5))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


def network(optimizer: str) -> cr.Network:
    net = cr.Network([nn.Dense(16, activation="relu"), nn.Dense(2)])
    net.compile(loss="cross_entropy", optimizer=optimizer)
    return net


@pytest.mark.parametrize(("optimizer", "low", "high"), [("sgd", 0.01, 3.0), ("adam", 0.001, 0.3)])
def test_the_rate_found_trains_and_the_network_stays(optimizer: str, low: float, high: float):
    net = network(optimizer)
    net(X)
    before = net.params.copy()
    found = net.find_learning_rate(X, Y)
    assert low < found.rate < high
    assert all(np.array_equal(before[name], net.params[name]) for name in before)
    assert np.all(np.diff(np.log(found.rates)) > 0)
    assert str(found).startswith("learning rate ")
    net.compile(loss="cross_entropy", optimizer=optimizer, learning_rate=found.rate)
    assert net.fit(X, Y, epochs=10, verbose=0)["loss"][-1] < 0.3


def test_the_figure_marks_the_rate():
    axes = network("sgd").find_learning_rate(X, Y).plot().axes[0]
    assert axes.get_xscale() == "log"
    assert any("steepest" in str(line.get_label()) for line in axes.get_lines())


def test_a_loss_that_falls_for_no_rate_is_refused_with_the_remedy():
    net = cr.Network([nn.Dense(1, activation="softmax")])
    net.compile(loss="mse", optimizer="sgd")
    with pytest.raises(DataError, match=r"look for a mistake by cr.check"):
        net.find_learning_rate(X, Y)
    assert "CR004" in cr.check(net, X, Y, trials=False).codes
    with pytest.raises(ArgumentError, match="no learning rate"):
        network("lbfgs").find_learning_rate(X, Y)
