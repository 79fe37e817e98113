"""Recipes for audio classification."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import data, datasets, nn
from chainrule.cli.figures import draw_classes
from chainrule.cli.recipe import Part, Parts, Recipe, cosine_adam
from chainrule.cli.report import report_classes

__all__ = ["RECIPES", "features"]

RATE = 8000


def features(signals: NDArray[Any]) -> NDArray[np.float32]:
    """Return log-mel spectrograms of 98 frames and 40 bands, with a channel axis."""
    return data.log_mel(signals, RATE)[..., None]


def _spoken() -> Parts:
    (X, y), (Z, z) = datasets.spoken_digits()
    return (features(X), y), (features(Z), z)


def _upright(spectrograms: NDArray[Any]) -> NDArray[Any]:
    """Turn spectrograms into images: time to the right, frequency upwards."""
    return spectrograms[..., 0].swapaxes(1, 2)[:, ::-1]


def _layers(part: Part) -> list[Any]:
    mean, deviation = float(part[0].mean()), float(part[0].std())
    return [
        nn.Rescale(1 / deviation, -mean / deviation),
        nn.Conv2D(16, 3, activation="relu"),
        nn.MaxPool2D(2),
        nn.Conv2D(32, 3, activation="relu"),
        nn.MaxPool2D(2),
        nn.Conv2D(64, 3, activation="relu"),
        nn.MaxPool2D(2),
        nn.Flatten(),
        nn.Dropout(0.4),
        nn.Dense(10),
    ]


RECIPES: dict[str, Recipe] = {
    "spoken-digits": Recipe(
        title="spoken digits, as log-mel spectrograms of 40 bands",
        load=_spoken,
        layers=_layers,
        optimizer=cosine_adam(0.002),
        epochs=12,
        batch_size=32,
        report=report_classes,
        draw=partial(draw_classes, filters="conv2d", as_shown=_upright),
        example=(
            "from chainrule.cli.audio import features",
            "(_, _), (X, y) = datasets.spoken_digits()",
            "X = features(X)",
        ),
    )
}
