"""Keywords that a function lacks: a call with one is answered with the name it has here.

::

    split(X, y, random_state=0)    ->    ArgumentError: split: there is no argument `random_state`;
                                         here it is `seed`
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from dataclasses import is_dataclass
from typing import Any, TypeVar, cast

from chainrule.arguments.aliases import NO_ALIASES, Aliases
from chainrule.arguments.attributes import answers_foreign_attributes, refuse_change
from chainrule.arguments.lookup import refuse_unknown
from chainrule.errors import ArgumentError
from chainrule.tracebacks import SPECIAL_METHODS, boundary, cut_frames, reached_body

__all__ = ["answers_foreign_names", "refuse_keywords"]

Named = TypeVar("Named", bound=Callable[..., Any])


def answers_foreign_names(
    aliases: Aliases, variable: str = "", attributes: Aliases = NO_ALIASES
) -> Callable[[Named], Named]:
    """Let a function, or the public methods of a class, answer arguments they lack.

    ``lr`` is the one alias: a function that lacks it takes it for ``learning_rate``. A call that
    fits the signature costs nothing more. Frozen dataclasses also answer assignments, and objects
    that messages call `variable` answer foreign `attributes`.

    Examples
    --------
    >>> @answers_foreign_names(Aliases(names={"seed": "random_state"}))
    ... def draw(n, *, seed=0): ...
    >>> draw(3, random_state=1)
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: draw: there is no argument `random_state`; here it is `seed`
    >>> draw()
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: draw: missing a required argument: 'n'; it is called as
    draw(n, *, seed=0)
    """

    def decorate(named: Named) -> Named:
        if not isinstance(named, type):
            return cast(Named, _answering(named, aliases))
        for name, member in list(vars(named).items()):
            if name in SPECIAL_METHODS and name != "__call__" and inspect.isfunction(member):
                setattr(named, name, boundary(member))
            elif isinstance(member, property) and member.fset is not None:
                setattr(named, name, member.setter(boundary(member.fset)))
            if name.startswith("_") and name not in ("__call__", "__init__"):
                continue
            if isinstance(member, classmethod | staticmethod):
                setattr(named, name, type(member)(_answering(member.__func__, aliases)))
            elif inspect.isfunction(member):
                setattr(named, name, _answering(member, aliases))
        if is_dataclass(named) and vars(named)["__dataclass_params__"].frozen:
            named.__setattr__ = boundary(refuse_change)
        if variable:
            answers_foreign_attributes(variable, attributes)(named)
        return cast(Named, named)

    return decorate


def refuse_keywords(
    title: str, function: Callable[..., Any], keywords: Iterable[str], aliases: Aliases
) -> None:
    """Raise for the first keyword that a function, which is called on the user's behalf, lacks."""
    parameters = inspect.signature(function).parameters.values()
    if not any(each.kind is each.VAR_KEYWORD for each in parameters):
        refuse_unknown(title, keywords, _names(parameters), aliases)


def _answering(function: Callable[..., Any], aliases: Aliases) -> Callable[..., Any]:
    @functools.wraps(function)
    def answering(*args: Any, **kwargs: Any) -> Any:
        try:
            try:
                return function(*args, **kwargs)
            except TypeError as error:
                if reached_body(error):
                    raise
            return function(*args, **_checked_keywords(function, args, kwargs, aliases))
        except Exception as error:
            cut_frames(error)
            raise

    return answering


def _checked_keywords(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], aliases: Aliases
) -> dict[str, Any]:
    """Return the keywords under the names of this library; raise for what is wrong with them."""
    name = function.__name__
    title = name if name != "__call__" else "call"
    parameters = list(inspect.signature(function).parameters.values())
    if parameters and parameters[0].name in ("self", "cls"):
        title = type(args[0]).__name__ if name == "__init__" else title
        parameters, args = parameters[1:], args[1:]
    signature = inspect.Signature([each.replace(annotation=each.empty) for each in parameters])
    known = _names(parameters)
    kwargs = _with_learning_rate(title, known, len(args), kwargs)
    if not any(each.kind is each.VAR_KEYWORD for each in parameters):
        refuse_unknown(title, kwargs, known, aliases)
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise ArgumentError(f"{title}: {error}; it is called as {title}{signature}") from None
    return kwargs


def _names(parameters: Iterable[inspect.Parameter]) -> list[str]:
    """The parameters that can be given by name."""
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [each.name for each in parameters if each.kind in named]


def _with_learning_rate(
    title: str, known: list[str], positional: int, kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Rename the one alias, ``lr``."""
    if "lr" not in kwargs or "lr" in known or "learning_rate" not in known:
        return kwargs
    if "learning_rate" in kwargs or positional > known.index("learning_rate"):
        raise ArgumentError(
            f"{title}: lr and learning_rate are one argument, and both are given; keep "
            "learning_rate"
        )
    return {"learning_rate" if key == "lr" else key: value for key, value in kwargs.items()}
