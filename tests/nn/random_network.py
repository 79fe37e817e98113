"""Train random networks natively and by NumPy; print those that differ.

Run in a subprocess with the first seed and a count, so that a crash is a test failure.
"""

import os
import sys
import warnings

import numpy as np

import chainrule as cr
from chainrule import nn
from chainrule.errors import ShapeError


def image_layers(draw: np.random.Generator, count: int) -> list[nn.Layer]:
    def layer() -> nn.Layer:
        filters = int(draw.choice([1, 3, 8, 13, 16, 32]))
        size, strides = int(draw.choice([1, 2, 3, 5])), int(draw.choice([1, 1, 2]))
        padding = str(draw.choice(["same", "same", "valid"]))
        activation = [None, "relu", "tanh"][draw.integers(3)]
        makers = [
            lambda: nn.Conv2D(filters, size, strides, padding, activation=activation),
            lambda: nn.Conv2D(filters, size, padding="same", dilation_rate=2),
            lambda: nn.DepthwiseConv2D(size, strides, "same", depth_multiplier=2),
            lambda: nn.ConvTranspose2D(filters, size, strides, padding, activation=activation),
            lambda: nn.MaxPool2D(2, padding=padding),
            lambda: nn.MaxPool2D(3, strides, "same"),
            lambda: nn.AvgPool2D(3, strides, "same"),
            nn.BatchNorm,
            lambda: nn.Residual([nn.LayerNorm(), nn.Activation("tanh")]),
            lambda: nn.Concatenate([nn.Conv2D(filters, 3, padding="same"), nn.Dropout(0.3), []]),
            lambda: nn.RandomShift(1),
            lambda: nn.RandomRotation(15),
        ]
        return makers[draw.integers(len(makers))]()

    ends = [nn.Flatten, nn.GlobalAvgPool2D, nn.GlobalMaxPool2D]
    return [*(layer() for _ in range(count)), ends[draw.integers(3)]()]


def sequence_layers(draw: np.random.Generator, count: int) -> list[nn.Layer]:
    def layer() -> nn.Layer:
        units = int(draw.choice([1, 4, 8, 12, 16, 20]))
        makers = [
            lambda: nn.Conv1D(units, 3, padding="same", activation="relu"),
            lambda: nn.Conv1D(units, 2, strides=2),
            lambda: nn.MultiHeadAttention(2, key_units=int(draw.choice([3, 8])), causal=True),
            lambda: nn.MultiHeadAttention(1, dropout=0.2),
            nn.PositionEmbedding,
            nn.LayerNorm,
            lambda: nn.Dense(units, "tanh"),
            lambda: nn.MaxPool1D(2),
            lambda: nn.Bidirectional(nn.GRU(3, return_sequences=True)),
        ]
        return makers[draw.integers(len(makers))]()

    ends = [nn.Flatten, nn.GlobalAvgPool1D, nn.GlobalMaxPool1D]
    return [*(layer() for _ in range(count)), ends[draw.integers(3)]()]


def layers_and_inputs(seed: int) -> tuple[list[nn.Layer], np.ndarray]:
    draw = np.random.default_rng(seed)
    rows, length, features = draw.choice([20, 33, 48]), *draw.integers(5, 14, 2)
    kind, depth = draw.integers(3), int(draw.integers(1, 5))
    if kind == 0:
        x = draw.normal(size=(rows, length, features, draw.choice([1, 2, 3, 8])))
        return image_layers(draw, depth), x
    if kind == 1:
        return sequence_layers(draw, depth), draw.normal(size=(rows, length, features))
    embedding = nn.Embedding(9, int(features))
    return [embedding, *sequence_layers(draw, depth)], draw.integers(0, 9, (rows, length))


def trained(seed: int, backend: str, threads: int) -> dict[str, np.ndarray]:
    os.environ["CHAINRULE_BACKEND"] = backend
    cr.set_num_threads(threads)
    layers, x = layers_and_inputs(seed)
    net = cr.Network([*layers, nn.Dense(3)], seed=1, dtype="float64")
    net.compile("cross_entropy", "sgd", learning_rate=0.01)
    net.fit(x, np.arange(len(x)) % 3, epochs=1, batch_size=16, verbose=0)
    return {name: each.copy() for name, each in net.params.items()}


def explain(seed: int) -> str:
    """Return the difference between the runs of a seed; empty if there is none."""
    try:
        one, two = trained(seed, "llvm", 1), trained(seed, "llvm", 2)
    except ShapeError:  # an image too small for its window
        return ""
    if any(not np.array_equal(one[name], two[name]) for name in one):
        return "other bits on two threads"
    expected = trained(seed, "numpy", 1)
    distance = max(float(np.max(np.abs(one[name] - expected[name]))) for name in one)
    return "" if distance < 1e-9 else f"{distance:.1e} distance from NumPy"


if __name__ == "__main__":
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", message=".*rectif.*|.*relu.*")
    first, count = map(int, sys.argv[1:])
    for seed in range(first, first + count):
        if difference := explain(seed):
            print(f"seed {seed}: {difference}: {layers_and_inputs(seed)[0]}")
