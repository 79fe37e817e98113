"""Evaluation reports of trained networks, compared with baselines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from chainrule.cli.recipe import Part, Run
from chainrule.data.columns import take_rows
from chainrule.insight import plot
from chainrule.insight.confusion import confusion_matrix
from chainrule.insight.derivation import derive_output_layer
from chainrule.nn.layers.dense import Dense
from chainrule.nn.losses.loss import LOSSES
from chainrule.train.network import Network

__all__ = [
    "draw_classes",
    "draw_history",
    "print_derivation",
    "print_rows",
    "report_binary",
    "report_classes",
    "report_regression",
]

# Larger confusion matrices do not fit on a screen; their largest entries are listed.
MOST_COLUMNS = 12
READABLE = ("cross_entropy", "mse")


def report_classes(run: Run) -> None:
    """Print accuracy and confusion matrix of the test part."""
    _print_accuracy(run)
    X, y = run.parts[1]
    _print_confusion(*confusion_matrix(y, run.net.predict_class(X)))
    print_derivation(run)


def report_binary(run: Run) -> None:
    """Print ROC AUC, accuracy and confusion matrix of a binary classifier.

    The AUC is the probability that a positive sample has a higher score than a negative one.
    """
    areas = [_area(run.net, run.parts[1])]
    click.echo(f"\ntest ROC AUC {areas[0]:.4f}")
    if run.baseline is not None and run.recipe.baseline is not None:
        areas.append(_area(run.baseline, run.parts[1]))
        verdict = "beaten" if areas[0] > areas[1] else "not beaten"
        click.echo(f"{run.recipe.baseline.title}: {areas[1]:.4f} ({verdict})")
    _print_accuracy(run)
    X, y = run.parts[1]
    _print_confusion(*confusion_matrix(y, run.net.predict_class(X)))
    print_derivation(run)


def report_regression(run: Run) -> None:
    """Print the errors of a regression, next to those of the baseline and of the mean."""
    (_, trained), (X, y) = run.parts
    rows = [("network", run.net.predict(X).reshape(y.shape))]
    if run.baseline is not None and run.recipe.baseline is not None:
        rows.append((run.recipe.baseline.title, run.baseline.predict(X).reshape(y.shape)))
    rows.append(("mean of the training part", np.full(y.shape, trained.mean())))
    click.echo("\nerrors on the test part\n")
    print_rows(rows, y)
    variance = np.mean((y - y.mean()) ** 2)
    r2 = 1 - float(np.mean((rows[0][1] - y) ** 2) / variance) if variance else 0.0
    click.echo(f"\nR² of the network: {r2:.3f}")
    print_derivation(run)


def print_rows(predictions: Sequence[tuple[str, NDArray[Any]]], truth: NDArray[Any]) -> None:
    """Print mean absolute and root mean square error of several predictions."""
    width = max(len(title) for title, _ in predictions)
    click.echo(f"  {'':{width}} {'MAE':>10} {'RMSE':>10}")
    for title, values in predictions:
        errors = values - truth
        absolute, square = np.mean(np.abs(errors)), np.sqrt(np.mean(errors**2))
        click.echo(f"  {title:{width}} {absolute:10.3f} {square:10.3f}")


def draw_classes(run: Run, folder: Path) -> list[Path]:
    """Draw the training history, the confusion matrix and, in the plane, the boundary."""
    loss, confusion, boundary = (
        folder / f"{name}.png" for name in ("loss", "confusion", "boundary")
    )
    X, y = run.parts[1]
    plot.history(run.history, loss)
    plot.confusion(run.net, X, y, confusion)
    if not isinstance(X, np.ndarray) or X.shape[1:] != (2,):
        return [loss, confusion]
    plot.decision_boundary(run.net, X, y, boundary)
    return [loss, confusion, boundary]


def draw_history(run: Run, folder: Path) -> list[Path]:
    """Draw the training history."""
    plot.history(run.history, folder / "loss.png")
    return [folder / "loss.png"]


def print_derivation(run: Run) -> None:
    """Print the derivative of the loss by the last layer, as formulas and as a graph."""
    layer, batch = run.net.layers[-1], run.recipe.batch_size
    if run.recipe.loss not in READABLE or not isinstance(layer, Dense):
        return
    if len(run.net(take_rows(run.parts[1][0], slice(1))).shape) != 2:
        return
    derivation = derive_output_layer(layer, LOSSES[run.recipe.loss], batch)
    width = max(len(name) for name, _ in derivation.formulas)
    targets = "y: one-hot targets" if run.recipe.loss == "cross_entropy" else "y: targets"
    click.echo(
        f"\nthe derivative of the loss with respect to layer {layer.name!r}\n"
        f"(x: its input, {targets}, {batch} samples; d: derivative with respect to)\n"
    )
    for name, text in derivation.formulas:
        click.echo(f"  {name:>{width}} = {text}")
    click.echo("\nas a graph\n")
    click.echo("\n".join(f"  {line}" for line in str(derivation.graph).splitlines()))


def _area(net: Network, part: Part) -> float:
    return net.evaluate(*part)["auc"]


def _print_accuracy(run: Run) -> None:
    X, y = run.parts[1]
    hits = int(np.sum(run.net.predict_class(X) == y))
    click.echo(f"\ntest accuracy {hits / len(y):.2%} ({hits:,} of {len(y):,})".replace("%", " %"))
    if run.baseline is not None and run.recipe.baseline is not None:
        base = float(np.mean(run.baseline.predict_class(X) == y))
        click.echo(f"{run.recipe.baseline.title}: {base:.2%}".replace("%", " %"))


def _print_confusion(classes: NDArray[Any], counts: NDArray[np.int64]) -> None:
    if len(classes) > MOST_COLUMNS:
        _print_largest_confusions(classes, counts)
        return
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
        # Colour is redundant: hits are on the diagonal.
        cells = [
            Text(str(number), "cyan" if row == column else "bold red")
            if number
            else Text("·", "dim")
            for column, number in enumerate(numbers)
        ]
        table.add_row(str(label), *cells)
    click.echo("\nconfusion matrix: rows are true classes, columns predicted ones")
    Console().print(table)


def _print_largest_confusions(classes: NDArray[Any], counts: NDArray[np.int64]) -> None:
    errors = counts - np.diag(np.diag(counts))
    click.echo("\nthe most frequent confusions")
    for index in np.argsort(-errors, axis=None, kind="stable")[:10]:
        true, predicted = np.unravel_index(index, errors.shape)
        if errors[true, predicted]:
            pair = f"{classes[true]} taken for {classes[predicted]}"
            click.echo(f"  {pair:24} {errors[true, predicted]:4}")
