"""``chainrule train``: a network on a named data set, from the data to a file that predicts."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import click

from chainrule.cli.boltzmann import NAME, train_machine
from chainrule.cli.csv_table import recipe_of_file
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
            self.fail(f"{value!r}: there is no such file to train on")
        names = [*RECIPES, NAME]
        close = get_close_matches(value.lower(), names, 1)
        guess = f"did you mean {close[0]!r}? They" if close else "the data sets"
        return self.fail(f"there is no data set {value!r}; {guess} are {', '.join(names)}")


@click.command()
@click.argument("name", type=_Name(), metavar="NAME")
@click.option("--target", metavar="COLUMN", help="Of a CSV file: the column to predict.")
@click.option("--drop", metavar="COLUMN", multiple=True, help="A column to leave out; repeatable.")
@click.option("--epochs", type=click.IntRange(min=1), metavar="N", help="Passes over the data.")
@click.option("--batch-size", type=click.IntRange(min=1), metavar="N", help="Samples a step.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder for the model and its pictures; made where it does not exist.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="N",
    default=0,
    show_default=True,
    help="Decides the first weights and the order of the data; the test part stays the same.",
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
    """Train a network on a data set or a CSV file, test it, and compare it with a baseline.

    \b
    digits         scanned handwritten digits of 8 × 8 pixels, which come with scikit-learn
    xor            the four rows of "either, but not both"
    moons          points of two interleaving half circles
    mnist          handwritten digits of 28 × 28 pixels; downloaded (12 MB) where they are not there
    mnist-cnn      the same, seen through convolutions
    notmnist       letters A to J from many fonts, seen through convolutions
    letters        capital letters, described by 16 measurements; downloaded (1 MB)
    churn          customers of a bank: who leaves it?
    prices         the S&P 500 five days ahead
    sunspots       sunspots a year ahead
    airline        airline passengers a year ahead
    spoken-digits  digits said by six people
    shakespeare    the next character of a play; downloaded (1 MB); takes minutes
    shakespeare-transformer  the same by attention
    rbm            features of digits, learned without labels by Boltzmann machines
    FILE.csv       any table: --target names the column to predict
    """  # noqa: D301 (click's mark for lines to be left as they are)
    recipe = None if name == NAME else _recipe(name, target, drop)
    if recipe is None and (target or drop):
        raise click.UsageError(NO_COLUMNS)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)  # before the work, in case it cannot be made
    if recipe is None:
        return train_machine(epochs, batch_size, out, seed)
    parts = learned, tested = recipe.load()
    click.echo(_describe(name, recipe, learned, tested))
    epochs, batch_size = epochs or recipe.epochs, batch_size or recipe.batch_size
    net, history = _fit(recipe, learned, tested, seed, epochs, batch_size)
    baseline = None
    if recipe.baseline is not None:
        baseline = _fit_baseline(recipe, recipe.baseline, learned, seed, epochs, batch_size)
    run = Run(recipe, parts, net, history, baseline)
    recipe.report(run)
    if out is not None:
        _keep(run, out)
    return None


def _recipe(name: str, target: str | None, drop: tuple[str, ...]) -> Recipe:
    if name in RECIPES:
        if target or drop:
            raise click.UsageError(NO_COLUMNS)
        return RECIPES[name]
    if target is None:
        raise click.UsageError(f"{name!r} is a file: say which column to predict by --target")
    return recipe_of_file(Path(name), target, drop)


def _describe(name: str, recipe: Recipe, learned: Part, tested: Part) -> str:
    count, held = len(learned[1]), len(tested[1])
    use = f"{count:,} to learn from, {held:,} to test on"
    if learned is tested:
        use = f"{count:,}, to learn from and to test on: there are no others"
    return f"{name}: {recipe.title}; {use}\n"


def _fit(
    recipe: Recipe, learned: Part, tested: Part, seed: int, epochs: int, batch_size: int
) -> tuple[Network, History]:
    net = Network(recipe.layers(learned), seed=seed)
    net.compile(loss=recipe.loss, optimizer=recipe.optimizer(epochs), metrics=list(recipe.metrics))
    net(take_rows(learned[0], slice(1)))  # builds it, so that the summary knows its sizes
    net.summary()
    click.echo()
    # The test part is only watched: nothing is chosen by it.
    history = net.fit(
        *learned,
        epochs=epochs,
        batch_size=min(batch_size, len(learned[1])),
        validation_data=tested,
    )
    return net, history


def _fit_baseline(
    recipe: Recipe, baseline: Baseline, learned: Part, seed: int, epochs: int, batch_size: int
) -> Network:
    click.echo(f"\nfor comparison: {baseline.title}")
    net = Network(baseline.layers(learned), seed=seed)
    net.compile(loss=recipe.loss, optimizer=recipe.optimizer(epochs), metrics=list(recipe.metrics))
    net.fit(*learned, epochs=epochs, batch_size=min(batch_size, len(learned[1])))
    return net


def _keep(run: Run, out: Path) -> None:
    model = out / "model.safetensors"
    run.net.save(model)
    written = [model]
    try:
        written += run.recipe.draw(run, out)
    except ImportError as error:  # the model is worth having without them
        click.echo(f"chainrule: no pictures: {error}", err=True)
    click.echo(f"\nwrote {', '.join(map(str, written))}")
    code = (
        "import chainrule as cr",
        "from chainrule import data, datasets",
        f"net = cr.load({model.as_posix()!r})",
        *run.recipe.example,
        run.recipe.show,
    )
    click.echo("\nto predict with it, in Python:\n")
    click.echo("\n".join(f"  {line}" for line in code))
