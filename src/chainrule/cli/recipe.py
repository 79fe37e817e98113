"""What ``chainrule train NAME`` trains: for each name the data, the network and the settings.

A new one is a row of `RECIPES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import data, datasets, nn, optim
from chainrule.nn.layer import Layer
from chainrule.optim.optimizer import Optimizer

__all__ = ["RECIPES", "Part", "Recipe"]

Part = tuple[NDArray[Any], NDArray[Any]]
Parts = tuple[Part, Part]


@dataclass(frozen=True)
class Recipe:
    """The training of a classifier that is known to work; the loss is the cross-entropy.

    Parameters
    ----------
    title : str
        What the samples are.
    load : callable
        Gives the part to learn from and the part to test on, the same ones every time.
    layers : callable
        Gives the network's layers, freshly made.
    optimizer : callable
        Gives the optimiser for a run of so many epochs.
    epochs : int
        As many as it takes.
    batch_size : int
        Samples a step.
    example : tuple of str
        Lines of Python that put some inputs of the kind the network takes into ``X``.
    """

    title: str
    load: Callable[[], Parts]
    layers: Callable[[], list[Layer]]
    optimizer: Callable[[int], Optimizer]
    epochs: int
    batch_size: int
    example: tuple[str, ...]


def _digits() -> Parts:
    X, y = datasets.digits()
    return data.split(X, y, test_size=0.2, seed=0, stratify=True)


def _digit_layers() -> list[Layer]:
    # 1,438 pictures are few: the noise keeps the network from learning them by heart.
    return [
        nn.GaussianNoise(0.2),
        nn.Dense(128, activation="relu"),
        nn.Dense(64, activation="relu"),
        nn.Dense(10),
    ]


def _xor() -> Parts:
    X, y = datasets.xor()
    rows = X, y[:, 0].astype(np.int64)
    return rows, rows  # there are no others


def _moons() -> Parts:
    return datasets.moons(200, noise=0.2, seed=0), datasets.moons(1000, noise=0.2, seed=1)


def _pictures(load: Callable[[], Parts]) -> Callable[[], Parts]:
    """Flatten and scale pictures of bytes."""

    def scaled(part: Part) -> Part:
        X, y = part
        return X.reshape(len(X), -1) / np.float32(255), y

    def parts() -> Parts:
        train, test = load()
        return scaled(train), scaled(test)

    return parts


def _picture_recipe(name: str, title: str, load: Callable[[], Parts]) -> Recipe:
    example = (
        f"(_, _), (X, y) = datasets.{name}()",
        "X = X.reshape(len(X), -1) / 255",
    )
    return Recipe(
        title=title,
        load=_pictures(load),
        layers=lambda: [nn.Dense(100, activation="relu"), nn.Dense(10)],
        optimizer=lambda epochs: optim.SGD(0.03, momentum=0.9),
        epochs=10,
        batch_size=64,
        example=example,
    )


RECIPES: dict[str, Recipe] = {
    "digits": Recipe(
        title="handwritten digits of 8 × 8 pixels",
        load=_digits,
        layers=_digit_layers,
        optimizer=lambda epochs: optim.Adam(optim.cosine(0.003, epochs=epochs)),
        epochs=40,
        batch_size=16,
        example=("X, y = datasets.digits()",),
    ),
    "xor": Recipe(
        title="rows of either, but not both",
        load=_xor,
        layers=lambda: [nn.Dense(8, activation="tanh"), nn.Dense(2)],
        optimizer=lambda epochs: optim.Adam(0.05),
        epochs=500,
        batch_size=4,
        example=("X, y = datasets.xor()",),
    ),
    "moons": Recipe(
        title="points of two interleaving half circles",
        load=_moons,
        layers=lambda: [nn.Dense(16, activation="tanh"), nn.Dense(2)],
        optimizer=lambda epochs: optim.Adam(0.02),
        epochs=100,
        batch_size=50,
        example=("X, y = datasets.moons(1000, noise=0.2, seed=1)",),
    ),
    "mnist": _picture_recipe("mnist", "handwritten digits of 28 × 28 pixels", datasets.mnist),
}
