"""Decision regions of a classifier of two features, on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.insight.plots.classifier import predict_classes
from chainrule.insight.plots.plane import Plane

__all__ = ["DecisionRegions", "classify_plane"]

Array = NDArray[Any]

_RESOLUTION = 300
"""Grid points along each side: about two for every three pixels of the figure."""
_WIDE, _LEAST = 64, 80
"""Columns from which on the grid is coarser, so that memory stays the same, and the coarsest."""


@dataclass(frozen=True)
class DecisionRegions:
    """The predicted class at each point of a grid."""

    # The classes of samples and predictions, sorted.
    classes: Array
    # The coordinates of the columns and of the rows.
    ticks: tuple[Array, Array]
    # The index in `classes` of the predicted class, (rows, columns).
    codes: NDArray[np.intp]
    # How certain each is, from 0 to 1, (rows, columns).
    certainty: Array
    # One array (rows, columns) for each boundary, which is its zero level set.
    margins: list[Array]

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of the grid."""
        across, up = self.ticks
        return float(across[0]), float(across[-1]), float(up[0]), float(up[-1])


def classify_plane(function: str, net: Any, plane: Plane, labels: Array) -> DecisionRegions:
    """Predict the class at every point of a grid around the samples."""
    points = plane.points
    low, high = points.min(axis=0), points.max(axis=0)
    border = np.where(high > low, 0.1 * (high - low), 1.0)
    side = int(max(_LEAST, _RESOLUTION * min(1.0, (_WIDE / plane.width) ** 0.5)))
    steps = np.linspace(0, 1, side)[:, None]
    ticks = (low - border + (high - low + 2 * border) * steps).T
    grid = np.stack(np.meshgrid(*ticks), axis=-1).reshape(-1, 2).astype(np.result_type(points, 0.0))
    predictions = predict_classes(function, net, plane.samples(grid), labels)
    classes = np.union1d(labels, predictions.predicted)
    shape = (side, side)
    codes = np.searchsorted(classes, predictions.predicted).reshape(shape)
    scores = predictions.scores
    if scores is None or not np.isin(classes, predictions.classes).all():
        by_class = np.equal.outer(np.arange(len(classes)), codes).astype(float)
    else:
        columns = [int(np.flatnonzero(predictions.classes == each)[0]) for each in classes]
        by_class = scores[:, columns].T.reshape(-1, *shape)
    certainty = predictions.certainty.reshape(shape)
    return DecisionRegions(classes, (ticks[0], ticks[1]), codes, certainty, _margins(by_class))


def _margins(scores: Array) -> list[Array]:
    """Score of each class minus the best of the others; for two classes, of the first only."""
    if len(scores) < 2:
        return []
    margins = [
        each - np.delete(scores, code, axis=0).max(axis=0) for code, each in enumerate(scores)
    ]
    return margins[:1] if len(margins) == 2 else margins
