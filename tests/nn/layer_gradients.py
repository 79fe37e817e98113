"""What tests of layers share: output and derivatives, to hold against other libraries."""

from typing import Any

import numpy as np

import chainrule.nn as nn
from chainrule.autodiff.derivative import vjp
from chainrule.nn.parameter import bound

__all__ = ["fixed_like", "output_and_slopes"]


def output_and_slopes(layer: nn.Layer, x: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Run a layer: its output, and the pullback of `fixed_like` it to input and parameters."""
    layer(x)
    parameters = {name: each for name, each in layer.parameters().items() if each.trainable}

    def run(x: Any, values: list[Any]) -> Any:
        with bound(list(parameters.values()), values):
            return layer(x)

    y, pull = vjp(run, x, [each.value for each in parameters.values()])
    slope, slopes = pull(fixed_like(y))
    return y, slope, dict(zip(parameters, slopes, strict=True))


def fixed_like(y: Any) -> Any:
    """Numbers in the shape of an output, the same ones for all libraries."""
    return np.random.default_rng(7).standard_normal(np.shape(y))
