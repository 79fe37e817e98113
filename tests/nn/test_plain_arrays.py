"""Plain arrays of layers: likely weights are warned of, constants not; lost state is refused."""

import warnings
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn

pytestmark = pytest.mark.usefixtures("numpy_backend")

X = np.random.default_rng(0).normal(size=(32, 4))
Y = X[:, :1]


def drawn(*shape: int) -> Any:
    return np.random.default_rng(1).normal(size=shape)


class Likely(nn.Layer):
    """The base of layers that keep likely weights out of sight."""

    def forward(self, x: Any) -> Any:
        return x @ self.W


class InBuild(Likely):
    def build(self, input_shape: Any) -> None:
        self.W = np.random.randn(input_shape[-1], 3)


class InInit(Likely):
    def __init__(self, units: int = 3) -> None:
        self.W, self.b = np.random.uniform(-1, 1, (4, units)), np.zeros(units)

    def forward(self, x: Any) -> Any:
        return x @ self.W + self.b


class ByHelper(Likely):
    def build(self, input_shape: Any) -> None:
        self.W = drawn(input_shape[-1], 3).astype("float32")


class InContainers(nn.Layer):
    def __init__(self) -> None:
        self.weights = [{"W": drawn(4, 5)}, {"W": drawn(5, 3)}]

    def forward(self, x: Any) -> Any:
        for each in self.weights:
            x = np.tanh(x @ each["W"])
        return x


class InClass(Likely):
    W = drawn(4, 3)


class Gain(nn.Layer):
    def build(self, input_shape: Any) -> None:
        self.gain = np.ones(input_shape[-1])

    def forward(self, x: Any) -> Any:
        return x * self.gain


@pytest.mark.parametrize("kind", [InBuild, InInit, ByHelper, InContainers, InClass, Gain])
def test_an_array_that_looks_like_a_weight_is_warned_of_once(kind: Any) -> None:
    net = cr.Network([kind(), nn.Dense(1)], seed=0)
    net.compile("mse", "sgd")
    with pytest.warns(cr.ChainruleWarning, match=r"plain attributes that are not trained") as told:
        net.fit(X, Y, verbose=0)
    assert len(told) == 1
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.fit(X, Y, verbose=0)


class Constants(nn.Layer):
    """Filters, statistics, tables, masks and indices."""

    MEAN = np.array([0.485, 0.456, 0.406, 0.5])

    def __init__(self, matrix: Any) -> None:
        self.matrix = np.asarray(matrix, np.float32)
        self.box = np.full((3, 3), 1 / 9)
        self.mask, self.rows = np.tri(4), np.array([3, 2, 1, 0])

    def build(self, input_shape: Any) -> None:
        position = np.arange(input_shape[-1])[:, None] / 10.0 ** np.arange(4)
        self.table = np.concatenate([np.sin(position), np.cos(position)], axis=1)
        self.scale = np.float64(0.3)

    def forward(self, x: Any) -> Any:
        x = ((x - self.MEAN) @ self.matrix)[:, self.rows] * self.scale
        return (x @ self.mask) @ self.table * self.box[0, 0]


class Declared(nn.Layer):
    """Random features, as the warning advises: once as a constant, once as weights."""

    def __init__(self, trainable: bool) -> None:
        self.is_trained = trainable

    def build(self, input_shape: Any) -> None:
        shape = (input_shape[-1], 3)
        self.W = self.parameter("W", shape, lambda *_: drawn(*shape), trainable=self.is_trained)

    def forward(self, x: Any) -> Any:
        self.seen = x
        return x @ self.W


@pytest.mark.parametrize("layer", [Constants(drawn(4, 4)), Declared(True), Declared(False)])
def test_constants_and_parameters_are_not_warned_of(layer: nn.Layer) -> None:
    net = cr.Network([layer, nn.Dense(1)], seed=0)
    net.compile("mse", "sgd")
    net(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.fit(X, Y, verbose=0)


class Running(nn.Layer):
    """A running mean as a plain attribute, from an array or a number."""

    def __init__(self, start: Any) -> None:
        self.mean = start

    def forward(self, x: Any, training: bool = False) -> Any:
        if training:
            self.mean = 0.9 * self.mean + 0.1 * np.mean(x, axis=0)
        return x - self.mean


class Updates(nn.Layer):
    """Weights as plain arrays, updated in backward as scripts from scratch do it."""

    def __init__(self) -> None:
        self.W = drawn(4, 4)

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W

    def backward(self, dy: Any) -> Any:
        dx = dy @ self.W.T
        self.W = self.W - 0.1 * self.x.T @ dy
        return dx


class Stateful(nn.Layer):
    """A state that each call reads and replaces."""

    def __init__(self) -> None:
        self.h = np.zeros(4)

    def forward(self, x: Any) -> Any:
        self.h = np.tanh(np.mean(x, axis=0) + self.h)
        return x + self.h


@pytest.mark.filterwarnings("ignore::chainrule.errors.ChainruleWarning")
@pytest.mark.parametrize(
    "make", [lambda: Running(0.0), lambda: Running(np.zeros(4)), Updates, Stateful]
)
def test_state_that_training_would_lose_is_refused(make: Any) -> None:
    net = cr.Network([nn.Dense(4), make(), nn.Dense(1)], seed=0)
    net.compile("mse", "sgd")
    with pytest.raises(
        cr.ChainruleError, match=r"is updated in training, .* trainable=False\), and"
    ):
        net.fit(X, Y, verbose=0)


def test_state_as_advised_is_kept() -> None:
    class Kept(nn.Layer):
        def build(self, input_shape: Any) -> None:
            self.mean = self.parameter("mean", (4,), "zeros", trainable=False)

        def forward(self, x: Any, training: bool = False) -> Any:
            if training:
                self.mean.value = 0.5 * self.mean.value + 0.5 * np.mean(x, axis=0)
            return x - self.mean

    net = cr.Network([Kept(), nn.Dense(1)], seed=0, dtype="float64")
    net.compile("mse", "sgd")
    net.fit(X, Y, batch_size=None, epochs=2, verbose=0)
    np.testing.assert_allclose(net.params["kept.mean"], 0.75 * X.mean(axis=0))
    item = cr.Network([Item(), nn.Dense(1)], seed=0, dtype="float64")
    item.compile("mse", "sgd")
    item.fit(X, Y, batch_size=None, epochs=2, verbose=0)
    np.testing.assert_allclose(item.params["item.count"], [2.0])


class Item(nn.Layer):
    """State that is written in place."""

    def build(self, input_shape: Any) -> None:
        self.count = self.parameter("count", (1,), "zeros", trainable=False)

    def forward(self, x: Any, training: bool = False) -> Any:
        if training:
            self.count += 0.5
            self.count[0] = self.count[0] + 0.5
        return x


def test_another_name_of_the_training_flag_is_warned_of() -> None:
    class Flag(nn.Layer):
        def forward(self, x: Any, is_training: bool = False) -> Any:
            return 2 * x if is_training else x

    with pytest.warns(cr.ChainruleWarning, match=r"as in forward\(self, x, training=False\)"):
        Flag()


@pytest.mark.parametrize(
    "forward",
    [
        lambda self, x, training: x * 100.0 if training else x,
        lambda self, x, training=None: x * 100.0 if training else x,
        lambda self, x, *, training=False: x * 100.0 if training else x,
        lambda self, x, **kwargs: x * 100.0 if kwargs.get("training") else x,
        lambda self, x, mask=None, training=False: x * 100.0 if training else x,
        lambda self, x, random=None: x if random is None else x * 100.0,
        lambda self, x, training=False, random=None: x * 100.0 if training and random else x,
    ],
)
def test_forward_is_told_of_training_however_it_declares_the_flag(forward: Any) -> None:
    kind = type("Flagged", (nn.Layer,), {"forward": forward})
    for wrapped in (kind(), nn.Residual([kind()], [kind()]), nn.Concatenate([[kind()], [kind()]])):
        scale = np.sum(np.ravel(wrapped(np.ones((1, 4)))))
        net = cr.Network([wrapped, nn.Dense(1, initializer="ones")], seed=0, dtype="float64")
        net.compile(lambda y, p: np.mean(p, axis=1), "sgd", learning_rate=1e-12)
        told = net.fit(X**2, Y, verbose=0)["loss"][0]
        plain = np.mean(X**2) * scale
        np.testing.assert_allclose(told, 100 * plain, rtol=1e-6)
        np.testing.assert_allclose(net.evaluate(X**2, Y)["loss"], plain, rtol=1e-6)
        np.testing.assert_allclose(net.predict(X**2).mean(), plain, rtol=1e-6)
    assert cr.testing.check_layer(kind(), (3, 4)) < 1e-6
