"""Several inputs and several outputs: which digits are in two images, and are they the same?

A network maps one array to one array. Several inputs are parts of that array, which a custom layer
splits; several outputs are columns, which the loss splits. Inside, a layer may be called with any
number of inputs: here some layers are applied to both images with shared weights, and another one
multiplies their outputs.

Run it with ``python examples/16_several_inputs_and_outputs.py``. It prints::

    layer     kind     output shape  parameters  activation
    ───────────────────────────────────────────────────────
    two_eyes  TwoEyes  (batch, 96)        3,440
    dense     Dense    (batch, 21)        2,037
    ───────────────────────────────────────────────────────
    input (batch, 8, 8, 2), float32
    5,477 parameters (21.4 KiB): 5,477 trainable
    loss loss, Adam(learning_rate=0.005), both, same

    pairs never seen: both digits right 0.87, same or not 0.93
"""

import numpy as np

import chainrule as cr
from chainrule import datasets, nn


class Product(nn.Layer):
    """A layer with two inputs: (A x) · (A y)."""

    def build(self, left_shape, right_shape):
        self.weight = self.parameter("weight", (left_shape[-1], 32))

    def forward(self, left, right):
        return (left @ self.weight) * (right @ self.weight)


class TwoEyes(nn.Layer):
    """Two images, (batch, 8, 8, 2), encoded by the same layers, then joined."""

    def __init__(self):
        self.eye = [nn.Conv2D(8, 3, activation="relu"), nn.MaxPool2D(2), nn.Flatten()]
        self.think = nn.Dense(32, activation="relu")
        self.compare = Product()

    def look(self, image):
        for layer in self.eye:
            image = layer(image)
        return self.think(image)

    def forward(self, x):
        left, right = self.look(x[..., :1]), self.look(x[..., 1:])
        return np.concatenate([left, right, self.compare(left, right)], axis=1)


def loss(y_true, y_pred):
    """Ten scores for each of the digits, and one for whether they are the same."""
    digit, equal = nn.LOSSES["cross_entropy"], nn.LOSSES["binary_cross_entropy"]
    left, right = digit(y_true[:, 0], y_pred[:, :10]), digit(y_true[:, 1], y_pred[:, 10:20])
    return left + right + equal(y_true[:, 2:], y_pred[:, 20:])


def both(y_true, y_pred):
    left = np.argmax(y_pred[:, :10], axis=1) == y_true[:, 0]
    return left & (np.argmax(y_pred[:, 10:20], axis=1) == y_true[:, 1])


def same(y_true, y_pred):
    return (y_pred[:, 20] > 0) == (y_true[:, 2] > 0)


def pairs(X, y, count, seed):
    """Draw random pairs of images, every second pair of the same digit."""
    generator = np.random.default_rng(seed)
    left, right = generator.integers(0, len(X), (2, count))
    for row in range(0, count, 2):
        right[row] = generator.choice(np.flatnonzero(y == y[left[row]]))
    images = np.stack([X[left], X[right]], axis=-1).reshape(count, 8, 8, 2)
    return images, np.stack([y[left], y[right], y[left] == y[right]], axis=1)


def main():
    X, y = datasets.digits()
    seen, unseen = pairs(X[:1400], y[:1400], 8000, seed=0), pairs(X[1400:], y[1400:], 1000, seed=1)
    net = cr.Network([TwoEyes(), nn.Dense(21)], seed=0)
    net.compile(loss, "adam", learning_rate=0.005, metrics=[both, same])
    net.fit(*seen, epochs=15, batch_size=100, verbose=0)
    net.summary()
    metrics = net.evaluate(*unseen)
    print(f"\npairs never seen: both digits right {metrics['both']:.2f}", end=", ")
    print(f"same or not {metrics['same']:.2f}")


if __name__ == "__main__":
    main()
