"""Names: how kinds of layers are spelt, and what to say to a name that is not ours."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from chainrule.arguments.layer_aliases import FOREIGN_ARGUMENTS, FOREIGN_LAYERS, FOREIGN_NAMES
from chainrule.errors import ArgumentError, type_in_words

__all__ = [
    "bind_arguments",
    "explain_unknown_layer",
    "kind_of",
    "look_up",
]

Entry = TypeVar("Entry")

_INFERRED = {
    "in_features", "in_channels", "input_dim", "input_shape", "input_size", "batch_input_shape",
    "num_features",
}  # fmt: skip


def bind_arguments(
    function: Callable[..., Any], title: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> inspect.BoundArguments:
    """Match arguments with the names of the parameters of `function`, defaults included."""
    _, *parameters = inspect.signature(function).parameters.values()
    signature = inspect.Signature([each.replace(annotation=each.empty) for each in parameters])
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters)
    for name in kwargs:
        if name not in signature.parameters and not takes_any:
            raise ArgumentError(_unknown_argument(title, name, signature))
    try:
        arguments = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise ArgumentError(f"{title}: {error}; it is called as {title}{signature}") from None
    arguments.apply_defaults()
    return arguments


def look_up(what: str, name: Any, table: Mapping[str, Entry]) -> Entry:
    """Return what a name stands for.

    Examples
    --------
    >>> look_up("digit", "oen", {"one": 1, "two": 2})
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: unknown digit 'oen', did you mean 'one'? there are: one, two
    """
    names = ", ".join(sorted(table))
    if not isinstance(name, str):
        raise ArgumentError(
            f"{what}: expected a name or a function, got {type_in_words(name)}; names: {names}"
        )
    if name in table:
        return table[name]
    ours = FOREIGN_NAMES.get(name.lower())
    if ours in table:
        raise ArgumentError(f"unknown {what} {name!r}: here it is {ours!r}")
    close = difflib.get_close_matches(name.lower(), table, 2)
    question = f", did you mean {' or '.join(map(repr, close))}?" if close else ";"
    raise ArgumentError(f"unknown {what} {name!r}{question} there are: {names}")


def explain_unknown_layer(name: str, ours: Collection[str]) -> str:
    """Say what to write instead of a name that this library does not have.

    Examples
    --------
    >>> explain_unknown_layer("Linear", ["Dense"])
    "nn has no 'Linear'; here it is nn.Dense"
    >>> explain_unknown_layer("Dnse", ["Dense"])
    "nn has no 'Dnse', did you mean nn.Dense?"
    """
    known = FOREIGN_LAYERS.get(name)
    # PyTorch writes Conv2d where Keras, and this library, write Conv2D.
    found = known or next((each for each in ours if each.lower() == name.lower()), None)
    if found is not None:
        return f"nn has no {name!r}; here it is nn.{found}"
    close = difflib.get_close_matches(name, ours, 1)
    return f"nn has no {name!r}" + (f", did you mean nn.{close[0]}?" if close else "")


def kind_of(name: str) -> str:
    """Return what layers of a class are called: ``Conv2D`` gives ``conv2d``.

    Examples
    --------
    >>> [kind_of(name) for name in ("Dense", "MaxPool2D", "LSTM", "GaussianNoise")]
    ['dense', 'max_pool2d', 'lstm', 'gaussian_noise']
    """
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _unknown_argument(title: str, name: str, signature: inspect.Signature) -> str:
    ours = FOREIGN_ARGUMENTS.get(name)
    if ours in signature.parameters:
        return f"{title}: there is no argument {name!r}; here it is {ours!r}"
    if name in _INFERRED:
        return f"{title}: there is no argument {name!r}: sizes are inferred from the first input"
    close = difflib.get_close_matches(name, signature.parameters, 1)
    question = f", did you mean {close[0]!r}?" if close else ";"
    return f"{title}: there is no argument {name!r}{question} it is called as {title}{signature}"
