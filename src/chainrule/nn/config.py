"""Layer configuration: constructor arguments as JSON values of a closed vocabulary."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any, cast

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.nn.activations.activation import ACTIVATIONS
from chainrule.nn.initializers.initializer import INITIALIZERS

__all__ = ["describe", "describe_arguments", "refuse_late_activation", "snake_case"]


_LATER_ARGUMENTS = {"mask_zero", "sparse"}
"""Arguments that earlier versions did not have: left out at their defaults, as in old files."""


def describe(value: Any, owner: str) -> Any:
    """Serialise one argument to a JSON value.

    Examples
    --------
    >>> describe((2, np.float32(0.5), "relu"), "layer 'dense'")
    [2, 0.5, 'relu']
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic | np.ndarray):
        return cast(Any, value).tolist()
    if isinstance(value, tuple | list):
        return [describe(each, owner) for each in cast(list[Any], value)]
    if isinstance(value, dict):
        items = cast(dict[str, Any], value).items()
        return {str(key): describe(each, owner) for key, each in items}
    if hasattr(value, "config") and hasattr(value, "kind"):
        return {"layer": value.kind, "config": value.config()}
    if callable(value):
        return _function_name(value, owner)
    raise ArgumentError(
        f"{owner}: an argument of type {type(value).__name__} cannot be saved to a file; use "
        "numbers, strings, functions with a name, or lists of them"
    )


def describe_arguments(arguments: inspect.BoundArguments, owner: str) -> dict[str, Any]:
    """Serialise the arguments of a layer to JSON values.

    Examples
    --------
    >>> signature = inspect.signature(lambda units, rate=0.5: None)
    >>> describe_arguments(signature.bind(3), "layer 'dense'")
    {'units': 3}
    """
    config: dict[str, Any] = {}
    for name, value in arguments.arguments.items():
        parameter = arguments.signature.parameters[name]
        kind = parameter.kind
        if name in _LATER_ARGUMENTS and value is parameter.default:
            continue
        if kind is inspect.Parameter.VAR_POSITIONAL and value:
            raise ArgumentError(
                f"{owner}: the positional arguments *{name} have no names and cannot be saved to "
                f"a file; write __init__(self, {name}) and pass a list"
            )
        if kind is inspect.Parameter.VAR_KEYWORD:
            config |= describe(value, owner)
        elif kind is not inspect.Parameter.VAR_POSITIONAL:
            config[name] = describe(value, owner)
    return config


def _function_name(function: Callable[..., Any], owner: str) -> Any:
    for table in (ACTIVATIONS, INITIALIZERS):
        for name, registered in table.items():
            if registered is function or _is_same_partial(registered, function):
                return name
    name = getattr(function, "__name__", "<lambda>")
    if name == "<lambda>":
        raise ArgumentError(
            f"{owner}: a function without a name cannot be saved to a file; define it with def"
        )
    return {"function": name}


def _is_same_partial(one: Any, other: Any) -> bool:
    """Whether one is a copy of the other, such as a pickle makes of ``he_normal``."""
    return (
        isinstance(one, partial)
        and isinstance(other, partial)
        and ((one.func, one.args, one.keywords) == (other.func, other.args, other.keywords))
    )


@cache
def snake_case(name: str) -> str:
    """Return the kind of layers of a class: ``MaxPool2D`` gives ``max_pool2d``.

    Examples
    --------
    >>> [snake_case(name) for name in ("Dense", "MaxPool2D", "LSTM", "GaussianNoise")]
    ['dense', 'max_pool2d', 'lstm', 'gaussian_noise']
    """
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def refuse_late_activation(layer: Any, title: str, name: str, value: Any) -> None:
    """Refuse another activation once its function is taken, as it would have no effect."""
    is_taken = not vars(layer).keys().isdisjoint({"activate", "activation_function"})
    if is_taken and value != vars(layer).get(name):
        raise ArgumentError(
            f"{title}: {name} is read once, when the layer is made; make a new layer, as in "
            f"nn.{type(layer).__name__}(..., {name}={value!r})"
        )
