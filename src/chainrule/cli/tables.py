"""Recipes for tables, files of the user's own among them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from chainrule import data, datasets, nn, optim
from chainrule.cli.recipe import Baseline, Layers, Part, Parts, Recipe
from chainrule.cli.report import (
    draw_amounts,
    draw_classes,
    report_amounts,
    report_chances,
    report_classes,
)
from chainrule.data.cell import are_numbers, as_texts
from chainrule.data.columns import Columns
from chainrule.data.feature import Category
from chainrule.errors import ArgumentError, DataError

__all__ = ["RECIPES", "recipe_of_file"]

LETTERS = np.array([chr(ord("A") + number) for number in range(26)])
# Whole numbers with at most so many values are taken for classes.
MOST_CLASSES = 20


def _churn() -> Parts:
    X, y = datasets.churn()
    return data.split(X, y, test_size=0.2, seed=0, stratify=True)


def _letters() -> Parts:
    (X, y), (Z, z) = datasets.letters()
    return (X, LETTERS[y]), (Z, LETTERS[z])


def _tabled(*layers: Any) -> Layers:
    """Let a network begin with a table that has learned from the training part."""
    return lambda part: [data.Table().fit(part[0]), *(make() for make in layers)]


_HIDDEN = (
    lambda: nn.Dense(64, activation="relu"),
    lambda: nn.Dropout(0.3),
    lambda: nn.Dense(32, activation="relu"),
)


def _adam(epochs: int) -> optim.Adam:
    return optim.Adam(optim.cosine(0.003, epochs=epochs))


RECIPES: dict[str, Recipe] = {
    "letters": Recipe(
        title="capital letters, each described by 16 measurements of its picture",
        load=_letters,
        layers=lambda part: [
            nn.Rescale(4, -2),  # from [0, 1] to about zero and as far as one
            nn.Dense(256, activation="relu"),
            nn.Dense(128, activation="relu"),
            nn.Dropout(0.1),
            nn.Dense(26),
        ],
        optimizer=_adam,
        epochs=40,
        batch_size=64,
        report=report_classes,
        draw=draw_classes,
        example=("(_, _), (X, y) = datasets.letters()",),
    ),
    "churn": Recipe(
        title="customers of a bank, who left it or stayed",
        load=_churn,
        layers=_tabled(*_HIDDEN, lambda: nn.Dense(1)),
        optimizer=_adam,
        epochs=40,
        batch_size=64,
        report=report_chances,
        draw=draw_classes,
        example=("X, y = datasets.churn()",),
        show="print(net.predict_proba(X)[:10, 0].round(2), y[:10])",
        loss="binary_cross_entropy",
        metrics=("accuracy", "auc"),
        baseline=Baseline("logistic regression", _tabled(lambda: nn.Dense(1))),
    ),
}


def recipe_of_file(path: Path, target: str, drop: tuple[str, ...]) -> Recipe:
    """Return a recipe that predicts one column of a CSV file from the others.

    Text, truth values and few whole numbers are classes, everything else is a quantity. A random
    fifth of the rows is the test part.

    Parameters
    ----------
    path : path
        The file; its first line names the columns.
    target : str
        The column to predict.
    drop : tuple of str
        Columns that are not looked at; columns of text in which nearly every row is different are
        left out besides, and that is said.

    Returns
    -------
    Recipe
        Its data are read already.

    Raises
    ------
    ArgumentError
        If there is no such column.
    DataError, FormatError
        If the file is no table that can be learned from.
    """
    columns = data.read_csv(path)
    for name in (target, *drop):
        if name not in columns:
            raise ArgumentError(
                f"train: {path.name} has no column {name!r}; it has {', '.join(columns)}"
            )
    y = data.Table(target=target).targets(columns)
    X = {
        name: each
        for name, each in columns.items()
        if name not in (target, *drop) and not _is_name(name, each)
    }
    if not X:
        raise DataError(f"train: {path.name} has no column to predict {target!r} from")
    example = (
        f"X = data.read_csv({path.as_posix()!r})",
        f"y = X[{target!r}]",
    )
    title = f"rows of {path.name}, of which {target} is to be predicted"
    if y.dtype.kind in "Ub" or (y.dtype.kind in "iu" and len(np.unique(y)) <= MOST_CLASSES):
        return _of_classes(title, X, np.array(as_texts(y)), example)
    return _of_amounts(title, X, y.astype(np.float64)[:, None], example)


def _is_name(name: str, cells: NDArray[Any]) -> bool:
    """Whether a column of text rather says who a row is than of what kind; tell it if so."""
    different = len(set(as_texts(cells))) if not are_numbers(cells) else 0
    is_name = different > max(20, len(cells) // 20)
    if is_name:
        click.echo(f"column {name!r} is left out: {different:,} different texts are no kinds")
    return is_name


def _of_classes(title: str, X: Columns, y: NDArray[Any], example: tuple[str, ...]) -> Recipe:
    classes = len(np.unique(y))
    if classes < 2:
        raise DataError(
            f"train: all rows have the target {str(y[0])!r}; there is nothing to predict"
        )
    parts = data.split(X, y, test_size=0.2, seed=0, stratify=True)
    units = 1 if classes == 2 else classes
    recipe = partial(_of_table, title, parts, units, example, draw_classes)
    if units == 1:
        loss, metrics = "binary_cross_entropy", ("accuracy", "auc")
        return recipe(report=report_chances, loss=loss, metrics=metrics)
    return recipe(report=report_classes)


def _of_amounts(title: str, X: Columns, y: NDArray[Any], example: tuple[str, ...]) -> Recipe:
    parts = data.split(X, y, test_size=0.2, seed=0)
    learned = parts[0][1]
    return _of_table(
        title,
        parts,
        1,
        example,
        draw_amounts,
        report=report_amounts,
        loss="mse",
        metrics=("mae",),
        show="print(net.predict(X)[:10, 0], y[:10])",
        # The network computes with numbers about one, whatever the unit of the target is.
        end=lambda: nn.Rescale(float(learned.std()) or 1.0, float(learned.mean())),
    )


def _of_table(
    title: str,
    parts: Parts,
    units: int,
    example: tuple[str, ...],
    draw: Any,
    end: Any = None,
    **settings: Any,
) -> Recipe:
    last = (lambda: nn.Dense(units), *([end] if end else []))
    kind = "linear" if settings.get("loss") == "mse" else "logistic"

    def table(part: Part) -> data.Table:
        columns = [
            name if are_numbers(cells) else Category(name) for name, cells in part[0].items()
        ]
        return data.Table(*columns).fit(part[0])

    return Recipe(
        title=title,
        load=lambda: parts,
        layers=lambda part: [table(part), *(make() for make in (*_HIDDEN, *last))],
        optimizer=_adam,
        epochs=40,
        batch_size=64,
        draw=draw,
        example=example,
        baseline=Baseline(
            f"{kind} regression", lambda part: [table(part), *(make() for make in last)]
        ),
        **settings,
    )
