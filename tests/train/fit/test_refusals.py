"""Refused arguments and data of ``fit`` leave the network unchanged."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, DataError, ShapeError
from chainrule.train.network import Network
from tests.train.small_network import copy_of, same, samples, small

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.errors.ChainruleWarning")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"nb_epoch": 3}, ArgumentError, "epochs"),
        ({"lr": 0.1}, ArgumentError, "no argument `lr`"),
        ({"validation_freq": 2}, ArgumentError, "after every epoch"),
        ({"epochs": -1}, ArgumentError, "epochs"),
        ({"epochs": 2.5}, ArgumentError, "epochs"),
        ({"batch_size": 0}, ArgumentError, "batch_size"),
        ({"validation_split": 1.0}, ArgumentError, "validation_split"),
        ({"validation_split": 0.999}, DataError, "validation_split"),
        ({"validation_data": 3}, ArgumentError, "validation_data"),
        ({"validation_data": (np.ones((2, 4)), np.ones((2, 2)))}, ShapeError, "validation_data"),
        ({"sample_weight": np.ones(3)}, DataError, "sample_weight"),
        ({"sample_weight": -np.ones(40)}, DataError, "sample_weight"),
        ({"class_weight": {"cat": 1.0}}, ArgumentError, "class_weight"),
        ({"class_weight": "even"}, ArgumentError, "class_weight"),
        ({"callbacks": [3]}, ArgumentError, "callbacks"),
        ({"verbose": 7}, ArgumentError, "verbose"),
        ({"verbose": "loud"}, ArgumentError, "verbose"),
    ],
)  # fmt: skip
def test_a_bad_argument_of_fit_changes_nothing(arguments, error, message):
    X, y = samples()
    y = np.where(y > 0, 1.0, 0.0)
    net = small("adam")
    net(X)
    before = copy_of(net.params)
    with pytest.raises(error, match=message):
        net.fit(X, y, **{"verbose": 0} | arguments)
    assert same(net.params, before)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.ones((4, 2)), np.ones((4, 2)), "X has shape"),
        (np.ones((4, 3)), np.ones(4), "shape"),
        (np.ones((4, 3)), np.ones((3, 2)), "samples"),
        (np.full((4, 3), np.nan), np.ones((4, 2)), "X has 12 values"),
        (np.ones((4, 3)), np.full((4, 2), np.inf), "y has 8 values"),
        (np.ones((0, 3)), np.ones((0, 2)), "empty"),
        ([[1, 2, 3], [4, 5]], np.ones((2, 2)), "ragged"),
        (np.ones((4, 3)) * 1j, np.ones((4, 2)), "complex"),
        (np.ones((4, 3)), np.array(["a", "b", "c", "d"]), "text"),
    ],
)
def test_bad_data_change_nothing(X, y, message):
    net = small("adam")
    net(samples()[0])
    before = copy_of(net.params)
    with pytest.raises((DataError, ShapeError, TypeError), match=message):
        net.fit(X, y, verbose=0)
    assert same(net.params, before)


def test_fit_before_compile_names_the_missing_call():
    with pytest.raises(ArgumentError, match=r"net\.compile"):
        Network([nn.Dense(1)]).fit(np.ones((2, 1)), np.ones((2, 1)))


def test_a_network_without_layers_or_parameters_cannot_be_trained():
    X, y = samples()
    empty, nothing = Network(), Network([nn.Flatten()])
    for net in (empty, nothing):
        net.compile(loss="mse")
    with pytest.raises(ArgumentError, match="no layers"):
        empty.fit(X, y)
    with pytest.raises(ArgumentError, match="nothing to train"):
        nothing.fit(X, X)


def test_refused_data_do_not_fix_the_input_shape():
    images, y = np.random.default_rng(0).normal(size=(6, 4, 4)), np.arange(6) % 3
    net = Network([nn.Dense(5), Twice(3)])
    net.compile("cross_entropy")
    with pytest.raises(ShapeError):
        net.fit(images, y)
    assert len(net.params) == 0
    net.fit(images.reshape(6, -1), y, verbose=0)
    assert net.params["dense.weight"].shape == (16, 5)
    assert net.params["twice.inner.weight"].shape == (5, 3)


def test_refused_names_are_not_stored_as_classes():
    net = Network([nn.Dense(2)])
    net.compile("cross_entropy")
    X = np.random.default_rng(0).normal(size=(4, 3))
    with pytest.raises(ArgumentError, match="class_weight"):
        net.fit(X, ["a", "b", "a", "b"], class_weight={"c": 1})
    assert net.classes is None
    net.fit(X, ["x", "y", "y", "x"], class_weight={"x": 2, "y": 1}, verbose=0)
    assert net.classes == ["x", "y"]


class Twice(nn.Layer):
    def __init__(self, units):
        self.inner = nn.Dense(units)

    def forward(self, x):
        return 2 * self.inner(x)


def test_a_layer_that_cannot_be_built_leaves_those_before_it_unbuilt():
    net = Network([nn.Dense(3), nn.Reshape((2, 2)), nn.Dense(1)])
    with pytest.raises(ShapeError):
        net(np.ones((2, 5)))
    assert len(net.params) == 0


def test_a_likely_mistake_warns_at_the_users_line():
    X, y = samples()
    with pytest.warns(cr.ChainruleWarning, match="X goes from") as caught:
        small().fit(100 * X, y, verbose=0)
    assert caught[0].filename == __file__
