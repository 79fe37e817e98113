"""Networks and other objects that are copied, pickled and sent to other processes."""

from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import data, nn, optim

X = np.random.default_rng(0).normal(size=(24, 4))
Y = X[:, :1]
NAMES = np.array(["eel", "cat"])[(X[:, 0] > 0).astype(int)]
ROWS = {"age": [20.0, 30.0, None, 50.0] * 6, "town": ["a", "b", "a", "c"] * 6}
BITS = (X > 0).astype("float32")


class Scale(nn.Layer):
    def __init__(self, factor: float = 2.0) -> None:
        self.factor, self.cache = factor, {"inner": [np.ones(2)]}

    def build(self, input_shape: Any) -> None:
        self.gain = self.parameter("gain", input_shape[-1:], "ones")
        self.inner = nn.Dense(3)

    def forward(self, x: Any) -> Any:
        return self.inner(x * self.gain * self.factor)


def squares(y_true: Any, y_pred: Any) -> Any:
    return np.mean((y_true - y_pred) ** 2)


def network(layers: list[Any], loss: Any = "mse", optimizer: Any = "adam", **options: Any) -> Any:
    net = cr.Network(layers, seed=3)
    net.compile(loss, optimizer, **options)
    return net


def trained(net: Any, inputs: Any = X, targets: Any = Y) -> Any:
    net.fit(inputs, targets, epochs=2, verbose=0)
    return net


def machine() -> Any:
    rbm = cr.RBM(3, persistent=True, momentum=0.5, batch_size=8)
    rbm.fit(BITS, epochs=2, verbose=0)
    return rbm


NETWORKS: dict[str, tuple[Callable[[], Any], Any, Any]] = {
    "compiled": (lambda: network([nn.Dense(3, "tanh"), nn.Dense(1)]), X, Y),
    "trained": (lambda: trained(network([nn.Dense(3), nn.BatchNorm(), nn.Dense(1)])), X, Y),
    "with dropout": (
        lambda: trained(network([nn.Dense(3, "relu"), nn.Dropout(0.3), nn.Dense(1)])),
        X,
        Y,
    ),
    "of one's own": (
        lambda: trained(network([Scale(3.0), nn.Dense(1)], squares, metrics=[squares, "mae"])),
        X,
        Y,
    ),
    "of classes": (
        lambda: trained(
            network(
                [nn.Dense(2, "softmax")],
                "cross_entropy",
                optim.SGD(optim.cosine(0.1, epochs=9), momentum=0.9),
                metrics=["accuracy"],
            ),
            X,
            NAMES,
        ),
        X,
        NAMES,
    ),
    "with a table": (
        lambda: trained(network([data.Table(), nn.Dense(1)]), ROWS, Y),
        ROWS,
        Y,
    ),
}


def seen(values: Any) -> float:
    """Return a number that depends on all values, for a worker of another process."""
    return float(np.sum(values.predict(X)))
