"""A network that a layer holds: its layers are sublayers, trained, saved and told of training."""

from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import nn

X = np.random.default_rng(0).normal(size=(64, 4))
Y = X @ np.ones((4, 1))


class Inner(nn.Layer):
    """A network in an attribute."""

    def __init__(self) -> None:
        self.inner = cr.Network([nn.Dense(3), nn.Dropout(0.5)], seed=0)

    def forward(self, x: Any, training: bool = False) -> Any:
        return self.inner(x, training=training)


class Outer(nn.Layer):
    """Networks in a layer and in containers, without a call of super().__init__()."""

    def __init__(self) -> None:
        self.first, self.heads = Inner(), {"a": [cr.Network([nn.Dense(2, l2=0.1)])]}

    def forward(self, x: Any) -> Any:
        return self.heads["a"][0](self.first(x))


NAMES = ["outer.first.inner.dense.weight", "outer.first.inner.dense.bias",
         "outer.heads.a.0.dense.weight", "outer.heads.a.0.dense.bias"]  # fmt: skip


def test_the_layers_of_a_held_network_are_trained_and_saved(tmp_path: Path) -> None:
    outer = Outer()
    net = cr.Network([outer, nn.Dense(1)], seed=0)
    net.compile("mse", "adam", learning_rate=0.05)
    net(X[:1])
    assert list(net.params)[:4] == NAMES
    before = {name: np.array(value) for name, value in net.params.items()}
    net.fit(X, Y, epochs=2, verbose=0)
    assert not any(np.array_equal(before[name], net.params[name]) for name in before)
    head = outer.heads["a"][0]
    np.testing.assert_array_equal(head.params["dense.weight"], net.params[NAMES[2]])
    assert outer.penalty() == np.float32(0.05) * np.sum(head.params["dense.weight"] ** 2)
    net.save(tmp_path / "net.safetensors")
    loaded = cr.load(tmp_path / "net.safetensors", custom={"Outer": Outer})
    np.testing.assert_array_equal(loaded.predict(X), net.predict(X))


def test_training_mode_extends_to_a_held_network_and_to_sublayers_of_sublayers() -> None:
    class Deep(nn.Layer):
        def __init__(self) -> None:
            self.held = Outer()

        def forward(self, x: Any) -> Any:
            return self.held.first.inner(x)

    layer = Deep()
    inference = layer(X)
    assert np.any(layer(X, random=nn.RandomStream(seed=0)) != inference)
    np.testing.assert_array_equal(layer(X), inference)


def test_a_layer_shared_by_two_is_one_layer() -> None:
    shared = nn.Dense(4, name="shared")

    class Holder(nn.Layer):
        def __init__(self) -> None:
            self.own, self.inner = nn.Dense(4), shared

        def forward(self, x: Any) -> Any:
            return self.own(self.inner(x))

    net = cr.Network([shared, Holder(), nn.Dense(1)], seed=0)
    net.compile("mse", "sgd", learning_rate=0.1)
    net(X[:1])
    names = [name.rpartition(".")[0] for name in net.params]
    assert names == ["shared", "shared", "holder.own", "holder.own", "dense", "dense"]
    before = np.array(net.params["shared.weight"])
    gradient = cr.grad(lambda w: _loss(net, shared, w))(before.astype("float64"))
    net.fit(X, Y, epochs=1, batch_size=None, verbose=0)
    np.testing.assert_allclose(net.params["shared.weight"], before - 0.1 * gradient, rtol=1e-4)


def _loss(net: cr.Network, shared: Any, weight: Any) -> Any:
    with nn.parameter.substituted([shared.weight], [weight]):
        return np.mean((net(X) - Y) ** 2)
