"""Evaluation reports of trained networks, compared with baselines."""

from __future__ import annotations

from collections.abc import Sequence
from shutil import get_terminal_size
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from chainrule.cli.recipe import Part, Run
from chainrule.cli.words import align, compared, decimals_of, percent
from chainrule.console import shortened, width_of
from chainrule.data.columns import take_rows
from chainrule.insight.confusion import confusion_matrix
from chainrule.train.network import Network

__all__ = [
    "print_comparison",
    "print_confusion",
    "print_derivation",
    "print_rows",
    "print_shares",
    "report_binary",
    "report_classes",
    "report_regression",
]

Array = NDArray[Any]

MOST_CLASSES = 30
"""Classes up to which precision and recall are printed of each; of more, of the ten worst."""
LONGEST_LABEL = 24
_PROVED_SAMPLES = 16
"""Samples that equations are proved on: a whole batch would take as long as the training."""


def report_classes(run: Run) -> None:
    """Print accuracy, confusion matrix, and precision and recall of the test part."""
    _print_accuracy(run)
    X, y = run.parts[1]
    classes, counts = confusion_matrix(y, run.net.predict_class(X))
    print_confusion(classes, counts)
    print_shares(classes, counts)
    print_derivation(run)


def report_binary(run: Run) -> None:
    """Print ROC AUC and what `report_classes` does, of a binary classifier.

    The AUC is the probability that a positive sample has a higher score than a negative one.
    """
    areas = [_area(run.net, run.parts[1])]
    click.echo(f"\ntest ROC AUC {areas[0]:.4f}")
    if run.baseline is not None and run.recipe.baseline is not None:
        areas.append(_area(run.baseline, run.parts[1]))
        verdict = compared(*areas)
        click.echo(f"{run.recipe.baseline.title}: {areas[1]:.4f} ({verdict})")
    report_classes(run)


def report_regression(run: Run) -> None:
    """Print the errors of a regression, next to those of the baseline and of the mean."""
    (_, trained), (X, y) = run.parts
    rows = [("network", run.net.predict(X).reshape(y.shape))]
    if run.baseline is not None and run.recipe.baseline is not None:
        rows.append((run.recipe.baseline.title, run.baseline.predict(X).reshape(y.shape)))
    rows.append(("the mean of the training part", np.full(y.shape, trained.mean())))
    click.echo("\nerrors on the test part\n")
    print_rows(rows, y)
    print_comparison(rows, y)
    variance = np.mean((y - y.mean()) ** 2)
    r2 = 1 - float(np.mean((rows[0][1] - y) ** 2) / variance) if variance else 0.0
    click.echo(f"\nR² of the network: {r2:.3f}")
    print_derivation(run)


def print_rows(predictions: Sequence[tuple[str, Array]], truth: Array) -> None:
    """Print mean absolute and root mean square error of several predictions."""
    errors = [values - truth for _, values in predictions]
    pairs = [(_mean_error(each), float(np.sqrt(np.mean(each**2)))) for each in errors]
    decimals = decimals_of([number for pair in pairs for number in pair])
    numbers = [[f"{number:,.{decimals}f}" for number in pair] for pair in pairs]
    rows = [[title, *each] for (title, _), each in zip(predictions, numbers, strict=True)]
    _print_aligned([["", "MAE", "RMSE"], *rows])


def print_comparison(predictions: Sequence[tuple[str, Array]], truth: Array) -> None:
    """Print the mean absolute error of the first prediction relative to each of the others."""
    (_, first), *others = predictions
    click.echo()
    for title, values in others:
        other = _mean_error(values - truth)
        ratio = _mean_error(first - truth) / other if other else float("inf")
        verdict = "beaten" if ratio < 0.98 else "equalled" if ratio <= 1.02 else "not beaten"
        click.echo(f"{percent(ratio):>9} of the mean error of {title}: {verdict}")


def print_derivation(run: Run) -> None:
    """Print the equations of the last layer and of the gradient of the loss by its parameters."""
    rows = slice(min(_PROVED_SAMPLES, run.recipe.batch_size, len(run.parts[1][1])))
    explanation = run.net.explain(*(take_rows(part, rows) for part in run.parts[1]))
    last, first = explanation.sections[-2:], explanation.gradients[0]
    click.echo(
        f"\nequations of the last layer and of its gradient, proved on {explanation.samples} "
        "samples (of all layers: chainrule explain)\n"
    )
    for equation in [x for section in (*last, first) for x in section.equations]:
        error = equation.certificate.difference_error if equation.certificate else None
        proof = f"differences agree to {error:.0e}" if error is not None else ""
        click.echo(f"  {equation.text():<44} {proof}".rstrip())


def _area(net: Network, part: Part) -> float:
    return net.evaluate(*part)["auc"]


def _mean_error(errors: Array) -> float:
    return float(np.mean(np.abs(errors)))


def _print_aligned(rows: Sequence[Sequence[str]]) -> None:
    click.echo("\n".join(f"  {line}" for line in align(rows)))


def _print_accuracy(run: Run) -> None:
    X, y = run.parts[1]
    hits = int(np.sum(run.net.predict_class(X) == y))
    click.echo(f"\ntest accuracy {percent(hits / len(y), 2)} ({hits:,} of {len(y):,})")
    others: list[tuple[str, Array]] = []
    if run.baseline is not None and run.recipe.baseline is not None:
        others.append((run.recipe.baseline.title, run.baseline.predict_class(X)))
    labels, counts = np.unique(run.parts[0][1], return_counts=True)
    most = labels[counts.argmax()]
    others.append((f"always {_label(most)}", np.full(len(y), most)))
    for title, classes in others:
        other = int(np.sum(classes == y))
        click.echo(f"{title}: {percent(other / len(y), 2)} ({compared(hits, other)})")


def _label(label: Any) -> str:
    return shortened(str(label), LONGEST_LABEL)


def print_confusion(classes: Array, counts: NDArray[np.int64]) -> None:
    """Print the matrix, or its largest errors if it is wider than the terminal."""
    labels = [_label(each) for each in classes]
    cells = [[f"{number:,}" if number else "·" for number in row] for row in counts]
    rows = [["", *labels], *([label, *row] for label, row in zip(labels, cells, strict=True))]
    rows = [[f"{label} ", *row] for label, *row in rows]  # apart from the counts
    lines = [f"  {line}" for line in align(rows, left=False)]
    if max(map(width_of, lines)) > get_terminal_size().columns:
        _print_largest_confusions(classes, counts)
        return
    click.echo("\nconfusion matrix (rows: true classes, columns: predicted)\n")
    click.echo("\n".join(lines))


def print_shares(classes: Array, counts: NDArray[np.int64]) -> None:
    """Print precision and recall of each class."""
    hits, true, predicted = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    order = np.arange(len(classes))
    if len(classes) > MOST_CLASSES:
        order = np.argsort(hits / np.maximum(true, 1), kind="stable")[:10]
        click.echo("\nthe ten classes of lowest recall\n")
    else:
        click.echo()
    rows = [["class", "precision", "recall", "samples"]]
    for code in order:
        shares = [
            percent(hits[code] / total[code]) if total[code] else "–" for total in (predicted, true)
        ]
        rows.append([_label(classes[code]), *shares, f"{true[code]:,}"])
    _print_aligned(rows)


def _print_largest_confusions(classes: Array, counts: NDArray[np.int64]) -> None:
    errors = counts - np.diag(np.diag(counts))
    click.echo("\nthe most frequent confusions\n")
    rows: list[list[str]] = []
    for index in np.argsort(-errors, axis=None, kind="stable")[:10]:
        true, predicted = np.unravel_index(index, errors.shape)
        if errors[true, predicted]:
            pair = f"{_label(classes[true])} taken for {_label(classes[predicted])}"
            rows.append([pair, f"{errors[true, predicted]:,}"])
    _print_aligned(rows or [["none"]])
