"""Layers with a manual backward: their gradient is what ``backward`` returns and sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from chainrule.arguments.array_classes import is_masked
from chainrule.arguments.signature import check_call
from chainrule.errors import GradientError, ShapeError, counted, type_in_words
from chainrule.graph.node import as_node
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
    check_call(f"{title}: backward", layers[0].backward, ("dy",))
    values = [each.value for each in parameters]
    y = run(*inputs)
    # Copies: the layers may run again before the backward pass, which reads what they saved in this
    # run; and nodes of later layers, which the environment will hold, would form cycles.
    outer = environment.snapshot()
    saved = [(layer, environment.saved_attributes(layer)) for layer in layers]

    def backward(dy: Any) -> list[Any]:
        with environment.entered(outer, keep=lambda *_: None) as traced:
            # Nodes, as a backward adds gradients to np.zeros_like(self.weight).
            traced.values |= {each: as_node(each.value) for each in layers[0].parameters().values()}
            traced.values |= dict(zip(parameters, map(as_node, values), strict=True))
            for layer, attributes in saved:
                traced.restore(layer, attributes)
            traced.backward_of = title
            return _gradients(layers[0], title, parameters, inputs, dy)

    return with_backward(y, [*inputs, *values], backward)


def _gradients(
    layer: Any, title: str, parameters: Sequence[Parameter], inputs: Sequence[Any], dy: Any
) -> list[Any]:
    for parameter in parameters:
        parameter.grad = None
    of_inputs = _checked_inputs(title, layer.backward(dy), inputs)
    for each in parameters:
        if each.grad is None:
            raise GradientError(
                f"{title}: backward did not set the gradient of {each.name}; write "
                f"self.{each.name}.grad = ... in it"
            )
        _check(title, f"set self.{each.name}.grad to", each.grad, each)
    return [*of_inputs, *(each.grad for each in parameters)]


def _checked_inputs(title: str, dx: Any, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """Return one gradient for each input; None is one for integers alone, such as indices."""
    count = len(inputs)
    gradients: tuple[Any, ...] = dx if isinstance(dx, tuple) else (dx,)
    if dx is None:
        gradients *= count
    elif isinstance(dx, list) and count > 1:
        gradients = tuple(cast(list[Any], dx))
    if len(gradients) != count:
        expected = (
            "its input: return dx" if count == 1 else f"{counted(count, 'input')}: return dx, ..."
        )
        raise GradientError(
            f"{title}: backward returned {len(gradients)} gradients for {expected}, one for each"
        )
    for number, (gradient, x) in enumerate(zip(gradients, inputs, strict=True)):
        if gradient is None and x.dtype.kind != "f":
            continue
        which = "its input" if count == 1 else f"input {number + 1} of {count}"
        if gradient is None:
            raise GradientError(
                f"{title}: backward returned None for {which}, so the layers before it would not "
                f"be trained; end it with `return dx`, of shape {x.shape}; zeros where the "
                "input has no influence"
            )
        _check(title, f"returned for {which}", gradient, x)
    return gradients


def _check(title: str, what: str, gradient: Any, value: Any) -> None:
    """Check that a gradient is an array of real numbers with the shape of its value."""
    if is_masked(gradient):
        raise GradientError(f"{title}: backward {what} a masked array; return an array")
    kind = getattr(getattr(gradient, "dtype", None), "kind", "f" if _is_number(gradient) else "O")
    if kind not in "iuf":
        found = f"an array of {gradient.dtype}" if kind != "O" else type_in_words(gradient)
        raise GradientError(
            f"{title}: backward {what} {found}, which is no gradient; it must be an array of "
            f"real numbers, of shape {value.shape}"
        )
    if np.shape(gradient) != value.shape:
        raise ShapeError(
            f"{title}: backward {what} an array of shape {np.shape(gradient)}, but a gradient has "
            f"the shape of its value, {value.shape}"
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
