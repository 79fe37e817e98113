"""Convolutions: two layers of 32 and 64 filters on handwritten digits.

One epoch on a third of the 60,000 images is enough for 97 %; with four epochs on all of them, as
``chainrule train mnist-cnn`` takes, it classifies more than 99 % correctly.

Run it with ``CHAINRULE_DATA=folder python examples/06_convolutions.py``. It prints::

    34,826 parameters
    on the test set: 97.4%, at least 97 %: True
"""

import chainrule as cr
from chainrule import datasets, nn, optim


def main():
    (X, y), (X_test, y_test) = datasets.mnist()  # bytes; the network scales them as it reads
    net = cr.Network(
        [
            nn.Rescale(1 / 255),
            nn.Conv2D(32, 3, activation="relu"),
            nn.MaxPool2D(2),
            nn.Conv2D(64, 3, activation="relu"),
            nn.MaxPool2D(2),
            nn.Flatten(),
            nn.Dense(10),
        ],
        seed=0,
    )
    net.compile("cross_entropy", optim.Adam(optim.cosine(0.002, epochs=1)), metrics=["accuracy"])
    net.fit(X[:20_000, :, :, None], y[:20_000], epochs=1, batch_size=64, verbose=0)
    print(f"{sum(each.size for each in net.params.values()):,} parameters")
    accuracy = net.evaluate(X_test[..., None], y_test)["accuracy"]
    print(f"on the test set: {accuracy:.1%}, at least 97 %: {accuracy >= 0.97}")


if __name__ == "__main__":
    main()
