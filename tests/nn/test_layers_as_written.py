"""Layers as tutorials write them do in a network what they do alone; copies and files keep them."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import TraceError
from chainrule.nn.config import snake_case

X = np.random.default_rng(0).normal(size=(8, 6))
Y = X[:, :1]


class Relu(nn.Layer):
    def forward(self, x: Any) -> Any:
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dy: Any) -> Any:
        dx = dy.copy()
        dx[self.mask] = 0
        return dx


class Softmax(nn.Layer):
    def forward(self, x: Any) -> Any:
        y = np.exp(x)
        y /= y.sum(axis=1, keepdims=True)
        return y


class Pairs(nn.Layer):
    def forward(self, x: Any) -> Any:
        out = np.zeros_like(x, shape=(len(x), 3))
        for i in range(3):
            out[:, i] = x[:, 2 * i] * x[:, 2 * i + 1]
        return out


class Statistics(nn.Layer):
    def forward(self, x: Any) -> Any:
        found = np.array([x.mean(), x.std()])
        return x * found[0] + found[1]


class Recurrent(nn.Layer):
    """Adds the gradients of its steps to zeros."""

    def build(self, input_shape: Any) -> None:
        self.w = self.parameter("w", (input_shape[-1],), "ones")

    def forward(self, x: Any) -> Any:
        self.inputs = [x]
        for _ in range(2):
            self.inputs.append(self.inputs[-1] * self.w)
        return self.inputs.pop()

    def backward(self, dy: Any) -> Any:
        dw = np.zeros_like(self.w)
        for x in reversed(self.inputs):
            dw += np.sum(dy * x, axis=0)
            dy = dy * self.w
        self.w.grad = dw
        return dy


class Table(nn.Layer):
    def build(self, input_shape: Any) -> None:
        self.table = self.parameter("table", (3, input_shape[-1]), "normal")

    def forward(self, x: Any) -> Any:
        return x * self.table[(x[:, 0] > 0).astype(int)]


class Normalised(nn.Layer):
    def build(self, input_shape: Any) -> None:
        self.w = self.parameter("w", (input_shape[-1], 3))

    def forward(self, x: Any) -> Any:
        return x @ (self.w / np.linalg.norm(self.w, axis=0))


class InitialValue(nn.Layer):
    def build(self, input_shape: Any) -> None:
        self.w = self.parameter("w", (input_shape[-1], 3))
        self.w.value = np.linspace(-1, 1, input_shape[-1] * 3).reshape(-1, 3)

    def forward(self, x: Any) -> Any:
        return x @ self.w


class InitialInPlace(InitialValue):
    def build(self, input_shape: Any) -> None:
        self.w = self.parameter("w", (input_shape[-1], 3))
        self.w[:] = np.eye(input_shape[-1], 3)


class Inner(nn.Layer):
    """Holds a network of another dtype."""

    def __init__(self) -> None:
        self.net = cr.Network([nn.Dense(3)], seed=1, dtype="float32")

    def forward(self, x: Any) -> Any:
        return self.net(x)


def _derived(change: Any) -> Any:
    class Derived(nn.Layer):
        def build(self, input_shape: Any) -> None:
            self.w = change(self.parameter("w", (input_shape[-1], 6), "normal"))

        def forward(self, x: Any) -> Any:
            return x @ self.w

    return Derived()


class Array(nn.Layer):
    def build(self, input_shape: Any) -> None:
        self.w = self.parameter("w", (input_shape[-1], 6))

    def forward(self, x: Any) -> Any:
        return x @ self.w.array


class Centred(nn.Layer):
    mean = None

    def forward(self, x: Any, training: bool = False) -> Any:
        if training:
            self.mean = x.mean(axis=0) if self.mean is None else self.mean + x.mean(axis=0)
        return x if self.mean is None else x - self.mean


class Cached(nn.Layer):
    """Keeps what its backward needs under names that NumPy has, too."""

    def __init__(self) -> None:
        self.mean, self.std, self.max = None, 0.0, np.zeros(6)

    def forward(self, x: Any) -> Any:
        self.mean = np.mean(x, axis=0)
        self.std = x.std() + 1
        self.max = x.max(axis=0)
        return (x - self.mean) / self.std + self.max


KINDS = (
    Cached, Statistics, Recurrent, Table, Softmax, Relu, Pairs, Normalised, InitialValue,
    InitialInPlace, Inner,
)  # fmt: skip


def test_layers_of_ones_own_train_and_keep_their_values(tmp_path: Path) -> None:
    layers = [kind() for kind in KINDS]
    net = cr.Network([nn.Dense(6), *layers, nn.Dense(1)], seed=0, dtype="float64")
    net.compile("mse", "adam", learning_rate=0.1)
    net(X[:1])
    before = {name: np.array(each) for name, each in net.params.items()}
    net.fit(X, Y, epochs=3, verbose=0)
    moved = {name: not np.array_equal(before[name], net.params[name]) for name in net.params}
    assert all(moved.values()), moved

    net.save(tmp_path / "net.safetensors")
    custom = {snake_case(kind.__name__): kind for kind in KINDS}
    loaded = cr.load(tmp_path / "net.safetensors", custom=custom)
    assert isinstance(loaded, cr.Network)
    for other in (loaded, copy.deepcopy(net)):
        np.testing.assert_array_equal(other.predict(X), net.predict(X))


def test_gradients_of_the_input_of_a_network_with_such_layers() -> None:
    direction = np.random.default_rng(1).normal(size=X.shape)
    step = 1e-6 * direction
    for kind in KINDS[:-1]:  # float32 has no exact differences
        net = cr.Network([nn.Dense(6), kind(), nn.Dense(1)], seed=0, dtype="float64")
        difference = (np.sum(net(X + step) ** 2) - np.sum(net(X - step) ** 2)) / 2e-6
        gradient = cr.grad(lambda x, net=net: np.sum(net(x) ** 2))(X)
        np.testing.assert_allclose(
            np.sum(gradient * direction), difference, 1e-5, 0, err_msg=str(kind)
        )


def test_parameters_that_the_loss_does_not_depend_on_are_told_of() -> None:
    changes = (lambda w: w.value, np.array, lambda w: w.T, lambda w: w * 0.1, lambda w: w[:, :6])
    for layer in (*map(_derived, changes), Array()):
        net = cr.Network([layer, nn.Dense(1)], seed=0)
        net.compile("mse", "sgd")
        with pytest.warns(cr.ChainruleWarning, match=r"does not depend on \w+\.w, .* as self\.w,"):
            net.fit(X, Y, epochs=1, verbose=0)


def test_statistics_that_begin_as_none_are_refused() -> None:
    net = cr.Network([Centred(), nn.Dense(1)], seed=0)
    net.compile("mse", "sgd")
    with pytest.raises(TraceError, match=r"self\.mean = self\.parameter\(\"mean\", \(6,\)"):
        net.fit(X, Y, epochs=1, verbose=0)
