"""Descending a slope: a loss over one weight, learning rates too small and too large, and momentum.

The loss of the model y = w x on two samples is a parabola over w. Each step goes against its
derivative: with a small learning rate it crawls, with a larger one it swings, with one too large it
climbs.

Run it with ``python examples/36_descending_a_slope.py [folder]``. It prints::

    learning rate 0.02: w from 0.0 to 0.911 in 8 steps, loss 1.286
    learning rate 0.15: w from 0.0 to 1.600 in 8 steps, loss 0.100
    learning rate 0.35: w from 0.0 to 1.440 in 8 steps, loss 0.164
    learning rate 0.42: w from 0.0 to -1.830 in 8 steps, loss 29.508
    valley: SGD reaches 0.306 in 60 steps, momentum 0.000
    written: slope.gif, rates.png, arrows.png, optimizers.png, schedules.png
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import chainrule as cr
from chainrule import optim

X, Y = np.array([1.0, 2.0]), np.array([2.0, 3.0])


def loss(w):
    return np.sum((w * X - Y) ** 2) / 2


def valley(x, y):
    return x**2 + 8 * (y - 0.3 * x**2) ** 2


def descend(rate, steps=8):
    """Return the weights of gradient descent from 0."""
    path = [0.0]
    for _ in range(steps):
        path.append(path[-1] - rate * float(cr.grad(loss)(path[-1])))
    return path


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    paths = {rate: descend(rate) for rate in (0.02, 0.15, 0.35, 0.42)}
    for rate, path in paths.items():
        ends = f"w from {path[0]} to {path[-1]:.3f} in {len(path) - 1} steps"
        print(f"learning rate {rate}: {ends}, loss {loss(path[-1]):.3f}")

    cr.plot.descent(loss, paths[0.35], folder / "slope.gif")  # the point moves
    named = {f"rate {rate}": path for rate, path in paths.items()}
    cr.plot.descent(loss, named, folder / "rates.png", gradients=False)
    cr.plot.descent(valley, file=folder / "arrows.png", limits=((-3, 2), (-1, 3)))

    rules = {"SGD": optim.SGD(0.02), "momentum": optim.SGD(0.02, momentum=0.8)}
    rules["Adam"] = optim.Adam(0.2)
    figure = cr.plot.optimizers(valley, [-2, 2], rules, folder / "optimizers.png")
    ends = {line.get_label(): line.get_ydata()[-1] for line in figure.axes[1].lines}
    print(f"valley: SGD reaches {ends['SGD']:.3f} in 60 steps, momentum {ends['momentum']:.3f}")

    cosine = optim.cosine(0.1, epochs=30)
    rates = {"cosine": cosine, "warm-up first": optim.warmup(cosine, epochs=5)}
    cr.plot.schedules(rates, folder / "schedules.png")
    names = ("slope.gif", "rates.png", "arrows.png", "optimizers.png", "schedules.png")
    print("written:", ", ".join(name for name in names if (folder / name).exists()))


if __name__ == "__main__":
    main()
