"""The records of ``chainrule train``: recipe (data, network, settings, report), run, baseline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from chainrule import optim
from chainrule.data.table import Table
from chainrule.nn.layer import Layer
from chainrule.optim.optimizer import Optimizer
from chainrule.train.history import History
from chainrule.train.network import Network

__all__ = ["Baseline", "Horizons", "Layers", "Part", "Parts", "Recipe", "Run", "cosine_adam"]

Part = tuple[Any, NDArray[Any]]
Parts = tuple[Part, Part]
Layers = Callable[[Part], list[Layer | Table]]
"""Builds the layers of a network; tables are fitted on the given part."""
MakeOptimizer = Callable[..., Optimizer]
"""Makes an optimiser by the number of epochs and, if given, another learning rate."""


def cosine_adam(rate: float) -> MakeOptimizer:
    """Return a maker of Adam whose learning rate decays to 0 along a cosine."""

    def make(epochs: int, learning_rate: float = rate) -> Optimizer:
        return optim.Adam(optim.cosine(learning_rate, epochs=epochs))

    return make


@dataclass(frozen=True)
class Baseline:
    """A simpler network trained on the same samples, for comparison."""

    title: str
    layers: Layers
    rate: float | None = None  # the learning rate it does best with; None is the recipe's


@dataclass(frozen=True)
class Run:
    """The result of a recipe: its training and test part, the trained network and baseline."""

    recipe: Recipe
    parts: Parts
    net: Network
    history: History
    baseline: Network | None
    validation: Part | None = None


@dataclass(frozen=True)
class Horizons:
    """How far ahead a series can be forecast, and the recipe for a number of steps."""

    most: int
    steps: str  # what is counted, "months"
    reason: str  # why no further
    recipe: Callable[[int], Recipe]


@dataclass(frozen=True)
class Recipe:
    """A data set, a network and settings that train it well."""

    title: str
    load: Callable[[], Parts]  # training and test part, the same ones every time
    layers: Layers
    optimizer: MakeOptimizer
    epochs: int
    batch_size: int
    report: Callable[[Run], None]  # prints the evaluation of a run
    draw: Callable[[Run, Path], list[Path]]  # draws figures into a folder, returns their paths
    example: tuple[str, ...]  # Python lines that load the test part into X and y
    show: str = "print(net.predict_class(X)[:10], y[:10])"
    loss: str = "cross_entropy"
    metrics: tuple[str, ...] = ("accuracy",)
    baseline: Baseline | None = None
    # Divides the training part into what is trained on and what is monitored; by class if None.
    hold_out: Callable[[Part], tuple[Part, Part | None]] | None = None
    horizons: Horizons | None = None
    target: str = "target"  # what figures call y
