"""The records of ``chainrule train``: recipe (data, network, settings, report), run, baseline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from chainrule.data.table import Table
from chainrule.nn.layer import Layer
from chainrule.optim.optimizer import Optimizer
from chainrule.train.history import History
from chainrule.train.network import Network

__all__ = ["Baseline", "Layers", "Part", "Parts", "Recipe", "Run"]

Part = tuple[Any, NDArray[Any]]
Parts = tuple[Part, Part]
Layers = Callable[[Part], list[Layer | Table]]
"""Builds the layers of a network; tables are fitted on the given part."""


@dataclass(frozen=True)
class Baseline:
    """A simpler network trained on the same samples, for comparison."""

    title: str
    layers: Layers


@dataclass(frozen=True)
class Run:
    """The result of a recipe: its training and test part, the trained network and baseline."""

    recipe: Recipe
    parts: Parts
    net: Network
    history: History
    baseline: Network | None


@dataclass(frozen=True)
class Recipe:
    """A data set, a network and settings that train it well."""

    title: str
    load: Callable[[], Parts]  # training and test part, the same ones every time
    layers: Layers
    optimizer: Callable[[int], Optimizer]  # by the number of epochs
    epochs: int
    batch_size: int
    report: Callable[[Run], None]  # prints the evaluation of a run
    draw: Callable[[Run, Path], list[Path]]  # draws figures into a folder, returns their paths
    example: tuple[str, ...]  # Python lines that load inputs into X and targets into y
    show: str = "print(net.predict_class(X)[:10], y[:10])"
    loss: str = "cross_entropy"
    metrics: tuple[str, ...] = ("accuracy",)
    baseline: Baseline | None = None
