"""Output and gradients of a layer, for comparison with other libraries."""

from typing import Any

import numpy as np

import chainrule.nn as nn
from chainrule.autodiff.derivative import vjp
from chainrule.nn.parameter import substituted

__all__ = ["fixed_like", "output_and_gradients"]


def output_and_gradients(layer: nn.Layer, x: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Return the output, and the VJP of the cotangent `fixed_like(y)` for input and parameters."""
    layer(x)
    parameters = {name: each for name, each in layer.parameters().items() if each.trainable}

    def run(x: Any, values: list[Any]) -> Any:
        with substituted(list(parameters.values()), values):
            return layer(x)

    y, pull = vjp(run, x, [each.value for each in parameters.values()])
    gradient, gradients = pull(fixed_like(y))
    return y, gradient, dict(zip(parameters, gradients, strict=True))


def fixed_like(y: Any) -> Any:
    """A fixed random cotangent in the shape of an output."""
    return np.random.default_rng(7).standard_normal(np.shape(y))
