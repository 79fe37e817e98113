"""Trials: short trainings of copies, from fixed seeds, and how much of the targets they explain."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError
from chainrule.insight.mistakes.copies import fresh
from chainrule.insight.mistakes.subject import Subject, activation_of
from chainrule.insight.mistakes.weights import (
    copy_weights,
    layers_with_given_weights,
    unchanged_weights,
)
from chainrule.nn.layer import Layer
from chainrule.nn.losses.loss import Loss
from chainrule.optim.minimizer import Minimizer
from chainrule.optim.optimizer import Optimizer
from chainrule.train.fit.adaptation import adapt_layers
from chainrule.train.network import Network, model_of

__all__ = ["Outcome", "Recipe", "Trials"]

Array = NDArray[Any]

_SAMPLES = 2000
_HELD_OUT = 0.25
_ENOUGH = 40  # samples, of which some can be held out
_OPERATIONS = 1e10
"""Multiplications and additions of a trial, about a second."""
_TOTAL = 1e11
"""Of all trials of a check."""
_STEP, _TRIAL = 3e4, 2e9
"""What a step and a compiled program cost besides."""
_ENOUGH_STEPS = 10_000
"""Steps of a trial whose epochs are not known."""
_STEADY = 5  # epochs at least in which a loss is seen to fall
_FEWEST = 400
"""Samples at least."""


@dataclass(frozen=True)
class Recipe:
    """How a copy is trained.

    Parameters
    ----------
    layers : sequence of Layer
        From input to output; each trial makes them anew.
    loss, optimizer : Loss and Optimizer
        Arguments of `compile`.
    X, y : array
        All samples, those held out last.
    epochs : int
        Passes over the data.
    batch_size : int or None
        Samples a step.
    """

    layers: tuple[Layer, ...]
    loss: Loss
    optimizer: Optimizer
    X: Array
    y: Array
    epochs: int
    batch_size: int | None


@dataclass(frozen=True)
class Outcome:
    """What a trial gave.

    Parameters
    ----------
    net : Network
        The trained copy.
    losses : list of float
        Of each epoch.
    train, held_out : float
        The part of the targets explained beyond a constant answer, 1 if all; of samples held out,
        or again of the training samples if there are few.
    diverged : bool
        Whether the loss became NaN or infinite.
    first_loss : float
        The loss before training; NaN if it could not be computed.
    unchanged : set of str
        Layers and parameters that are trained and stayed as they were.
    """

    net: Any
    losses: list[float]
    train: float
    held_out: float
    diverged: bool = False
    first_loss: float = math.nan
    unchanged: frozenset[str] = frozenset()

    @property
    def score(self) -> float:
        """The lower of both scores."""
        return -1.0 if self.diverged else min(self.train, self.held_out)

    @property
    def progress(self) -> float:
        """The part of the loss before training by which it fell."""
        if self.diverged or not math.isfinite(self.first_loss) or self.first_loss <= 0:
            return 0.0
        return 1 - self.losses[-1] / self.first_loss

    @property
    def falls_steadily(self) -> bool:
        """Whether the loss fell in nearly all epochs."""
        falls = np.diff(self.losses) < 0
        return not self.diverged and len(falls) >= _STEADY and float(falls.mean()) > 0.9


class Trials:
    """Trials of a subject: as it is, and with one thing changed."""

    def __init__(self, subject: Subject, X: Array, y: Array) -> None:
        self.subject = subject
        self.count = self._count(min(len(X), _SAMPLES))
        order = np.random.default_rng(0).permutation(len(X))[: min(_SAMPLES, 2 * self.count)]
        self.X, self.y = np.asarray(X)[order], np.asarray(y)[order]
        self.epochs, self.is_complete = self._length(len(X))
        self.spent, self.is_mended = 0.0, False
        self._base: Recipe | None = None
        pristine = self._made(subject.layers, 0)
        model_of(pristine).build(self.X.shape, "check")
        self.given = layers_with_given_weights(subject, pristine)

    def _count(self, total: int) -> int:
        """Return the samples to train with: whole batches, fewer of them for large networks."""
        if total < _ENOUGH:
            return total
        size = self.subject.settings.batch_size or total
        most = max(_FEWEST, int(_OPERATIONS / _operations(self.subject)))
        count = min(total - int(total * _HELD_OUT), most)
        return count - count % size if size < count else count

    def _length(self, total: int) -> tuple[int, bool]:
        """Return the epochs of a trial, and whether they have all steps of the training."""
        settings, n = self.subject.settings, self.count
        steps_per_epoch = -(-n // min(settings.batch_size or n, n))
        affordable = max(1, int(_OPERATIONS / self._cost(1)))
        if settings.epochs is None:
            return min(affordable, max(1, _ENOUGH_STEPS // steps_per_epoch)), True
        steps = settings.epochs * -(-total // min(settings.batch_size or total, total))
        wanted = max(1, round(steps / steps_per_epoch))
        return min(wanted, affordable), wanted <= affordable

    def _cost(self, epochs: int) -> float:
        """Return the operations of so many epochs."""
        n, size = self.count, self.subject.settings.batch_size or self.count
        return epochs * (n * _operations(self.subject) + -(-n // size) * _STEP)

    @property
    def are_used_up(self) -> bool:
        """Whether the operations of a check are spent."""
        return self.spent > _TOTAL

    def mend(self, change: Callable[[Recipe], Recipe]) -> None:
        """Train all copies with a change."""
        self._base, self.is_mended = change(self.recipe()), True

    def recipe(self) -> Recipe:
        """Return how the subject itself is trained, or as mended."""
        if self._base is not None:
            return self._base
        objective, size = self.subject.objective, self.subject.settings.batch_size
        is_full = isinstance(objective.optimizer, Minimizer)
        return Recipe(
            tuple(self.subject.layers), objective.loss,
            objective.optimizer, self.X, self.y, self.epochs, None if is_full else size,
        )  # fmt: skip

    def run(self, recipe: Recipe, seed: int = 0) -> Outcome:
        """Train a copy; the seed is added to that of the network."""
        n = self.count
        self.spent += self._cost(recipe.epochs) + _TRIAL
        first = math.nan
        net = self._made(recipe.layers, seed)
        net.compile(loss=recipe.loss, optimizer=recipe.optimizer)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                model_of(net).build(recipe.X.shape, "check")
                adapt_layers(model_of(net), recipe.X[:n])
                for source, layer in zip(recipe.layers, net.layers, strict=True):
                    if any(each is source for each in self.given):
                        copy_weights(source, layer)
                before = {name: np.copy(value) for name, value in net.params.items()}
                first = float(net.evaluate(recipe.X[:n], recipe.y[:n])["loss"])
                history = net.fit(
                    recipe.X[:n], recipe.y[:n], epochs=recipe.epochs, verbose=0,
                    batch_size=recipe.batch_size,
                )  # fmt: skip
                train = self._score(net, recipe, slice(n))
                held_out = self._score(net, recipe, slice(n, None)) if n < len(self.X) else train
        except DataError:
            return Outcome(net, [math.nan], -1.0, -1.0, True, first)
        losses = [float(each) for each in history["loss"]]
        return Outcome(
            net, losses, train, held_out, not math.isfinite(train), first,
            frozenset(unchanged_weights(net, before)),
        )  # fmt: skip

    def _made(self, layers: Sequence[Layer], seed: int) -> Network:
        """Return a network of new layers of the same arguments."""
        model = self.subject.model
        made = [fresh(each) for each in layers]
        return Network(made, seed=model.seed + seed, dtype=model.dtype.name)

    def own_score(self) -> float:
        """Return what the network explains as it is, without a trial."""
        return self._score(self.subject.net, self.recipe(), slice(None))

    def _score(self, net: Network, recipe: Recipe, rows: slice) -> float:
        """Return the part explained beyond a constant answer."""
        outputs = np.asarray(net.predict(recipe.X[rows]), "float64")
        y = np.asarray(recipe.y[rows])
        if not np.isfinite(outputs).all():
            return math.nan
        if self.subject.nature in ("class", "binary", "text"):
            labels, answers = _labels(y), _answers(outputs, y, recipe)
            _, counts = np.unique(labels, return_counts=True)
            prior = float(counts.max() / counts.sum())
            right = float(np.mean(labels == answers))
            return (right - prior) / (1 - prior) if prior < 1 else float(right == 1)
        y = y.reshape(outputs.shape).astype("float64") if y.size == outputs.size else y
        if recipe.loss.contains == "sigmoid" and _last(recipe.layers) != "sigmoid":
            outputs = 1 / (1 + np.exp(-np.clip(outputs, -500, 500)))
        total = float(np.sum((y - y.mean(axis=0)) ** 2))
        return max(-1.0, 1 - float(np.sum((y - outputs) ** 2)) / total) if total else 1.0


def _labels(y: Array) -> Array:
    if y.ndim > 1 and y.shape[-1] > 1 and np.isin(y, (0, 1)).all() and (y.sum(-1) == 1).all():
        return y.argmax(axis=-1)
    return y[..., 0] if y.ndim > 1 and y.shape[-1] == 1 else y


def _answers(outputs: Array, y: Array, recipe: Recipe) -> Array:
    """Return the class of each sample: the largest output, or the nearer of two labels."""
    if outputs.shape[-1] > 1:
        return outputs.argmax(axis=-1)
    low, high = float(y.min()), float(y.max())
    are_logits = recipe.loss.contains == "sigmoid" and _last(recipe.layers) != "sigmoid"
    middle = 0.0 if are_logits or recipe.loss.name == "hinge" else (low + high) / 2
    return np.where(outputs[..., 0] > middle, high, low)


def _last(layers: Sequence[Layer]) -> str:
    return activation_of(layers[-1])


def _operations(subject: Subject) -> float:
    """Return about how many operations a sample needs in a step."""
    total = 1.0
    for layer, shape in zip(subject.layers, subject.model.output_shapes, strict=True):
        size = sum(int(np.prod(each.shape)) for each in layer.parameters().values())
        positions = float(np.prod([each or 1 for each in shape[1:-1]])) if len(shape) > 2 else 1.0
        total += 6 * size * max(positions, _steps(layer))
    return total


def _steps(layer: Layer) -> float:
    """Return the steps that a recurrent layer has."""
    shape = layer.input_shape or ()
    return float(shape[1] or 1) if len(shape) == 3 else 1.0
