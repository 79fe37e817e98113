"""Figures of a run, under the same names for every recipe: its data, training and mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.cli.recipe import Run
from chainrule.console import shortened
from chainrule.errors import counted
from chainrule.insight import plot
from chainrule.insight.figure import drawing, save
from chainrule.insight.legend import add_legend
from chainrule.insight.palette import COLOURS
from chainrule.insight.plots.image_arrays import is_square
from chainrule.insight.plots.importance import MOST_COLUMNS
from chainrule.insight.plots.row_table import cell_text, cells_of_rows, draw_rows

__all__ = ["Draw", "draw_agreement", "draw_classes", "draw_history", "draw_numbers", "written"]

Array = NDArray[Any]
Draw = Callable[[Path], Any]

MOST_ROWS = 12
MANY = 10_000
"""Numbers from which on thousands are separated, and decimals left out."""
MOST_IMAGES = 25
LONGEST_NAME = 24


def written(folder: Path, **figures: Draw) -> list[Path]:
    """Draw figures by name into a folder, and return their paths."""
    paths = {folder / f"{name}.png": draw for name, draw in figures.items()}
    for path, draw in paths.items():
        draw(path)
    return list(paths)


def draw_classes(
    run: Run,
    folder: Path,
    filters: str | None = None,
    features: Sequence[str] | None = None,
    as_shown: Callable[[Array], Array] | None = None,
) -> list[Path]:
    """Draw data, history, confusion matrix and mistakes of a classifier.

    Also the boundary in the plane, the weights of the layer `filters`, and of tables how much each
    column matters. `as_shown` turns inputs into images.
    """
    (X, y), test = run.parts
    if as_shown is not None or _are_images(X, features):
        figures = _of_images(run, as_shown)
    elif isinstance(X, np.ndarray) and X.shape[1:] == (2,):
        figures: dict[str, Draw] = {
            "data": lambda path: plot.points(X, y, path),
            "boundary": lambda path: plot.decision_boundary(run.net, *test, path),
        }
    else:
        figures = _of_rows(run, features)
        figures["mistakes"] = lambda path: plot.mistakes(run.net, *test, path, features=features)
        if len(np.unique(test[1])) == 2:
            figures["roc"] = lambda path: plot.roc(run.net, *test, path)
    figures["loss"] = lambda path: plot.history(run.history, path)
    figures["confusion"] = lambda path: plot.confusion(run.net, *test, path)
    if filters is not None:
        figures["filters"] = lambda path: plot.weights(run.net, filters, path)
    return written(folder, **figures)


def draw_numbers(run: Run, folder: Path) -> list[Path]:
    """Draw data and history of a regression, its predictions, and how much each column matters."""
    X, y = run.parts[1]
    expected = run.net.predict(X).reshape(y.shape)
    return written(
        folder,
        **_of_rows(run, None),
        loss=lambda path: plot.history(run.history, path),
        predictions=lambda path: draw_agreement(
            y.ravel(), expected.ravel(), path, shortened(run.recipe.target, LONGEST_NAME)
        ),
    )


def draw_history(run: Run, folder: Path) -> list[Path]:
    """Draw the training history."""
    return written(folder, loss=lambda path: plot.history(run.history, path))


def draw_agreement(
    truth: Array,
    predicted: Array,
    path: Path,
    name: str = "target",
    title: str = "Predictions of the test part",
    constant: tuple[str, float] | None = None,
) -> None:
    """Draw predictions against what is true; perfect predictions lie on the line."""
    with drawing(None, path, (5.6, 5.0)) as axes:
        axes.scatter(truth, predicted, s=12, alpha=0.5, color=COLOURS[0], edgecolor="none")
        ends = [float(truth.min()), float(truth.max())]
        axes.plot(ends, ends, color="#222222", lw=1.2, label="perfect predictions")
        if constant is not None:
            axes.axhline(constant[1], color=COLOURS[4], ls="--", lw=1.2, label=constant[0])
        axes.set(xlabel=f"true {name}", ylabel=f"predicted {name}", title=title)
        if max(map(abs, ends)) >= MANY:
            axes.xaxis.set_major_formatter("{x:,.0f}")
            axes.yaxis.set_major_formatter("{x:,.0f}")
            axes.locator_params(axis="x", nbins=5)
        axes.grid(visible=True)
        add_legend(axes)


def _are_images(X: Any, features: Any) -> bool:
    if not isinstance(X, np.ndarray) or features is not None:
        return False
    return X.ndim > 2 or (X.ndim == 2 and is_square(X.shape[1]))


def _of_images(run: Run, as_shown: Callable[[Array], Array] | None) -> dict[str, Draw]:
    (X, y), test = run.parts
    some = np.linspace(0, len(X) - 1, min(MOST_IMAGES, len(X))).astype(int)
    shown = X[some] if as_shown is None else as_shown(X[some])
    return {
        "data": lambda path: plot.images(shown, y[some], path),
        "mistakes": lambda path: (
            plot.mistakes(run.net, *test, path)
            if as_shown is None
            else _draw_mistakes(run, as_shown, path)
        ),
    }


def _draw_mistakes(run: Run, as_shown: Callable[[Array], Array], path: Path) -> None:
    """Draw the most certain mistakes, each input as an image."""
    X, y = run.parts[1]
    classes, certainty = run.net.predict_class(X), run.net.predict_proba(X).max(axis=1)
    wrong = np.flatnonzero(classes != y)
    first = wrong[np.argsort(-certainty[wrong], kind="stable")][:MOST_IMAGES]
    if not len(first):
        plot.mistakes(run.net, X, y, path)  # says that there are none
        return
    figure = plot.images(as_shown(X[first]), y[first], predicted=classes[first])
    title = f"{len(wrong):,} of {len(y):,} mistaken, the {len(first)} most certain"
    figure.axes[0].title.set_text(f"{title}: predicted (true)")
    save(figure, path)


def _of_rows(run: Run, features: Sequence[str] | None) -> dict[str, Draw]:
    """Draw the first rows of a table, and the importance of its columns."""
    test = run.parts[1]
    metric = "mae" if "mae" in run.recipe.metrics else None  # in the unit of the target
    figures: dict[str, Draw] = {"data": lambda path: _draw_rows(run, features, path)}
    X: Any = test[0]
    if (len(X) if isinstance(X, Mapping) else X.shape[-1]) <= MOST_COLUMNS:
        figures["importance"] = lambda path: plot.importance(
            run.net, *test, path, features=features, metric=metric
        )
    return figures


def _draw_rows(run: Run, features: Sequence[str] | None, path: Path) -> None:
    X, y = run.parts[0]
    rows = range(min(MOST_ROWS, len(y)))
    header, cells = cells_of_rows("train", X, rows, features)
    lines = [[*each, cell_text(y.ravel()[row])] for row, each in zip(rows, cells, strict=True)]
    title = f"The first of {counted(len(y), 'row')} trained on"
    draw_rows(title, [*header, shortened(run.recipe.target, LONGEST_NAME)], lines, path)
