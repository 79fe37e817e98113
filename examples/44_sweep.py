"""A sweep over hidden sizes: 1, 2, 3, 4, 5, 20 and 50 hidden units on two moons, in one call.

How many hidden units does a problem need? ``cr.sweep`` trains a network for each size and each of
three seeds, all at once, and compares them by the loss on held-out samples: the mean over the seeds
with its standard error. One hidden unit draws a straight line; three or four bend it around the
moons; with fifty it bends around single samples, and the loss on others rises again. The figure
``boundaries.png`` has the boundary of each size, ``sweep.png`` the losses. A second sweep tries
learning rates and penalties drawn at random, and stops the losers early by successive halving: it
takes a sixth of the epochs of training them all.

prints::

    hidden  val_loss  standard error
         1     0.297           0.000
         2     0.278           0.008
         3     0.112           0.002
         4     0.114           0.002
         5     0.129           0.007
        20     0.152           0.007
        50     0.164           0.008
    best: {'hidden': 3}, accuracy 0.960
    halving: 1280 of 8192 epochs
    best val_loss 0.191 at {'learning_rate': 0.3406338023663133, 'l2': 8.210520450884848e-05}
"""

import chainrule as cr
from chainrule import datasets, nn, optim

SIZES = [1, 2, 3, 4, 5, 20, 50]


def build(hidden: int, seed: int) -> cr.Network:
    net = cr.Network([nn.Dense(hidden, activation="tanh"), nn.Dense(2)], seed=seed)
    net.compile("cross_entropy", optim.Adam(0.05), metrics=["accuracy"])
    return net


def penalized(learning_rate: float, l2: float, seed: int) -> cr.Network:
    layers = [nn.Dense(20, activation="tanh", l2=l2), nn.Dense(2, l2=l2)]
    net = cr.Network(layers, seed=seed)
    net.compile("cross_entropy", optim.Adam(learning_rate), metrics=["accuracy"])
    return net


def main() -> None:
    X, y = datasets.moons(200, noise=0.2, seed=0)
    held_out = datasets.moons(400, noise=0.2, seed=1)
    result = cr.sweep(
        build, {"hidden": SIZES}, X, y, seeds=3, epochs=400, batch_size=None,
        validation_data=held_out, verbose=0,
    )  # fmt: skip
    summary = result.summary
    print("hidden  val_loss  standard error")
    rows = zip(summary["hidden"], summary["val_loss"], summary["standard_error"], strict=True)
    for hidden, loss, error in sorted(rows):
        print(f"{hidden:6d}  {loss:8.3f}  {error:14.3f}")
    print(
        f"best: {result.best_setting}, accuracy {result.best.evaluate(*held_out)['accuracy']:.3f}"
    )
    result.plot("sweep.png")
    result.plot_boundaries(X, y, "boundaries.png")

    space = {"learning_rate": lambda random: 10 ** random.uniform(-4, 0),
             "l2": lambda random: 10 ** random.uniform(-5, -1)}  # fmt: skip
    halved = cr.sweep(
        penalized, space, X, y, samples=16, seeds=2, epochs=256, batch_size=None, halving=4,
        validation_data=held_out, verbose=0,
    )  # fmt: skip
    print(f"halving: {sum(halved['epochs'])} of {32 * 256} epochs")
    print(f"best val_loss {halved.summary['val_loss'][0]:.3f} at {halved.best_setting}")


if __name__ == "__main__":
    main()
