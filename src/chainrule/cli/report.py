"""Judgements of trained networks, in numbers that mean something next to those of a baseline."""

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
    "draw_amounts",
    "draw_classes",
    "print_derivation",
    "print_rows",
    "report_amounts",
    "report_chances",
    "report_classes",
]

# More columns than this do not fit on a screen; then the commonest mistakes say more.
MOST_COLUMNS = 12
READABLE = ("cross_entropy", "mse")


def report_classes(run: Run) -> None:
    """Print how many samples of the test part are told right, and which are mistaken for which."""
    _print_accuracy(run)
    X, y = run.parts[1]
    _print_confusion(*confusion_matrix(y, run.net.predict_class(X)))
    print_derivation(run)


def report_chances(run: Run) -> None:
    """Print how well the chances of yes and no are told apart: the area under the ROC curve.

    It is the probability that a sample of yes gets a larger number than one of no: 1/2 is chance.
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


def report_amounts(run: Run) -> None:
    """Print how far predicted quantities are off, next to the mean and the baseline."""
    (_, learned), (X, y) = run.parts
    rows = [("network", run.net.predict(X).reshape(y.shape))]
    if run.baseline is not None and run.recipe.baseline is not None:
        rows.append((run.recipe.baseline.title, run.baseline.predict(X).reshape(y.shape)))
    rows.append(("mean of the training part", np.full(y.shape, learned.mean())))
    click.echo("\nerrors on the test part\n")
    print_rows(rows, y)
    spread = np.mean((y - y.mean()) ** 2)
    share = 1 - float(np.mean((rows[0][1] - y) ** 2) / spread) if spread else 0.0
    click.echo(f"\nR² of the network: {share:.3f}")
    print_derivation(run)


def print_rows(predictions: Sequence[tuple[str, NDArray[Any]]], truth: NDArray[Any]) -> None:
    """Print mean absolute and root mean square error of several predictions."""
    width = max(len(title) for title, _ in predictions)
    click.echo(f"  {'':{width}} {'MAE':>10} {'RMSE':>10}")
    for title, values in predictions:
        off = values - truth
        absolute, square = np.mean(np.abs(off)), np.sqrt(np.mean(off**2))
        click.echo(f"  {title:{width}} {absolute:10.3f} {square:10.3f}")


def draw_classes(run: Run, folder: Path) -> list[Path]:
    """Draw the course of the training, the confusion and, in the plane, the boundary."""
    loss, confusion, boundary = (
        folder / f"{kind}.png" for kind in ("loss", "confusion", "boundary")
    )
    X, y = run.parts[1]
    plot.history(run.history, loss)
    plot.confusion(run.net, X, y, confusion)
    if not isinstance(X, np.ndarray) or X.shape[1:] != (2,):
        return [loss, confusion]
    plot.decision_boundary(run.net, X, y, boundary)
    return [loss, confusion, boundary]


def draw_amounts(run: Run, folder: Path) -> list[Path]:
    """Draw the course of the training."""
    plot.history(run.history, folder / "loss.png")
    return [folder / "loss.png"]


def print_derivation(run: Run) -> None:
    """Print the derivative of the loss by the last layer, as formulas and as a program."""
    layer, batch = run.net.layers[-1], run.recipe.batch_size
    if run.recipe.loss not in READABLE or not isinstance(layer, Dense):
        return
    if len(run.net(take_rows(run.parts[1][0], slice(1))).shape) != 2:
        return
    derivation = derive_output_layer(layer, LOSSES[run.recipe.loss], batch)
    width = max(len(name) for name, _ in derivation.formulas)
    targets = (
        "y: rows with a 1 for the class" if run.recipe.loss == "cross_entropy" else "y: targets"
    )
    click.echo(
        f"\nthe derivative of the loss by the layer {layer.name!r}, as it was derived\n"
        f"(x: its input, {targets}, {batch} samples; d in front: derivative by)\n"
    )
    for name, text in derivation.formulas:
        click.echo(f"  {name:>{width}} = {text}")
    click.echo("\nand as a program\n")
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
        _print_mistakes(classes, counts)
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
        # A hit is told from a mistake by its place on the diagonal; colour only helps.
        cells = [
            Text(str(number), "cyan" if row == column else "bold red")
            if number
            else Text("·", "dim")
            for column, number in enumerate(numbers)
        ]
        table.add_row(str(label), *cells)
    click.echo("\nconfusion: true classes down, predicted ones across")
    Console().print(table)


def _print_mistakes(classes: NDArray[Any], counts: NDArray[np.int64]) -> None:
    wrong = counts - np.diag(np.diag(counts))
    click.echo("\nthe commonest mistakes")
    for place in np.argsort(-wrong, axis=None, kind="stable")[:10]:
        true, predicted = np.unravel_index(place, wrong.shape)
        if wrong[true, predicted]:
            told = f"{classes[true]} taken for {classes[predicted]}"
            click.echo(f"  {told:24} {wrong[true, predicted]:4}")
