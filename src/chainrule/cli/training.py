"""The training of a recipe: its network and its baseline on the same samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click

from chainrule.cli.recipe import Baseline, Part, Recipe, Run
from chainrule.cli.resume import RecordedCommand
from chainrule.cli.validation import hold_out_classes, hold_out_rows
from chainrule.data.columns import take_rows
from chainrule.data.table import Table
from chainrule.interop.tensorboard import TensorBoard
from chainrule.nn.layer import Layer
from chainrule.train.history import History
from chainrule.train.network import Network

__all__ = ["Folders", "Settings", "train_and_compare"]


@dataclass(frozen=True)
class Settings:
    """How to train; a rate of None is that of the recipe."""

    epochs: int
    batch_size: int | None
    rate: float | None
    seed: int

    def size_for(self, part: Part) -> int:
        """The batch size, at most the samples of a part."""
        assert self.batch_size is not None, "it is that of the recipe"
        return min(self.batch_size, len(part[1]))


@dataclass(frozen=True)
class Folders:
    """Where the model, checkpoints and event files are written."""

    out: Path | None
    checkpoint: RecordedCommand | None
    tensorboard: Path | None


def train_and_compare(name: str, recipe: Recipe, settings: Settings, folders: Folders) -> Run:
    """Train the network of a recipe, and its baseline."""
    if settings.batch_size is None:
        settings = replace(settings, batch_size=recipe.batch_size)
    whole, test = recipe.load()
    training, validation = _hold_out(recipe, whole) if whole is not test else (whole, None)
    click.echo(_describe(name, recipe, training, validation, test))
    board = None
    if folders.tensorboard is not None:
        board = TensorBoard(folders.tensorboard.expanduser(), histograms=1)
    net, history = _fit(recipe, training, validation, settings, board, folders.checkpoint)
    baseline = None
    if recipe.baseline is not None:
        baseline = _fit_baseline(recipe, recipe.baseline, training, settings)
    return Run(recipe, (training, test), net, history, baseline, validation)


def _hold_out(recipe: Recipe, training: Part) -> tuple[Part, Part | None]:
    by_kind = hold_out_rows if recipe.loss == "mse" else hold_out_classes
    return (recipe.hold_out or by_kind)(training)


def _describe(
    name: str, recipe: Recipe, training: Part, validation: Part | None, test: Part
) -> str:
    parts = {"training": training, "validation": validation, "test": test}
    counts = ", ".join(f"{len(part[1]):,} for {kind}" for kind, part in parts.items() if part)
    if training is test:
        counts = f"{len(training[1]):,}, for training and for test"
    return f"{name}: {recipe.title}\n{counts}\n"


def _fit(
    recipe: Recipe,
    training: Part,
    validation: Part | None,
    settings: Settings,
    board: TensorBoard | None,
    command: RecordedCommand | None,
) -> tuple[Network, History]:
    net = _compiled(recipe, recipe.layers(training), settings)
    net(take_rows(training[0], slice(1)))  # builds it for the summary
    net.summary()
    click.echo()
    # The test part takes no part in this: what is monitored is no test of what is chosen by it.
    history = net.fit(
        *training,
        epochs=settings.epochs,
        batch_size=settings.size_for(training),
        validation_data=validation,
        callbacks=[each for each in (board, command) if each is not None],
        checkpoint=None if command is None else command.folder,
    )
    return net, history


def _fit_baseline(
    recipe: Recipe, baseline: Baseline, training: Part, settings: Settings
) -> Network:
    click.echo(f"\nfor comparison: {baseline.title}")
    settings = replace(settings, rate=baseline.rate or settings.rate)
    net = _compiled(recipe, baseline.layers(training), settings)
    net.fit(*training, epochs=settings.epochs, batch_size=settings.size_for(training))
    return net


def _compiled(recipe: Recipe, layers: list[Layer | Table], settings: Settings) -> Network:
    net = Network(layers, seed=settings.seed)
    rate = () if settings.rate is None else (settings.rate,)
    rule = recipe.optimizer(settings.epochs, *rate)
    net.compile(loss=recipe.loss, optimizer=rule, metrics=list(recipe.metrics))
    return net
