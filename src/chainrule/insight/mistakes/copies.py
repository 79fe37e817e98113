"""Layers of the same arguments made anew, as trials train copies."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from typing import Any, cast

from chainrule.nn.layer import Layer

__all__ = ["fresh"]


def fresh(layer: Layer, **changes: Any) -> Layer:
    """Return a layer of the same arguments that is not built, some of them changed.

    Examples
    --------
    >>> from chainrule import nn
    >>> fresh(nn.Dense(3, activation="tanh"), units=5)
    Dense(units=5, activation='tanh', use_bias=True, initializer='auto', l2=0.0, name=None)
    """
    bound = cast(inspect.BoundArguments, vars(layer)["_arguments"])
    arguments = {name: _unbuilt(value) for name, value in bound.arguments.items()} | changes
    arguments.pop("name", None)
    rebound = inspect.BoundArguments(bound.signature, OrderedDict(arguments))
    made = type(layer)(*rebound.args, **rebound.kwargs)
    if not layer.trainable:
        made.trainable = False
    return made


def _unbuilt(value: Any) -> Any:
    if isinstance(value, Layer):
        return fresh(value)
    if isinstance(value, list | tuple):
        return type(cast(list[Any], value))(map(_unbuilt, cast(list[Any], value)))
    return value
