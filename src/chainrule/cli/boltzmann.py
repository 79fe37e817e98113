"""``chainrule train rbm``: features that need no labels, judged by a logistic layer upon them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from chainrule import data, datasets, optim
from chainrule.cli.recipe import Part, Parts
from chainrule.insight import plot
from chainrule.nn.layers.dense import Dense
from chainrule.train.network import Network
from chainrule.train.rbm.rbm import RBM

__all__ = ["NAME", "train_machine"]

NAME = "rbm"

Array = NDArray[Any]


@dataclass(frozen=True)
class _Study:
    """Pictures, a machine that suits them, and how a logistic layer learns from its features.

    ``trials`` are numbers of labels that the layer gets, each with the epochs it takes over them.
    """

    name: str
    pictures: str
    parts: Callable[[], Parts]
    hidden: int
    learning_rate: float
    persistent: bool
    batch_size: int
    epochs: int
    trials: tuple[tuple[int, int], ...]
    rate: float


def train_machine(epochs: int | None, batch_size: int | None, out: Path | None, seed: int) -> None:
    """Train Boltzmann machines on two sets of digits, and compare features with pixels."""
    for study in _STUDIES:
        (X, y), (X_test, y_test) = study.parts()
        click.echo(f"{NAME}: {len(X):,} {study.pictures}, without their labels\n")
        machine = RBM(
            study.hidden,
            study.learning_rate,
            persistent=study.persistent,
            batch_size=batch_size or study.batch_size,
            seed=seed,
        )
        machine.fit(X, epochs=epochs or study.epochs)
        _compare(study, machine, (X, y), (X_test, y_test), seed)
        if out is not None:
            _keep(study, machine, out)
        click.echo()
    if out is not None:
        _tell_use(out / f"{_STUDIES[0].name}.safetensors")


def _compare(study: _Study, machine: RBM, train: Part, test: Part, seed: int) -> None:
    (X, y), (X_test, y_test) = train, test
    features, test_features = machine.transform(X), machine.transform(X_test)
    over_pixels, over_features = f"upon {X.shape[1]} pixels", f"upon {machine.hidden} features"
    click.echo("\ntest accuracy of a logistic layer, by the number of labels it gets\n")
    click.echo(f"  {'labels':>8} {over_pixels:>16} {over_features:>18}")
    for labels, passes in study.trials:
        by_pixels, by_features = (
            _accuracy((learned[:labels], y[:labels]), (asked, y_test), passes, study.rate, seed)
            for learned, asked in ((X, X_test), (features, test_features))
        )
        verdict = "beaten" if by_features > by_pixels else "not beaten"
        numbers = f"{by_pixels:16.2%} {by_features:18.2%}".replace("%", " %")
        click.echo(f"  {labels:8,} {numbers}  ({verdict})")


def _digits() -> Parts:
    """Digits of 8 × 8 pixels and their copies moved by one; no picture has copies in both parts."""
    X, y = datasets.digits()
    parts = data.split(X, y, test_size=0.2, seed=0, stratify=True)
    train, test = ((_moved(X), np.tile(y, len(_MOVES))) for X, y in parts)
    order = np.random.default_rng(0).permutation(len(train[0]))
    return (train[0][order], train[1][order]), test


def _moved(X: Array) -> Array:
    padded = np.pad(X.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    copies = [padded[:, down : down + 8, right : right + 8] for down, right in _MOVES]
    return np.concatenate(copies).reshape(-1, 64)


def _mnist() -> Parts:
    (X, y), (X_test, y_test) = datasets.mnist()
    return (_rows(X), y), (_rows(X_test), y_test)


def _rows(pictures: Array) -> Array:
    return pictures.reshape(len(pictures), -1) / np.float32(255)


_MOVES = ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))
_STUDIES = (
    # Chosen on a fifth of the training part that was kept back, from 100 to 512 units, 20 and 60
    # epochs, persistent chains and new ones.
    _Study(
        "digits",
        "handwritten digits of 8 × 8 pixels, as they are and moved by a pixel",
        _digits,
        hidden=512,
        learning_rate=0.06,
        persistent=False,
        batch_size=10,
        epochs=60,
        trials=((500, 100), (7190, 100)),
        rate=0.01,
    ),
    _Study(
        "mnist",
        "handwritten digits of 28 × 28 pixels",
        _mnist,
        hidden=128,
        learning_rate=0.05,
        persistent=True,
        batch_size=64,
        epochs=5,
        trials=((300, 200), (1000, 100), (60_000, 10)),
        rate=0.003,
    ),
)


def _accuracy(train: Part, test: Part, epochs: int, rate: float, seed: int) -> float:
    net = Network([Dense(10)], seed=seed)
    rule = optim.Adam(optim.cosine(rate, epochs=epochs))
    net.compile(loss="cross_entropy", optimizer=rule, metrics=["accuracy"])
    net.fit(*train, epochs=epochs, batch_size=64, verbose=0)
    return net.evaluate(*test)["accuracy"]


def _keep(study: _Study, machine: RBM, out: Path) -> None:
    model, picture = out / f"{study.name}.safetensors", out / f"{study.name}.png"
    machine.save(model)
    written = [model]
    try:
        plot.weights(machine, "weight", picture)
        written.append(picture)
    except ImportError as error:  # the machine is worth having without them
        click.echo(f"chainrule: no pictures: {error}", err=True)
    click.echo(f"\nwrote {', '.join(map(str, written))}")


def _tell_use(model: Path) -> None:
    code = (
        "import chainrule as cr",
        f"machine = cr.load({model.as_posix()!r})",
        "print(machine.transform(machine.sample(5)).shape)",
    )
    click.echo("to use one, in Python:\n")
    click.echo("\n".join(f"  {line}" for line in code))
