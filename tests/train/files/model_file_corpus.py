"""Valid files of networks and machines with all kinds of parts, which fuzzing mutates."""

import warnings
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import data, nn, optim

__all__ = ["CUSTOM", "Case", "corpus"]

_random = np.random.default_rng(0)
_FLAT = _random.normal(size=(6, 3)).astype("f4")
_IMAGE = _random.normal(size=(6, 8, 8, 1)).astype("f4")
_STEPS = _random.normal(size=(6, 5, 4)).astype("f4")
_TOKENS = _random.integers(0, 9, (6, 5))
_ROWS = {"age": [1.0, 2.0, None, 4.0, 5.0, 6.0], "town": list("abcabc")}
_TARGETS = _random.normal(size=(6, 2)).astype("f4")


class Own(nn.Layer):
    """A layer with a state, whose class is passed to `load`."""

    def __init__(self, factor=2.0):
        self.factor, self.shift = factor, [np.ones(3, "f4"), {"k": (1, 2.5)}]

    def forward(self, x):
        return x * self.factor + self.shift[0]


class Stored(nn.Layer):
    """A layer with parameters, a state, draws and a penalty, which is read as a program."""

    def build(self, input_shape):
        self.W = self.parameter("W", (input_shape[-1], 3))
        self.mean = self.parameter("mean", (3,), "zeros", trainable=False)
        self.offset = np.linspace(0, 1, 3).astype("f4")

    def forward(self, x):
        return np.tanh(x @ self.W) + self.offset - self.mean

    def train_forward(self, x, random):
        y = self.forward(x)
        self.mean.value = 0.9 * self.mean + 0.1 * np.mean(y, axis=0)
        return np.where(random.uniform(y.shape) < 0.2, 0, y).astype(y.dtype)

    def penalty(self):
        return 0.01 * np.sum(self.W * self.W)


class Recurrence(nn.Layer):
    """A loop over steps, with a derivative of its own."""

    def build(self, input_shape):
        self.W = self.parameter("W", (input_shape[-1], 4))

    def forward(self, x):
        self.x = x

        def step(h, x):
            return (np.tanh(x @ self.W + h),) * 2

        start = np.zeros((len(x), 4), x.dtype)
        return cr.scan(step, start, np.swapaxes(x, 0, 1))[0]


class ByHand(nn.Layer):
    def build(self, input_shape):
        self.W = self.parameter("W", (input_shape[-1], 3))

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy):
        self.W.grad = self.x.T @ dy
        return 0.5 * dy @ self.W.T


def own_loss(y, p):
    return np.mean((p - y) ** 2 + 0.1 * np.abs(p), axis=-1)


def own_metric(y, p):
    return np.max(np.abs(p - y))


CUSTOM = {"own": Own}

Case = tuple[str, Any, Any]
"""Name of the file, inputs and targets; a run has its folder's name before that of the file."""


def corpus(folder: Any) -> list[Case]:
    """Write the files into a folder; return their names with inputs and targets."""
    flat, image, steps, tokens = _FLAT, _IMAGE, _STEPS, _TOKENS
    own = own_loss, "adam", [own_metric]
    plain = "mse", "adam", ["mae"]
    parts = [
        ([nn.Dense(3, "relu", l2=0.1), nn.Dropout(0.2), nn.BatchNorm(), nn.Dense(2)], flat,
         plain),
        ([nn.Conv2D(2, 3, padding="same"), nn.MaxPool2D(2), nn.AvgPool2D(2), nn.Flatten()], image,
         plain),
        ([nn.Bidirectional(nn.LSTM(2)), nn.Dense(2)], steps, plain),
        ([nn.TimeDistributed(nn.Dense(4)), nn.MultiHeadAttention(2, 2), nn.GRU(2)], steps, plain),
        ([nn.Embedding(9, 4), nn.PositionEmbedding(), nn.GlobalAvgPool1D(), nn.Dense(2)], tokens,
         plain),
        ([nn.Residual([nn.Dense(3)]), nn.Concatenate([nn.Dense(2), []]), nn.Dense(2)], flat, plain),
        ([nn.ConvTranspose2D(2, 2), nn.Permute((3, 1, 2)), nn.Reshape((-1,)), nn.Dense(2)], image,
         plain),
        ([Own(), nn.Dense(2)], flat, plain),
        ([Stored(), nn.Dense(2)], flat, own),
        ([Recurrence(), nn.Dense(2)], steps, plain),
        ([ByHand(), nn.Residual([ByHand()]), nn.Dense(2)], flat, plain),
        ([nn.Dense(3, "tanh"), nn.Dense(2)], flat, ("mse", optim.LBFGS(memory=3), [])),
        ([nn.Dense(3, "tanh"), nn.Dense(2)], flat, ("mse", optim.LevenbergMarquardt(), [])),
        ([data.Table(), nn.Dense(2)], _ROWS, plain),
    ]  # fmt: skip
    cases: list[Case] = []
    for number, (layers, X, (loss, optimizer, metrics)) in enumerate(parts):
        net = cr.Network(layers, seed=number)
        net.compile(loss, optimizer, metrics=metrics)
        y = _TARGETS if number != 1 else _random.normal(size=(6, 8)).astype("f4")
        size = 6 if isinstance(optimizer, optim.Minimizer) else 2
        if number % 3 == 0 or size == 6:
            run = cr.Checkpoint(folder / f"run{number}", every="2 steps", keep=2)
            net.fit(X, y, epochs=2, batch_size=size, verbose=0, checkpoint=run)
            latest = max((folder / f"run{number}").glob("checkpoint-*"))
            cases.append((f"run{number}/{latest.name}", X, y))
        else:
            net.fit(X, y, batch_size=size, verbose=0)
        if isinstance(layers[0], Own):
            layers[0].factor, layers[0].shift[0] = 3.0, np.zeros(3, "f4")
        net.save(folder / f"{number}.safetensors")
        cases.append((f"{number}.safetensors", X, y))
    return [*cases, _classes(folder), _machine(folder)]


def _classes(folder: Any) -> Case:
    net = cr.Network([nn.Dense(3, "softmax")])
    net.compile("cross_entropy", optim.SGD(optim.cosine(0.1, epochs=3)), metrics="accuracy")
    y = np.array(["x", "y", "z"] * 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.fit(_FLAT, y, verbose=0)
    net.save(folder / "named.safetensors")
    return "named.safetensors", _FLAT, y


def _machine(folder: Any) -> Case:
    machine, X = cr.RBM(3, persistent=True, momentum=0.5, batch_size=2), (_FLAT > 0).astype("f4")
    machine.fit(X, verbose=0)
    machine.save(folder / "machine.safetensors")
    return "machine.safetensors", X, None
