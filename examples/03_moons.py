"""Two moons: where a straight line fails, three hidden units bend it.

Full-batch gradient descent on the *summed* cross-entropy plus λ/2·‖W‖², as a classic tutorial does
it, from the same initial weights, so its losses are reproduced to the last digit. The loss is
a plain NumPy function. Two figures are written into the current folder: ``moons.png``, logistic
regression beside the network, and ``moons_hidden_sizes.png``, the boundary for 1 to 50 units.

Run it with ``python examples/03_moons.py``. It prints::

    network                after 1 update   after 1,001   accuracy
    logistic regression          0.463272      0.299653      84.5%
    1 hidden unit                0.567280      0.333524      85.5%
    2 hidden units               0.546544      0.323306      84.0%
    3 hidden units               0.432387      0.068947      97.5%
    4 hidden units               0.466461      0.066685      97.5%
    5 hidden units               0.613897      0.053880      98.5%
    20 hidden units              0.498538      0.047806      99.0%
    50 hidden units              1.056085      0.056989      97.5%
"""

import matplotlib.pyplot as plt
import numpy as np

import chainrule as cr
from chainrule import datasets, nn


def summed_cross_entropy(y_true, y_pred):
    return -np.sum(np.log(y_pred[np.arange(len(y_true)), y_true]))


def logistic_regression():
    return cr.Network([nn.Dense(2, activation="softmax", l2=0.01)], dtype="float64")


def hidden_layer(units):
    net = cr.Network(
        [nn.Dense(units, activation="tanh", l2=0.01), nn.Dense(2, activation="softmax", l2=0.01)],
        dtype="float64",
    )
    net(np.zeros((1, 2)))  # two inputs: now the sizes are known, and the weights are there
    np.random.seed(0)
    net.params["dense.weight"] = np.random.randn(2, units) / np.sqrt(2)
    net.params["dense_1.weight"] = np.random.randn(units, 2) / np.sqrt(units)
    return net


def descend(net, X, y, updates):
    net.fit(X, y, epochs=updates, batch_size=None, verbose=0)  # one batch of all: one update
    return net.evaluate(X, y)["loss"] / len(X)


def draw(file, nets, X, y, rows):
    columns = len(nets) // rows
    _, axes = plt.subplots(rows, columns, figsize=(4 * columns, 3.4 * rows), layout="constrained")
    for ax, (title, net) in zip(axes.flat, nets.items(), strict=True):
        cr.plot.decision_boundary(net, X, y, axes=ax)
        ax.set_title(title)
    plt.savefig(file)


def main():
    X, y = datasets.moons(200, noise=0.2, seed=0)
    sizes = (1, 2, 3, 4, 5, 20, 50)
    hidden = {f"{units} hidden unit{'s' * (units > 1)}": hidden_layer(units) for units in sizes}
    nets = {"logistic regression": logistic_regression(), **hidden}

    print("network                after 1 update   after 1,001   accuracy")
    for title, net in nets.items():
        net.compile(summed_cross_entropy, "sgd", learning_rate=0.01, metrics=["accuracy"])
        first, last = descend(net, X, y, 1), descend(net, X, y, 1000)
        print(f"{title:20s} {first:16.6f} {last:13.6f} {net.evaluate(X, y)['accuracy']:10.1%}")

    both = {title: nets[title] for title in ("logistic regression", "3 hidden units")}
    draw("moons.png", both, X, y, rows=1)
    draw("moons_hidden_sizes.png", nets, X, y, rows=2)


if __name__ == "__main__":
    main()
