"""Layers that take statistics of the data before the first update: `Layer.adapt`.

``fit`` runs the training samples through the network up to the first such layer that has seen no
data yet, calls its ``adapt`` with all the inputs that reach it, and goes on to the next one. A
layer adapts once: a later ``fit``, also after ``compile``, finds it adapted, as does ``load``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError

__all__ = [
    "check_adapted",
    "defines_adapt",
    "inputs_of_next",
    "mark_adapted",
    "needs_data",
    "note_inputs",
]


class _Reached(BaseException):  # no Exception, which code of the user may catch
    """A layer that needs data was called."""

    def __init__(self, layer: Any, x: Any, mask: Any) -> None:
        self.layer, self.x, self.mask = layer, x, mask


_is_searching: ContextVar[bool] = ContextVar("a layer that needs data is sought", default=False)


def needs_data(layer: Any) -> bool:
    """Whether a layer has an ``adapt`` of its own, which was not called yet."""
    return defines_adapt(layer) and not getattr(type(layer), "is_adapted", _is_marked)(layer)


def defines_adapt(layer: Any) -> bool:
    """Whether a layer takes statistics of the data."""
    method = type(layer).adapt
    return (method.__module__, method.__qualname__) != ("chainrule.nn.layer", "Layer.adapt")


def note_inputs(layer: Any, x: Any, mask: Any) -> None:
    """Stop the forward pass at a layer that needs data, if one is sought."""
    if _is_searching.get() and needs_data(layer):
        raise _Reached(layer, x, mask)


def inputs_of_next(
    run: Callable[[Any], Any], batches: Iterable[Any]
) -> tuple[Any, Any, Any] | None:
    """Return the first layer that needs data, its inputs and their mask; None without any."""
    layer, parts, masks = None, list[Any](), list[Any]()
    token = _is_searching.set(True)
    try:
        for batch in batches:
            try:
                run(batch)
                return None
            except _Reached as reached:
                layer = reached.layer
                parts.append(reached.x)
                masks.append(reached.mask)
    finally:
        _is_searching.reset(token)
    mask = None if masks[0] is None else np.concatenate(masks)
    return layer, np.concatenate(parts) if len(parts) > 1 else parts[0], mask


def mark_adapted(layer: Any) -> None:
    """Note that the ``adapt`` of a layer was called, where it does not know that by itself."""
    if not hasattr(type(layer), "is_adapted"):
        vars(layer)["_adapted"] = True


def _is_marked(layer: Any) -> bool:
    return vars(layer).get("_adapted", False)


def check_adapted(layers: Iterable[Any], function: str) -> None:
    """Raise if a layer has seen no data yet, by which it computes."""
    for layer in layers:
        if needs_data(layer):
            raise ArgumentError(
                f"{function}: layer {layer.name or layer.kind!r} ({type(layer).__name__}) computes "
                "with statistics of the training data and has seen none yet; call net.fit first, "
                "or its adapt(X)"
            )
