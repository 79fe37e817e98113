"""Weights that trials start from: those of frozen and of pretrained layers, not drawn anew."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.insight.mistakes.subject import Subject
from chainrule.nn.layer import Layer
from chainrule.train.network import Network

__all__ = ["Weights", "copy_weights", "layers_with_given_weights", "unchanged_weights"]

Weights = dict[str, NDArray[Any]]
"""Values of parameters, by name."""


def layers_with_given_weights(subject: Subject, pristine: Network) -> list[Layer]:
    """Return the layers whose weights are part of the question, and no outcome of training.

    They are frozen, or the network is not trained yet and they are not those that its seed draws,
    as of a base network that was trained before, and of weights that were assigned.
    """
    if not subject.model.output_shapes:
        return []
    pairs = zip(subject.layers, pristine.layers, strict=True)
    is_trained = subject.net.history is not None
    return [a for a, b in pairs if _is_frozen(a) or not (is_trained or _equal(a, b))]


def _is_frozen(layer: Layer) -> bool:
    weights = [each for each in layer.parameters().values() if not each.is_state]
    return bool(weights) and not any(each.trainable for each in weights)


def _equal(layer: Layer, drawn: Layer) -> bool:
    others = drawn.parameters()
    return all(np.array_equal(p.array, others[n].array) for n, p in layer.parameters().items())


def copy_weights(source: Layer, copy: Layer) -> None:
    """Copy the values of parameters of the same shape, and which of them are frozen."""
    others: dict[str, Any] = copy.parameters()
    for name, parameter in source.parameters().items():
        other = others.get(name)
        if other is not None and other.array.shape == parameter.array.shape:
            other.array[...] = parameter.array
            other.trainable = parameter.trainable


def unchanged_weights(net: Network, before: Weights) -> set[str]:
    """Return the layers that training left as they were, and such parameters of one's own layers.

    Some parameters of the layers here may have no gradient, as the recurrent weights of one step.
    """
    unchanged: set[str] = set()
    for layer in net.layers:
        parameters = {n: p for n, p in layer.parameters().items() if p.trainable}
        same = [
            n for n, p in parameters.items() if np.array_equal(p.array, before[f"{layer.name}.{n}"])
        ]
        if len(same) == len(parameters) > 0:
            unchanged.add(str(layer.name))
        elif not type(layer).__module__.startswith("chainrule."):
            unchanged.update(f"{layer.name}.{n}" for n in same)
    return unchanged
