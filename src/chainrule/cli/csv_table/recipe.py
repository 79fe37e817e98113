"""Recipes for CSV files: inferred task, preprocessing and baseline."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

from chainrule import data, nn
from chainrule.arguments.lookup import closest
from chainrule.cli.advice import in_options
from chainrule.cli.csv_table.feature import declarations_of
from chainrule.cli.csv_table.option import TableOptions
from chainrule.cli.csv_table.target import Target, target_of
from chainrule.cli.figures import draw_classes, draw_numbers
from chainrule.cli.recipe import Baseline, Part, Parts, Recipe
from chainrule.cli.report import (
    report_binary,
    report_classes,
    report_regression,
)
from chainrule.cli.tables import HIDDEN, LINEAR_RATE, adam
from chainrule.data.columns import Columns, select_columns, take_rows
from chainrule.data.csv_file import read_table
from chainrule.errors import ArgumentError, DataError

__all__ = ["FileTable", "example_of", "recipe_of_file"]

DEFAULTS = TableOptions()
MANY_ROWS = 2000


def recipe_of_file(
    path: Path, target: str, drop: tuple[str, ...] = (), options: TableOptions = DEFAULTS
) -> Recipe:
    """Return a recipe that predicts one column of a CSV file from the others.

    Targets of text, booleans or few distinct integers are classes, all others are regressed. The
    test part is a random fifth of the rows. What is inferred of the file is printed.
    """
    columns, notes = read_table(path, options.read_options(), (target, *drop, *options.declared))
    for note in notes:
        click.echo(in_options(f"{path.name}: {note.text}"))
    _check_names(path, columns, (target, *drop, *options.declared))
    y = target_of(path, columns, target, options)
    declared = declarations_of(columns, (target, *drop), options)
    if not declared:
        raise DataError(f"train: {path.name} has no column to predict {target!r} from")
    make = partial(data.Table, *declared.values(), target=target)
    inputs = select_columns(columns, declared)
    make().fit(inputs)  # raises for invalid cells, with their row in the file
    inputs = inputs if y.rows.all() else take_rows(inputs, y.rows)
    table = FileTable(
        f"rows of {path.name}, predicting {target}",
        target,
        make,
        example_of(path, target, y, options),
        data.split(inputs, y.values, test_size=options.test_size, seed=0, stratify=y.are_classes),
    )
    return _classification(table) if y.are_classes else _regression(table)


def _check_names(path: Path, columns: Columns, names: Sequence[str]) -> None:
    for name in names:
        if name in columns:
            continue
        is_numbered = all(each == f"column_{i}" for i, each in enumerate(columns, start=1))
        hint = "; the first line is a row, so that the columns are numbered" if is_numbered else ""
        close = closest(name, list(columns))
        known = close or f"it has {', '.join(columns)}"
        raise ArgumentError(f"train: {path.name} has no column {name!r}; {known}{hint}")


def example_of(path: Path, target: str, y: Target, options: TableOptions) -> tuple[str, ...]:
    """Return lines of Python that load the rows that are not trained on."""
    given = _keywords(options.arguments)
    lines = [f"X = data.read_csv({path.as_posix()!r}{given})", f"y = X[{target!r}]"]
    if y.reads_missing:  # a class is called NA
        given = _keywords(options.arguments | {"missing": ["", *options.missing]})
        lines[1] = f"y = data.read_csv({path.as_posix()!r}{given})[{target!r}]"
    if not y.rows.all():
        present = "y != ''" if y.are_classes and y.values.dtype.kind == "U" else "y == y"
        lines.append(f"rows = {present}  # the others have no target")
        lines.append("X, y = {name: cells[rows] for name, cells in X.items()}, y[rows]")
    stratify = ", stratify=True" if y.are_classes else ""
    lines.append(f"_, (X, y) = data.split(X, y, test_size={options.test_size}, seed=0{stratify})")
    return tuple(lines)


def _keywords(arguments: Mapping[str, Any]) -> str:
    return "".join(f", {name}={value!r}" for name, value in arguments.items())


@dataclass(frozen=True)
class FileTable:
    """A file to be trained on: its columns encoded by a table, and its parts."""

    title: str
    target: str
    table: Callable[[], data.Table]
    example: tuple[str, ...]
    parts: Parts


def _classification(file: FileTable) -> Recipe:
    (_, trained), (_, tested) = file.parts
    classes = len(np.unique(np.concatenate([trained, tested])))
    units = 1 if classes == 2 else classes
    recipe = partial(_table_recipe, file, units, draw_classes)
    if units == 1:
        loss, metrics = "binary_cross_entropy", ("accuracy", "auc")
        return recipe(report=report_binary, loss=loss, metrics=metrics)
    return recipe(report=report_classes)


def _regression(file: FileTable) -> Recipe:
    (X, y), (X_test, y_test) = file.parts
    file = replace(file, parts=((X, y[:, None]), (X_test, y_test[:, None])))
    return _table_recipe(
        file,
        1,
        draw_numbers,
        report=report_regression,
        loss="mse",
        metrics=("mae",),
        show="print(net.predict(X)[:10, 0], y[:10])",
        # Outputs are standardised, whatever the unit of the target.
        end=lambda: nn.Rescale(float(y.std()) or 1.0, float(y.mean())),
    )


def _table_recipe(
    file: FileTable, units: int, draw: Any, end: Any = None, **settings: Any
) -> Recipe:
    epochs, batch_size = _length(len(file.parts[0][1]))
    last = (lambda: nn.Dense(units), *([end] if end else []))
    family = "linear" if settings.get("loss") == "mse" else "logistic"

    def table(part: Part) -> data.Table:
        return file.table().fit(part[0])

    return Recipe(
        title=file.title,
        target=file.target,
        load=lambda: file.parts,
        layers=lambda part: [table(part), *(make() for make in (*HIDDEN, *last))],
        optimizer=adam,
        epochs=epochs,
        batch_size=batch_size,
        draw=draw,
        example=file.example,
        baseline=Baseline(
            f"{family} regression",
            lambda part: [table(part), *(make() for make in last)],
            LINEAR_RATE,
        ),
        **settings,
    )


def _length(rows: int) -> tuple[int, int]:
    """Return epochs and batch size: about 1,500 steps or more, as 40 epochs of few rows are few."""
    batch_size = 64 if rows >= MANY_ROWS else 16
    return min(max(40, math.ceil(1500 * batch_size / rows)), 150), batch_size
