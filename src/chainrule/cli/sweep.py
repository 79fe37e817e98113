"""``chainrule sweep``: trains the networks of many settings side by side, and compares them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np

from chainrule import nn
from chainrule.cli.csv_table.option import options_of, table_options
from chainrule.cli.data_name import DataName, recipe_named
from chainrule.cli.exit_codes import INTERRUPTED
from chainrule.cli.json_output import json_option, on_standard_error, print_json
from chainrule.cli.model_file import MODEL
from chainrule.cli.number_list import NumberList
from chainrule.cli.rbm import NAME
from chainrule.cli.recipe import Part, Recipe
from chainrule.cli.words import align
from chainrule.data.table import Table
from chainrule.errors import counted
from chainrule.storage import write_atomically
from chainrule.train.network import Network
from chainrule.train.sweep.result import SweepResult
from chainrule.train.sweep.sweep import sweep as sweep_of

__all__ = ["sweep"]

UNITS, LAYERS, DROPOUT = 32, 1, 0.0
"""Of a setting that does not vary."""
IN_FRONT = Table | nn.Rescale | nn.Flatten
NOTHING = "name what to vary by --units, --layers, --lr, --dropout or --l2, such as --units 4,16,64"
GOES_ON = "chainrule: error: interrupted; with --checkpoint DIR the same command goes on"
NO_DENSE = "sweeps are over dense networks, and that of {!r} is none"


@click.command()
@click.argument("name", type=DataName(), metavar="NAME")
@click.option("--target", metavar="COLUMN", help="The column of a CSV file to predict.")
@click.option("--drop", metavar="COLUMN", multiple=True, help="A column to leave out; repeatable.")
@click.option("--units", type=NumberList(int, 1), metavar="N,...", help="Units of hidden layers.")
@click.option("--layers", type=NumberList(int, 0), metavar="N,...", help="Hidden layers.")
@click.option("--lr", type=NumberList(float, 0), metavar="RATE,...", help="Learning rates.")
@click.option("--dropout", type=NumberList(float, 0, 1), metavar="P,...", help="Dropout rates.")
@click.option("--l2", type=NumberList(float, 0), metavar="L,...", help="L2 penalties.")
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    metavar="N",
    help="Networks of each setting, by which differences are told from chance.",
)
@click.option("--folds", type=click.IntRange(min=2), metavar="K", help="Cross-validation.")
@click.option("--epochs", type=click.IntRange(min=1), metavar="N", help="Passes over the samples.")
@click.option("--batch-size", type=click.IntRange(min=1), metavar="N", help="Samples per step.")
@click.option(
    "--metric", default="val_loss", show_default=True, help="What settings are compared by."
)
@click.option(
    "--halving",
    type=click.IntRange(min=2),
    metavar="F",
    help="Only the best 1/F go on, repeatedly.",
)
@click.option(
    "--checkpoint",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of what is finished: the same command goes on from there.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder for the best model and the table of all fits.",
)
@json_option
@table_options
def sweep(
    name: str,
    target: str | None,
    drop: tuple[str, ...],
    seeds: int,
    folds: int | None,
    epochs: int | None,
    batch_size: int | None,
    metric: str,
    halving: int | None,
    checkpoint: Path | None,
    out: Path | None,
    is_json: bool,
    **others: Any,
) -> int:
    """Train dense networks of many settings side by side, and compare them on held-out rows.

    NAME is a data set of chainrule train, or a CSV file with --target COLUMN. Every combination of
    the given values is trained. The test part is used once, for the best network.

    \b
      chainrule sweep flowers.csv --target species --units 4,16,64 --lr 0.003,0.01 --seeds 5
    """  # noqa: D301 (\b keeps click from rewrapping the lines)
    names = ("units", "layers", "lr", "dropout", "l2")
    grid = {each: others.pop(each) for each in names}
    grid = {each: values for each, values in grid.items() if values}
    if not grid:
        raise click.UsageError(NOTHING)
    if name == NAME:
        raise click.UsageError(NO_DENSE.format(name))
    if out is not None:
        out = out.expanduser()
        out.mkdir(parents=True, exist_ok=True)  # before training, in case it fails
    with on_standard_error(is_json):
        recipe = recipe_named(name, target, drop, options_of(others))
        training, test = recipe.load()
        result = sweep_of(
            _builder(name, recipe, training, epochs or recipe.epochs),
            grid,
            *training,
            seeds=seeds,
            metric=metric,
            epochs=epochs or recipe.epochs,
            batch_size=min(batch_size or recipe.batch_size, len(training[1])),
            folds=folds,
            halving=halving,
            checkpoint=checkpoint,
        )
        best, setting = result.best, result.best_setting
        measured = dict(best.evaluate(*test).items())
    _report(name, result, setting, measured, is_json)
    if out is not None:
        _write(out, result, best)
    if result.is_interrupted:
        click.echo(GOES_ON, err=True)
    return INTERRUPTED if result.is_interrupted else 0


def _builder(name: str, recipe: Recipe, training: Part, epochs: int) -> Callable[..., Network]:
    """Return what makes a network of a setting: inputs and outputs are those of the recipe."""
    layers = recipe.layers(training)
    front = [each for each in layers if isinstance(each, IN_FRONT)]
    last = max(i for i, each in enumerate(layers) if isinstance(each, nn.Dense))
    outputs = layers[last]
    assert isinstance(outputs, nn.Dense), "the last dense layer"
    if recipe.horizons is not None or not all(_is_dense(each) for each in layers):
        raise click.UsageError(NO_DENSE.format(name))
    has_table = any(isinstance(each, Table) for each in front)
    is_flat = has_table or np.ndim(training[0]) == 2

    def build(
        seed: int,
        units: int = UNITS,
        layers: int = LAYERS,
        lr: float | None = None,
        dropout: float = DROPOUT,
        l2: float = 0.0,
    ) -> Network:
        start = [each.copy() if isinstance(each, Table) else _again(each) for each in front]
        hidden: list[Any] = [] if is_flat else [nn.Flatten()]
        for _ in range(layers):
            hidden += [nn.Dense(units, activation="relu", l2=l2), nn.Dropout(dropout)]
        end = [nn.Dense(outputs.units), *map(_again, layers_after)]
        net = Network([*start, *hidden, *end], seed=seed)
        rate = () if lr is None else (lr,)
        optimizer = recipe.optimizer(epochs, *rate)
        net.compile(loss=recipe.loss, optimizer=optimizer, metrics=list(recipe.metrics))
        return net

    layers_after = layers[last + 1 :]
    return build


def _is_dense(layer: Any) -> bool:
    return isinstance(layer, IN_FRONT | nn.Dense | nn.Dropout)


def _again(layer: Any) -> Any:
    """Return a layer like another one, which belongs to one network."""
    return type(layer)(**layer.config())


def _report(
    name: str, result: SweepResult, setting: Any, measured: dict[str, float], is_json: bool
) -> None:
    if is_json:
        columns = {"fits": dict(result.items()), "settings": result.summary}
        print_json({"data": name, **columns, "best": setting, "test": measured})
        return
    summary = result.summary
    rows = [list(map(_cell, row)) for row in zip(*summary.values(), strict=True)]
    click.echo(f"\n{name}: {counted(len(rows), 'setting')}\n")
    click.echo("\n".join(f"  {line}" for line in align([list(summary), *rows], left=False)))
    said = ", ".join(f"{key} {value}" for key, value in setting.items())
    click.echo(f"\nthe best: {said}; on the test part:")
    lines = align([[key, f"{value:.6g}"] for key, value in measured.items()])
    click.echo("\n".join(f"  {line}" for line in lines))


def _cell(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float | np.floating) else str(value)


def _write(out: Path, result: SweepResult, best: Network) -> None:
    best.save(out / MODEL)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(list(result))
    writer.writerows(zip(*(list(column) for column in result.values()), strict=True))
    write_atomically(out / "sweep.csv", text.getvalue().encode())
    click.echo(f"\nwrote\n  {out / MODEL}\n  {out / 'sweep.csv'}", err=True)
