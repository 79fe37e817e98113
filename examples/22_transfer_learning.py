"""Transfer learning: what a network has learned for one question helps with another.

A network learns from 899 images to tell ten digits apart. Of other images a few have a label, and
another one: even or odd. ``Network([base, nn.Dense(2)])`` puts the layers of the first network
below a new one. Frozen, by ``base.trainable = False``, their weights stay as they are, and training
fits the 22 of the new layer: a weighted vote of the ten digits. The same layers from scratch would
have to find out from these few images what digits look like. (Ten labels do not show every digit.)

Run it with ``python examples/22_transfer_learning.py``, without any download. It prints::

    ten digits: 97.1% of 898 other images
    labels   even or odd, from scratch   with the frozen network
        10                       69.3%                     70.7%
        20                       80.9%                     98.6%
        40                       89.8%                     98.2%
        80                       93.0%                     98.6%
    4,832 parameters (18.9 KiB): 22 trainable, 4,810 non-trainable (4,810 of them frozen)
    the first network is as it was: True
"""

import contextlib
import io

import numpy as np

from chainrule import Network, data, datasets, nn, optim


def layers(classes):
    return [
        nn.Dense(64, activation="relu"),
        nn.Dropout(0.3),
        nn.Dense(classes, activation="softmax"),
    ]


def trained(net, X, y, epochs, learning_rate):
    net.compile("cross_entropy", optim.Adam(learning_rate), metrics=["accuracy"])
    net.fit(X, y, epochs=epochs, batch_size=32, verbose=0)
    return net


def accuracy(net, X, y):
    return net.evaluate(X, y)["accuracy"]


def main():
    (X, y), (others, digit) = data.split(*datasets.digits(), test_size=0.5, seed=0, stratify=True)
    base = trained(Network(layers(10), seed=0), X, y, 60, 2e-3)
    print(f"ten digits: {accuracy(base, others, digit):.1%} of {len(others)} other images")
    before = base.predict(others)

    base.trainable = False
    is_odd, rest = digit % 2, slice(400, None)
    print("labels   even or odd, from scratch   with the frozen network")
    for count in (10, 20, 40, 80):
        few = others[200 : 200 + count], is_odd[200 : 200 + count]
        scratch = trained(Network(layers(2), seed=2), *few, 200, 2e-3)
        net = trained(Network([base, nn.Dense(2)], seed=2), *few, 200, 2e-2)
        first, second = (accuracy(each, others[rest], is_odd[rest]) for each in (scratch, net))
        print(f"{count:6d} {first:27.1%} {second:25.1%}")

    with contextlib.redirect_stdout(io.StringIO()) as summary:
        net.summary()
    print(next(line for line in summary.getvalue().split("\n") if "trainable" in line))
    print("the first network is as it was:", np.array_equal(base.predict(others), before))


if __name__ == "__main__":
    main()
