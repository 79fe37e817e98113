"""Train networks of all layers on 1, 2, 3, 4 and 8 threads; print those whose bits differ.

Run in a subprocess, so that a crash of native code is a test failure.
"""

import numpy as np

import chainrule as cr
from chainrule import nn

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.normal(size=(48, 14, 14, 3)).astype("float32")
WORDS = GENERATOR.integers(0, 50, (48, 20))


def images() -> list[nn.Layer]:
    return [
        nn.RandomShift(1),
        nn.RandomFlip(),
        nn.RandomRotation(10),
        nn.Conv2D(16, 3, activation="relu"),
        nn.BatchNorm(),
        nn.MaxPool2D(2),
        nn.Residual([nn.DepthwiseConv2D(3, padding="same"), nn.Conv2D(16, 1)]),
        nn.Concatenate([nn.GlobalAvgPool2D(), nn.GlobalMaxPool2D()]),
    ]


def overlaps() -> list[nn.Layer]:
    return [
        nn.Conv2D(16, 3, 2, "same", groups=1),
        nn.MaxPool2D(3, strides=1, padding="same"),
        nn.AvgPool2D(3, strides=2),
        nn.ConvTranspose2D(8, 3, 2, "same", activation="relu"),
        nn.Flatten(),
    ]


def sequences() -> list[nn.Layer]:
    block = [nn.LayerNorm(), nn.MultiHeadAttention(2, causal=True, dropout=0.1)]
    return [nn.Conv1D(16, 3, padding="same"), nn.Residual(block), nn.MaxPool1D(2), nn.Flatten()]


def words() -> list[nn.Layer]:
    return [nn.Embedding(50, 16), nn.PositionEmbedding(), *sequences()]


def trained(layers: list[nn.Layer], x: np.ndarray, threads: int) -> list[bytes]:
    cr.set_num_threads(threads)
    net = cr.Network([*layers, nn.Dropout(0.2), nn.Dense(4)], seed=3)
    net.compile("cross_entropy", "adam", learning_rate=0.01)
    net.fit(x, np.arange(48) % 4, epochs=2, batch_size=20, verbose=0)
    return [each.tobytes() for each in net.params.values()]


if __name__ == "__main__":
    for make, x in ((images, IMAGES), (overlaps, IMAGES), (words, WORDS)):
        one, *others = (trained(make(), x, threads) for threads in (1, 2, 5))
        if any(each != one for each in others):
            print(make.__name__)
