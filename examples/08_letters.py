"""Letters as measurements: 16 features of each of 20,000 printed capitals, 26 classes.

The file is that of the UCI repository, in ``letter-recognition`` under the folder that
CHAINRULE_DATA names. ``chainrule train letters`` trains for 40 epochs, to 97 %.

Run it with ``CHAINRULE_DATA=folder python examples/08_letters.py``. It prints::

    inputs: (16000, 16) float32 and (4000, 16)
    epoch  1: 83.4% of the test part
    epoch  5: 93.9% of the test part
    epoch 15: 96.4% of the test part
    at least 95 %: True
"""

import chainrule as cr
from chainrule import datasets, nn, optim


def main():
    (X, y), (X_test, y_test) = datasets.letters()
    print("inputs:", X.shape, X.dtype, "and", X_test.shape)
    net = cr.Network(
        [
            nn.Rescale(4, -2),  # from [0, 1] to about zero and as far as one
            nn.Dense(256, activation="relu"),
            nn.Dense(128, activation="relu"),
            nn.Dense(26),
        ],
        seed=0,
    )
    net.compile("cross_entropy", optim.Adam(optim.cosine(0.003, epochs=15)), metrics=["accuracy"])
    history = net.fit(X, y, epochs=15, batch_size=64, verbose=0, validation_data=(X_test, y_test))
    for epoch in (1, 5, 15):
        print(f"epoch {epoch:2}: {history['val_accuracy'][epoch - 1]:.1%} of the test part")
    print("at least 95 %:", history["val_accuracy"][-1] >= 0.95)


if __name__ == "__main__":
    main()
