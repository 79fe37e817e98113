"""Training mode: a call of a layer with a random stream, which its sublayers inherit.

A context variable holds the call in progress, so that one thread may train while another predicts.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar, Token
from functools import cache
from typing import TYPE_CHECKING, Any

from chainrule.errors import ArgumentError
from chainrule.nn.sublayers import with_sublayers

if TYPE_CHECKING:
    from chainrule.nn.random_stream import RandomStream

__all__ = ["enter", "leave", "mode_arguments"]


class _Call:
    """A call of a layer: its random stream, None in inference, and the ids of all its sublayers."""

    __slots__ = ("random", "sublayers")

    def __init__(self, random: RandomStream | None, sublayers: set[int]) -> None:
        self.random, self.sublayers = random, sublayers


_call: ContextVar[_Call | None] = ContextVar("call of a layer", default=None)


def enter(
    layer: Any,
    random: RandomStream | None,
    training: bool | None,
) -> tuple[RandomStream | None, Token[_Call | None] | None]:
    """Enter a call of a layer; return its stream, by default its caller's, and a token."""
    caller = _call.get()
    if training is not None and not training:
        random = None
    elif random is None and caller is not None and id(layer) in caller.sublayers:
        random = caller.random
    if training and random is None:
        raise ArgumentError(
            f"layer {layer.name or layer.kind!r}: training=True needs a source of random numbers; "
            "pass random= too, or call it in the forward of a layer that holds it"
        )
    if random is None and caller is None:
        return None, None  # as most calls, without a search for sublayers
    return random, _call.set(_Call(random, {id(each) for each in with_sublayers([layer])}))


def leave(token: Token[_Call | None] | None) -> None:
    """Leave a call that `enter` has entered."""
    if token is not None:
        _call.reset(token)


def mode_arguments(kind: type, random: RandomStream | None) -> dict[str, Any]:
    """Return those of ``training`` and ``random`` that the ``forward`` of a class accepts."""
    values = {"training": random is not None, "random": random}
    return {name: values[name] for name in _accepted(kind.forward)}  # pyright: ignore[reportAttributeAccessIssue]


@cache
def _accepted(forward: Callable[..., Any]) -> tuple[str, ...]:
    parameters = inspect.signature(forward).parameters
    return tuple(
        name
        for name in ("training", "random")
        if name in parameters
        and (
            parameters[name].default is not inspect.Parameter.empty
            or parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
        )
    )
