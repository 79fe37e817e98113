"""What a recipe of ``chainrule train`` is: data, network, settings, and how it is judged."""

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
"""Gives a network's layers, freshly made; what a table learns, it learns from the part given."""


@dataclass(frozen=True)
class Baseline:
    """A simpler network, trained on the same samples, that the recipe's one must beat.

    Parameters
    ----------
    title : str
        What people call it.
    layers : callable
        Gives its layers.
    """

    title: str
    layers: Layers


@dataclass(frozen=True)
class Run:
    """What came out of a recipe.

    Parameters
    ----------
    recipe : Recipe
        What was followed.
    parts : (Part, Part)
        What was learned from and what it is tested on.
    net : Network
        Trained.
    history : History
        Of its training.
    baseline : Network or None
        Trained too, if the recipe has one.
    """

    recipe: Recipe
    parts: Parts
    net: Network
    history: History
    baseline: Network | None


@dataclass(frozen=True)
class Recipe:
    """A training that is known to work.

    Parameters
    ----------
    title : str
        What the samples are.
    load : callable
        Gives the part to learn from and the part to test on, the same ones every time.
    layers : callable
        Gives the network's layers.
    optimizer : callable
        Gives the optimiser for a run of so many epochs.
    epochs : int
        As many as it takes.
    batch_size : int
        Samples a step.
    report : callable
        Judges a run and prints the judgement.
    draw : callable
        Draws pictures of a run into a folder and returns their paths.
    example : tuple of str
        Lines of Python that put some inputs of the kind the network takes into ``X``, and what they
        mean into ``y``.
    show : str
        Lines that follow them.
    loss : str
        What to make small.
    metrics : tuple of str
        What to report besides.
    baseline : Baseline or None
        What it must beat.
    """

    title: str
    load: Callable[[], Parts]
    layers: Layers
    optimizer: Callable[[int], Optimizer]
    epochs: int
    batch_size: int
    report: Callable[[Run], None]
    draw: Callable[[Run, Path], list[Path]]
    example: tuple[str, ...]
    show: str = "print(net.predict_class(X)[:10], y[:10])"
    loss: str = "cross_entropy"
    metrics: tuple[str, ...] = ("accuracy",)
    baseline: Baseline | None = None
