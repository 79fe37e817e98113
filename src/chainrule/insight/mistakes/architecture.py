"""Checks of the layers: activations between them, dropout, initial weights, frozen weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.errors import counted
from chainrule.insight.mistakes.catalogue import kind
from chainrule.insight.mistakes.mistake import Mistake
from chainrule.insight.mistakes.subject import WEIGHTED, Subject, activation_of, is_linear
from chainrule.nn.layer import Layer
from chainrule.nn.layers.dropout import Dropout
from chainrule.nn.layers.normalization import BatchNorm

__all__ = ["architecture_mistakes", "likely_architecture_mistakes", "linear_pairs"]

_NEARLY_ALL = 0.85
"""Rates of dropout above leave nearly nothing."""


def architecture_mistakes(subject: Subject) -> Iterator[Mistake]:
    """Yield what is certainly wrong with the layers."""
    yield from _dropout(subject)
    yield from _frozen(subject)
    yield from _equal_weights(subject)
    if any(isinstance(x, BatchNorm) for x in subject.layers) and subject.settings.batch_size == 1:
        yield Mistake(kind("CR054"), "batch_size is 1, and the network has an nn.BatchNorm")


def likely_architecture_mistakes(subject: Subject) -> Iterator[Mistake]:
    """Yield what is a mistake where the network does not learn."""
    for first, second in linear_pairs(subject.layers):
        yield Mistake(
            kind("CR020"),
            f"between layers {subject.name(first)!r} and {subject.name(second)!r} there is no "
            "activation, so that they are one linear layer",
        )
        break
    hidden = [x for x in subject.layers[:-1] if activation_of(x) == "softmax" and x.trainable]
    for layer in hidden:
        if any(each.parameters() for each in subject.layers[subject.layers.index(layer) + 1 :]):
            yield Mistake(kind("CR021"), f"layer {subject.name(layer)!r} is hidden, with a softmax")
            break


def linear_pairs(layers: Sequence[Layer]) -> list[tuple[Layer, Layer]]:
    """Return the pairs of layers with weights between which everything is linear."""
    pairs: list[tuple[Layer, Layer]] = []
    before: Layer | None = None
    for layer in layers:
        if isinstance(layer, WEIGHTED):
            if before is not None:
                pairs.append((before, layer))
            before = layer if activation_of(layer) == "linear" else None
        elif activation_of(layer) != "linear" and not is_linear(layer):
            before = None
    return pairs


def _dropout(subject: Subject) -> Iterator[Mistake]:
    layers = subject.layers
    last = max((i for i, each in enumerate(layers) if each.parameters()), default=-1)
    norms = [i for i, each in enumerate(layers) if isinstance(each, BatchNorm)]
    for i, layer in enumerate(layers):
        if not isinstance(layer, Dropout) or layer.rate == 0:
            continue
        name = subject.name(layer)
        if i > last:
            yield Mistake(kind("CR023"), f"layer {name!r} drops {layer.rate:.0%} of the outputs")
        elif layer.rate > _NEARLY_ALL:
            yield Mistake(kind("CR023"), f"layer {name!r} drops {layer.rate:.0%}")
        if after := [n for n in norms if n > i]:
            yield Mistake(
                kind("CR022"), f"{name!r} comes before {subject.name(layers[after[0]])!r}"
            )
            return


def _frozen(subject: Subject) -> Iterator[Mistake]:
    parameters = subject.model.stack.parameters() if subject.model.output_shapes else {}
    weights = {name: each for name, each in parameters.items() if not each.is_state}
    if weights and not any(each.trainable for each in weights.values()):
        yield Mistake(
            kind("CR024"), f"all {counted(len(weights), 'parameter')} of the network are frozen"
        )


def _equal_weights(subject: Subject) -> Iterator[Mistake]:
    """Yield that a layer below another has weights that are all equal: its units stay equal."""
    for layer in subject.weighted[:-1]:
        weight: Any = getattr(layer, "weight", None)
        if weight is None or not subject.model.output_shapes:
            continue
        values = np.asarray(weight.value)
        if values.shape[-1] > 1 and np.ptp(values) == 0:
            name = subject.name(layer)
            yield Mistake(kind("CR025"), f"all weights of layer {name!r} are {values.flat[0]:.4g}")
            return
    for layer in subject.weighted[:1] if len(subject.weighted) == 1 else []:
        yield from _large(subject, layer)


def _large(subject: Subject, layer: Layer) -> Iterator[Mistake]:
    """Yield that the weights of the only layer saturate it."""
    weight: Any = getattr(layer, "weight", None)
    if weight is None or not subject.model.output_shapes:
        return
    values = np.asarray(weight.value)
    scale = float(values.std()) * float(np.sqrt(np.prod(values.shape[:-1])))
    if scale > 100:
        yield Mistake(kind("CR026"), f"layer {subject.name(layer)!r}: std · √fan-in is {scale:.3g}")
