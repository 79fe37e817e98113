"""Interval analysis: the bounds hold, and are as narrow as the programs in use need."""

import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff.analysis.value_range import value_range


def bounds(function: Any, *shape: int) -> tuple[float, float]:
    graph = cr.trace(function)(np.ones(shape or (3,)))
    return value_range(graph.outputs[0], {})


@pytest.mark.parametrize(
    ("function", "low", "high"),
    [
        (lambda x: x, -math.inf, math.inf),
        (lambda x: 2 * np.sin(x) + 3, 1.0, 5.0),
        (lambda x: np.sum(x * x) + 1e-3, 1e-3, math.inf),
        (lambda x: np.mean(np.abs(x)) + 1, 1.0, math.inf),
        (lambda x: 1 / (1 + np.exp(-x)), 0.0, 1.0),
        (lambda x: np.exp(np.where(x > 0, 0, x)), 0.0, 1.0),
        (lambda x: np.exp(x - np.max(x)), 0.0, 1.0),
        (lambda x: np.sum(np.exp(x - np.max(x, axis=-1, keepdims=True)), axis=-1), 1.0, math.inf),
        (lambda x: np.sum(np.exp(x - np.max(x, axis=0)), axis=1), 0.0, math.inf),
        (lambda x: np.sqrt(np.clip(x, 4, 9)), 2.0, 3.0),
        (lambda x: np.maximum(x, 1e-7) ** -2.0, 0.0, math.inf),
        (lambda x: np.minimum(x, -1.0) ** 4, 1.0, math.inf),
        (lambda x: np.log(x**2 + 1), 0.0, math.inf),
        (lambda x: np.einsum("ij,ij->", x, x), 0.0, math.inf),
        (lambda x: np.float32(1e-30) * (np.abs(x.astype("f4")) + np.float32(1e-30)), 0.0, math.inf),
    ],
)
def test_bounds_of_values(function: Any, low: float, high: float) -> None:
    assert bounds(function, 3, 4) == (low, high)


def test_integers_have_no_bounds_as_they_overflow() -> None:
    assert bounds(lambda x: x.astype("int8") * x.astype("int8")) == (-math.inf, math.inf)
