"""Classifiers without training, and the pixels of an image file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest


class Bands:
    """Classes of the plane by the first feature: below 0, below 1, the rest."""

    def __init__(self, names: list[Any]) -> None:
        self.names = np.array(names)
        weight = np.linspace(-1, 1, 64 * 9).reshape(64, 9)
        self.params = {"dense.weight": weight, "dense.bias": np.zeros(9)}

    def predict_class(self, X: Any) -> Any:
        return self.names[np.digitize(np.asarray(X)[:, 0], [0.0, 1.0])]


class SmoothBands(Bands):
    """The same with probabilities."""

    def predict_proba(self, X: Any) -> Any:
        scores = np.exp(-4 * (np.asarray(X)[:, :1] - [-0.5, 0.5, 1.5]) ** 2)
        return scores / scores.sum(axis=1, keepdims=True)


@pytest.fixture
def pixels() -> Callable[[Path], Any]:
    """Read a PNG as an array of (height, width, red-green-blue), uint8."""

    def read(path: Path) -> Any:
        from matplotlib.image import imread

        return (imread(path)[..., :3] * 255).round().astype(np.uint8)

    return read


@pytest.fixture
def bands() -> Bands:
    return Bands([0, 1, 2])


@pytest.fixture
def smooth_bands() -> Bands:
    return SmoothBands([0, 1, 2])


@pytest.fixture
def points() -> tuple[Any, Any]:
    """Thirty samples with their classes, the first two of which are wrong."""
    X = np.random.default_rng(0).uniform(-1, 2, (30, 2))
    y = np.digitize(X[:, 0], [0.0, 1.0])
    y[:2] = (y[:2] + 1) % 3
    return X, y
