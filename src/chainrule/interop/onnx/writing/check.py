"""Runs an exported model and compares it with its network, before it is written."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, checker
from onnx.reference import ReferenceEvaluator

from chainrule.errors import UnsupportedError
from chainrule.train.model.model import Model

__all__ = ["TOLERANCE", "check_export"]

TOLERANCE = 1e-5
"""Of outputs, relative to the largest of them."""


def check_export(
    made: ModelProto,
    model: Model,
    batch_size: int | None,
    steps: int | None,
    dtype: np.dtype[Any],
) -> None:
    """Raise an UnsupportedError unless a model gives the outputs of its network on a sample.

    The evaluator is the reference of ONNX, in NumPy. The sample has numbers of both signs, whole
    ones for a network whose first layer looks up rows.
    """
    checker.check_model(made)
    x = _sample_of(model, batch_size or 3, steps or 8, dtype)
    with np.errstate(all="ignore"):
        expected = np.asarray(model.stack.apply(x.astype(model.dtype), is_constant=True))
        (found,) = cast(Any, ReferenceEvaluator(made).run(None, {"x": x}))
    worst = _difference(found, expected)
    if not worst <= TOLERANCE:
        raise UnsupportedError(
            f"to_onnx: the model differs from the network by {worst:.2g} of its largest output on "
            f"a sample, more than {TOLERANCE:g}; dtype='float64' computes it more exactly"
        )


def _sample_of(model: Model, samples: int, steps: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return inputs of a network: small integers, which are rows of a table, too, else numbers."""
    shape = [steps if each is None else each for each in cast(Any, model.input_shape)[1:]]
    random = np.random.default_rng(0)
    if model.stack.layers and type(model.stack.layers[0]).__name__ == "Embedding":
        rows = next(iter(model.stack.parameters().values())).array.shape[0]
        return random.integers(0, rows, (samples, *shape)).astype(dtype)
    return random.standard_normal((samples, *shape)).astype(dtype)


def _difference(found: Any, expected: NDArray[Any]) -> float:
    """Return the largest difference relative to the largest value; infinity for other shapes."""
    if found.shape != expected.shape:
        return float("inf")
    with np.errstate(all="ignore"):
        alike = (found == expected) | (np.isnan(found) & np.isnan(expected))
        gap = np.where(alike, 0.0, np.abs(found.astype(np.float64) - expected))
        scale = np.max(np.abs(expected), initial=0.0, where=np.isfinite(expected))
    return float(np.max(gap, initial=0.0) / max(float(scale), 1e-30))
