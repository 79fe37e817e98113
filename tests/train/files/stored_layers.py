"""Networks with layers of one's own, which files hold as programs."""

from typing import Any

import numpy as np

import chainrule as cr
from chainrule import nn

__all__ = ["NETWORKS", "TARGETS", "trained"]


class Scale(nn.Layer):
    def build(self, input_shape):
        self.gain = self.parameter("gain", shape=input_shape[-1:], initializer="ones")

    def forward(self, x):
        return x * self.gain


class Skip(nn.Layer):
    """Has a sublayer with a penalty, a setting changed after it was made and a captured array."""

    def __init__(self, function):
        super().__init__()
        self.inner, self.function = nn.Dense(6, activation="tanh", l2=0.01), function
        self.offset = np.linspace(0, 1, 6).astype("float32")

    def forward(self, x):
        return x + self.function(self.inner(x)) + self.offset


class Drop(nn.Layer):
    def forward(self, x):
        return x

    def train_forward(self, x, random):
        return np.where(random.uniform(x.shape) < 0.3, 0, x / 0.7).astype(x.dtype)


class Centre(nn.Layer):
    """Assigns a state in training."""

    def build(self, input_shape):
        self.mean = self.parameter("mean", input_shape[-1:], "zeros", trainable=False)

    def forward(self, x):
        return x - self.mean

    def train_forward(self, x, random):
        mean = x.mean(axis=0)
        self.mean.value = 0.9 * self.mean + 0.1 * mean
        return x - mean


class ByHand(nn.Layer):
    """Has a backward of its own, whose gradient is half of the derivative."""

    def build(self, input_shape):
        self.W = self.parameter("W", (input_shape[-1], 6))

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy):
        self.W.grad = self.x.T @ dy
        return 0.5 * dy @ self.W.T


class Normed(nn.Layer):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm()

    def forward(self, x):
        return 2 * self.norm(x)


class Last(nn.Layer):
    """A recurrence; its input has as many steps as the network's."""

    def build(self, input_shape):
        self.W = self.parameter("W", (input_shape[-1], 4))

    def forward(self, x):
        def step(h, x):
            return (np.tanh(x @ self.W + h),) * 2

        start = np.zeros((len(x), 4), x.dtype)
        return cr.scan(step, start, np.swapaxes(x, 0, 1))[0]


_random = np.random.default_rng(0)
_TABLE = _random.normal(size=(50, 6)).astype("float32")
_SERIES = _random.normal(size=(50, 7, 3)).astype("float32")
TARGETS = np.sin(_TABLE[:, :2])

NETWORKS: dict[str, tuple[Any, Any]] = {
    "parameters": (lambda: [Scale(), nn.Dense(2)], _TABLE),
    "sublayers": (lambda: [Skip(lambda x: x * 3), nn.Dense(2)], _TABLE),
    "draws": (lambda: [nn.Dense(6), Drop(), nn.Dropout(0.2), Drop(), nn.Dense(2)], _TABLE),
    "states": (lambda: [Centre(), nn.Dense(2)], _TABLE),
    "backward": (lambda: [ByHand(), nn.ReLU(), ByHand(), nn.Dense(2)], _TABLE),
    "last batch": (lambda: [Normed(), nn.Dense(2)], _TABLE),
    "loop": (lambda: [Last(), nn.Dense(2)], _SERIES),
}


def trained(net: Any, X: Any) -> list[float]:
    net.compile("mse", "adam", learning_rate=0.01)
    return net.fit(X, TARGETS, epochs=3, batch_size=16, verbose=0)["loss"]
