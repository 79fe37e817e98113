"""Recipes for CSV files: inferred task, preprocessing and baseline."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from chainrule import data, nn
from chainrule.cli.recipe import Baseline, Part, Parts, Recipe
from chainrule.cli.report import (
    draw_classes,
    draw_history,
    report_binary,
    report_classes,
    report_regression,
)
from chainrule.cli.tables import HIDDEN, adam
from chainrule.data.cell import are_numbers, as_texts
from chainrule.data.columns import Columns
from chainrule.data.csv_file import read_table
from chainrule.data.features import Category
from chainrule.errors import ArgumentError, DataError

__all__ = ["recipe_of_file"]

# Integer targets with at most this many distinct values are classes.
MOST_CLASSES = 20


def recipe_of_file(path: Path, target: str, drop: tuple[str, ...]) -> Recipe:
    """Return a recipe that predicts one column of a CSV file from the others.

    Targets of text, booleans or few distinct integers are classes, all others are regressed. The
    test part is a random fifth of the rows.
    """
    columns, notes = read_table(path)
    for note in notes:
        click.echo(f"{path.name}: {note.text}")
    _check_names(path, columns, (target, *drop))
    y = data.Table(target=target).targets(columns)
    X = {
        name: each
        for name, each in columns.items()
        if name not in (target, *drop) and not _is_identifier(name, each)
    }
    if not X:
        raise DataError(f"train: {path.name} has no column to predict {target!r} from")
    _table(X).fit(X)  # raises for invalid cells, with their row in the file
    example = (
        f"X = data.read_csv({path.as_posix()!r})",
        f"y = X[{target!r}]",
    )
    title = f"rows of {path.name}, predicting {target}"
    if y.dtype.kind in "Ub" or (y.dtype.kind in "iu" and len(np.unique(y)) <= MOST_CLASSES):
        _check_classes(target, y)
        return _classification(title, X, np.array(as_texts(y)), example)
    return _regression(title, X, y.astype(np.float64)[:, None], example)


def _check_names(path: Path, columns: Columns, names: Sequence[str]) -> None:
    for name in names:
        if name in columns:
            continue
        is_numbered = all(each == f"column_{i}" for i, each in enumerate(columns, start=1))
        hint = "; the first line is a row, so that the columns are numbered" if is_numbered else ""
        raise ArgumentError(
            f"train: {path.name} has no column {name!r}; it has {', '.join(columns)}{hint}"
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_identifier(name: str, cells: NDArray[Any]) -> bool:
    """Whether a text column identifies rows rather than classes them; print it if so."""
    distinct = len(set(as_texts(cells))) if not are_numbers(cells) else 0
    is_identifier = distinct > max(20, len(cells) // 20)
    if is_identifier:
        click.echo(f"column {name!r} is left out: {distinct:,} distinct texts are no classes")
    return is_identifier


def _check_classes(target: str, y: NDArray[Any]) -> None:
    """Refuse a single class, and classes of a single row."""
    classes, counts = np.unique(as_texts(y), return_counts=True)
    if len(classes) < 2:
        raise DataError(
            f"train: all rows have the target {str(classes[0])!r}; there is nothing to predict"
        )
    texts = [each for each in classes.tolist() if not _is_number(each)]
    if y.dtype.kind == "U" and 2 * len(texts) < len(classes):
        row = as_texts(y).index(texts[0])
        raise DataError(
            f"train: the target {target!r} holds numbers, but {texts[0]!r} in row {row} (rows are "
            "counted from 0) is none; write it as a number, or remove the row"
        )
    if counts.min() < 2:
        rare = str(classes[counts.argmin()])
        raise DataError(
            f"train: the target {target!r} is {rare!r} in one row only, of {len(y)}; each class "
            "needs two rows or more, for training and test: remove such rows"
        )


def _classification(title: str, X: Columns, y: NDArray[Any], example: tuple[str, ...]) -> Recipe:
    classes = len(np.unique(y))
    parts = data.split(X, y, test_size=0.2, seed=0, stratify=True)
    units = 1 if classes == 2 else classes
    recipe = partial(_table_recipe, title, parts, units, example, draw_classes)
    if units == 1:
        loss, metrics = "binary_cross_entropy", ("accuracy", "auc")
        return recipe(report=report_binary, loss=loss, metrics=metrics)
    return recipe(report=report_classes)


def _regression(title: str, X: Columns, y: NDArray[Any], example: tuple[str, ...]) -> Recipe:
    parts = data.split(X, y, test_size=0.2, seed=0)
    targets = parts[0][1]
    return _table_recipe(
        title,
        parts,
        1,
        example,
        draw_history,
        report=report_regression,
        loss="mse",
        metrics=("mae",),
        show="print(net.predict(X)[:10, 0], y[:10])",
        # Outputs are standardised, whatever the unit of the target.
        end=lambda: nn.Rescale(float(targets.std()) or 1.0, float(targets.mean())),
    )


def _table_recipe(
    title: str,
    parts: Parts,
    units: int,
    example: tuple[str, ...],
    draw: Any,
    end: Any = None,
    **settings: Any,
) -> Recipe:
    last = (lambda: nn.Dense(units), *([end] if end else []))
    family = "linear" if settings.get("loss") == "mse" else "logistic"

    def table(part: Part) -> data.Table:
        return _table(part[0]).fit(part[0])

    return Recipe(
        title=title,
        load=lambda: parts,
        layers=lambda part: [table(part), *(make() for make in (*HIDDEN, *last))],
        optimizer=adam,
        epochs=40,
        batch_size=64,
        draw=draw,
        example=example,
        baseline=Baseline(
            f"{family} regression", lambda part: [table(part), *(make() for make in last)]
        ),
        **settings,
    )


def _table(X: Columns) -> data.Table:
    """Return a table of all columns: numbers as numeric, all others as categories."""
    return data.Table(
        *(name if are_numbers(cells) else Category(name) for name, cells in X.items())
    )
