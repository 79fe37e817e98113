"""Derivatives of a layer that its author has written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.errors import GradientError
from chainrule.nn.parameter import Parameter, bound
from chainrule.ops.primitives.custom_derivative import with_backward

__all__ = ["apply_with_backward"]


def apply_with_backward(
    layer: Any,
    title: str,
    parameters: Sequence[Parameter],
    run: Callable[..., Any],
    inputs: Sequence[Any],
) -> Any:
    """Run a layer forward so that its own ``backward`` gives the derivatives."""
    values = [each.value for each in parameters]
    y = run(*inputs)
    kept: dict[str, Any] = dict(vars(layer))

    def backward(dy: Any) -> list[Any]:
        # The layer may have run again since, so what its forward kept is put back for a while;
        # and the parameters stand for what they stood for then.
        now: dict[str, Any] = dict(vars(layer))
        vars(layer).update(kept)
        try:
            with bound(parameters, values):
                return _derivatives(layer, title, parameters, dy)
        finally:
            vars(layer).update(now)

    return with_backward(y, [*inputs, *values], backward)


def _derivatives(layer: Any, title: str, parameters: Sequence[Parameter], dy: Any) -> list[Any]:
    for parameter in parameters:
        parameter.grad = None
    dx = layer.backward(dy)
    for parameter in parameters:
        if parameter.grad is None:
            raise GradientError(
                f"{title}: backward did not set the derivative by {parameter.name}; write "
                f"self.{parameter.name}.grad = ... in it"
            )
    slopes: tuple[Any, ...] = dx if isinstance(dx, tuple) else (dx,)
    return [*slopes, *(each.grad for each in parameters)]
