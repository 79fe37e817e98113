"""Keywords that a function lacks: a call with one is answered with the name it has here.

::

    split(X, y, random_state=0)    ->    ArgumentError: split: there is no argument `random_state`;
                                         here it is `seed`
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from chainrule.arguments.aliases import Aliases
from chainrule.arguments.lookup import refuse_unknown
from chainrule.errors import ArgumentError

__all__ = ["answers_foreign_names"]

P = ParamSpec("P")
R = TypeVar("R")


def answers_foreign_names(aliases: Aliases) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function, method or ``__init__`` refuse arguments it lacks with an ArgumentError.

    Examples
    --------
    >>> @answers_foreign_names(Aliases({"seed": "random_state"}))
    ... def draw(n, *, seed=0): ...
    >>> draw(3, random_state=1)
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: draw: there is no argument `random_state`; here it is `seed`
    >>> draw()
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: draw: missing a required argument: 'n'; it is called as
    draw(n, *, seed=0)
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def answering(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except TypeError as error:
                # A call that never reached the function's body has no further frame.
                if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
                    raise
                try:
                    _refuse(function, args, kwargs, aliases)
                except ArgumentError as problem:
                    raise problem from None
                raise

        return answering

    return decorate


def _refuse(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], aliases: Aliases
) -> None:
    """Raise the error that names what is wrong with the arguments of a call, if anything is."""
    *owner, name = function.__qualname__.split(".")
    title = owner[-1] if name == "__init__" else name
    parameters = list(inspect.signature(function).parameters.values())
    if parameters[0].name in ("self", "cls"):
        parameters, args = parameters[1:], args[1:]
    signature = inspect.Signature([each.replace(annotation=each.empty) for each in parameters])
    known = [
        each.name
        for each in parameters
        if each.kind not in (each.POSITIONAL_ONLY, each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    if not any(each.kind is each.VAR_KEYWORD for each in parameters):
        refuse_unknown(title, kwargs, known, aliases)
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise ArgumentError(f"{title}: {error}; it is called as {title}{signature}") from None
