"""Sound: spoken digits of six speakers, as spectrograms.

The recordings are those of the Free Spoken Digit Dataset, in ``speech`` under the folder that
CHAINRULE_DATA names, with its own split. ``chainrule train spoken-digits`` trains for 12 epochs,
to 97 %.

Run it with ``CHAINRULE_DATA=folder python examples/13_spoken_digits.py``. It prints::

    frames, bands of frequency: (98, 40)
    of 300 recordings 90% are correct, at least 85 %: True
"""

import chainrule as cr
from chainrule import data, datasets, nn, optim


def main():
    (X, y), (X_test, y_test) = datasets.spoken_digits()  # a second of sound each, 8,000 samples
    X, X_test = data.log_mel(X, 8000)[..., None], data.log_mel(X_test, 8000)[..., None]
    print("frames, bands of frequency:", X.shape[1:3])
    mean, spread = float(X.mean()), float(X.std())
    net = cr.Network(
        [
            nn.Rescale(1 / spread, -mean / spread),
            nn.Conv2D(16, 3, activation="relu"),
            nn.MaxPool2D(2),
            nn.Conv2D(32, 3, activation="relu"),
            nn.MaxPool2D(2),
            nn.Conv2D(64, 3, activation="relu"),
            nn.MaxPool2D(2),
            nn.Flatten(),
            nn.Dropout(0.4),
            nn.Dense(10),
        ],
        seed=0,
    )
    net.compile("cross_entropy", optim.Adam(optim.cosine(0.002, epochs=2)), metrics=["accuracy"])
    net.fit(X, y, epochs=2, batch_size=32, verbose=0)
    accuracy = net.evaluate(X_test, y_test)["accuracy"]
    print(f"of 300 recordings {accuracy:.0%} are correct, at least 85 %: {accuracy >= 0.85}")


if __name__ == "__main__":
    main()
