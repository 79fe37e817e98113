"""Overfitting in figures: hidden sizes and penalties, judged on points that were not trained on.

Sixty noisy points of two moons. One hidden unit underfits; fifty learn each point by heart, and are
mistaken more often about new ones. A penalty λ on large weights calms the fifty. Histograms of what
the layers compute, epoch by epoch, show how: without a penalty the units saturate.

Run it with ``python examples/37_overfitting_in_figures.py [folder]``. It prints::

    one unit learns all of its samples: False
    fifty units learn all of them: True
    without a penalty, twice as many new ones are mistaken: True
    written: sizes.png, penalties.png, layers.png
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import chainrule as cr
from chainrule import data, datasets, nn

SIZES = (1, 2, 3, 4, 5, 20, 50)
PENALTIES = (0.0, 0.001, 0.1)


def trained(part, units, penalty=0.0, **options):
    """Return a network of one hidden layer."""
    layers = [nn.Dense(units, activation="tanh", l2=penalty), nn.Dense(2, l2=penalty)]
    net = cr.Network(layers, seed=0)
    net.compile(loss="cross_entropy", optimizer="lbfgs")
    net.fit(*part, epochs=200, verbose=0, **options)
    return net


def mistaken(net, part):
    """Return the share of samples whose class is wrong, in per cent."""
    return 100 * np.mean(net.predict_class(part[0]) != part[1])


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    X, y = datasets.moons(120, noise=0.3, seed=0)
    few, new = data.split(X, y, test_size=0.5, seed=0, stratify=True)

    sizes = {units: trained(few, units) for units in SIZES}
    penalties = {penalty: trained(few, 50, penalty) for penalty in PENALTIES}
    lazy, eager, calm = sizes[1], sizes[50], penalties[0.001]
    print("one unit learns all of its samples:", mistaken(lazy, few) == 0)
    print("fifty units learn all of them:", mistaken(eager, few) == 0)
    ratio = mistaken(eager, new) / mistaken(calm, new)
    print("without a penalty, twice as many new ones are mistaken:", ratio >= 2)
    cr.plot.overfitting(sizes, few, new, folder / "sizes.png", name="hidden units")
    cr.plot.overfitting(penalties, few, new, folder / "penalties.png", name="λ")

    layers = cr.LayerHistograms(*few, every=5)
    trained(few, 20, callbacks=[layers])
    layers.plot(folder / "layers.png")
    names = ("sizes.png", "penalties.png", "layers.png")
    print("written:", ", ".join(name for name in names if (folder / name).exists()))


if __name__ == "__main__":
    main()
