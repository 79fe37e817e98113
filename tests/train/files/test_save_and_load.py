"""Saved networks: exact round trips, custom objects and refusals."""

from functools import partial

import numpy as np
import pytest
from safetensors.numpy import save as to_bytes

from chainrule import nn, optim
from chainrule.errors import ArgumentError, FormatError
from chainrule.nn.losses.regression import huber
from chainrule.train.load import load
from chainrule.train.network import Network
from tests.train.saved_network import X, Y, trained


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_loaded_network_predicts_the_same_bits(path, dtype):
    net = trained(dtype=dtype)
    net.save(path)
    other = load(path)
    assert np.array_equal(net.predict(X), other.predict(X))
    assert other.predict(X).dtype == dtype
    assert other.predict_class(X).tolist() == net.predict_class(X).tolist()
    assert other.classes == ["cat", "dog", "eel"]
    assert other.evaluate(X, Y) == net.evaluate(X, Y)


def test_compile_restarts_the_training_of_a_loaded_network_too(path):
    net = trained()
    net.save(path)
    other = load(path)
    for each in (net, other):
        each.compile("cross_entropy", optim.Adam(optim.cosine(0.1, epochs=3)), metrics=["accuracy"])
    assert net.fit(X, Y, verbose=0)["loss"] == other.fit(X, Y, verbose=0)["loss"]


def test_saving_a_loaded_network_gives_the_same_bytes(path, tmp_path):
    net = trained()
    net.save(path)
    load(path).save(tmp_path / "again.safetensors")
    assert path.read_bytes() == (tmp_path / "again.safetensors").read_bytes()


class Scale(nn.Layer):
    def __init__(self, start="ones"):
        self.start = start

    def build(self, input_shape):
        self.gain = self.parameter("gain", input_shape[-1:], self.start)

    def forward(self, x):
        return x * self.gain


class Twice(nn.Layer):
    """A layer with sublayers, one of which is created in `build`."""

    def __init__(self, units):
        self.units = units
        self.first = nn.Dense(units)

    def build(self, input_shape):
        self.second = nn.Dense(self.units)

    def forward(self, x):
        return self.second(self.first(x))


def swish(x):
    return x / (1 + np.exp(-x))


def test_custom_layers_and_functions_are_in_the_file_and_may_be_passed_to_load(path):
    net = Network([Twice(4), Scale(), nn.Dense(1, activation=swish)])
    before = net.predict(X)
    net.save(path)
    custom = {"Twice": Twice, "Scale": Scale, "swish": swish}
    assert np.array_equal(load(path, custom=custom).predict(X), before)
    assert np.array_equal(load(path).predict(X), before)
    for missing in custom:
        rest = {name: each for name, each in custom.items() if name != missing}
        assert np.array_equal(load(path, custom=rest).predict(X), before)


def custom_loss(y, p):
    return np.mean((p - y) ** 2)


def custom_metric(y, p):
    return np.max(np.abs(p - y))


def test_a_custom_loss_and_a_metric_are_in_the_file_or_passed_to_load(path):
    net = Network([nn.Dense(1)])
    net.compile(custom_loss, "adam", metrics=[custom_metric, "mae"])
    net.fit(X, X[:, :1], verbose=0)
    net.save(path)
    assert np.array_equal(load(path).predict(X), net.predict(X))
    for custom in ({}, {"custom_loss": custom_loss, "custom_metric": custom_metric}):
        full = load(path, custom=custom)
        assert full.evaluate(X, X[:, :1]) == net.evaluate(X, X[:, :1])
        full.save(path)
    net.compile(custom_loss, "adam")
    full.compile(load(path).loss, "adam")
    losses = [each.fit(X, X[:, :1], epochs=3, verbose=0)["loss"] for each in (net, full)]
    assert losses[0] == losses[1]


def test_a_custom_loss_of_labels_takes_them_when_it_is_loaded(path):
    def own(y, p):
        chosen = np.take_along_axis(p, y[:, None].astype(int), axis=1)
        return -np.log(np.clip(chosen[:, 0], 1e-6, 1))

    labels = np.arange(len(X)) % 3
    net = Network([nn.Dense(3, activation="softmax")], seed=0)
    net.compile(own, "sgd")
    net.fit(X, labels, verbose=0)
    net.save(path)
    assert load(path).evaluate(X, labels) == net.evaluate(X, labels)


def test_the_arguments_of_a_loss_are_saved(path):
    net = Network([nn.Dense(1)])
    net.compile(partial(huber, delta=0.25), "adam")
    net.fit(X, X[:, :1], verbose=0)
    net.save(path)
    assert load(path).evaluate(X, X[:, :1]) == net.evaluate(X, X[:, :1])


def test_a_network_that_cannot_be_saved_leaves_the_old_file(path):
    path.write_bytes(b"old")
    net = Network([nn.Dense(1)])
    with pytest.raises(ArgumentError, match="not built"):
        net.save(path)
    net(X)
    vars(net.layers[0]).update(activate=np.tanh)
    with pytest.raises(ArgumentError, match="'activate'"):
        net.save(path)
    assert path.read_bytes() == b"old"


def test_a_missing_file_and_a_folder_raise_os_errors(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.safetensors")
    with pytest.raises(IsADirectoryError, match="name the file: "):
        load(tmp_path)
    (tmp_path / "net.safetensors").touch()
    with pytest.raises(IsADirectoryError, match=r"name the file in it, net\.safetensors: "):
        load(tmp_path)


def test_a_file_of_another_program_is_refused(path):
    path.write_bytes(to_bytes({"weight": np.ones(2)}))
    with pytest.raises(FormatError, match="no network of chainrule"):
        load(path)


def test_a_foreign_argument_is_refused_with_a_suggestion(path):
    with pytest.raises(ArgumentError, match="custom"):
        load(path, custom_objects={})
