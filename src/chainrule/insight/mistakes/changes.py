"""Changes of a recipe, each of which removes one kind of mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.insight.mistakes.architecture import linear_pairs
from chainrule.insight.mistakes.catalogue import kind
from chainrule.insight.mistakes.mistake import Mistake
from chainrule.insight.mistakes.subject import WEIGHTED, Subject, activation_of
from chainrule.insight.mistakes.trial import Outcome, Recipe, Trials, fresh
from chainrule.nn.layer import Layer
from chainrule.nn.layers.activation_layers import Activation
from chainrule.nn.layers.dense import Dense
from chainrule.nn.layers.dropout import Dropout
from chainrule.nn.layers.embedding import Embedding
from chainrule.nn.losses.loss import LOSSES
from chainrule.optim.adam import Adam
from chainrule.optim.minimizer import Minimizer

__all__ = ["Change", "changes", "mend_output", "remedies"]

_AMOUNTS = ("mse", "mae", "sse", "huber", "log_cosh", "quantile", "hinge", "poisson", "cosine")


_NARROW = 16  # units
_COLUMNS = 48
"""Columns of a table at most; more are pixels, whose spreads are unequal by nature."""
_USUAL = 0.5
"""Rates of dropout above are more than usual."""
_NOISY = 4  # samples a step
_PROGRESS = 0.1
"""Part of the loss by which it falls in a trial that makes progress."""


@dataclass(frozen=True)
class Change:
    """A change that removes a mistake.

    Parameters
    ----------
    code : str
        Of the mistake.
    title : str
        What is changed, as in "with ...".
    apply : function (Recipe) -> Recipe
        The change.
    """

    code: str
    title: str
    apply: Callable[[Recipe], Recipe]

    @property
    def family(self) -> str:
        """The family of the mistake, such as "data"."""
        return kind(self.code).family


def changes(trials: Trials, best: Outcome) -> Iterator[Change]:
    """Yield the changes that apply to a subject, given its trial as it is."""
    subject = trials.subject
    if not trials.is_mended:
        yield from _of_output(subject)
    yield from _of_scale(trials)
    yield from _of_layers(subject)
    yield from _of_assigned_weights(trials)
    yield from _of_training(trials, best)


def mend_output(trials: Trials, found: Sequence[Mistake]) -> None:
    """Make trials with the right last activation and loss where those are certainly wrong.

    What is wrong besides would not show, as no other change helps alone.
    """
    if any(each.family in ("output", "loss") for each in found):
        for change in _of_output(trials.subject):
            trials.mend(change.apply)


def remedies(trials: Trials) -> Iterator[Change]:
    """Yield changes that may be made together, the most usual mistakes first.

    Of several that exclude each other, such as learning rates, there is one: Adam with its rate.
    """
    subject = trials.subject
    yield from _of_scale(trials)
    if not trials.is_mended:
        yield from _of_output(subject)
    optimizer = subject.objective.optimizer
    if not isinstance(optimizer, Minimizer):
        rate: Any = getattr(optimizer, "learning_rate", 0.01)
        code = "CR055"
        if isinstance(rate, int | float) and not 1e-3 <= rate <= 0.1:
            code = "CR051" if rate < 1e-3 else "CR050"
        yield Change(
            code, "Adam with the learning rate 0.01", lambda r: replace(r, optimizer=Adam(0.01))
        )
    yield from (x for x in _of_layers(subject) if x.title != "tanh in the hidden layers")
    yield from _of_length(trials)


def _of_output(subject: Subject) -> Iterator[Change]:
    """Yield the last activation and loss that the targets ask for, unless they are there."""
    nature, loss, tail = subject.nature, subject.loss, subject.tail
    if not subject.ends_plainly and not tail:
        return
    if nature == "amounts":
        if tail:
            yield Change("CR006", "no last activation", lambda r: replace(r, layers=_ending(r, "")))
        return
    is_single = nature in ("binary", "several") or subject.outputs == 1
    activation = "sigmoid" if is_single else "softmax"
    name = "binary_cross_entropy" if is_single else "cross_entropy"
    is_fused = loss.contains == activation and tail in ([], [activation])
    if is_fused or (is_single and set(np.unique(subject.y).tolist()) - {0, 1}):
        return
    code = "CR010" if loss.name in _AMOUNTS and (tail[-1:] == [activation]) else "CR002"
    if code == "CR002" and not tail:
        code = "CR003"
    yield Change(
        code,
        f"{activation} and {name}",
        lambda r: replace(r, layers=_ending(r, activation), loss=LOSSES[name]),
    )


def _ending(recipe: Recipe, activation: str) -> tuple[Layer, ...]:
    """Return the layers with another activation after the last weights."""
    last = max(i for i, each in enumerate(recipe.layers) if isinstance(each, WEIGHTED))
    made = fresh(recipe.layers[last], activation=activation or None)
    after = [x for x in recipe.layers[last + 1 :] if not isinstance(x, Activation | Dropout)]
    return (*recipe.layers[:last], made, *after)


def _of_scale(trials: Trials) -> Iterator[Change]:
    X, subject = trials.X, trials.subject
    if not isinstance(subject.layers[0], Embedding) and X.dtype.kind in "iufb":
        values = np.asarray(X, "float64")
        axis = 0 if X.ndim == 2 else None
        mean, spread = values.mean(axis=axis), values.std(axis=axis)
        largest = float(np.abs(values).max())
        spreads = np.atleast_1d(spread)[np.atleast_1d(spread) > 0]
        is_image = values.min() >= 0 and 200 < largest <= 255
        is_unequal = 1 < spreads.size <= _COLUMNS and spreads.max() > 10 * spreads.min()
        if spreads.size and (largest > 5 or is_unequal or largest < 0.05):
            scaled = (values - mean) / np.where(spread > 0, spread, 1)
            yield Change(
                "CR031" if is_image else "CR030",
                f"inputs scaled, which go from {values.min():.4g} to {values.max():.4g},",
                lambda r: replace(r, X=scaled),
            )
    y = trials.y
    if subject.nature == "amounts" and y.dtype.kind in "iuf" and not subject.tail:
        values_y = np.asarray(y, "float64")
        if np.abs(values_y).max() > 5 and values_y.std() > 0:
            scaled_y = (values_y - values_y.mean(axis=0)) / values_y.std(axis=0)
            yield Change(
                "CR032",
                f"targets scaled, which go from {values_y.min():.4g} to {values_y.max():.4g},",
                lambda r: replace(r, y=scaled_y),
            )


def _each(change: Callable[[Layer], dict[str, Any] | None]) -> Callable[[Recipe], Recipe]:
    """Return the change of the arguments of each layer that it names some for."""

    def apply(recipe: Recipe) -> Recipe:
        made = [(each, change(each)) for each in recipe.layers]
        return replace(
            recipe, layers=tuple(x if new is None else fresh(x, **new) for x, new in made)
        )

    return apply


def _hidden(layers: Sequence[Layer]) -> Sequence[Layer]:
    """Return the layers before the last with weights."""
    last = max((i for i, x in enumerate(layers) if _is_weighted(x)), default=0)
    return layers[:last]


def _is_weighted(layer: Layer) -> bool:
    return isinstance(layer, WEIGHTED) or bool(layer.parameters())


def _of_layers(subject: Subject) -> Iterator[Change]:
    layers = subject.layers
    if linear_pairs(layers):
        yield Change("CR020", "relu in the hidden layers", _activate)
    hidden = {activation_of(x) for x in _hidden(layers)}
    if "softmax" in hidden:
        yield Change("CR021", "relu in the hidden layers", _swap(("softmax",), "relu"))
    if hidden & {"sigmoid", "tanh", "hard_sigmoid"}:
        change = _swap(("sigmoid", "tanh", "hard_sigmoid"), "relu")
        yield Change("CR029", "relu in the hidden layers", change)
    if "relu" in hidden:
        yield Change("CR029", "tanh in the hidden layers", _swap(("relu",), "tanh"))
    if any(getattr(x, "initializer", "auto") != "auto" for x in layers):
        has = _each(lambda x: {"initializer": "auto"} if hasattr(x, "initializer") else None)
        yield Change("CR026", "initial weights by the activation", has)
    if any(isinstance(x, Dropout) and x.rate > _USUAL for x in layers):
        yield Change(
            "CR023",
            "no dropout",
            _each(lambda x: {"rate": 0.0} if isinstance(x, Dropout) else None),
        )
    if any(x.l2 > 0 for x in layers):
        yield Change("CR028", "no penalty", _each(lambda x: {"l2": 0.0} if x.l2 > 0 else None))
    if len(subject.weighted) == 1 and not any(map(_is_weighted, _hidden(layers))):
        yield Change("CR027", "a hidden layer of 64 units", _with_hidden_layer)
    is_copy = bool(np.array_equal(subject.X, subject.y))
    if (
        any(map(_is_narrow, _hidden(layers))) and not is_copy
    ):  # the code of an autoencoder is narrow
        yield Change("CR027", "64 units in the narrow hidden layers", _widen)


def _of_assigned_weights(trials: Trials) -> Iterator[Change]:
    """Yield the change of weights that were assigned, and are trained, for those of the seed."""
    if any(each.trainable for each in trials.given):
        change = _each(lambda x: {} if x.trainable else None)
        yield Change("CR026", "initial weights of the seed in place of those assigned", change)


def _activate(recipe: Recipe) -> Recipe:
    """Give the layers with nothing but linear ones before the next weights a ReLU."""
    linear = {id(first) for first, _ in linear_pairs(recipe.layers)}
    return _each(lambda x: {"activation": "relu"} if id(x) in linear else None)(recipe)


def _with_hidden_layer(recipe: Recipe) -> Recipe:
    last = max(i for i, each in enumerate(recipe.layers) if isinstance(each, WEIGHTED))
    hidden = Dense(64, activation="relu")
    return replace(recipe, layers=(*recipe.layers[:last], hidden, *recipe.layers[last:]))


def _is_narrow(layer: Layer) -> bool:
    return isinstance(layer, Dense) and layer.units < _NARROW


def _widen(recipe: Recipe) -> Recipe:
    narrow = {id(each) for each in _hidden(recipe.layers) if _is_narrow(each)}
    return _each(lambda x: {"units": 64} if id(x) in narrow else None)(recipe)


def _swap(old: tuple[str, ...], new: str) -> Callable[[Recipe], Recipe]:
    """Return the change of activations of the hidden layers."""

    def apply(recipe: Recipe) -> Recipe:
        count = len(_hidden(recipe.layers))
        made = [_with_activation(x, old, new) for x in recipe.layers[:count]]
        return replace(recipe, layers=(*made, *recipe.layers[count:]))

    return apply


def _with_activation(layer: Layer, old: tuple[str, ...], new: str) -> Layer:
    if activation_of(layer) not in old:
        return layer
    if isinstance(layer, Activation):
        return Activation(new)
    return fresh(layer, activation=new)


def _of_training(trials: Trials, best: Outcome) -> Iterator[Change]:
    """Yield the changes of rate, length and optimiser that the losses of a trial do not rule out.

    A rate is not too high where the loss falls steadily, and not too low where it grows; in a trial
    shorter than the training, a loss that falls needs no faster method.
    """
    optimizer = trials.subject.objective.optimizer
    if isinstance(optimizer, Minimizer):
        return
    is_slow = trials.is_complete or best.progress < _PROGRESS
    rate: Any = getattr(optimizer, "learning_rate", None)
    if isinstance(rate, int | float):
        rates = [("CR050", x) for x in (0.1, 0.01, 0.001) if not best.falls_steadily]
        if is_slow and not best.diverged:
            rates += [("CR051", x) for x in (10.0, 100.0, 1e4)]
        for code, factor in rates:
            new: Any = rate * factor
            yield Change(
                code,
                f"the learning rate {new:g} in place of {rate:g}",
                lambda r, new=new: replace(r, optimizer=_with_rate(r.optimizer, new)),
            )
    yield from _of_length(trials)
    if is_slow and not isinstance(optimizer, Adam):
        name = type(optimizer).__name__
        yield Change("CR055", f"Adam in place of {name}", lambda r: replace(r, optimizer=Adam()))


def _of_length(trials: Trials) -> Iterator[Change]:
    settings = trials.subject.settings
    if settings.epochs is not None and trials.is_complete:
        yield Change(
            "CR052",
            f"{10 * settings.epochs} epochs in place of {settings.epochs}",
            lambda r: replace(r, epochs=10 * r.epochs),
        )
    size = settings.batch_size or trials.count
    if size > 32 and size >= trials.count // 4:
        code = "CR053"
    elif size <= _NOISY and trials.count >= 32 * _NOISY:
        code = "CR056"
    else:
        return
    title = f"batches of 32 in place of {size}"
    yield Change(code, title, lambda r: replace(r, batch_size=32))


def _with_rate(optimizer: Any, rate: float) -> Any:
    return replace(optimizer, learning_rate=rate)
