"""Layers with a manual backward: their gradient is what ``backward`` returns and sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.errors import GradientError
from chainrule.nn import environment
from chainrule.nn.parameter import Parameter
from chainrule.ops.primitives.custom_derivative import with_backward

__all__ = ["apply_with_backward"]


def apply_with_backward(
    layers: Sequence[Any],
    title: str,
    parameters: Sequence[Parameter],
    run: Callable[..., Any],
    inputs: Sequence[Any],
) -> Any:
    """Run a layer forward, with its ``backward`` as the vector-Jacobian product.

    `layers` are the layer itself, then its sublayers.
    """
    values = [each.value for each in parameters]
    y = run(*inputs)
    # Copies: the layers may run again before the backward pass, which reads what they saved in this
    # run; and nodes of later layers, which the environment will hold, would form cycles.
    outer = environment.snapshot()
    saved = [(layer, environment.saved_attributes(layer)) for layer in layers]

    def backward(dy: Any) -> list[Any]:
        with environment.entered(outer, keep=lambda *_: None) as traced:
            traced.values.update(zip(parameters, values, strict=True))
            for layer, attributes in saved:
                traced.restore(layer, attributes)
            return _gradients(layers[0], title, parameters, dy)

    return with_backward(y, [*inputs, *values], backward)


def _gradients(layer: Any, title: str, parameters: Sequence[Parameter], dy: Any) -> list[Any]:
    for parameter in parameters:
        parameter.grad = None
    dx = layer.backward(dy)
    for parameter in parameters:
        if parameter.grad is None:
            raise GradientError(
                f"{title}: backward did not set the gradient of {parameter.name}; write "
                f"self.{parameter.name}.grad = ... in it"
            )
    of_inputs: tuple[Any, ...] = dx if isinstance(dx, tuple) else (dx,)
    return [*of_inputs, *(each.grad for each in parameters)]
