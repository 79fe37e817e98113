"""``chainrule train rbm``: features that need no labels, judged by a logistic layer upon them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from chainrule import datasets, optim
from chainrule.insight import plot
from chainrule.nn.dense import Dense
from chainrule.train.boltzmann.machine import RBM
from chainrule.train.network import Network

__all__ = ["NAME", "train_machine"]

NAME = "rbm"

Array = NDArray[Any]

_TRIALS = ((300, 200), (1000, 100), (60_000, 10))
"""Labels that the logistic layer gets, and epochs in which it learns from them."""


def train_machine(epochs: int | None, batch_size: int | None, out: Path | None, seed: int) -> None:
    """Train a Boltzmann machine on MNIST's pictures, and compare its features with their pixels.

    Parameters
    ----------
    epochs, batch_size : int or None
        None for those known to work.
    out : path or None
        Folder for the machine and its pictures.
    seed : int
        Decides all that is random.
    """
    (X, y), (X_test, y_test) = datasets.mnist()
    pixels, test_pixels = _rows(X), _rows(X_test)
    click.echo(f"{NAME}: {len(X):,} handwritten digits of 28 × 28 pixels, without their labels\n")
    machine = RBM(128, learning_rate=0.05, persistent=True, batch_size=batch_size or 64, seed=seed)
    machine.fit(pixels, epochs=epochs or 5)
    features, test_features = machine.transform(pixels), machine.transform(test_pixels)
    click.echo("\ntest accuracy of a logistic layer, by the number of labels it gets\n")
    click.echo(f"  {'labels':>8} {'upon 784 pixels':>16} {'upon 128 features':>18}")
    for labels, passes in _TRIALS:
        by_pixels, by_features = (
            _accuracy(learned[:labels], y[:labels], tested, y_test, passes, seed)
            for learned, tested in ((pixels, test_pixels), (features, test_features))
        )
        verdict = "beaten" if by_features > by_pixels else "not beaten"
        numbers = f"{by_pixels:16.2%} {by_features:18.2%}".replace("%", " %")
        click.echo(f"  {labels:8,} {numbers}  ({verdict})")
    if out is not None:
        _keep(machine, out)


def _rows(pictures: Array) -> Array:
    return pictures.reshape(len(pictures), -1) / np.float32(255)


def _accuracy(X: Array, y: Array, X_test: Array, y_test: Array, epochs: int, seed: int) -> float:
    net = Network([Dense(10)], seed=seed)
    rule = optim.Adam(optim.cosine(0.003, epochs=epochs))
    net.compile(loss="cross_entropy", optimizer=rule, metrics=["accuracy"])
    net.fit(X, y, epochs=epochs, batch_size=64, verbose=0)
    return net.evaluate(X_test, y_test)["accuracy"]


def _keep(machine: RBM, out: Path) -> None:
    model = out / "model.safetensors"
    machine.save(model)
    written = [model]
    try:
        plot.weights(machine, "weight", out / "features.png")
        written.append(out / "features.png")
    except ImportError as error:  # the machine is worth having without them
        click.echo(f"chainrule: no pictures: {error}", err=True)
    click.echo(f"\nwrote {', '.join(map(str, written))}")
    code = (
        "import chainrule as cr",
        "from chainrule import datasets",
        f"machine = cr.load({model.as_posix()!r})",
        "(_, _), (X, y) = datasets.mnist()",
        "features = machine.transform(X.reshape(len(X), -1) / 255)",
        "print(features.shape, machine.sample(5).shape)",
    )
    click.echo("\nto use it, in Python:\n")
    click.echo("\n".join(f"  {line}" for line in code))
