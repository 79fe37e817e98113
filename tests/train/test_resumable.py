"""The state of a network: training goes on from it as it did, bit for bit."""

import pickle

import numpy as np
import pytest

from chainrule import Network, nn, optim
from chainrule.errors import ArgumentError
from tests.train.saved_network import X, Y

OPTIMIZERS = {
    "adam": "adam",
    "plateau": optim.SGD(optim.reduce_on_plateau(0.1, patience=1), momentum=0.9),
    "lbfgs": "lbfgs",
    "function": optim.RMSprop(lambda epoch: 0.1 / (1 + epoch)),
}


def network(optimizer, units=8):
    layers = [nn.Dense(units, activation="relu"), nn.BatchNorm(), nn.Dropout(0.3), nn.Dense(3)]
    net = Network(layers, seed=3)
    net.compile("cross_entropy", optimizer, metrics=["accuracy"])
    return net


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_training_from_a_state_goes_on_bit_for_bit(kind):
    size = {} if kind == "lbfgs" else {"batch_size": 7}
    net = network(OPTIMIZERS[kind])
    net.fit(X, Y, epochs=3, verbose=0, **size)
    state = net.state()
    expected = net.fit(X, Y, epochs=4, verbose=0, **size)
    after = net.params.copy()
    again = network(OPTIMIZERS[kind])
    restored = state if kind == "function" else pickle.loads(pickle.dumps(state))
    for other in (again, net):
        other.restore(restored)
        assert other.history.epochs == 3
        history = other.fit(X, Y, epochs=4, verbose=0, **size)
        assert {**history, "seconds": 0} == {**expected, "seconds": 0}
        assert all(np.array_equal(other.params[name], after[name]) for name in after)


def test_a_state_has_the_learning_rate_and_what_is_frozen():
    net = network("sgd")
    net.fit(X, Y, verbose=0)
    net.optimizer = optim.SGD(0.5)
    net.layers[0].trainable = False
    net.layers[2].rate = 0.6
    state = net.state()
    net.layers[2].rate, net.layers[0].trainable = 0.1, True
    net.optimizer = optim.SGD(0.1)
    net.restore(state)
    assert (net.optimizer.learning_rate, net.layers[0].trainable) == (0.5, False)
    assert net.layers[2].rate == 0.6
    assert net.params.frozen[:2] == ("dense.weight", "dense.bias")


def test_a_state_of_other_layers_is_refused_and_nothing_changes():
    net = network("adam")
    net.fit(X, Y, verbose=0)
    other = network("adam", units=9)
    with pytest.raises(ArgumentError, match=r"dense.weight is f32\[\d,8\] in the state"):
        other.restore(net.state())
    assert other.input_shape is None
    with pytest.raises(ArgumentError, match=r"net\.params\.update"):
        net.restore(net.params.copy())
    with pytest.raises(ArgumentError, match="not built"):
        other.state()
    uncompiled = Network(network("adam").layers, seed=3)
    with pytest.raises(ArgumentError, match="compile"):
        uncompiled.restore(net.state())
