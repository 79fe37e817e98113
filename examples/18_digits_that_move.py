"""Features that need no labels, for images shifted by a pixel.

A logistic layer has one weight for each pixel, so it fails where digits are shifted by a single
pixel. A Boltzmann machine trained on such images, without their labels, has units for strokes at
every position; on these the same logistic layer does much better. (For centred digits 8 x 8 pixels
are easy enough: there it reaches 96 % from pixels, 95 % from features.)

The idea is that of scikit-learn's example of its BernoulliRBM. Here a digit and its shifted
copies are all in the training part or all in the test part.

Run it with ``python examples/18_digits_that_move.py``, without any download. It prints::

    7190 images to train on, 1795 others to test on
    from  64 pixels:   79.8%
    from 512 features: 90.6%
"""

import numpy as np

import chainrule as cr
from chainrule import data, datasets, nn, optim


def with_shifts(X, y):
    """Return each image, and its copies shifted by a pixel up, down, left and right."""
    wide = np.pad(X.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    starts = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
    copies = [wide[:, row : row + 8, column : column + 8] for row, column in starts]
    return np.concatenate(copies).reshape(-1, 64), np.tile(y, len(starts))


def accuracy(X, y, X_test, y_test):
    """Train a logistic layer and return its accuracy on the test images."""
    net = cr.Network([nn.Dense(10)], seed=0)
    rule = optim.Adam(optim.cosine(0.01, epochs=100))
    net.compile("cross_entropy", optimizer=rule, metrics=["accuracy"])
    net.fit(X, y, epochs=100, batch_size=64, verbose=0)
    return net.evaluate(X_test, y_test)["accuracy"]


def main():
    (X, y), (X_test, y_test) = (
        with_shifts(*part) for part in data.split(*datasets.digits(), seed=0, stratify=True)
    )
    print(f"{len(X)} images to train on, {len(X_test)} others to test on")
    machine = cr.RBM(512, learning_rate=0.06, batch_size=10, seed=0)
    machine.fit(X, epochs=30, verbose=0)
    print(f"from  64 pixels:   {accuracy(X, y, X_test, y_test):.1%}")
    features, test_features = machine.transform(X), machine.transform(X_test)
    print(f"from 512 features: {accuracy(features, y, test_features, y_test):.1%}")


if __name__ == "__main__":
    main()
