"""What is unusual in a network that does not learn: dead and saturated units, gradients, loss."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.insight.mistakes.catalogue import kind
from chainrule.insight.mistakes.mistake import Mistake
from chainrule.insight.mistakes.subject import Subject, activation_of
from chainrule.insight.mistakes.trial import Outcome

__all__ = ["behaviour_mistakes"]

Array = NDArray[Any]

_MOST = 0.9
"""Share of units that are dead or saturated, beyond which it is reported."""
_BOUNDS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "hard_sigmoid": (0.0, 1.0)}
_FAR = 4.0
"""Multiple of the loss of a guess, beyond which it is reported."""
_VANISHING = 1e-5
_SAMPLES = 256


def behaviour_mistakes(subject: Subject, outcome: Outcome, X: Array, y: Array) -> Iterator[Mistake]:
    """Yield what is unusual in a trained copy, for samples as `fit` encodes them."""
    yield from _first_loss(subject, outcome)
    if outcome.diverged:
        yield Mistake(kind("CR060"), "the loss of a copy becomes NaN or infinite")
    else:
        yield from _units(outcome.net, X[:_SAMPLES])
        yield from _gradients(outcome.net, X[:_SAMPLES], y[:_SAMPLES])


def _first_loss(subject: Subject, outcome: Outcome) -> Iterator[Mistake]:
    """Yield that the cross-entropy before training is far above that of equal probabilities."""
    contained, shape = subject.objective.loss.contains, subject.model.output_shape
    if not contained:
        return
    classes = 2 if contained == "sigmoid" else shape[-1] or 2
    guess = math.log(classes)
    if outcome.first_loss > _FAR * guess:
        yield Mistake(
            kind("CR065"),
            f"before training the loss is {outcome.first_loss:.3g}; that of equal probabilities of "
            f"{classes} classes is ln {classes} = {guess:.3g}",
        )


def _units(net: Any, X: Array) -> Iterator[Mistake]:
    """Yield a layer most of whose units are 0, or at their bounds, for all samples."""
    for i, layer in enumerate(net.layers):
        name = activation_of(layer)
        if name not in ("relu", *_BOUNDS) or (name != "relu" and i == len(net.layers) - 1):
            continue
        outputs = np.asarray(net[: i + 1].predict(X), "float64")
        outputs = outputs.reshape(-1, outputs.shape[-1])
        title = net[i].name
        if name == "relu":
            dead = float((outputs == 0).all(axis=0).mean())
            if dead > _MOST:
                yield Mistake(kind("CR061"), f"{dead:.0%} of the units of layer {title!r} are dead")
                return
            continue
        low, high = _BOUNDS[name]
        at_bounds = np.minimum(outputs - low, high - outputs) < 0.01 * (high - low)
        if (share := float(at_bounds.mean())) > _MOST:
            yield Mistake(
                kind("CR062"),
                f"{share:.0%} of the outputs of layer {title!r} are within 1% of the bounds of "
                f"{name}",
            )
            return


def _gradients(net: Any, X: Array, y: Array) -> Iterator[Mistake]:
    """Yield that gradients vanish or explode from the last weights to the first."""
    gradients = net.gradients(X, y)
    sizes = {n: float(np.abs(each).mean()) for n, each in gradients.items() if each.ndim > 1}
    if len(sizes) < 3:
        return
    (first, small), *_, (last, large) = sizes.items()
    if 0 < small < _VANISHING * large:
        yield Mistake(
            kind("CR063"), f"the mean gradient is {small:.2g} in {first} and {large:.2g} in {last}"
        )
    elif large > 0 and _VANISHING * small > large:
        yield Mistake(
            kind("CR064"), f"the mean gradient is {small:.2g} in {first} and {large:.2g} in {last}"
        )
