"""Shallow and deep: networks for the letters A to J in thousands of fonts.

The files are those of notMNIST, in ``notmnist`` under the folder that CHAINRULE_DATA names: the
first 8,000 to train on, the last 2,000 to test on. ``chainrule train notmnist`` trains for 20
epochs, to 92 %.

Run it with ``CHAINRULE_DATA=folder python examples/07_fonts.py``. It prints::

    shallow  89.8%
    deep     90.5%
    the classes: ABCDEFGHIJ
    depth pays: True
"""

import numpy as np

import chainrule as cr
from chainrule import datasets, nn, optim

LETTERS = np.array(list("ABCDEFGHIJ"))


def shallow():
    return [nn.Rescale(1 / 255), nn.Flatten(), nn.Dense(100, activation="relu"), nn.Dense(10)]


def deep():
    return [
        nn.Rescale(1 / 255),
        nn.Conv2D(32, 3, activation="relu"),
        nn.MaxPool2D(2),
        nn.Conv2D(64, 3, activation="relu"),
        nn.MaxPool2D(2),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Dense(128, activation="relu"),
        nn.Dropout(0.2),
        nn.Dense(10),
    ]


def main():
    (X, y), (X_test, y_test) = datasets.notmnist()
    X, X_test = X[..., None], X_test[..., None]
    accuracy = {}
    for layers in (shallow, deep):
        net = cr.Network(layers(), seed=0)
        schedule = optim.cosine(0.001, epochs=3)
        net.compile("cross_entropy", optim.Adam(schedule), metrics=["accuracy"])
        net.fit(X, LETTERS[y], epochs=3, batch_size=64, verbose=0)  # classes may have names
        accuracy[layers.__name__] = net.evaluate(X_test, LETTERS[y_test])["accuracy"]
        print(f"{layers.__name__:8} {accuracy[layers.__name__]:.1%}")
    print("the classes:", "".join(net.classes))
    print("depth pays:", accuracy["deep"] > accuracy["shallow"])


if __name__ == "__main__":
    main()
