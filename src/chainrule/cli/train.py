"""``chainrule train``: a network on a named data set, from the data to a file that predicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from chainrule.cli.recipe import RECIPES, Part, Recipe
from chainrule.insight import plot
from chainrule.insight.confusion import confusion_matrix
from chainrule.insight.derivation import derive_output_layer
from chainrule.nn.dense import Dense
from chainrule.nn.loss import LOSSES
from chainrule.train.history import History
from chainrule.train.network import Network

__all__ = ["train"]


class _Name(click.ParamType[str]):
    """A name of `RECIPES`; a file gets an answer of its own."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value in RECIPES:
            return value
        names = ", ".join(RECIPES)
        if Path(value).suffix or Path(value).exists():
            self.fail(f"{value!r}: files are not trained on yet; the data sets are {names}")
        return self.fail(f"there is no data set {value!r}; the data sets are {names}")


@click.command()
@click.argument("name", type=_Name(), metavar="NAME")
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
    name: str, epochs: int | None, batch_size: int | None, out: Path | None, seed: int
) -> None:
    """Train a classifier on a data set, test it, and show the derivative of its last layer.

    \b
    digits  scanned handwritten digits of 8 × 8 pixels, which come with scikit-learn
    xor     the four rows of "either, but not both"
    moons   points of two interleaving half circles
    mnist   handwritten digits of 28 × 28 pixels; downloaded (12 MB) where they are not there
    """  # noqa: D301 (click's mark for lines to be left as they are)
    recipe = RECIPES[name]
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)  # before the work, in case it cannot be made
    learned, tested = recipe.load()
    click.echo(_describe(name, recipe, learned, tested))
    net, history = _fit(recipe, learned, tested, seed, epochs, batch_size)
    _report(net, recipe, tested)
    if out is not None:
        _keep(net, recipe, history, tested, out)


def _describe(name: str, recipe: Recipe, learned: Part, tested: Part) -> str:
    count, held = len(learned[0]), len(tested[0])
    use = f"{count:,} to learn from, {held:,} to test on"
    if learned is tested:
        use = f"{count:,}, to learn from and to test on: there are no others"
    return f"{name}: {recipe.title}; {use}\n"


def _fit(
    recipe: Recipe,
    learned: Part,
    tested: Part,
    seed: int,
    epochs: int | None,
    batch_size: int | None,
) -> tuple[Network, History]:
    epochs = epochs or recipe.epochs
    net = Network(recipe.layers(), seed=seed)
    optimizer = recipe.optimizer(epochs)
    net.compile(loss="cross_entropy", optimizer=optimizer, metrics=["accuracy"])
    net(learned[0][:1])  # builds it, so that the summary knows its sizes
    net.summary()
    click.echo()
    # The test part is only watched: nothing is chosen by it.
    history = net.fit(
        *learned,
        epochs=epochs,
        batch_size=min(batch_size or recipe.batch_size, len(learned[0])),
        validation_data=tested,
    )
    return net, history


def _report(net: Network, recipe: Recipe, tested: Part) -> None:
    X, y = tested
    predicted = net.predict_class(X)
    hits = int(np.sum(predicted == y))
    click.echo(f"\ntest accuracy {hits / len(y):.2%} ({hits:,} of {len(y):,})\n".replace("%", " %"))
    _print_confusion(*confusion_matrix(y, predicted))
    _print_derivation(net, recipe.batch_size)


def _print_confusion(classes: NDArray[Any], counts: NDArray[np.int64]) -> None:
    # Late, because importing rich takes as long as training a small network.
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("", justify="right", style="bold")
    for label in classes:
        table.add_column(str(label), justify="right")
    for row, (label, numbers) in enumerate(zip(classes, counts, strict=True)):
        # A hit is told from a mistake by its place on the diagonal; colour only helps.
        cells = [
            Text(str(number), "cyan" if row == column else "bold red")
            if number
            else Text("·", "dim")
            for column, number in enumerate(numbers)
        ]
        table.add_row(str(label), *cells)
    click.echo("confusion: true classes down, predicted ones across")
    Console().print(table)


def _print_derivation(net: Network, batch: int) -> None:
    layer = net.layers[-1]
    assert isinstance(layer, Dense)
    derivation = derive_output_layer(layer, LOSSES["cross_entropy"], batch)
    width = max(len(name) for name, _ in derivation.formulas)
    click.echo(
        f"the derivative of the loss by the layer {layer.name!r}, as it was derived\n"
        f"(x: its input, y: rows with a 1 for the class, {batch} samples; "
        "d in front: derivative by)\n"
    )
    for name, text in derivation.formulas:
        click.echo(f"  {name:>{width}} = {text}")
    click.echo("\nand as a program\n")
    click.echo("\n".join(f"  {line}" for line in str(derivation.graph).splitlines()))


def _keep(net: Network, recipe: Recipe, history: History, tested: Part, out: Path) -> None:
    model = out / "model.safetensors"
    net.save(model)
    written = [model, *_draw(net, history, tested, out)]
    click.echo(f"\nwrote {', '.join(map(str, written))}")
    code = (
        "import chainrule as cr",
        "from chainrule import datasets",
        f"net = cr.load({model.as_posix()!r})",
        *recipe.example,
        "print(net.predict_class(X[:10]), y[:10])",
    )
    click.echo("\nto predict with it, in Python:\n")
    click.echo("\n".join(f"  {line}" for line in code))


def _draw(net: Network, history: History, tested: Part, out: Path) -> list[Path]:
    loss, confusion, boundary = (out / f"{kind}.png" for kind in ("loss", "confusion", "boundary"))
    try:
        plot.history(history, loss)
        plot.confusion(net, *tested, confusion)
    except ImportError as error:  # the model is worth having without them
        click.echo(f"chainrule: no pictures: {error}", err=True)
        return []
    if tested[0].shape[1] != 2:
        return [loss, confusion]
    plot.decision_boundary(net, *tested, boundary)
    return [loss, confusion, boundary]
