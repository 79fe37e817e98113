"""A batch of random samples for a built network, to prove its equations on without data."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.nn.layer import Shape
from chainrule.nn.layers.embedding import Embedding
from chainrule.nn.losses.loss import Loss
from chainrule.nn.losses.target_domain import COUNTS, DISTRIBUTIONS, PROBABILITIES, SIGNS
from chainrule.train.model.model import Model

__all__ = ["example_batch"]

_SAMPLES = 8


def example_batch(model: Model, loss: Loss) -> tuple[Any, Any]:
    """Return inputs and targets that the network and its loss take, from a fixed seed."""
    random = np.random.default_rng(0)
    shape = _with_samples(model.input_shape)
    first = model.layers[0]
    inputs: Any = random.standard_normal(shape)
    if isinstance(first, Embedding):
        inputs = random.integers(0, first.vocabulary_size, shape)
    outputs = _with_samples(model.output_shape)
    if loss.takes_labels:
        return inputs, random.integers(0, outputs[-1], outputs[:-1])
    return inputs, _targets(loss, outputs, random)


def _with_samples(shape: Shape | None) -> tuple[int, ...]:
    """Return the shape of the batch; axes of any length get a few entries."""
    assert shape is not None, "the network is built"
    return (_SAMPLES, *(_SAMPLES if each is None else each for each in shape[1:]))


def _targets(loss: Loss, shape: tuple[int, ...], random: np.random.Generator) -> Any:
    if loss.targets == DISTRIBUTIONS:
        drawn = random.random(shape)
        return drawn / drawn.sum(-1, keepdims=True)
    if loss.targets in (PROBABILITIES, SIGNS):
        return random.integers(0, 2, shape).astype("float64")
    if loss.targets == COUNTS:
        return random.integers(0, 5, shape).astype("float64")
    return random.standard_normal(shape)
