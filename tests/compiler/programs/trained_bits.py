"""Print a digest of the parameters of each of some trained networks; run as a script."""

import hashlib

import numpy as np

import chainrule as cr
from chainrule import nn

DRAW = np.random.default_rng(0)


def trained(layers, X, y, loss, optimizer):
    net = cr.Network(layers, seed=0)
    net.compile(loss, optimizer, learning_rate=0.01)
    net.fit(X, y, batch_size=32, epochs=2, verbose=0)
    bits = b"".join(np.ascontiguousarray(each).tobytes() for each in net.params.values())
    return hashlib.sha256(bits).hexdigest()


def networks():
    images, labels = DRAW.integers(0, 256, (100, 14, 14, 1)).astype(np.uint8), np.arange(100) % 10
    series = DRAW.normal(size=(96, 20, 8)).astype("f")
    targets = series[:, 0, :1]
    convolutional = [nn.Rescale(1 / 255), nn.Conv2D(8, 3, activation="relu"), nn.MaxPool2D(2)]
    layers = [*convolutional, nn.Flatten(), nn.Dropout(0.5), nn.Dense(10)]
    yield layers, images, labels, "cross_entropy", "adam"
    yield [nn.LSTM(33), nn.Dense(1)], series, targets, "mse", "sgd"
    attention = [nn.MultiHeadAttention(2), nn.LayerNorm()]
    yield [*attention, nn.Flatten(), nn.Dense(10)], series, labels[:96], "cross_entropy", "sgd"
    layers = [nn.Flatten(), nn.Dense(50, activation="tanh"), nn.BatchNorm(), nn.Dense(1)]
    yield layers, series, targets, "mse", "rmsprop"


if __name__ == "__main__":
    for arguments in networks():
        print(trained(*arguments))
