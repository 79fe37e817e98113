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
_ROWS = {
    "age": [1.0, 2.0, None, 4.0, 5.0, 6.0], "town": list("abcabc"),
    "price": ["1,5 €", "2,25 €", "3,75 €", "", "5,5 €", "6,1 €"],
    "day": ["2024-01-05", "2024-02-06", "2024-03-07", "", "2024-05-09", "2024-06-11"],
}  # fmt: skip
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


class Masking(nn.Layer):
    """Gives a mask on, and takes that of its input; any number of steps."""

    def build(self, input_shape):
        self.W = self.parameter("W", (input_shape[-1], 4))

    def forward(self, x, mask=None):
        h = np.cumsum(x @ self.W, axis=1) / np.arange(1, x.shape[1] + 1).reshape(-1, 1)
        return h[:, ::2] if mask is None else np.where(mask[..., None], h, 0)[:, ::2]

    def compute_mask(self, x, mask=None):
        return None if mask is None else mask[:, ::2]


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
        ([nn.Masking(0.0), Masking(), nn.GRU(2)], steps, plain),
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
            train(net, X, y, folder / f"run{number}", epochs=2)
            latest = max((folder / f"run{number}").glob("checkpoint-*"))
            cases.append((f"run{number}/{latest.name}", X, y))
        else:
            net.fit(X, y, batch_size=size, verbose=0)
        if isinstance(layers[0], Own):
            layers[0].factor, layers[0].shift[0] = 3.0, np.zeros(3, "f4")
        net.save(folder / f"{number}.safetensors")
        cases.append((f"{number}.safetensors", X, y))
    return [*cases, _classes(folder), *_machines(folder)]


class Recorder(cr.Callback):
    """A callback that remembers data of every kind."""

    def on_fit_start(self, net):
        self.seen, self.mean, self.names = [], np.zeros(2, "f4"), {"a": (1, {2.5}), "b": None}

    def on_step_end(self, net, step, logs):
        if isinstance(self.seen, list):  # what a file has may be of any type
            self.seen.append((step, np.float32(logs["loss"]), {"loss": float(logs["loss"])}))

    def on_epoch_end(self, net, epoch, logs):
        self.mean = np.array([epoch, logs["loss"]], "f4")


class Returning(Recorder):
    """A callback that returns what it remembers, and takes it up."""

    def state(self):
        return vars(self)

    def restore(self, state):
        if isinstance(state, dict) and all(isinstance(each, str) for each in state):
            vars(self).update(state)


def train(net: Any, X: Any, y: Any, run: Any, epochs: int) -> None:
    """Train a network, or a machine where there are no targets, with checkpoints and callbacks."""
    checkpoint = cr.Checkpoint(run, every="2 steps", keep=2)
    callbacks = [Recorder(), Returning(), cr.EarlyStopping("loss", mode="min")]
    if y is None:
        machine().fit(X, epochs=epochs, verbose=0, checkpoint=checkpoint, callbacks=callbacks)
        return
    size = 6 if isinstance(net.optimizer, optim.Minimizer) else 2
    callbacks += [cr.LayerHistograms(X, y, samples=4)]
    callbacks += [] if size == 6 else [cr.ReduceOnPlateau("loss", mode="min", patience=1)]
    net.fit(
        X, y, epochs=epochs, batch_size=size, verbose=0, checkpoint=checkpoint, callbacks=callbacks
    )


def machine() -> cr.RBM:
    return cr.RBM(3, persistent=True, momentum=0.5, batch_size=2)


def _classes(folder: Any) -> Case:
    net = cr.Network([nn.Dense(3, "softmax")])
    net.compile("cross_entropy", optim.SGD(optim.cosine(0.1, epochs=3)), metrics="accuracy")
    y = np.array(["x", "y", "z"] * 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.fit(_FLAT, y, verbose=0)
    net.save(folder / "named.safetensors")
    return "named.safetensors", _FLAT, y


def _machines(folder: Any) -> list[Case]:
    other, X = machine(), (_FLAT > 0).astype("f4")
    other.fit(X, verbose=0)
    other.save(folder / "machine.safetensors")
    train(None, X, None, folder / "run_of_machine", epochs=2)
    latest = max((folder / "run_of_machine").glob("checkpoint-*"))
    return [("machine.safetensors", X, None), (f"run_of_machine/{latest.name}", X, None)]
