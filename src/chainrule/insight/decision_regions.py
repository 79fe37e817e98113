"""The plane as a classifier of two features sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Regions", "map_regions"]

_RESOLUTION = 300
"""Points along each side of the map: about two for each of three pixels of the picture."""


@dataclass(frozen=True)
class Regions:
    """A map of the plane.

    Parameters
    ----------
    classes : array, (k,)
        Every class that is predicted somewhere or belongs to a sample, sorted.
    ticks : (array, array)
        The coordinates of the map's columns and rows.
    codes : array, int, (rows, columns)
        The place of the predicted class in `classes`.
    margins : list of array, float, (rows, columns)
        One for each boundary to draw; where it crosses 0, a class ends.
    """

    classes: NDArray[Any]
    ticks: tuple[NDArray[Any], NDArray[Any]]
    codes: NDArray[np.intp]
    margins: list[NDArray[Any]]

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """The map's left, right, lower and upper end."""
        across, up = self.ticks
        return float(across[0]), float(across[-1]), float(up[0]), float(up[-1])


def map_regions(net: Any, points: NDArray[Any], labels: NDArray[Any]) -> Regions:
    """Ask a classifier for the class of every point of a grid around the samples."""
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.where(high > low, 0.1 * (high - low), 1.0)
    steps = np.linspace(0, 1, _RESOLUTION)[:, None]
    ticks = (low - room + (high - low + 2 * room) * steps).T
    grid = np.stack(np.meshgrid(*ticks), axis=-1).reshape(-1, 2).astype(np.result_type(points, 0.0))
    predicted = np.asarray(net.predict_class(grid)).reshape(_RESOLUTION, _RESOLUTION)
    classes = np.union1d(labels, predicted)
    codes = np.searchsorted(classes, predicted)
    scores = _scores(net, grid, codes, len(classes))
    return Regions(classes, (ticks[0], ticks[1]), codes, _margins(scores))


def _scores(net: Any, grid: NDArray[Any], codes: NDArray[np.intp], count: int) -> NDArray[Any]:
    """Give each class a score, (classes, rows, columns), the highest where it is predicted."""
    if hasattr(net, "predict_proba"):
        shares = np.asarray(net.predict_proba(grid))
        if count == 2 and shares.shape == (len(grid), 1):  # one output says yes or no
            shares = np.hstack([1 - shares, shares])
        if shares.shape == (len(grid), count):
            return shares.T.reshape(count, *codes.shape)
    return np.equal.outer(np.arange(count), codes).astype(float)


def _margins(scores: NDArray[Any]) -> list[NDArray[Any]]:
    """How far each class leads before the best other one; of two, one says it all."""
    if len(scores) < 2:
        return []
    leads = [each - np.delete(scores, code, axis=0).max(axis=0) for code, each in enumerate(scores)]
    return leads[:1] if len(leads) == 2 else leads
