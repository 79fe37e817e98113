"""Recipes for image classification and for points in the plane."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import data, datasets, nn, optim
from chainrule.cli.figures import draw_classes
from chainrule.cli.recipe import Baseline, Layers, Part, Parts, Recipe, cosine_adam
from chainrule.cli.report import report_classes

__all__ = ["RECIPES"]

LETTERS = np.array(list("ABCDEFGHIJ"))
_FLAT = ("X = X.reshape(len(X), -1) / 255",)
_DEEP = ("X = X[..., None]",)


def _digits() -> Parts:
    X, y = datasets.digits()
    return data.split(X, y, test_size=0.2, seed=0, stratify=True)


def _digit_layers(part: Part) -> list[Any]:
    # Noise against overfitting: there are only 1,438 images.
    return [
        nn.GaussianNoise(0.2),
        nn.Dense(128, activation="relu"),
        nn.Dense(64, activation="relu"),
        nn.Dense(10),
    ]


def _xor() -> Parts:
    X, y = datasets.xor()
    rows = X, y[:, 0].astype(np.int64)
    return rows, rows  # there is no test part


def _moons() -> Parts:
    return datasets.moons(200, noise=0.2, seed=0), datasets.moons(1000, noise=0.2, seed=1)


def _flat(load: Callable[[], Parts]) -> Callable[[], Parts]:
    """Flatten images of bytes and scale them to [0, 1]."""
    return _mapped(load, lambda X: X.reshape(len(X), -1) / np.float32(255))


def _mapped(
    load: Callable[[], Parts],
    function: Callable[[NDArray[Any]], NDArray[Any]],
    names: NDArray[Any] | None = None,
) -> Callable[[], Parts]:
    """Map the inputs by a function, and replace class indices by names."""

    def parts() -> Parts:
        (X, y), (Z, z) = load()
        if names is not None:
            y, z = names[y], names[z]
        return (function(X), y), (function(Z), z)

    return parts


def _with_channel(X: NDArray[Any]) -> NDArray[Any]:
    return X[..., None]


def _convolutional(*end: Callable[[], Any]) -> Layers:
    """Two convolutions, each followed by pooling, and the layers after them."""
    return lambda part: [
        nn.Rescale(1 / 255),
        nn.Conv2D(32, 3, activation="relu"),
        nn.MaxPool2D(2),
        nn.Conv2D(64, 3, activation="relu"),
        nn.MaxPool2D(2),
        nn.Flatten(),
        *(layer() for layer in end),
        nn.Dense(10),
    ]


RECIPES: dict[str, Recipe] = {
    "digits": Recipe(
        title="handwritten digits of 8 × 8 pixels",
        load=_digits,
        layers=_digit_layers,
        optimizer=cosine_adam(0.003),
        epochs=40,
        batch_size=16,
        report=report_classes,
        draw=partial(draw_classes, filters="dense"),
        example=(
            "X, y = datasets.digits()",
            "_, (X, y) = data.split(X, y, test_size=0.2, seed=0, stratify=True)",
        ),
    ),
    "xor": Recipe(
        title="rows of exclusive or",
        load=_xor,
        layers=lambda part: [nn.Dense(8, activation="tanh"), nn.Dense(2)],
        optimizer=lambda epochs, rate=0.05: optim.Adam(rate),
        epochs=500,
        batch_size=4,
        report=report_classes,
        draw=draw_classes,
        example=("X, y = datasets.xor()", "y = y[:, 0].astype(int)"),
    ),
    "moons": Recipe(
        title="points of two interleaving half circles",
        load=_moons,
        layers=lambda part: [nn.Dense(16, activation="tanh"), nn.Dense(2)],
        optimizer=lambda epochs, rate=0.02: optim.Adam(rate),
        epochs=100,
        batch_size=50,
        report=report_classes,
        draw=draw_classes,
        example=("X, y = datasets.moons(1000, noise=0.2, seed=1)",),
    ),
    "mnist": Recipe(
        title="handwritten digits of 28 × 28 pixels",
        load=_flat(datasets.mnist),
        layers=lambda part: [nn.Dense(100, activation="relu"), nn.Dense(10)],
        optimizer=lambda epochs, rate=0.03: optim.SGD(rate, momentum=0.9),
        epochs=10,
        batch_size=64,
        report=report_classes,
        draw=partial(draw_classes, filters="dense"),
        example=("(_, _), (X, y) = datasets.mnist()", *_FLAT),
    ),
    "mnist-cnn": Recipe(
        title="handwritten digits of 28 × 28 pixels, by a convolutional network",
        load=_mapped(datasets.mnist, _with_channel),
        layers=_convolutional(lambda: nn.Dropout(0.3)),
        optimizer=cosine_adam(0.002),
        epochs=4,
        batch_size=64,
        report=report_classes,
        draw=partial(draw_classes, filters="conv2d"),
        example=("(_, _), (X, y) = datasets.mnist()", *_DEEP),
    ),
    "notmnist": Recipe(
        title="letters A to J from many fonts, with noisy labels",
        load=_mapped(datasets.notmnist, _with_channel, LETTERS),
        layers=_convolutional(
            lambda: nn.Dropout(0.4),
            lambda: nn.Dense(128, activation="relu"),
            lambda: nn.Dropout(0.4),
        ),
        optimizer=cosine_adam(0.001),
        epochs=20,
        batch_size=64,
        report=report_classes,
        draw=partial(draw_classes, filters="conv2d"),
        example=(
            "from chainrule.cli.images import LETTERS",
            "(_, _), (X, y) = datasets.notmnist()",
            "X, y = X[..., None], LETTERS[y]",
        ),
        baseline=Baseline(
            "a shallow network of 100 units",
            lambda part: [
                nn.Rescale(1 / 255),
                nn.Flatten(),
                nn.Dense(100, activation="relu"),
                nn.Dense(10),
            ],
        ),
    ),
}
