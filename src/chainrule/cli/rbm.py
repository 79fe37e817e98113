"""``chainrule train rbm``: unsupervised features, evaluated by logistic regression on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from chainrule import data, datasets, optim
from chainrule.cli.figures import Draw, written
from chainrule.cli.recipe import Part, Parts
from chainrule.cli.resume import RecordedCommand
from chainrule.insight import plot
from chainrule.insight.figure import save
from chainrule.nn.layers.dense import Dense
from chainrule.train.network import Network
from chainrule.train.rbm.rbm import RBM

__all__ = ["NAME", "train_rbm"]

NAME = "rbm"

IN_USE = 0.05
"""Standard deviation of the activation of a unit over images below which it is inactive."""

SHOWN, SWEEPS = 25, 30
"""Images that are drawn, and sweeps of Gibbs sampling of the samples that start at them."""

Array = NDArray[Any]


@dataclass(frozen=True)
class _Experiment:
    """Images, the hyperparameters of an RBM, and those of logistic regression on its features."""

    name: str
    images: str
    parts: Callable[[], Parts]
    hidden: int
    learning_rate: float
    persistent: bool
    batch_size: int
    epochs: int
    trials: tuple[tuple[int, int], ...]  # numbers of labels, each with its epochs
    rate: float
    sparsity: float | None = None
    sparsity_cost: float = 0.0


def train_rbm(
    epochs: int | None,
    batch_size: int | None,
    rate: float | None,
    out: Path | None,
    seed: int,
    command: RecordedCommand | None = None,
) -> None:
    """Train RBMs on two sets of digits, and compare their features with pixels.

    Each has checkpoints in a folder of its own, within that of the command.
    """
    for experiment in _EXPERIMENTS:
        (X, y), (X_test, y_test) = experiment.parts()
        click.echo(f"{NAME}: {len(X):,} {experiment.images},\nwithout their labels\n")
        machine = RBM(
            experiment.hidden,
            rate or experiment.learning_rate,
            persistent=experiment.persistent,
            batch_size=batch_size or experiment.batch_size,
            seed=seed,
            sparsity=experiment.sparsity,
            sparsity_cost=experiment.sparsity_cost,
        )
        folder = None if command is None else command.folder / experiment.name
        machine.fit(X, epochs=epochs or experiment.epochs, callbacks=command, checkpoint=folder)
        _compare(experiment, machine, (X, y), (X_test, y_test), seed)
        if out is not None:
            _write(experiment, machine, X[:SHOWN], out)
        click.echo()
    if out is not None:
        _print_usage(out / f"{_EXPERIMENTS[0].name}.safetensors")


def _compare(experiment: _Experiment, machine: RBM, train: Part, test: Part, seed: int) -> None:
    (X, y), (X_test, y_test) = train, test
    features, test_features = machine.transform(X), machine.transform(X_test)
    used = int(np.sum(test_features.std(axis=0) > IN_USE))
    click.echo(f"\n{used} of {machine.hidden} hidden units are in use")
    over_pixels, over_features = f"{X.shape[1]} pixels", f"{machine.hidden} features"
    click.echo("\ntest accuracy of logistic regression, by number of labels\n")
    click.echo(f"  {'labels':>8} {over_pixels:>16} {over_features:>18}")
    for labels, epochs in experiment.trials:
        by_pixels, by_features = (
            _accuracy(
                (trained[:labels], y[:labels]), (tested, y_test), epochs, experiment.rate, seed
            )
            for trained, tested in ((X, X_test), (features, test_features))
        )
        verdict = "beaten" if by_features > by_pixels else "not beaten"
        numbers = f"{by_pixels:16.2%} {by_features:18.2%}".replace("%", " %")
        click.echo(f"  {labels:8,} {numbers}  ({verdict})")


def _digits() -> Parts:
    """Digits of 8 × 8 pixels and copies shifted by one; no image has copies in both parts."""
    X, y = datasets.digits()
    parts = data.split(X, y, test_size=0.2, seed=0, stratify=True)
    train, test = ((_shifted(X), np.tile(y, len(_SHIFTS))) for X, y in parts)
    order = np.random.default_rng(0).permutation(len(train[0]))
    return (train[0][order], train[1][order]), test


def _shifted(X: Array) -> Array:
    padded = np.pad(X.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    copies = [padded[:, down : down + 8, right : right + 8] for down, right in _SHIFTS]
    return np.concatenate(copies).reshape(-1, 64)


def _mnist() -> Parts:
    (X, y), (X_test, y_test) = datasets.mnist()
    return (_rows(X), y), (_rows(X_test), y_test)


def _rows(images: Array) -> Array:
    return images.reshape(len(images), -1) / np.float32(255)


_SHIFTS = ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))
_EXPERIMENTS = (
    # Chosen on a validation part of a fifth: 100 to 512 units, 60 to 100 epochs, with and without
    # persistent chains and sparsity. Of 512 units without sparsity 457 are in no use.
    _Experiment(
        "digits",
        "handwritten digits of 8 × 8 pixels, original and shifted by a pixel",
        _digits,
        hidden=100,
        learning_rate=0.05,
        persistent=True,
        batch_size=20,
        epochs=75,
        trials=((500, 100), (7190, 100)),
        rate=0.01,
        sparsity=0.05,
        sparsity_cost=3.0,
    ),
    _Experiment(
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


def _write(experiment: _Experiment, machine: RBM, images: Array, out: Path) -> None:
    model = out / f"{experiment.name}.safetensors"
    machine.save(model)
    paths = [model]
    try:
        paths += _draw(experiment, machine, images, out)
    except ImportError as error:  # the model is useful without them
        click.echo(f"chainrule: no figures: {error}", err=True)
    click.echo("\n".join(["\nwrote", *(f"  {path}" for path in paths)]))


def _draw(experiment: _Experiment, machine: RBM, images: Array, out: Path) -> list[Path]:
    """Draw images, the pseudo-likelihood, receptive fields, and samples of the machine."""
    name, history = experiment.name, machine.history
    assert history is not None, "the machine was trained"
    figures: dict[str, Draw] = {
        f"{name}-data": lambda path: plot.images(images, None, path),
        f"{name}-history": lambda path: plot.history(history, path),
        name: lambda path: plot.weights(machine, "weight", path),
        f"{name}-samples": lambda path: _draw_samples(machine, images, path),
    }
    return written(out, **figures)


def _draw_samples(machine: RBM, images: Array, path: Path) -> None:
    """Draw what Gibbs sampling makes of images."""
    # Probabilities given the last states are smoother than draws of pixels.
    figure = plot.images(machine.reconstruct(machine.gibbs(images, steps=SWEEPS, seed=1)))
    title = f"{len(images)} samples, {SWEEPS} sweeps after the images"
    figure.axes[0].title.set_text(title)
    save(figure, path)


def _print_usage(model: Path) -> None:
    code = (
        "import chainrule as cr",
        f"machine = cr.load({model.as_posix()!r})",
        "print(machine.transform(machine.sample(5)).shape)",
    )
    click.echo("to use it, in Python:\n")
    click.echo("\n".join(f"  {line}" for line in code))
