"""The same networks here, in PyTorch and in Keras; run it where those are to write their outputs.

``KERAS_BACKEND=jax python tests/interop/weights/foreign_models.py`` renews foreign_outputs.json.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import nn

Array = NDArray[Any]
OUTPUTS = Path(__file__).parent / "foreign_outputs.json"

Network = Callable[[], list[nn.Layer]]

# By name: layers, shape of the input (None for indices of an embedding).
TORCH: dict[str, tuple[Network, tuple[int, ...] | None]] = {
    "dense": (lambda: [nn.Dense(4, activation="relu"), nn.Dense(3)], (2, 5)),
    "conv2d": (
        lambda: [
            nn.Conv2D(6, (3, 2), groups=2, activation="relu"), nn.BatchNorm(epsilon=1e-5),
            nn.MaxPool2D(2), nn.Flatten(), nn.Dense(3), nn.BatchNorm(epsilon=1e-5), nn.Dense(2),
        ],
        (2, 6, 5, 4),
    ),
    "flat_norm": (
        lambda: [nn.Conv2D(3, 3), nn.Flatten(), nn.BatchNorm(epsilon=1e-5), nn.Dense(2)],
        (2, 4, 5, 2),
    ),
    "conv1d": (lambda: [nn.Conv1D(4, 3), nn.Flatten(), nn.Dense(2)], (2, 6, 3)),
    "conv3d": (lambda: [nn.Conv3D(3, 2), nn.Flatten(), nn.Dense(2)], (2, 3, 3, 3, 2)),
    "depthwise": (lambda: [nn.DepthwiseConv2D(3, depth_multiplier=2), nn.PReLU()], (2, 4, 4, 3)),
    "decoder": (
        lambda: [
            nn.Dense(16, activation="relu"), nn.Reshape((2, 2, 4)),
            nn.ConvTranspose2D(3, 2, strides=2),
        ],
        (2, 5),
    ),
    "lstm": (lambda: [nn.LSTM(4), nn.Dense(2)], (2, 5, 3)),
    "gru": (lambda: [nn.GRU(4, return_sequences=True), nn.GRU(4)], (2, 5, 3)),
    "rnn": (lambda: [nn.RNN(4)], (2, 5, 3)),
    "both_lstm": (lambda: [nn.Bidirectional(nn.LSTM(3))], (2, 4, 3)),
    "both_gru": (lambda: [nn.Bidirectional(nn.GRU(3, return_sequences=True))], (2, 4, 3)),
    "attention": (lambda: [nn.MultiHeadAttention(2), nn.LayerNorm(epsilon=1e-5)], (2, 3, 6)),
    "embedding": (lambda: [nn.Embedding(9, 3), nn.Flatten(), nn.Dense(2)], None),
}  # fmt: skip

KERAS: dict[str, tuple[Network, tuple[int, ...] | None]] = {
    "dense": TORCH["dense"],
    "conv2d": (
        lambda: [
            nn.Conv2D(6, (3, 2), groups=2, activation="relu"), nn.BatchNorm(), nn.MaxPool2D(2),
            nn.Flatten(), nn.Dense(3),
        ],
        (2, 6, 5, 4),
    ),
    "conv1d": (lambda: [nn.Conv1D(4, 3, padding="same"), nn.Flatten(), nn.Dense(2)], (2, 6, 3)),
    "conv3d": (lambda: [nn.Conv3D(3, 2)], (2, 3, 3, 3, 2)),
    "depthwise": TORCH["depthwise"],
    "decoder": TORCH["decoder"],
    "lstm": TORCH["lstm"],
    "gru": (
        lambda: [
            nn.GRU(4, return_sequences=True), nn.RNN(3, return_sequences=True),
            nn.TimeDistributed(nn.Dense(2)),
        ],
        (2, 5, 3),
    ),
    "both": (
        lambda: [
            nn.Bidirectional(nn.LSTM(3, return_sequences=True)), nn.Bidirectional(nn.GRU(2)),
        ],
        (2, 4, 3),
    ),
    "attention": (lambda: [nn.MultiHeadAttention(2, 2), nn.LayerNorm()], (2, 3, 6)),
    "embedding": TORCH["embedding"],
}  # fmt: skip


def inputs(shape: tuple[int, ...] | None) -> Array:
    """Return the inputs of a case: cosines, or indices."""
    if shape is None:
        return np.arange(10).reshape(2, 5) % 9
    return np.cos(1.7 * np.arange(np.prod(shape))).reshape(shape).astype(np.float32)


def values(name: str, shape: tuple[int, ...], number: int) -> Array:
    """Return the weight of a number in a model: sines, and about 1 for variances."""
    wave = np.sin(number + 0.9 * np.arange(int(np.prod(shape)))).reshape(shape).astype(np.float32)
    return 1 + wave / 2 if "var" in name else wave / 2


def to_torch_axes(array: Array) -> Array:
    """Return an image with channels first, and anything of fewer axes as it is."""
    return np.moveaxis(array, -1, 1)


def torch_model(name: str) -> Any:
    """Return the model of a case in PyTorch."""
    torch = importlib.import_module("torch")
    T = torch.nn

    class Call(T.Module):
        """A module called by a function."""

        def __init__(self, module: Any, call: Any) -> None:
            super().__init__()
            self.module, self.call = module, call

        def forward(self, x: Any) -> Any:
            return self.call(self.module, x)

    def last(module: Any, x: Any) -> Any:
        return module(x)[0][:, -1]

    def ends(module: Any, x: Any) -> Any:
        return torch.cat(list(module(x)[1][0]), -1)

    def attend(module: Any, x: Any) -> Any:
        return module(x, x, x, need_weights=False)[0]

    both: dict[str, Any] = {"batch_first": True, "bidirectional": True}
    models: dict[str, list[Any]] = {
        "dense": [T.Linear(5, 4), T.ReLU(), T.Linear(4, 3)],
        "conv2d": [
            T.Conv2d(4, 6, (3, 2), groups=2), T.ReLU(), T.BatchNorm2d(6), T.MaxPool2d(2),
            T.Flatten(), T.Linear(24, 3), T.BatchNorm1d(3), T.Linear(3, 2),
        ],
        "flat_norm": [T.Conv2d(2, 3, 3), T.Flatten(), T.BatchNorm1d(18), T.Linear(18, 2)],
        "conv1d": [T.Conv1d(3, 4, 3), T.Flatten(), T.Linear(16, 2)],
        "conv3d": [T.Conv3d(2, 3, 2), T.Flatten(), T.Linear(24, 2)],
        "depthwise": [T.Conv2d(3, 6, 3, groups=3), T.PReLU(6)],
        "decoder": [
            T.Linear(5, 16), T.ReLU(), T.Unflatten(1, (4, 2, 2)),
            T.ConvTranspose2d(4, 3, 2, stride=2),
        ],
        "lstm": [Call(T.LSTM(3, 4, batch_first=True), last), T.Linear(4, 2)],
        "gru": [Call(T.GRU(3, 4, num_layers=2, batch_first=True), last)],
        "rnn": [Call(T.RNN(3, 4, batch_first=True), last)],
        "both_lstm": [Call(T.LSTM(3, 3, **both), ends)],
        "both_gru": [Call(T.GRU(3, 3, **both), lambda module, x: module(x)[0])],
        "attention": [Call(T.MultiheadAttention(6, 2, batch_first=True), attend), T.LayerNorm(6)],
        "embedding": [T.Embedding(9, 3), T.Flatten(), T.Linear(15, 2)],
    }  # fmt: skip
    return T.Sequential(*models[name]).eval()


def torch_output(model: Any, x: Array) -> Array:
    """Return the output of a model in PyTorch for our inputs, in our layout."""
    torch = importlib.import_module("torch")
    layers = list(model)
    is_image = type(layers[0]).__name__.startswith("Conv")
    gives_image = type(layers[-1]).__name__ in ("ConvTranspose2d", "PReLU")
    with torch.no_grad():
        y = model(torch.as_tensor((to_torch_axes(x) if is_image else x).copy())).numpy()
    return np.moveaxis(y, 1, -1) if gives_image else y


def keras_model(name: str) -> Any:
    """Return the model of a case in Keras."""
    keras = importlib.import_module("keras")
    K = keras.layers
    _, shape = KERAS[name]
    source = keras.Input((5,) if shape is None else shape[1:])
    models: dict[str, list[Any]] = {
        "dense": [K.Dense(4, activation="relu"), K.Dense(3)],
        "conv2d": [
            K.Conv2D(6, (3, 2), groups=2, activation="relu"), K.BatchNormalization(),
            K.MaxPooling2D(2), K.Flatten(), K.Dense(3),
        ],
        "conv1d": [K.Conv1D(4, 3, padding="same"), K.Flatten(), K.Dense(2)],
        "conv3d": [K.Conv3D(3, 2)],
        "depthwise": [K.DepthwiseConv2D(3, depth_multiplier=2), K.PReLU(shared_axes=[1, 2])],
        "decoder": [
            K.Dense(16, activation="relu"), K.Reshape((2, 2, 4)),
            K.Conv2DTranspose(3, 2, strides=2),
        ],
        "lstm": [K.LSTM(4), K.Dense(2)],
        "gru": [
            K.GRU(4, return_sequences=True), K.SimpleRNN(3, return_sequences=True),
            K.TimeDistributed(K.Dense(2)),
        ],
        "both": [
            K.Bidirectional(K.LSTM(3, return_sequences=True)), K.Bidirectional(K.GRU(2)),
        ],
        "embedding": [K.Embedding(9, 3), K.Flatten(), K.Dense(2)],
    }  # fmt: skip
    if name == "attention":
        y = K.LayerNormalization()(K.MultiHeadAttention(2, 2)(source, source))
        return keras.Model(source, y)
    return keras.Sequential([source, *models[name]])


def _write_outputs() -> None:
    torch = importlib.import_module("torch")
    written: dict[str, Any] = {"torch": {}, "keras": {}}
    for name, (_, shape) in TORCH.items():
        model, weights = torch_model(name), {}
        state = {k: v for k, v in model.state_dict().items() if "num_batches" not in k}
        for number, (key, tensor) in enumerate(state.items()):
            weights[key] = list(tensor.shape)
            tensor.copy_(torch.as_tensor(values(key, tuple(tensor.shape), number)))
        output = torch_output(model, inputs(shape))
        written["torch"][name] = {"weights": weights, "output": _listed(output)}
    for name, (_, shape) in KERAS.items():
        model = keras_model(name)
        shapes = {each.path: list(each.shape) for each in model.weights}
        model.set_weights([values(k, tuple(s), i) for i, (k, s) in enumerate(shapes.items())])
        output = np.asarray(model(inputs(shape)))
        written["keras"][name] = {"weights": shapes, "output": _listed(output)}
    OUTPUTS.write_text(json.dumps(written).replace('}, "', '},\n"') + "\n")


def _listed(output: Array) -> Any:
    return [float(f"{each:.7g}") for each in output.ravel()]


if __name__ == "__main__":
    _write_outputs()
