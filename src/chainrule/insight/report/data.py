"""What the samples of a report are: counts, shapes, ranges, classes, the first images."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.columns import is_table, read_columns
from chainrule.data.sparse_rows import is_sparse
from chainrule.insight.pages.image import image_elements
from chainrule.insight.pages.markup import (
    Markup,
    class_text,
    element,
    note,
    section,
    table,
)
from chainrule.insight.plots.classifier import class_labels
from chainrule.insight.plots.row_table import cell_text
from chainrule.insight.report.sample import Kind, Sample, is_one_class
from chainrule.insight.report.series import FEATURES, series_elements
from chainrule.train.model.model import Model

__all__ = ["data_section", "tiles"]

Array = NDArray[Any]

_COLUMNS, _CLASSES, _IMAGES, _SERIES = 24, 24, 10, 6
"""How many columns, classes, images and series are shown at most."""
_STATISTICS = ("smallest", "mean", "largest", "deviation", "missing")


def data_section(model: Model, sample: Sample | None, is_classifier: bool) -> Markup:
    """Return the section on the samples; without any, on what the network takes."""
    if sample is None:
        return section("data", "Data", *_expected(model))
    content = [element("p", f"{sample.words}."), element("h3", "Inputs"), *_inputs(sample)]
    if sample.y is not None:
        content += [element("h3", "Targets"), *_targets(sample.X, sample.y, is_classifier)]
    if sample.kind != "rows":
        X, y = sample.first(_SERIES if sample.kind == "series" else _IMAGES)
        labels = [""] * len(X)
        if y is not None and is_classifier and is_one_class(y):
            labels = [class_text(each) for each in class_labels("report", X, y)]
        content += tiles(sample.kind, X, labels)
    return section("data", "Data", *content)


def tiles(kind: Kind, X: Array, captions: list[str]) -> list[Markup]:
    """Return images or series side by side, each with its caption."""
    drawn = series_elements(X, captions) if kind == "series" else image_elements(X, captions)
    figures = (
        element("figure", each, element("figcaption", text))
        for text, each in zip(captions, drawn, strict=True)
    )
    content = [element("div", *figures, class_="tiles wide" if kind == "series" else "tiles")]
    if kind == "series" and X.shape[2] > 1:
        shown = [
            element("strong", f"{each} ", style=f"color:var(--c{each})")
            for each in range(min(X.shape[2], FEATURES))
        ]
        content.append(note("Curves by step, all on one scale, of feature ", *shown))
    return content


def _expected(model: Model) -> list[Markup]:
    advice = note(
        "No samples were given; with net.report(path, X, y) this page also shows the data, and the "
        "results on them."
    )
    if model.input_shape is None:
        return [element("p", "The network is not built yet: it has seen no data."), advice]
    shapes = {"inputs": model.input_shape, "outputs": model.output_shape}
    rows = [[name, str(each[1:]), model.dtype] for name, each in shapes.items()]
    content = [table(["", "shape of a sample", "dtype"], rows)]
    if model.classes is not None:
        content.append(element("p", f"Classes: {', '.join(map(str, model.classes))}"))
    return [*content, advice]


def _inputs(sample: Sample) -> list[Markup]:
    X = sample.X
    if is_sparse(X):
        share = X.nnz / max(X.shape[0] * X.shape[1], 1)
        return [
            element("p", f"A sparse matrix of shape {X.shape}, {X.dtype}: {share:.2%} are stored.")
        ]
    if is_table(X):
        columns = {str(name): np.asarray(each) for name, each in read_columns(X).items()}
        return _columns(columns)
    array = np.asarray(X)
    content = [element("p", f"Shape of a sample {array.shape[1:]}, {array.dtype}.")]
    if array.ndim == 2 and array.shape[1] <= _COLUMNS:
        named = {f"column {place}": each for place, each in enumerate(array.T)}
        return [*content, *_columns(named)]
    return [*content, *_columns({"all values": array.ravel()})]


def _columns(columns: dict[str, Array]) -> list[Markup]:
    rows = [[name, *_statistics(each)] for name, each in list(columns.items())[:_COLUMNS]]
    content = [table(["", *_STATISTICS], rows)]
    if len(columns) > _COLUMNS:
        content.append(note(f"and {len(columns) - _COLUMNS:,} more columns"))
    return content


def _statistics(column: Array) -> list[str]:
    """Return range, mean, deviation and missing values; of texts how many differ."""
    if column.dtype.kind not in "biuf":
        texts = column.astype(str)
        missing = sum(each in ("", "nan", "None", "NaT") for each in texts.tolist())
        return [f"{len(np.unique(texts)):,} different", "", "", "", f"{missing:,}"]
    if not column.size:
        return ["", "", "", "", "0"]
    with np.errstate(all="ignore"):
        low, high = column.min(), column.max()
        if not (np.isfinite(low) and np.isfinite(high)):
            column, size = column[np.isfinite(column)], column.size
            return [*_statistics(column)[:4], f"{size - column.size:,}"]
        numbers = low, column.mean(dtype=float), high, column.std(dtype=float)
    return [*(cell_text(np.float64(each)) for each in numbers), "0"]


def _targets(X: Any, y: Array, is_classifier: bool) -> list[Markup]:
    if is_classifier and is_one_class(y):
        return _classes(class_labels("report", X, y))
    if is_classifier:
        return _classes(y.ravel())
    flat = y.reshape(len(y), -1)
    if flat.shape[1] == 1:
        return _columns({"target": flat[:, 0]})
    named = {f"target {place}": each for place, each in enumerate(flat.T)}
    return _columns(named if len(named) <= _COLUMNS else {"all targets": flat.ravel()})


def _classes(labels: Array) -> list[Markup]:
    classes, counts = np.unique(labels, return_counts=True)
    largest = counts.max()
    rows = [
        [class_text(each), f"{count:,}", f"{count / len(labels):.1%}", _bar(count / largest)]
        for each, count in list(zip(classes, counts, strict=True))[:_CLASSES]
    ]
    content = [table(["class", "samples", "share", ""], rows)]
    if len(classes) > _CLASSES:
        content.append(note(f"and {len(classes) - _CLASSES:,} more classes"))
    return content


def _bar(share: float) -> Markup:
    bar = element("span", class_="bar", style=f"width:{100 * share:.1f}%")
    return element("div", bar, class_="bar-space")
