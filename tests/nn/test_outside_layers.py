"""Layers that a network uses and does not hold: refused, or warned of, with what to write."""

import functools
import warnings
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn

pytestmark = pytest.mark.usefixtures("numpy_backend")

X = np.random.default_rng(0).normal(size=(32, 4))
Y = X @ np.ones((4, 1))

outside = nn.Dense(3)


class Own(nn.Layer):
    """Calls what `use` makes of the layer and x; `held` is an attribute."""

    def __init__(self, use: Callable[[Any, Any], Any], held: Any = None) -> None:
        self.use, self.held = use, held

    def forward(self, x: Any) -> Any:
        return self.use(self, x)


class Block(nn.Layer):
    """A layer of layers."""

    def __init__(self) -> None:
        self.inner = [nn.Dense(3)]

    def forward(self, x: Any) -> Any:
        return self.inner[0](x)


def net_of(*layers: Any, loss: Any = "mse") -> cr.Network:
    net = cr.Network([*layers, nn.Dense(1)], seed=0)
    net.compile(loss, "adam", learning_rate=0.05)
    return net


def built(layer: nn.Layer) -> nn.Layer:
    layer(X)
    return layer


BUILT, FROZEN = built(nn.Dense(3)), nn.Dense(3)
FROZEN.trainable = False


OUTSIDE: dict[str, Callable[[], nn.Layer]] = {
    "made in forward": lambda: Own(lambda self, x: nn.Dense(3)(x)),
    "a block made in forward": lambda: Own(lambda self, x: Block()(x)),
    "global": lambda: Own(lambda self, x: outside(x)),
    "built before": lambda: Own(lambda self, x: BUILT(x)),
    "closure": lambda: nn.Activation((lambda layer: lambda x: layer(x))(nn.Dense(3))),
    "object": lambda: Own(lambda self, x: self.held.a(x), SimpleNamespace(a=nn.Dense(3))),
    "set": lambda: Own(lambda self, x: next(iter(self.held))(x), {nn.Dense(3)}),
    "deque": lambda: Own(lambda self, x: self.held[0](x), deque([nn.Dense(3)])),
    "partial": lambda: Own(lambda self, x: self.held(x), functools.partial(nn.Dense(3))),
    "method": lambda: Own(lambda self, x: self.held(x), nn.Dense(3).forward.__self__.__call__),
    "in a sublayer": lambda: nn.Residual([Own(lambda self, x: nn.Dense(4)(x))]),
    "parameter": lambda: Own(lambda self, x: x @ BUILT.weight),
    "own parameter": lambda: Own(lambda self, x: x * self.held, nn.Parameter("w", np.ones(4))),
}  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_layer_that_would_never_be_trained_is_refused(name: str) -> None:
    net = net_of(OUTSIDE[name]())
    with pytest.raises(
        cr.ChainruleError, match=r"fit: layer .* uses .* would never be trained; hold"
    ):
        net.fit(X, Y, verbose=0)
    assert net.predict(X).shape == (32, 1)


HELD: dict[str, Callable[[], nn.Layer]] = {
    "attribute": lambda: Own(lambda self, x: self.held(x), nn.Dense(3)),
    "tuple in a dict": lambda: Own(lambda self, x: self.held["a"][0](x), {"a": (nn.Dense(3),)}),
    "block": lambda: Own(lambda self, x: self.held.inner[0](x), Block()),
    "network": lambda: Own(lambda self, x: self.held(x), cr.Network([nn.Dense(3)])),
    "layer of a network": lambda: Own(lambda self, x: self.held.layers[0](x), net_of()),
    "bound method": lambda: Own(lambda self, x: self.held.forward(x), built(nn.Dense(3))),
    "frozen": lambda: Own(lambda self, x: FROZEN(x)),
}  # fmt: skip


@pytest.mark.parametrize("name", HELD)
def test_what_a_refusal_advises_works(name: str) -> None:
    net = net_of(HELD[name]())
    net(X)
    before = {key: np.array(value) for key, value in net.params.items()}
    net.fit(X, Y, epochs=2, verbose=0)
    assert len(before) == (2 if name == "frozen" else 4)
    assert not any(np.array_equal(before[key], net.params[key]) for key in before)


def test_a_loss_may_use_what_has_a_training_of_its_own() -> None:
    student, teacher = net_of(), net_of(nn.Dense(3, "tanh"))
    teacher.fit(X, Y, verbose=0)
    student.compile(lambda y, p: np.mean((teacher(X) - p) ** 2), "sgd")
    student.fit(X, Y, batch_size=None, verbose=0)
    critic = nn.Dense(1)
    for used in (critic, lambda p: p @ BUILT.weight[:1]):
        student.compile(lambda y, p, used=used: np.mean(used(p) ** 2), "sgd")
        with pytest.raises(
            cr.ChainruleError, match=r"the loss, or a metric, uses .*put it into a layer"
        ):
            student.fit(X, Y, verbose=0)
    critic.trainable = False
    student.compile(lambda y, p: np.mean(critic(p) ** 2), "sgd")
    student.fit(X, Y, verbose=0)


def test_layers_of_another_network_are_warned_of_once() -> None:
    base = cr.Network([nn.Dense(3)])
    net = net_of(Own(lambda self, x: base(x)))
    with pytest.warns(cr.ChainruleWarning, match=r"would never be trained") as told:
        net.fit(X, Y, batch_size=20, verbose=0)
    assert len(told) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.fit(X, Y, batch_size=10, verbose=0)
