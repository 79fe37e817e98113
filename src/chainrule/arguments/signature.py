"""Functions that users pass: whether they can be called as they will be."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from chainrule.errors import ArgumentError

__all__ = ["check_call"]


def check_call(title: str, function: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    """Refuse a function that does not accept the arguments that it will be called with.

    A class in its place is refused too: its call makes an object.

    Examples
    --------
    >>> check_call("compile: the metric share", lambda p: p, ("y_true", "y_pred"))
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: compile: the metric share(p) is called with (y_true, y_pred):
    too many positional arguments; define it with these arguments
    """
    form = f"({', '.join(arguments)})"
    if isinstance(function, type):
        raise ArgumentError(
            f"{title} is a class; give an object of it, {function.__name__}(...), or a plain "
            f"function {form}"
        )
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise ArgumentError(
            f"{title} is a coroutine or a generator, whose body would never run; define it as a "
            f"plain function {form}"
        )
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError) as error:
        if isinstance(function, partial):  # it fits no call
            raise ArgumentError(f"{title}: {error}; correct its arguments") from None
        return  # written in C
    try:
        signature.bind(*arguments)
    except TypeError as error:
        raise ArgumentError(
            f"{title}{signature} is called with {form}: {error}; define it with these arguments"
        ) from None
