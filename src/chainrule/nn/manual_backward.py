"""Layers with a manual backward: their gradient is what ``backward`` returns and sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.errors import GradientError
from chainrule.nn.parameter import Parameter, substituted
from chainrule.ops.primitives.custom_derivative import with_backward

__all__ = ["apply_with_backward"]


def apply_with_backward(
    layer: Any,
    title: str,
    parameters: Sequence[Parameter],
    run: Callable[..., Any],
    inputs: Sequence[Any],
) -> Any:
    """Run a layer forward, with its ``backward`` as the vector-Jacobian product."""
    values = [each.value for each in parameters]
    y = run(*inputs)
    saved: dict[str, Any] = dict(vars(layer))

    def backward(dy: Any) -> list[Any]:
        # The layer may have run again since: restore the attributes that its forward saved, and
        # bind its parameters to their values of then.
        current: dict[str, Any] = dict(vars(layer))
        vars(layer).update(saved)
        try:
            with substituted(parameters, values):
                return _gradients(layer, title, parameters, dy)
        finally:
            vars(layer).update(current)

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
