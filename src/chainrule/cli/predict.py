"""``chainrule predict``: the predictions of a trained network for the rows of a CSV file."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from chainrule.arguments.lookup import suggestion
from chainrule.cli.advice import in_options
from chainrule.cli.csv_table.input_rows import InputRows, opened_table, rows_for, title_of
from chainrule.cli.csv_table.option import reading_options, reading_options_of
from chainrule.cli.json_output import as_json
from chainrule.cli.model_file import ModelFile, load_network
from chainrule.cli.prediction import is_classifier, prediction_columns
from chainrule.data.csv_file.stream import TableStream
from chainrule.errors import DataError, counted
from chainrule.storage import write_atomically
from chainrule.train.network import Network, model_of

__all__ = ["predict"]

NO_CLASSES = "--proba is for classifiers; this network predicts numbers"


@click.command()
@click.argument("model", type=ModelFile(), metavar="MODEL")
@click.argument("table", metavar="FILE", type=click.Path(allow_dash=True))
@click.option(
    "--out",
    metavar="FILE",
    default="-",
    type=click.Path(allow_dash=True, dir_okay=False),
    help="The CSV file to write, '-' for standard output.  [default: -]",
)
@click.option("--proba", is_flag=True, help="Also write the probability of each class.")
@click.option(
    "--keep",
    metavar="COLUMN",
    multiple=True,
    help="A column of FILE to write in front of the predictions; repeatable.",
)
@click.option("--keep-all", is_flag=True, help="Write all columns of FILE in front.")
@click.option(
    "--columns", metavar="A,B,...", help="The inputs in order, of a network without names of them."
)
@click.option("--json", "is_json", is_flag=True, help="Write one JSON object a row, no CSV.")
@reading_options
def predict(
    model: Path,
    table: str,
    out: str,
    proba: bool,
    keep: tuple[str, ...],
    keep_all: bool,
    columns: str | None,
    is_json: bool,
    **reading: Any,
) -> None:
    """Write what a trained network predicts for each row of a CSV file.

    MODEL is a model file, or the folder of chainrule train --out or --checkpoint. FILE is a CSV
    file, '-' for standard input. Its columns are found by their names: their order, and further
    columns, do not matter. It may be larger than memory.

    \b
      chainrule train flowers.csv --target species --out flowers/
      chainrule predict flowers/ new.csv --proba --keep id --out predicted.csv
      zcat new.csv.gz | chainrule predict flowers/ - | head
    """  # noqa: D301 (\b keeps click from rewrapping the lines)
    _refuse_same_file(out, {"FILE": table, "MODEL": str(model)})
    net = load_network(model)
    if proba and not is_classifier(net):
        raise click.UsageError(NO_CLASSES)
    options = reading_options_of(reading)
    title = f"predict: {title_of(table)}"
    with opened_table(table, "predict") as file:
        named = [name.strip() for name in columns.split(",")] if columns else []
        source, rows = rows_for(model_of(net), file, title, options, named)
        said = _say(source, table, 0)
        kept = source.names if keep_all else list(keep)
        _check_kept(kept, source, title)
        count = [0]
        texts = _counted(_written(net, rows, kept, proba, is_json), count)
        if out == "-":
            _print(text for text, _ in texts)
            _say(source, table, said)
            return
        write_atomically(os.path.expanduser(out), (text.encode() for text, _ in texts))
        _say(source, table, said)
    click.echo(f"wrote {out}: {counted(count[0], 'prediction')}", err=True)


def _say(source: TableStream, table: str, said: int) -> int:
    """Print what was inferred of the file since so many notes; return how many there are."""
    for note in source.notes[said:]:
        click.echo(in_options(f"{title_of(table)}: {note.text}"), err=True)
    return len(source.notes)


def _counted(texts: Iterator[tuple[str, int]], count: list[int]) -> Iterator[tuple[str, int]]:
    for text, rows in texts:
        count[0] += rows
        yield text, rows


def _refuse_same_file(out: str, read: dict[str, str]) -> None:
    """Refuse to write into what is read."""
    path = os.path.expanduser(out)
    for name, each in read.items():
        are_files = os.path.exists(path) and os.path.exists(each)
        if are_files and os.path.samefile(path, each):
            raise click.UsageError(f"--out is {out!r}, which is {name} itself; give another name")


def _check_kept(kept: list[str], source: TableStream, title: str) -> None:
    for name in kept:
        if name not in source.names:
            hint = suggestion(name, source.names)
            raise DataError(f"{title} has no column {name!r} to keep; {hint}")


def _written(
    net: Network, rows: Iterator[InputRows], kept: list[str], proba: bool, is_json: bool
) -> Iterator[tuple[str, int]]:
    """Yield the text of each chunk, and its number of rows; the first one has the header."""
    for each in rows:
        predicted = prediction_columns(net, each.X, proba)
        columns = {name: each.chunk.cells[name] for name in kept}
        # A text of a float is the shortest that is read as the same float.
        texts = {name: cells.astype(str).tolist() for name, cells in predicted.items()}
        clashes = columns.keys() & texts.keys()
        table = columns | {f"{n} (network)" if n in clashes else n: c for n, c in texts.items()}
        count = len(each.X)
        if is_json:
            values = {name: as_json(cells) for name, cells in (columns | predicted).items()}
            yield _json_lines(values), count
        else:
            yield _csv(table, with_header=each.chunk.first == 0), count


def _csv(columns: dict[str, list[str]], with_header: bool) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if with_header:
        writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def _json_lines(columns: dict[str, list[Any]]) -> str:
    rows = zip(*columns.values(), strict=True)
    lines = (json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows)
    return "".join(f"{line}\n" for line in lines)


def _print(texts: Iterator[str]) -> None:
    """Write to standard output, in UTF-8 whatever a terminal is set to: it is data."""
    binary = getattr(sys.stdout, "buffer", None)
    for text in texts:
        if binary is None:
            sys.stdout.write(text)
        else:
            binary.write(text.encode())
            binary.flush()
