"""Changes of the layers of a recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.insight.mistakes.architecture import linear_pairs
from chainrule.insight.mistakes.change import Change
from chainrule.insight.mistakes.copies import fresh
from chainrule.insight.mistakes.subject import WEIGHTED, Subject, activation_of
from chainrule.insight.mistakes.trial import Recipe, Trials
from chainrule.nn.layer import Layer
from chainrule.nn.layers.activation_layers import Activation
from chainrule.nn.layers.dense import Dense
from chainrule.nn.layers.dropout import Dropout

__all__ = ["changes_of_assigned_weights", "layer_changes"]

_NARROW = 16  # units
_USUAL = 0.5
"""Rates of dropout above are more than usual."""


def layer_changes(subject: Subject) -> Iterator[Change]:
    """Yield the changes of activations, initial weights, dropout, penalties and units."""
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


def changes_of_assigned_weights(trials: Trials) -> Iterator[Change]:
    """Yield the change of weights that were assigned, and are trained, for those of the seed."""
    if any(each.trainable for each in trials.given):
        change = _each(lambda x: {} if x.trainable else None)
        yield Change("CR026", "initial weights of the seed in place of those assigned", change)


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
