"""``chainrule train``: train, evaluate and save a network on a data set or a CSV file."""

from __future__ import annotations

from pathlib import Path

import click

from chainrule.arguments.lookup import suggestion
from chainrule.cli.csv_table import recipe_of_file
from chainrule.cli.rbm import NAME, train_rbm
from chainrule.cli.recipe import Baseline, Part, Recipe, Run
from chainrule.cli.recipes import RECIPES
from chainrule.data.columns import take_rows
from chainrule.train.history import History
from chainrule.train.network import Network

__all__ = ["train"]

NO_COLUMNS = "--target and --drop are for CSV files"


class _Name(click.ParamType[str]):
    """A name of `RECIPES`, or a file."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value in RECIPES or value == NAME or Path(value).is_file():
            return value
        if Path(value).suffix or Path(value).exists():
            self.fail(f"{value!r}: no such file")
        return self.fail(f"there is no data set {value!r}; {suggestion(value, [*RECIPES, NAME])}")


@click.command()
@click.argument("name", type=_Name(), metavar="NAME")
@click.option("--target", metavar="COLUMN", help="The column of a CSV file to predict.")
@click.option(
    "--drop",
    metavar="COLUMN",
    multiple=True,
    help="A column to leave out; repeatable.",
)
@click.option("--epochs", type=click.IntRange(min=1), metavar="N", help="Passes over the samples.")
@click.option("--batch-size", type=click.IntRange(min=1), metavar="N", help="Samples per step.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder for the model and figures; created if missing.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="N",
    default=0,
    show_default=True,
    help="Seed of the initial weights and of shuffling; the test part is fixed.",
)
def train(
    name: str,
    target: str | None,
    drop: tuple[str, ...],
    epochs: int | None,
    batch_size: int | None,
    out: Path | None,
    seed: int,
) -> None:
    """Train a network on a data set or a CSV file, and compare it with a baseline.

    \b
    digits         handwritten digits of 8 × 8 pixels, part of scikit-learn
    xor            the four rows of exclusive or
    moons          points of two interleaving half circles
    mnist          handwritten digits of 28 × 28 pixels; downloaded if missing (12 MB)
    mnist-cnn      the same, by a convolutional network
    notmnist       letters A to J from many fonts, by a convolutional network
    letters        capital letters, described by 16 measurements; downloaded if missing (1 MB)
    churn          customers of a bank: who leaves?
    prices         the S&P 500 five days ahead
    sunspots       sunspots a year ahead
    airline        airline passengers a year ahead
    spoken-digits  digits spoken by six speakers
    shakespeare    the next character of a play; downloaded if missing (1 MB); takes minutes
    shakespeare-transformer  the same, by a transformer
    rbm            features of digits, by restricted Boltzmann machines, without labels
    FILE.csv       any CSV file: --target names the column to predict
    """  # noqa: D301 (\b keeps click from rewrapping the lines)
    recipe = None if name == NAME else _recipe(name, target, drop)
    if recipe is None and (target or drop):
        raise click.UsageError(NO_COLUMNS)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)  # before training, in case it fails
    if recipe is None:
        return train_rbm(epochs, batch_size, out, seed)
    parts = training, test = recipe.load()
    click.echo(_describe(name, recipe, training, test))
    epochs, batch_size = epochs or recipe.epochs, batch_size or recipe.batch_size
    net, history = _fit(recipe, training, test, seed, epochs, batch_size)
    baseline = None
    if recipe.baseline is not None:
        baseline = _fit_baseline(recipe, recipe.baseline, training, seed, epochs, batch_size)
    run = Run(recipe, parts, net, history, baseline)
    recipe.report(run)
    if out is not None:
        _write(run, out)
    return None


def _recipe(name: str, target: str | None, drop: tuple[str, ...]) -> Recipe:
    if name in RECIPES:
        if target or drop:
            raise click.UsageError(NO_COLUMNS)
        return RECIPES[name]
    if target is None:
        raise click.UsageError(f"{name!r} is a file: name the column to predict by --target")
    return recipe_of_file(Path(name), target, drop)


def _describe(name: str, recipe: Recipe, training: Part, test: Part) -> str:
    counts = f"{len(training[1]):,} for training, {len(test[1]):,} for test"
    if training is test:
        counts = f"{len(training[1]):,}, for training and for test"
    return f"{name}: {recipe.title}; {counts}\n"


def _fit(
    recipe: Recipe, training: Part, test: Part, seed: int, epochs: int, batch_size: int
) -> tuple[Network, History]:
    net = Network(recipe.layers(training), seed=seed)
    net.compile(loss=recipe.loss, optimizer=recipe.optimizer(epochs), metrics=list(recipe.metrics))
    net(take_rows(training[0], slice(1)))  # builds it for the summary
    net.summary()
    click.echo()
    # The test part is only monitored: nothing is selected by it.
    history = net.fit(
        *training,
        epochs=epochs,
        batch_size=min(batch_size, len(training[1])),
        validation_data=test,
    )
    return net, history


def _fit_baseline(
    recipe: Recipe, baseline: Baseline, training: Part, seed: int, epochs: int, batch_size: int
) -> Network:
    click.echo(f"\nfor comparison: {baseline.title}")
    net = Network(baseline.layers(training), seed=seed)
    net.compile(loss=recipe.loss, optimizer=recipe.optimizer(epochs), metrics=list(recipe.metrics))
    net.fit(*training, epochs=epochs, batch_size=min(batch_size, len(training[1])))
    return net


def _write(run: Run, out: Path) -> None:
    model = out / "model.safetensors"
    run.net.save(model)
    written = [model]
    try:
        written += run.recipe.draw(run, out)
    except ImportError as error:  # the model is useful without them
        click.echo(f"chainrule: no figures: {error}", err=True)
    click.echo(f"\nwrote {', '.join(map(str, written))}")
    code = (
        "import chainrule as cr",
        "from chainrule import data, datasets",
        f"net = cr.load({model.as_posix()!r})",
        *run.recipe.example,
        run.recipe.show,
    )
    click.echo("\nto use it, in Python:\n")
    click.echo("\n".join(f"  {line}" for line in code))
