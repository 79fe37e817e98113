"""Changes of a recipe, each of which removes one kind of mistake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.insight.mistakes.change import Change
from chainrule.insight.mistakes.copies import fresh
from chainrule.insight.mistakes.layer_changes import changes_of_assigned_weights, layer_changes
from chainrule.insight.mistakes.mistake import Mistake
from chainrule.insight.mistakes.subject import WEIGHTED, Subject
from chainrule.insight.mistakes.trial import Outcome, Recipe, Trials
from chainrule.nn.layer import Layer
from chainrule.nn.layers.activation_layers import Activation
from chainrule.nn.layers.dropout import Dropout
from chainrule.nn.layers.embedding import Embedding
from chainrule.nn.losses.loss import LOSSES
from chainrule.optim.adam import Adam
from chainrule.optim.minimizer import Minimizer

__all__ = ["changes", "mend_output", "remedies"]

_AMOUNTS = ("mse", "mae", "sse", "huber", "log_cosh", "quantile", "hinge", "poisson", "cosine")


_COLUMNS = 48
"""Columns of a table at most; more are pixels, whose spreads are unequal by nature."""
_NOISY = 4  # samples a step
_PROGRESS = 0.1
"""Part of the loss by which it falls in a trial that makes progress."""


def changes(trials: Trials, best: Outcome) -> Iterator[Change]:
    """Yield the changes that apply to a subject, given its trial as it is."""
    subject = trials.subject
    if not trials.is_mended:
        yield from _of_output(subject)
    yield from _of_scale(trials)
    yield from layer_changes(subject)
    yield from changes_of_assigned_weights(trials)
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
    yield from (x for x in layer_changes(subject) if x.title != "tanh in the hidden layers")
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
