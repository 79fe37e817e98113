"""The results of a classifier: its confusion matrix and its worst mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.columns import take_rows
from chainrule.insight.confusion import confusion_matrix
from chainrule.insight.pages.markup import Markup, class_text, element, note, table
from chainrule.insight.palette import confusion_colours, text_colour
from chainrule.insight.plots.classifier import Predictions, class_labels, predict_classes
from chainrule.insight.report.data import tiles
from chainrule.insight.report.sample import Sample
from chainrule.nn.activations.activation import ACTIVATIONS
from chainrule.train.inference.class_prediction import predicted_classes, probability_activation
from chainrule.train.model.model import Model

__all__ = ["Evaluated", "class_results", "confusion_results", "label_results"]

Array = NDArray[Any]

_FEW = 14
"""Classes up to which the cells of the matrix are large."""
_CELLS = 40
"""Classes up to which the matrix is shown; of more, the most frequent confusions."""
_MISTAKES = 16
_CONFUSIONS = 20


@dataclass(frozen=True)
class Evaluated:
    """A network with its outputs for the samples, so that they are computed once."""

    model: Model
    outputs: Array

    @property
    def classes(self) -> Any:
        """The names of the classes, if it was trained on names."""
        return self.model.classes

    def predict_class(self, X: Any) -> Array:
        """Return the class of each sample."""
        return predicted_classes(self.model, self.outputs)

    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities of the classes."""
        activation = probability_activation(self.model, "report")
        return np.asarray(ACTIVATIONS[activation or "linear"](self.outputs))


def class_results(classifier: Any, sample: Sample) -> list[Markup]:
    """Return the results of one class a sample."""
    assert sample.y is not None, "there are targets"
    labels = class_labels("report", sample.X, sample.y)
    predictions = predict_classes("report", classifier, sample.X, labels)
    content = confusion_results(labels, predictions.predicted)
    return [*content, element("h3", "Worst mistakes"), *_mistakes(sample, labels, predictions)]


def label_results(true: Array, predicted: Array) -> list[Markup]:
    """Return the results of several labels a sample, 0 or 1 each, (n, labels)."""
    hits, found, wanted = ((each > 0.5).sum(axis=0) for each in (true * predicted, predicted, true))
    names = np.array([f"label {place}" for place in range(true.shape[1])])
    return [element("h3", "Scores by label"), _scores(names, hits, found, wanted)]


def confusion_results(labels: Array, predicted: Array) -> list[Markup]:
    """Return the confusion matrix of classes, (n,), and the scores of each."""
    classes, counts = confusion_matrix(labels, predicted)
    hits, total = int(np.trace(counts)), int(counts.sum())
    summary = f"{hits:,} of {total:,} right ({hits / total:.2%})."
    content = [element("h3", "Confusion matrix"), element("p", summary)]
    content.append(_matrix(classes, counts) if len(classes) <= _CELLS else _pairs(classes, counts))
    sums = np.diag(counts), counts.sum(axis=0), counts.sum(axis=1)
    return [*content, element("h3", "Scores by class"), _scores(classes, *sums)]


def _matrix(classes: Array, counts: Array) -> Markup:
    """Return the matrix, a row for each true class; shades are shares of the row."""
    colours = confusion_colours(counts)
    head = element(
        "tr", element("th", "true \\ predicted"), *(element("th", class_text(x)) for x in classes)
    )
    rows = [head]
    for place, each in enumerate(classes):
        cells = [
            element("td", f"{count:,}", style=_shade(colours[place, column]))
            if count
            else element("td")
            for column, count in enumerate(counts[place].tolist())
        ]
        rows.append(element("tr", element("th", class_text(each)), *cells))
    size = " many" if len(classes) > _FEW else ""
    return element("div", element("table", *rows), class_=f"confusion{size} scroll")


def _shade(colour: Array) -> str:
    levels = " ".join(str(round(255 * each)) for each in colour.tolist())
    return f"background:rgb({levels});color:{text_colour(colour)}"


def _pairs(classes: Array, counts: Array) -> Markup:
    """Return the most frequent confusions of many classes."""
    wrong = counts * ~np.eye(len(counts), dtype=bool)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_CONFUSIONS]
    rows = [
        [class_text(classes[i]), class_text(classes[j]), f"{counts[i, j]:,}"]
        for i, j in zip(*np.unravel_index(order, counts.shape), strict=True)
        if wrong[i, j]
    ]
    lead = note(f"Of {len(classes):,} classes, the pairs most often confused.")
    return element("div", lead, table(["true class", "predicted", "samples"], rows))


def _scores(names: Array, hits: Array, predicted: Array, true: Array) -> Markup:
    """Return precision, recall and F1 of each class, from the counts of its samples."""
    rows: list[list[str]] = []
    for name, a, b, c in list(zip(names, hits, predicted, true, strict=True))[:_CELLS]:
        shares = ((a, b), (a, c), (2 * a, b + c))
        rows.append([class_text(name), *(f"{x / y:.3f}" if y else "" for x, y in shares), f"{c:,}"])
    return table(["", "precision", "recall", "F1", "samples"], rows)


def _mistakes(sample: Sample, labels: Array, predictions: Predictions) -> list[Markup]:
    """Return the most certain mistakes with their inputs."""
    wrong = np.flatnonzero(predictions.predicted != labels)
    if not len(wrong):
        return [element("p", "None.")]
    order = np.argsort(-predictions.certainty[wrong], kind="stable")
    first = wrong[order][:_MISTAKES]
    lead = element("p", f"The {len(first)} most certain of {len(wrong):,}.")
    probabilities = [""] * len(first)
    if predictions.scores is not None and predictions.are_probabilities:
        probabilities = [f"{each:.3g}" for each in predictions.scores[first].max(axis=1)]
    pairs = [(class_text(predictions.predicted[row]), class_text(labels[row])) for row in first]
    numbers = sample.rows[first].tolist()
    if sample.kind != "rows":
        captions = [
            f"{guess}{f' ({p})' if p else ''}, not {true}; sample {row}"
            for (guess, true), p, row in zip(pairs, probabilities, numbers, strict=True)
        ]
        return [lead, *tiles(sample.kind, take_rows(sample.X, first), captions)]
    header, cells = sample.cells(first)
    rows = [
        [f"{row:,}", guess, true, p, *each]
        for row, (guess, true), p, each in zip(numbers, pairs, probabilities, cells, strict=True)
    ]
    return [lead, table(["sample", "predicted", "true", "probability", *header], rows)]
