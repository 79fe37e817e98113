"""Changes of a recipe, each of which removes one kind of mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.insight.mistakes.architecture import linear_pairs
from chainrule.insight.mistakes.subject import WEIGHTED, Subject, activation_of
from chainrule.insight.mistakes.trial import Recipe, Trials, fresh
from chainrule.nn.layer import Layer
from chainrule.nn.layers.activation_layers import Activation
from chainrule.nn.layers.dense import Dense
from chainrule.nn.layers.dropout import Dropout
from chainrule.nn.layers.embedding import Embedding
from chainrule.nn.losses.loss import LOSSES
from chainrule.optim.adam import Adam
from chainrule.optim.minimizer import Minimizer

__all__ = ["Change", "changes"]

_AMOUNTS = ("mse", "mae", "sse", "huber", "log_cosh", "quantile", "hinge", "poisson", "cosine")


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


def changes(trials: Trials) -> Iterator[Change]:
    """Yield the changes that apply to a subject."""
    subject = trials.subject
    yield from _of_output(subject)
    yield from _of_scale(trials)
    yield from _of_layers(subject)
    yield from _of_training(trials)


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
        if spreads.size and (largest > 5 or spreads.max() > 10 * spreads.min() or largest < 0.05):
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
        return replace(recipe, layers=tuple(x if not new else fresh(x, **new) for x, new in made))

    return apply


def _of_layers(subject: Subject) -> Iterator[Change]:
    layers = subject.layers
    if pairs := linear_pairs(subject):
        linear = {id(first) for first, _ in pairs}
        yield Change(
            "CR020",
            "relu in the hidden layers",
            _each(lambda x: {"activation": "relu"} if id(x) in linear else None),
        )
    last = max((i for i, x in enumerate(layers) if x.parameters()), default=0)
    hidden = {id(x): activation_of(x) for x in layers[:last]}
    if "softmax" in hidden.values():
        yield Change("CR021", "relu in the hidden layers", _swap(hidden, ("softmax",), "relu"))
    if "sigmoid" in hidden.values() or "tanh" in hidden.values():
        change = _swap(hidden, ("sigmoid", "tanh", "hard_sigmoid"), "relu")
        yield Change("CR029", "relu in the hidden layers", change)
    if "relu" in hidden.values():
        yield Change("CR029", "tanh in the hidden layers", _swap(hidden, ("relu",), "tanh"))
    if any(getattr(x, "initializer", "auto") != "auto" for x in layers):
        has = _each(lambda x: {"initializer": "auto"} if hasattr(x, "initializer") else None)
        yield Change("CR026", "initial weights by the activation", has)
    if any(isinstance(x, Dropout) and x.rate > 0 for x in layers):
        yield Change(
            "CR023",
            "no dropout",
            _each(lambda x: {"rate": 0.0} if isinstance(x, Dropout) else None),
        )
    if any(x.l2 > 0 for x in layers):
        yield Change("CR028", "no penalty", _each(lambda x: {"l2": 0.0} if x.l2 > 0 else None))
    narrow = {id(x) for x in layers[:last] if isinstance(x, Dense) and x.units < 16}
    if narrow:
        widest = _each(lambda x: {"units": 64} if id(x) in narrow else None)
        yield Change("CR027", "64 units in the narrow hidden layers", widest)


def _swap(hidden: dict[int, str], old: tuple[str, ...], new: str) -> Callable[[Recipe], Recipe]:
    def change(layer: Layer) -> dict[str, Any] | None:
        if hidden.get(id(layer)) not in old:
            return None
        return {"activation": new}

    def apply(recipe: Recipe) -> Recipe:
        made: list[Layer] = []
        for each in recipe.layers:
            is_named = isinstance(each, Activation) and type(each) is not Activation
            if is_named and hidden.get(id(each)) in old:
                made.append(Activation(new))
            else:
                arguments = change(each)
                made.append(fresh(each, **arguments) if arguments else each)
        return replace(recipe, layers=tuple(made))

    return apply


def _of_training(trials: Trials) -> Iterator[Change]:
    subject = trials.subject
    settings, optimizer = subject.settings, subject.objective.optimizer
    if isinstance(optimizer, Minimizer):
        return
    rate: Any = getattr(optimizer, "learning_rate", None)
    if isinstance(rate, int | float):
        for code, factors in (("CR050", (0.1, 0.01, 0.001)), ("CR051", (10.0, 100.0, 1e4))):
            for factor in factors:
                new: Any = rate * factor
                yield Change(
                    code,
                    f"the learning rate {new:g} in place of {rate:g}",
                    lambda r, new=new: replace(r, optimizer=_with_rate(r.optimizer, new)),
                )
    if settings.epochs is not None and trials.is_complete:
        yield Change(
            "CR052",
            f"{10 * settings.epochs} epochs in place of {settings.epochs}",
            lambda r: replace(r, epochs=10 * r.epochs),
        )
    size = settings.batch_size or trials.count
    if size > 32 and size >= trials.count // 4:
        title = f"batches of 32 in place of {size}"
        yield Change("CR053", title, lambda r: replace(r, batch_size=32))
    if not isinstance(optimizer, Adam):
        name = type(optimizer).__name__
        yield Change("CR055", f"Adam in place of {name}", lambda r: replace(r, optimizer=Adam()))


def _with_rate(optimizer: Any, rate: float) -> Any:
    return replace(optimizer, learning_rate=rate)
