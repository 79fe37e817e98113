"""A call of a layer: build on the first one, then run ``forward`` or the pass of training.

::

    call -> build once -> enter the training mode -> forward -> name the nodes
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.graph.node import next_serial
from chainrule.nn import environment, training_mode
from chainrule.nn.binding import bind_sublayers
from chainrule.nn.manual_backward import apply_with_backward
from chainrule.nn.outside_layers import refuse_outside
from chainrule.nn.shape_errors import (
    check_fixed_axes,
    check_returned,
    checked_inputs,
    is_about_shapes,
    shape_error,
    tag_nodes,
)
from chainrule.nn.sublayers import with_sublayers
from chainrule.nn.training_mode import mode_arguments
from chainrule.tracebacks import reached_body

if TYPE_CHECKING:
    from chainrule.nn.random_stream import RandomStream

__all__ = ["build_once", "call_layer", "no_backward", "run_forward"]


def call_layer(
    layer: Any,
    compute: Callable[[list[Any], RandomStream | None], Any],
    inputs: Sequence[Any],
    random: RandomStream | None,
    training: bool | None = None,
) -> Any:
    """Compute the output of a layer, in training mode if `random` is given."""
    title = layer._title()
    x, *rest = checked_inputs(title, inputs)
    start = next_serial()
    build_once(layer, x, rest)
    random, token = training_mode.enter(layer, random, training)
    unbound = environment.unbound_parameters()
    try:
        y = compute([x, *rest], random)
        if unbound and not training_mode.is_held(layer):
            refuse_outside(layer, training_mode.caller(), unbound)
    except ValueError as error:
        if not is_about_shapes(error) or str(error).startswith("layer "):
            raise
        raise shape_error(title, x, layer.input_shape, layer.parameters(), error) from error
    finally:
        training_mode.leave(token)
    check_returned(title, y)
    tag_nodes(y, start, layer.name or layer.kind)
    return y


def run_forward(
    layer: Any, inputs: list[Any], named: dict[str, Any], random: RandomStream | None
) -> Any:
    """Run ``forward``, or ``train_forward``, with a manual ``backward`` as its derivative."""
    kind = type(layer)

    def run(x: Any, *others: Any) -> Any:
        if random is None or not _is_overridden(kind.train_forward):
            mode = mode_arguments(kind, random, 1 + len(others))
            return _run(layer, layer.forward, (x, *others), mode | named)
        return _run(layer, layer.train_forward, (x, random, *others), named)

    if not _is_overridden(kind.backward):
        return run(*inputs)
    trainable = [each for each in layer.parameters().values() if each.trainable]
    layers = list(with_sublayers([layer]))
    return apply_with_backward(layers, layer._title(), trainable, run, inputs)


def build_once(layer: Any, x: Any, others: Sequence[Any]) -> None:
    """Build a layer for the shapes of its inputs, unless it is built."""
    if layer.input_shape is not None:
        axes = layer.fixed_axes if layer._parameters else ()
        check_fixed_axes(layer._title(), x, layer.input_shape, axes, layer.parameters)
        return
    with layer._lock, environment.suspended():
        if layer.input_shape is None:
            _build(layer, x, others)


def _build(layer: Any, x: Any, others: Sequence[Any]) -> None:
    if layer.dtype is None:
        layer.dtype = x.dtype if x.dtype.kind == "f" else np.dtype("float32")
    bind_sublayers(layer)
    try:
        if _is_overridden(type(layer).build):
            shapes = tuple((None, *each.shape[1:]) for each in (x, *others))
            _run(layer, layer.build, shapes, {})
    except BaseException:
        layer._parameters.clear()  # so that the next call can build again
        raise
    bind_sublayers(layer)
    # Last, as another thread may see it: the layer is built.
    layer.input_shape = (None, *x.shape[1:])


def _run(
    layer: Any, method: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]
) -> Any:
    """Call a method that users write; a call that does not fit its signature is told so."""
    try:
        return method(*args, **named)
    except TypeError as error:
        # A call that never reached the method's body has no further frame.
        if reached_body(error):
            raise
        count = f"{len(args)} input{'s' if len(args) > 1 else ''}"
        what = f"the shapes of {count}" if method.__name__ == "build" else count
        more = f" and {', '.join(named)}" if named else ""
        if len(args) > 1 and type(layer).__module__.startswith("chainrule."):
            taken = inspect.signature(layer.forward).parameters
            raise ArgumentError(
                f"{layer._title()}: it takes one input, got {len(args)}; further arguments need "
                f"their names: {', '.join(taken)}"
            ) from None
        inputs = ", ".join(["x", "y", "z"][: len(args)]) if len(args) < 4 else "*inputs"
        form = "input_shape" if method.__name__ == "build" else inputs
        raise ArgumentError(
            f"{layer._title()}: its {method.__name__} is called with {what}{more}, but is defined "
            f"as {method.__name__}{inspect.signature(method)}; define it as "
            f"{method.__name__}(self, {form})"
        ) from None


def no_backward(layer: Any) -> str:
    """Return what to write instead of ``backward(dy)`` of a layer that has none of its own."""
    return (
        f"{type(layer).__name__} has no backward of its own, as its gradient is derived from its "
        "forward: with net = chainrule.Network([layer]) and chainrule.vjp write y, pullback = "
        "vjp(net.apply, net.params, x), and then gradients, dx = pullback(dy)"
    )


def _is_overridden(method: Callable[..., Any]) -> bool:
    """Whether a method of a class is another than that of `Layer`."""
    own = f"Layer.{method.__name__}"  # compared by name, as the class imports this module
    return (method.__module__, method.__qualname__) != ("chainrule.nn.layer", own)
