"""Dropout, pooling and flatten by yourself: three layers in plain NumPy, on handwritten digits.

A layer is a class with a `forward`; its derivative is derived. Dropout differs in training: its
`forward` is told so, and gets a source of random numbers: another mask in every step, and the same
masks when the run is repeated. `np.random`, called once while the step is traced, is refused there.

Run it with ``python examples/21_dropout_pooling_and_flatten_by_yourself.py``. It prints::

    MaxPool: as ours: True, checked: True
    Flatten: as ours: True, checked: True
    Dropout: 70% retained in training, 100% in inference
    rate 0.0: 300 digits 100%, 1,497 others 94.9%
    rate 0.3: 300 digits 100%, 1,497 others 95.7%
    once more, the same losses: True
"""

import numpy as np

import chainrule as cr
from chainrule import data, datasets, nn, optim
from chainrule.nn.random_stream import RandomStream


class Dropout(nn.Layer):
    """Set each input to 0 with probability `rate`, and scale the others up to the same mean."""

    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, training=False, random=None):
        if not training:
            return x
        is_retained = random.uniform(x.shape) >= self.rate
        return x * is_retained / (1 - self.rate)


class MaxPool(nn.Layer):
    """Take the largest of each 2 × 2 square of an image, (batch, height, width, channels)."""

    def forward(self, x):
        batch, height, width, channels = x.shape
        squares = x.reshape(batch, height // 2, 2, width // 2, 2, channels)
        return squares.max(axis=(2, 4))


class Flatten(nn.Layer):
    """Put all features of a sample into one row."""

    def forward(self, x):
        return x.reshape(len(x), -1)


def trained(images, labels, rate):
    """Train a small convolutional network; return it and its losses."""
    net = cr.Network(
        [
            nn.Conv2D(16, 3, activation="relu"),
            MaxPool(),
            Flatten(),
            Dropout(rate),
            nn.Dense(128, activation="relu"),
            Dropout(rate),
            nn.Dense(10),
        ],
        seed=0,
    )
    net.compile("cross_entropy", optim.Adam(2e-3), metrics=["accuracy"])
    return net, net.fit(images, labels, epochs=60, batch_size=32, verbose=0)["loss"]


def main():
    X, y = datasets.digits()
    few, rest = data.split(X.reshape(-1, 8, 8, 1), y, test_size=1497, seed=0)

    x = few[0][:5]
    for own, ours in ((MaxPool(), nn.MaxPool2D(2)), (Flatten(), nn.Flatten())):
        kind, is_checked = type(own).__name__, cr.testing.check_layer(own, (2, 6, 6, 3)) < 1e-6
        print(f"{kind}: as ours: {np.array_equal(own(x), ours(x))}, checked: {is_checked}")
    ones, dropout = np.ones((100, 100)), Dropout(0.3)
    share = np.mean(dropout(ones, random=RandomStream(seed=0)) > 0)
    print(f"Dropout: {share:.0%} retained in training, {np.mean(dropout(ones)):.0%} in inference")

    for rate in (0.0, 0.3):
        net, losses = trained(*few, rate)
        known, others = net.evaluate(*few)["accuracy"], net.evaluate(*rest)
        print(f"rate {rate}: 300 digits {known:.0%}, 1,497 others {others['accuracy']:.1%}")
    print("once more, the same losses:", trained(*few, 0.3)[1] == losses)


if __name__ == "__main__":
    main()
