"""Two moons: a straight line underfits, three hidden units fit, and fifty overfit.

Full-batch gradient descent on the *summed* cross-entropy plus λ/2·‖W‖², as a classic tutorial does
it, from the same initial weights: the losses after 1 and 1,001 updates are the tutorial's. The loss
is a plain NumPy function. After 20,000 updates the accuracy on the 200 samples has grown with the
number of units, that on 2,000 others has not: many units fit the noise too (overfitting).

The last lines show that from about 2,500 updates on, descent with three units alternates between
two losses, of which the tutorial, printing every thousandth, shows the higher one; with two or four
units it does not converge, and the last bit of one coordinate, in which processors differ, changes
the fourth digit of its loss. The largest curvature has grown beyond 2 / learning rate, so that each
update overshoots the minimum. A smaller learning rate converges, or one that decays:
``learning_rate=optim.cosine(0.01, epochs=20_000)``.

``moons.png`` and ``moons_hidden_sizes.png`` with the boundaries go into the current folder.

Run it with ``python examples/03_moons.py``. It prints::

    loss after updates:          1     1,001    20,000   accuracy  on others
    logistic regression   0.463272  0.299653     0.300      84.5%      86.9%
    1 hidden unit         0.567280  0.333524     0.328      86.5%      85.7%
    2 hidden units        0.546544  0.323080     jumps
    3 hidden units        0.432387  0.068947     0.071      97.5%      96.7%
    4 hidden units        0.466461  0.066685     jumps
    5 hidden units        0.613897  0.053880     0.039      99.0%      95.5%
    20 hidden units       0.498538  0.047806     0.031      99.0%      94.8%
    50 hidden units       1.056085  0.056989     0.031      99.0%      94.9%
    3 hidden units, after about 1,001 updates: 0.0689 and 0.0689 alternate
    3 hidden units, after about 20,000 updates: 0.0708 and 0.0713 alternate
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
    """Train by updates of one batch of all samples, and return the mean loss after each."""
    losses = np.array(net.fit(X, y, epochs=updates, batch_size=None, verbose=0)["loss"]) / len(X)
    return np.append(losses[1:], net.evaluate(X, y)["loss"] / len(X))


def draw(file, nets, X, y, rows, width):
    columns, size = len(nets) // rows, (width, 4 * rows)
    _, axes = plt.subplots(rows, columns, figsize=size, layout="constrained")
    for ax, (title, net) in zip(axes.flat, nets.items(), strict=True):
        cr.plot.decision_boundary(net, X, y, axes=ax)
        ax.set_title(title, fontsize=12, pad=26)  # above the legend
    plt.savefig(file, dpi=110)


def main():
    X, y = datasets.moons(200, noise=0.2, seed=0)
    others = datasets.moons(2000, noise=0.2, seed=1)
    sizes = (1, 2, 3, 4, 5, 20, 50)
    hidden = {f"{units} hidden unit{'s' * (units > 1)}": hidden_layer(units) for units in sizes}
    nets, titled = {"logistic regression": logistic_regression(), **hidden}, {}
    print(f"{'loss after updates:':20} {1:9} {1001:9,} {20000:9,}   accuracy  on others")
    for name, net in nets.items():
        net.compile(summed_cross_entropy, "sgd", learning_rate=0.01, metrics=["accuracy"])
        losses = descend(net, X, y, 20_000)
        known, new = (net.evaluate(*part)["accuracy"] for part in ((X, y), others))
        titled[f"{name}\ntraining {known:.1%}, test {new:.1%}".replace("%", " %")] = net
        is_steady = np.ptp(losses[-5000:]) < 0.1 * losses[-1]
        end = f"{losses[-1]:9.3f} {known:10.1%} {new:10.1%}" if is_steady else "    jumps"
        print(f"{name:20} {losses[0]:9.6f} {losses[1000]:9.6f} {end}")
        if name == "3 hidden units":
            pairs = [sorted(losses[at : at + 2]) for at in (1000, 19_998)]
    for when, (low, high) in zip(("1,001", "20,000"), pairs, strict=True):
        print(f"3 hidden units, after about {when} updates: {low:.4f} and {high:.4f} alternate")
    draw("moons_hidden_sizes.png", titled, X, y, rows=2, width=15)
    few = {title: net for title, net in titled.items() if title[:2] in ("lo", "3 ", "50")}
    draw("moons.png", few, X, y, rows=1, width=11)


if __name__ == "__main__":
    main()
