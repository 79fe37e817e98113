"""The results of a regression: predictions against truth, residuals, the worst samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.columns import take_rows
from chainrule.insight.pages.chart import Series, chart, charts
from chainrule.insight.pages.markup import Markup, element, note, table
from chainrule.insight.plots.row_table import cell_text
from chainrule.insight.report.data import tiles
from chainrule.insight.report.sample import Sample

__all__ = ["amount_results"]

Array = NDArray[Any]

_POINTS, _OUTPUTS, _WORST = 1500, 3, 12
"""How many points, outputs and samples are shown at most."""


def amount_results(sample: Sample, outputs: Array, targets: Array) -> list[Markup]:
    """Return the results of outputs that are amounts.

    Parameters
    ----------
    sample : Sample
        The samples.
    outputs, targets : array, float, (n, ...)
        Predictions and truth, of equal size.
    """
    predicted = outputs.reshape(len(outputs), -1).astype(float)
    true = targets.reshape(len(targets), -1).astype(float)
    content = [element("h3", "Errors"), _errors(true, predicted)]
    for place in range(min(true.shape[1], _OUTPUTS)):
        name = "" if true.shape[1] == 1 else f" of output {place}"
        content += _charts(true[:, place], predicted[:, place], name)
    if true.shape[1] > _OUTPUTS:
        content.append(note(f"Drawn are the first {_OUTPUTS} of {true.shape[1]:,} outputs."))
    if len(true) > _POINTS:
        content.append(note(f"Drawn are {_POINTS:,} samples, evenly spaced."))
    return [*content, element("h3", "Worst predictions"), *_worst(sample, true, predicted)]


def _errors(true: Array, predicted: Array) -> Markup:
    """Return the errors of each output, and the part of the variance that is explained."""
    rows = [
        [f"output {place}", *_measures(true[:, place], predicted[:, place])]
        for place in range(min(true.shape[1], _OUTPUTS))
    ]
    if true.shape[1] > 1:
        rows.append(["all outputs", *_measures(true, predicted)])
    return table(["", "mean absolute error", "root mean squared error", "bias", "R²"], rows)


def _measures(true: Array, predicted: Array) -> list[str]:
    residual = predicted - true
    variation = float(np.sum((true - true.mean(axis=0)) ** 2))
    explained = f"{1 - float(np.sum(residual**2)) / variation:.4f}" if variation else ""
    numbers = np.abs(residual).mean(), np.sqrt(np.mean(residual**2)), residual.mean()
    return [*(f"{each:.4g}" for each in numbers), explained]


def _charts(true: Array, predicted: Array, name: str) -> list[Markup]:
    rows = np.unique(np.linspace(0, len(true) - 1, _POINTS).astype(int))
    true, predicted = true[rows], predicted[rows]
    agreement = Series("samples", true, predicted, "points")
    residuals = Series("samples", predicted, predicted - true, "points", 1)
    parts = [
        (
            f"Prediction against truth{name}",
            chart([agreement], "true value", "predicted value", guide=(1.0, 0.0)),
        ),
        (
            f"Residuals{name}",
            chart([residuals], "predicted value", "predicted − true", guide=(0.0, 0.0)),
        ),
    ]
    return [charts(parts), note("On the lines predictions are exact.")]


def _worst(sample: Sample, true: Array, predicted: Array) -> list[Markup]:
    """Return the samples of the largest errors with their inputs."""
    error = np.sqrt(np.mean((predicted - true) ** 2, axis=1))
    first = np.argsort(-np.nan_to_num(error, nan=np.inf), kind="stable")[:_WORST]
    is_single = true.shape[1] == 1
    named = ["predicted", "true", "residual"] if is_single else ["root mean squared error"]
    rows: list[list[str]] = []
    for row in first.tolist():
        numbers = [error[row]]
        if is_single:
            numbers = [predicted[row, 0], true[row, 0], predicted[row, 0] - true[row, 0]]
        texts = [cell_text(np.float64(each)) for each in numbers]
        rows.append([f"{sample.rows[row]:,}", *texts])
    if sample.kind != "rows":
        captions = [_caption(*each) for each in rows]
        return tiles(sample.kind, take_rows(sample.X, first), captions)
    header, cells = sample.cells(first)
    lines = [[*row, *inputs] for row, inputs in zip(rows, cells, strict=True)]
    return [table(["sample", *named, *header], lines)]


def _caption(row: str, number: str, *truth: str) -> str:
    """Return a sample with its error, or with prediction and truth if it has one output."""
    shown = f"{number}, not {truth[0]}" if truth else f"error {number}"
    return f"{shown}; sample {row}"
