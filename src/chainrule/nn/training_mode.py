"""Training mode: a call of a layer with a random stream, which its sublayers inherit.

A context variable holds the call in progress, so that one thread may train while another predicts.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar, Token
from functools import cache
from typing import TYPE_CHECKING, Any

from chainrule.arguments.checks import checked_flag
from chainrule.errors import ArgumentError
from chainrule.nn import environment
from chainrule.nn.sublayers import with_sublayers

if TYPE_CHECKING:
    from chainrule.nn.random_stream import RandomStream

__all__ = ["caller", "enter", "is_held", "leave", "mode_arguments", "stream"]


class _Call:
    """A call of a layer: its random stream, None in inference, and the ids of all its sublayers."""

    __slots__ = ("caller", "layer", "random", "sublayers")

    def __init__(self, layer: Any, random: RandomStream | None, caller: _Call | None) -> None:
        self.layer, self.random, self.caller = layer, random, caller
        self.sublayers = {id(each) for each in with_sublayers([layer])}


_call: ContextVar[_Call | None] = ContextVar("call of a layer", default=None)


def enter(
    layer: Any,
    random: RandomStream | None,
    training: bool | None,
) -> tuple[RandomStream | None, Token[_Call | None] | None]:
    """Enter a call of a layer; return its stream, by default its caller's, and a token."""
    caller = _call.get()
    if training is not None:
        training = checked_flag(f"layer {layer.name or layer.kind!r}", "training", training)
    if training is False:
        random = None
    elif random is None and caller is not None and id(layer) in caller.sublayers:
        random = caller.random
    if training and random is None:
        raise ArgumentError(
            f"layer {layer.name or layer.kind!r}: training=True needs a source of random numbers; "
            "call each layer as layer(x, training=True, random=nn.RandomStream(0)), or call it in "
            "the forward of a layer that holds it"
        )
    if random is None and caller is None and environment.unbound_parameters() is None:
        return None, None  # as most calls, without a search for sublayers
    return random, _call.set(_Call(layer, random, caller))


def caller() -> Any:
    """Return the layer in whose ``forward`` that of the call in progress is called, or None."""
    call = _call.get()
    return None if call is None or call.caller is None else call.caller.layer


def is_held(layer: Any) -> bool:
    """Whether the layer that has called another one holds it."""
    call = _call.get()
    return call is not None and call.caller is not None and id(layer) in call.caller.sublayers


def stream() -> RandomStream | None:
    """Return the random stream of the call in progress; None in inference."""
    call = _call.get()
    return None if call is None else call.random


def leave(token: Token[_Call | None] | None) -> None:
    """Leave a call that `enter` has entered."""
    if token is not None:
        _call.reset(token)


def mode_arguments(kind: type, random: RandomStream | None, inputs: int = 1) -> dict[str, Any]:
    """Return those of ``training`` and ``random`` that the ``forward`` of a class accepts.

    Of its positional arguments, the first `inputs` are inputs.
    """
    values = {"training": random is not None, "random": random}
    return {name: values[name] for name in _accepted(kind.forward, inputs)}  # pyright: ignore[reportAttributeAccessIssue]


@cache
def _accepted(forward: Callable[..., Any], inputs: int) -> tuple[str, ...]:
    parameters = inspect.signature(forward).parameters
    by_name = list(parameters)[1 + inputs :]
    for each in parameters.values():
        if each.kind is each.VAR_KEYWORD and "training" in forward.__code__.co_consts:
            return ("training",)  # as kwargs.get("training")
    return tuple(
        name
        for name in ("training", "random")
        if name in by_name and parameters[name].kind is not inspect.Parameter.VAR_POSITIONAL
    )
