"""``chainrule train``: train, evaluate and save a network on a data set or a CSV file."""

from __future__ import annotations

import math
import shlex
from functools import partial
from pathlib import Path
from typing import Any

import click

from chainrule.cli.csv_table.option import TableOptions, options_of, table_options
from chainrule.cli.data_name import NO_COLUMNS, DataName, recipe_named
from chainrule.cli.json_output import json_option, on_standard_error, print_json
from chainrule.cli.model_file import MODEL
from chainrule.cli.rbm import NAME, train_rbm
from chainrule.cli.recipe import Recipe, Run
from chainrule.cli.recipes import RECIPES
from chainrule.cli.resume import RESUMED, RecordedCommand, advises_to_resume, recorded
from chainrule.cli.training import Folders, Settings, train_and_compare

__all__ = ["train"]

SERIES = [name for name, recipe in RECIPES.items() if recipe.horizons is not None]
NO_REPORT = "--report is for networks trained by a gradient; rbm draws its figures into --out"
NO_TENSORBOARD = "--tensorboard is for networks trained by a gradient, not for rbm"
NO_JSON = "--json is for networks trained by a gradient, not for rbm"
NO_HORIZON = f"--horizon is for time series: {', '.join(sorted(SERIES))}"


class _Rate(click.ParamType[float]):
    """A learning rate."""

    name = "rate"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            rate = float(value)
        except ValueError:
            rate = math.nan
        if not 0 < rate < math.inf:
            self.fail(f"{value!r} is no learning rate; give a number greater than 0, such as 0.01")
        return rate


class _Recorded(click.Command):
    """A command that keeps its arguments as they were given, in `click.Context.meta`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["arguments"] = list(args)
        return super().parse_args(ctx, args)


@click.command(cls=_Recorded)
@click.argument("name", type=DataName(), metavar="NAME")
@click.option("--target", metavar="COLUMN", help="The column of a CSV file to predict.")
@click.option(
    "--drop",
    metavar="COLUMN",
    multiple=True,
    help="A column to leave out; repeatable.",
)
@table_options
@click.option("--epochs", type=click.IntRange(min=1), metavar="N", help="Passes over the samples.")
@click.option("--batch-size", type=click.IntRange(min=1), metavar="N", help="Samples per step.")
@click.option(
    "--lr", "--learning-rate", "rate", type=_Rate(), metavar="RATE", help="Learning rate."
)
@click.option(
    "--horizon",
    type=click.IntRange(min=1),
    metavar="N",
    help="Steps ahead that a time series is forecast.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder for the model and figures; created if missing.",
)
@click.option(
    "--checkpoint",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of checkpoints: a training that was killed goes on from there.",
)
@click.option("--report", is_flag=True, help="Write report.html, a page on the trained network.")
@click.option(
    "--tensorboard",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder for the event files of TensorBoard.",
)
@json_option
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
    rate: float | None,
    horizon: int | None,
    out: Path | None,
    checkpoint: Path | None,
    report: bool,
    tensorboard: Path | None,
    is_json: bool,
    seed: int,
    **columns: Any,
) -> None:
    """Train a network on a data set or a CSV file, and compare it with a baseline.

    \b
      chainrule train flowers.csv --target species --out flowers/
      chainrule train digits --epochs 10 --checkpoint run/

    NAME is one of

    \b
    digits         handwritten digits of 8 × 8 pixels
    xor            the four rows of exclusive or
    moons          points of two interleaving half circles
    mnist          digits of 28 × 28 pixels (12 MB)
    mnist-cnn      the same, by convolutions (12 MB)
    notmnist       letters A to J of many fonts
    letters        letters, by 16 measurements (1 MB)
    churn          customers of a bank: who leaves?
    prices         the S&P 500, days ahead
    sunspots       sunspots, months ahead
    airline        airline passengers, months ahead
    spoken-digits  digits spoken by six speakers
    shakespeare    the next character of a play (1 MB)
    shakespeare-transformer  the same, by a transformer
    rbm            features of digits, without labels
    FILE.csv       any CSV file, with --target COLUMN

    Data are downloaded where a size is given, if they are missing. A tenth of the training part is
    for validation, monitored while the rest is trained on; the test part is used once, at the end.
    """  # noqa: D301 (\b keeps click from rewrapping the lines)
    meta = click.get_current_context().meta
    given = None if RESUMED in meta else meta["arguments"]
    settings = partial(Settings, batch_size=batch_size, rate=rate, seed=seed)
    with on_standard_error(is_json):
        recipe = _recipe(name, target, drop, options_of(columns), horizon)
        if recipe is None:
            _refuse_for_machine(report, tensorboard, is_json)
        folders = Folders(*_made(out, checkpoint, given), tensorboard)
        with advises_to_resume(folders.checkpoint):
            if recipe is None:
                train_rbm(epochs, batch_size, rate, folders.out, seed, folders.checkpoint)
                return
            run = train_and_compare(name, recipe, settings(epochs or recipe.epochs), folders)
        recipe.report(run)
        if folders.out is not None:
            _write(run, folders.out)
        if report:
            path = (folders.out or Path()) / "report.html"
            run.net.report(path, *run.parts[1])
            click.echo(f"\nwrote {path}")
    if is_json:
        print_json(_result(name, run, folders.out))


def _recipe(
    name: str,
    target: str | None,
    drop: tuple[str, ...],
    options: TableOptions | None,
    horizon: int | None,
) -> Recipe | None:
    """Return the recipe of NAME; None for the Boltzmann machine, which has no target."""
    recipe = None if name == NAME else recipe_named(name, target, drop, options)
    if recipe is None and (target or drop or options):
        raise click.UsageError(NO_COLUMNS)
    return recipe if horizon is None else _at_horizon(name, recipe, horizon)


def _made(
    out: Path | None, checkpoint: Path | None, arguments: list[str] | None
) -> tuple[Path | None, RecordedCommand | None]:
    """Return the folders, created before training in case that fails."""
    command = recorded(checkpoint, arguments)
    if out is not None:
        out = out.expanduser()  # a shell leaves --out=~/run as it is
        out.mkdir(parents=True, exist_ok=True)
    return out, command


def _result(name: str, run: Run, out: Path | None) -> dict[str, Any]:
    """Return what has been reached, for programs."""
    test = run.parts[1]
    result = {
        "data": name,
        "samples": {"training": len(run.parts[0][1]), "test": len(test[1])},
        "history": dict(run.history.items()),
        "test": dict(run.net.evaluate(*test).items()),
    }
    if run.baseline is not None:
        result["baseline"] = dict(run.baseline.evaluate(*test).items())
    return result if out is None else result | {"model": out / MODEL}


def _refuse_for_machine(report: bool, tensorboard: Path | None, is_json: bool) -> None:
    """Refuse options that a Boltzmann machine does not have."""
    given = {
        NO_REPORT: report,
        NO_TENSORBOARD: tensorboard,
        NO_JSON: is_json,
    }
    for message, value in given.items():
        if value:
            raise click.UsageError(message)


def _at_horizon(name: str, recipe: Recipe | None, horizon: int) -> Recipe:
    if recipe is None or recipe.horizons is None:
        raise click.UsageError(NO_HORIZON)
    if horizon > recipe.horizons.most:
        most, steps, reason = recipe.horizons.most, recipe.horizons.steps, recipe.horizons.reason
        raise click.UsageError(
            f"--horizon is {horizon}; {name} is forecast at most {most} {steps} ahead, {reason}"
        )
    return recipe.horizons.recipe(horizon)


def _write(run: Run, out: Path) -> None:
    model = out / MODEL
    run.net.save(model)
    written = [model]
    try:
        written += run.recipe.draw(run, out)
    except ImportError as error:  # the model is useful without them
        click.echo(f"chainrule: no figures: {error}", err=True)
    click.echo("\n".join(["\nwrote", *(f"  {path}" for path in written)]))
    code = (
        "import chainrule as cr",
        "from chainrule import data, datasets",
        f"net = cr.load({model.as_posix()!r})",
        *run.recipe.example,
        run.recipe.show,
    )
    if run.recipe.baseline is not None and run.recipe.target != "target":
        shown = shlex.quote(str(out))
        click.echo(f"\nto predict other rows:\n\n  chainrule predict {shown} FILE.csv")
    click.echo("\nto predict with it, in Python:\n")
    click.echo("\n".join(f"  {line}" for line in code))
