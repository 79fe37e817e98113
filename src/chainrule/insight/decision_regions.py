"""Decision regions of a classifier of two features, on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DecisionRegions", "classify_plane"]

_RESOLUTION = 300
"""Grid points along each side: about two for every three pixels of the figure."""


@dataclass(frozen=True)
class DecisionRegions:
    """The predicted class at each point of a grid."""

    # The classes of samples and predictions, sorted.
    classes: NDArray[Any]
    # The coordinates of the columns and of the rows.
    ticks: tuple[NDArray[Any], NDArray[Any]]
    # The index in `classes` of the predicted class, (rows, columns).
    codes: NDArray[np.intp]
    # One array (rows, columns) for each boundary, which is its zero level set.
    margins: list[NDArray[Any]]

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of the grid."""
        across, up = self.ticks
        return float(across[0]), float(across[-1]), float(up[0]), float(up[-1])


def classify_plane(net: Any, points: NDArray[Any], labels: NDArray[Any]) -> DecisionRegions:
    """Predict the class at every point of a grid around the samples."""
    low, high = points.min(axis=0), points.max(axis=0)
    border = np.where(high > low, 0.1 * (high - low), 1.0)
    steps = np.linspace(0, 1, _RESOLUTION)[:, None]
    ticks = (low - border + (high - low + 2 * border) * steps).T
    grid = np.stack(np.meshgrid(*ticks), axis=-1).reshape(-1, 2).astype(np.result_type(points, 0.0))
    predicted = np.asarray(net.predict_class(grid)).reshape(_RESOLUTION, _RESOLUTION)
    classes = np.union1d(labels, predicted)
    codes = np.searchsorted(classes, predicted)
    scores = _scores(net, grid, codes, len(classes))
    return DecisionRegions(classes, (ticks[0], ticks[1]), codes, _margins(scores))


def _scores(net: Any, grid: NDArray[Any], codes: NDArray[np.intp], count: int) -> NDArray[Any]:
    """Return a score of each class, (classes, rows, columns), highest for the predicted one."""
    if hasattr(net, "predict_proba"):
        probabilities = np.asarray(net.predict_proba(grid))
        if count == 2 and probabilities.shape == (len(grid), 1):  # a single sigmoid output
            probabilities = np.hstack([1 - probabilities, probabilities])
        if probabilities.shape == (len(grid), count):
            return probabilities.T.reshape(count, *codes.shape)
    return np.equal.outer(np.arange(count), codes).astype(float)


def _margins(scores: NDArray[Any]) -> list[NDArray[Any]]:
    """Score of each class minus the best of the others; for two classes, of the first only."""
    if len(scores) < 2:
        return []
    margins = [
        each - np.delete(scores, code, axis=0).max(axis=0) for code, each in enumerate(scores)
    ]
    return margins[:1] if len(margins) == 2 else margins
