"""``chainrule evaluate``: loss and metrics of a trained network on samples with known answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.lookup import suggestion
from chainrule.cli.csv_table.input_rows import opened_table, title_of
from chainrule.cli.csv_table.labelled_rows import labelled_rows
from chainrule.cli.csv_table.option import reading_options, reading_options_of
from chainrule.cli.json_output import json_option, print_json
from chainrule.cli.model_file import ModelFile, load_network
from chainrule.cli.prediction import is_classifier
from chainrule.cli.report import print_confusion, print_shares
from chainrule.cli.words import align
from chainrule.errors import counted
from chainrule.insight.confusion import confusion_matrix
from chainrule.train.network import Network, model_of

__all__ = ["evaluate"]

Result = dict[str, Any]


@click.command()
@click.argument("model", type=ModelFile(), metavar="MODEL")
@click.argument("samples", metavar="FILE|NAME", type=click.Path(allow_dash=True))
@click.option("--target", metavar="COLUMN", help="The column of FILE with the answers.")
@click.option(
    "--columns", metavar="A,B,...", help="The inputs in order, of a network without names of them."
)
@json_option
@reading_options
def evaluate(
    model: Path,
    samples: str,
    target: str | None,
    columns: str | None,
    is_json: bool,
    **reading: Any,
) -> None:
    """Measure a trained network on samples with known answers: loss, metrics, confusion matrix.

    MODEL is a model file, or the folder of chainrule train --out or --checkpoint. FILE is a CSV
    file with the column that the network predicts, '-' for standard input; all of its rows are
    measured. NAME is a data set of chainrule train, whose test part is taken.

    \b
      chainrule evaluate flowers/ new.csv
      chainrule evaluate digits/ digits --json
    """  # noqa: D301 (\b keeps click from rewrapping the lines)
    net = load_network(model)
    X, y, left_out = _samples(net, samples, target, columns, reading)
    result: Result = {"model": model, "data": samples, "samples": len(y)}
    if left_out:
        result["rows without a target"] = left_out
    result |= dict(net.evaluate(X, y).items())
    classes, counts = None, None
    if is_classifier(net) and np.ndim(y) == 1:
        predicted = net.predict_class(X)
        result.setdefault("accuracy", float(np.mean(predicted == y)))
        classes, counts = confusion_matrix(y, predicted)
        result |= {"classes": classes, "confusion": counts}
    if is_json:
        print_json(result)
    else:
        _print(result, classes, counts)


def _samples(
    net: Network, samples: str, target: str | None, columns: str | None, reading: dict[str, Any]
) -> tuple[Any, NDArray[Any], int]:
    """Return the inputs and the answers, and the number of rows that have none."""
    if samples != "-" and not Path(samples).expanduser().exists():
        return (*_test_part(samples, target), 0)
    model = model_of(net)
    target = target or (model.table.target if model.table else None)
    if target is None:
        raise click.UsageError(
            f"{samples!r} is a file, and the model does not keep what it predicts: name that "
            "column by --target"
        )
    title = f"evaluate: {title_of(samples)}"
    named = [name.strip() for name in columns.split(",")] if columns else []
    with opened_table(samples, "evaluate") as file:
        rows = labelled_rows(model, file, title, target, reading_options_of(reading), named)
    shape = np.shape(rows.y) if is_classifier(net) else (len(rows.y), 1)
    return rows.X, rows.y.reshape(shape), rows.left_out


def _test_part(name: str, target: str | None) -> tuple[Any, NDArray[Any]]:
    from chainrule.cli.recipes import RECIPES  # which import what a CSV file does not need

    if name not in RECIPES:
        what = "no such file" if Path(name).suffix else f"there is no file or data set {name!r}"
        hint = "" if Path(name).suffix else f"; {suggestion(name, list(RECIPES))}"
        raise click.UsageError(f"{name!r}: {what}{hint}" if Path(name).suffix else f"{what}{hint}")
    if target is not None:
        raise click.UsageError("--target is for CSV files")
    _, test = RECIPES[name].load()
    return test


def _print(result: Result, classes: Any, counts: Any) -> None:
    click.echo(f"{result['data']}: {counted(result['samples'], 'sample')}")
    if "rows without a target" in result:
        click.echo(f"{counted(result['rows without a target'], 'row')} without a target left out")
    click.echo()
    numbers = {name: value for name, value in result.items() if isinstance(value, float)}
    rows = [[name, f"{value:.6g}"] for name, value in numbers.items()]
    click.echo("\n".join(f"  {line}" for line in align(rows)))
    if classes is not None:
        print_confusion(classes, counts)
        print_shares(classes, counts)
