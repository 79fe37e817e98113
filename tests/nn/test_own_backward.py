"""A manual backward that cannot train is refused, by layer, with what to write."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError
from chainrule.testing import check_layer

X = np.random.default_rng(0).normal(size=(16, 4))
Y = X[:, :1]


class Gain(nn.Layer):
    """A layer whose backward is what `give` makes of the right gradient."""

    def __init__(self, give: Any, inputs: int = 1) -> None:
        self.give, self.inputs = give, inputs

    def build(self, *shapes: Any) -> None:
        self.gain = self.parameter("gain", shape=shapes[0][-1:], initializer="ones")
        self.count = self.parameter("count", (), "zeros", trainable=False)

    def forward(self, x: Any, *others: Any) -> Any:
        self.x = x
        return x * self.gain

    def backward(self, dy: Any) -> Any:
        self.gain.grad = np.sum(dy * self.x, axis=0)
        return self.give(self, dy * self.gain)


class Pair(nn.Layer):
    """Calls a layer with two inputs."""

    def __init__(self, give: Any) -> None:
        self.inner = Gain(give)

    def forward(self, x: Any) -> Any:
        return self.inner(x, x)


def grad_of(value: Any) -> Any:
    def give(layer: Any, dx: Any) -> Any:
        layer.gain.grad = value(layer.gain.grad)
        return dx

    return give


def assigning(name: str, change: Any) -> Any:
    def give(layer: Any, dx: Any) -> Any:
        change(getattr(layer, name))
        return dx

    return give


def rebinding(layer: Any, dx: Any) -> Any:
    layer.gain -= 0.1 * layer.gain.grad
    return dx


REFUSED = {
    "nothing": (lambda layer, dx: None, r"returned None for its input.*`return dx`, of shape \(16"),
    "sometimes": (lambda layer, dx: dx if dx.ndim > 2 else None, "returned None for its input"),
    "two": (lambda layer, dx: (dx, dx), "returned 2 gradients for its input: return dx"),
    "none": (lambda layer, dx: (), "returned 0 gradients for its input"),
    "shape": (lambda layer, dx: np.sum(dx, axis=0), r"of shape \(3,\).*its value, \(16, 3\)"),
    "scalar": (lambda layer, dx: 0.0, r"of shape \(\)"),
    "text": (lambda layer, dx: "dx", "returned for its input a str, which is no gradient"),
    "dict": (lambda layer, dx: {"dx": dx}, "returned for its input a dict"),
    "list": (lambda layer, dx: [dx], "returned for its input a list"),
    "mask": (lambda layer, dx: layer.x > 0, "an array of bool, which is no gradient"),
    "function": (lambda layer, dx: lambda: dx, "a function"),
    "grad shape": (grad_of(lambda g: g[None]), r"self\.gain\.grad to an array of shape \(1, 3\)"),
    "grad missing": (grad_of(lambda g: None), r"write self\.gain\.grad = \.\.\. in it"),
    "grad text": (grad_of(lambda g: "g"), r"set self\.gain\.grad to a str"),
    "update": (rebinding, r"the backward of layer .gain.*in backward write self\.gain\.grad = "),
    "value": (
        assigning("gain", lambda p: setattr(p, "value", p.value - p.grad)),
        r"assigned in the backward of.* write self\.gain\.grad = ",
    ),
    "item": (assigning("gain", lambda p: p.__setitem__(0, 0.0)), "assigned in the backward of"),
    "state": (
        assigning("count", lambda p: setattr(p, "value", p.value + 1)),
        r"update state in forward, as self\.count\.value = ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("before", [1, 2])
def test_a_backward_that_cannot_train_is_refused_before_anything_changes(
    name: str, before: int
) -> None:
    give, message = REFUSED[name]
    layers = [*(nn.Dense(3) for _ in range(before)), Gain(give, 1), nn.Dense(1)]
    net = cr.Network(layers, seed=0, dtype="float64")
    net.compile("mse", "sgd", learning_rate=0.05)
    old = np.array(net(X))
    with pytest.raises(cr.ChainruleError, match=message) as caught:
        net.fit(X, Y, epochs=2, verbose=0)
    assert "gain" in str(caught.value)
    np.testing.assert_array_equal(net(X), old)


def test_a_gradient_is_needed_for_each_input_but_for_integers() -> None:
    assert check_layer(Pair(lambda layer, dx: (dx, 0 * dx)), (4, 3)) < 1e-6
    for give, message in (
        (lambda layer, dx: (dx, None), "returned None for input 2 of 2"),
        (lambda layer, dx: dx, r"returned 1 gradients for 2 inputs: return dx, \.\.\."),
    ):
        with pytest.raises(cr.ChainruleError, match=message):
            check_layer(Pair(give), (4, 3))

    class Words(nn.Layer):
        def build(self, input_shape: Any) -> None:
            self.table = self.parameter("table", (5, 2))

        def forward(self, x: Any) -> Any:
            self.rows = x
            return self.table[x]

        def backward(self, dy: Any) -> Any:
            one_hot = np.eye(5)[self.rows]
            self.table.grad = np.einsum("btv,btu->vu", one_hot, dy)

    assert check_layer(Words(), (3, 4), inputs=np.arange(12).reshape(3, 4) % 5) < 1e-6


def test_a_backward_is_called_with_the_gradient_alone() -> None:
    class WithRate(nn.Layer):
        def forward(self, x: Any) -> Any:
            return 2 * x

        def backward(self, dy: Any, rate: Any) -> Any:
            return 2 * dy

    net = cr.Network([nn.Dense(2), WithRate(), nn.Dense(1)], seed=0)
    net.compile("mse", "sgd")
    with pytest.raises(ArgumentError, match=r"backward\(dy: Any, rate: Any\).* with \(dy\)"):
        net.fit(X, Y, verbose=0)
