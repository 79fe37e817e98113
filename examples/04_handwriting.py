"""Handwritten digits, read from their IDX files: 784 pixels, 100 ReLU units, 10 classes.

The files are those of MNIST, in ``mnist`` under the folder that CHAINRULE_DATA names:
60,000 images to train on and 10,000 to test on. `datasets.mnist()` reads them in one call; here it
is done by hand.

Run it with ``CHAINRULE_DATA=folder python examples/04_handwriting.py``. It prints::

    images: (60000, 28, 28) uint8 from 0 to 255
    epoch     loss   accuracy
        1     0.29      91.5%
        2     0.13      96.1%
        5     0.06      98.1%
       10     0.03      99.2%
    on the test set: 97.82%, at least 97.5 %: True
"""

import os
import sys
from pathlib import Path

import chainrule as cr
from chainrule import data, nn, optim


def read(folder, part):
    images = data.read_idx(folder / f"{part}-images-idx3-ubyte.gz")
    labels = data.read_idx(folder / f"{part}-labels-idx1-ubyte.gz")
    return images, labels


def main():
    if "CHAINRULE_DATA" not in os.environ:
        sys.exit("CHAINRULE_DATA is not set: let it name the folder that has mnist/ in it")
    folder = Path(os.environ["CHAINRULE_DATA"]) / "mnist"
    X, y = read(folder, "train")
    X_test, y_test = read(folder, "t10k")
    print("images:", X.shape, X.dtype, "from", X.min(), "to", X.max())

    net = cr.Network(
        [nn.Rescale(1 / 255), nn.Flatten(), nn.Dense(100, activation="relu"), nn.Dense(10)], seed=0
    )
    rule = optim.SGD(learning_rate=0.03, momentum=0.9)
    net.compile(loss="cross_entropy", optimizer=rule, metrics=["accuracy"])
    history = net.fit(X, y, epochs=10, batch_size=64, verbose=0)

    print("epoch     loss   accuracy")
    for epoch in (1, 2, 5, 10):
        print(
            f"{epoch:5d} {history['loss'][epoch - 1]:8.2f} {history['accuracy'][epoch - 1]:10.1%}"
        )
    accuracy = net.evaluate(X_test, y_test)["accuracy"]
    print(f"on the test set: {accuracy:.2%}, at least 97.5 %: {accuracy >= 0.975}")


if __name__ == "__main__":
    main()
