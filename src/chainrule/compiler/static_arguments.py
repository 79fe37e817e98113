"""Static arguments of a compiled function: by position, by name, and both for a named parameter."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from chainrule.arguments.checks import as_position, bad_argument
from chainrule.arguments.lookup import suggestion
from chainrule.errors import ArgumentError

__all__ = ["static_arguments"]

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def static_arguments(
    function: Callable[..., Any], argnums: Any, argnames: Any
) -> tuple[set[int], set[str]]:
    """Return positions and names of static arguments; refuse those that the function lacks.

    Examples
    --------
    >>> static_arguments(lambda x, n: x * n, -1, ())
    ({1}, {'n'})
    """
    positions, names = _positions(argnums), _names(argnames)
    if (parameters := _parameters(function)) is None:
        return {each for each in positions if each >= 0}, set(names)
    positional = [name for name, each in parameters.items() if each.kind in _POSITIONAL]
    kinds = {each.kind for each in parameters.values()}
    by_position = {_resolved(function, each, positional, kinds) for each in positions}
    for name in names:
        if name not in parameters and inspect.Parameter.VAR_KEYWORD not in kinds:
            raise ArgumentError(
                f"jit: static_argnames has {name!r}, which is no argument of "
                f"{_name(function)}; {suggestion(name, list(parameters))}"
            )
    numbers = {positional.index(each) for each in names if each in positional}
    named = {positional[each] for each in by_position if each < len(positional)}
    return by_position | numbers, set(names) | named


def _positions(argnums: Any) -> list[int]:
    entries = list(argnums) if isinstance(argnums, list | tuple | set | range) else [argnums]
    positions = [as_position(each) for each in entries]
    found = [each for each in positions if each is not None]
    if len(found) < len(positions):
        rule = "the number of a positional argument, from 0, or a tuple of them"
        if any(isinstance(each, float) for each in entries):
            rule += ", and no float, even if it is whole"
        raise bad_argument("jit", "static_argnums", argnums, rule)
    return found


def _names(argnames: Any) -> list[str]:
    entries = list(argnames) if isinstance(argnames, list | tuple | set) else [argnames]
    if not all(isinstance(each, str) and each for each in entries):
        rule = "the name of an argument, or a tuple of them"
        raise bad_argument("jit", "static_argnames", argnames, rule)
    return entries


def _resolved(
    function: Callable[..., Any], position: int, positional: list[str], kinds: set[Any]
) -> int:
    """Return a position counted from 0."""
    count = len(positional)
    if -count <= position < count:
        return position % count
    if position >= 0 and inspect.Parameter.VAR_POSITIONAL in kinds:
        return position
    listed = f" ({', '.join(positional)})" if positional else ""
    raise ArgumentError(
        f"jit: static_argnums has {position}, but {_name(function)} takes {count} positional "
        f"arguments{listed}, counted from 0"
    )


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter] | None:
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # of a builtin
        return None


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", "the function")
