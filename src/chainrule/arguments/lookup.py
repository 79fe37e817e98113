"""Unknown names: what to write instead, by alias, by remedy or by the closest match.

::

    suggestion ::= here it is NAME           the name that another library uses for it
                 | REMEDY                    what to do where there is no such argument
                 | did you mean NAME?        a likely typing error
                 | there are NAME, ...
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from chainrule.arguments.aliases import (
    FIT_ALIASES,
    FUNCTION_ALIASES,
    LAYER_ARGUMENT_ALIASES,
    NO_ALIASES,
    Aliases,
)
from chainrule.arguments.checks import shown
from chainrule.errors import ArgumentError, type_in_words

__all__ = [
    "bind_arguments",
    "close_matches",
    "closest",
    "look_up",
    "refuse_unknown",
    "refuse_unnamed",
    "suggestion",
]

Entry = TypeVar("Entry")

_PACKAGE = "chainrule."


def suggestion(
    name: str,
    known: Collection[str],
    aliases: Aliases = NO_ALIASES,
    quote: Callable[[str], str] = repr,
) -> str:
    """Return what to write instead of an unknown name.

    Examples
    --------
    >>> aliases = Aliases(names={"one": "uno"})
    >>> [suggestion(name, ["one", "two"], aliases) for name in ("uno", "tow", "x")]
    ["here it is 'one'", "did you mean 'two'?", 'there are one, two']
    """
    listed = f"there are {', '.join(known)}" if known else "it takes none"
    return closest(name, known, aliases, quote) or listed


def closest(
    name: str,
    known: Collection[str],
    aliases: Aliases = NO_ALIASES,
    quote: Callable[[str], str] = repr,
) -> str | None:
    """Return what to write instead of an unknown name, or None if nothing comes close."""
    targets = aliases.targets(name)
    for each in known:
        if each in targets:
            return f"here it is {quote(each)}"
    if name in aliases.remedies:
        return aliases.remedies[name]
    matches = close_matches(name, known)
    return f"did you mean {quote(matches[0])}?" if matches else None


def close_matches(
    name: str, known: Iterable[str], count: int = 1, cutoff: float = 0.6
) -> list[str]:
    """Return up to `count` similar names, the most similar first, whatever their case.

    Examples
    --------
    >>> close_matches("Tow", ["one", "two"])
    ['two']
    """
    folded = {each.lower(): each for each in known}
    import difflib  # here, as names are seldom wrong

    return [folded[key] for key in difflib.get_close_matches(name.lower(), folded, count, cutoff)]


def look_up(what: str, name: Any, table: Mapping[str, Entry]) -> Entry:
    """Return the entry of a name, or raise an error that suggests one.

    Examples
    --------
    >>> look_up("digit", "oen", {"one": 1, "two": 2})
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: unknown digit 'oen'; did you mean 'one'? there are one, two
    """
    if not isinstance(name, str):
        raise ArgumentError(
            f"{what}: expected a name or a function, got {type_in_words(name)}; "
            f"there are {', '.join(sorted(table))}"
        )
    if name in table:
        return table[name]
    hint = suggestion(name, sorted(table), FUNCTION_ALIASES)
    if hint.endswith("?"):
        hint += f" there are {', '.join(sorted(table))}"
    raise ArgumentError(f"unknown {what} {name!r}; {hint}")


def refuse_unknown(
    function: str,
    keywords: Iterable[str],
    known: Collection[str],
    aliases: Aliases = FIT_ALIASES,
) -> None:
    """Raise for the first keyword that a function does not have.

    Examples
    --------
    >>> refuse_unknown("fit", {"nb_epoch": 3}, ["X", "y", "epochs"])
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: fit: there is no argument `nb_epoch`; here it is `epochs`
    """
    for name in keywords:
        if name not in known:
            hint = suggestion(name, known, aliases, "`{}`".format)
            raise ArgumentError(f"{function}: there is no argument `{name}`; {hint}")


def refuse_unnamed(function: str, values: Sequence[Any], example: str) -> None:
    """Raise for arguments that must be given by name, since libraries order them differently.

    Examples
    --------
    >>> refuse_unnamed("fit", [10], "net.fit(X, y, epochs=10)")
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: fit: the argument 10 needs its name, as in
    net.fit(X, y, epochs=10)
    """
    if values:
        raise ArgumentError(
            f"{function}: the argument {values[0]!r:.40} needs its name, as in {example}"
        )


def bind_arguments(
    function: Callable[..., Any], title: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> inspect.BoundArguments:
    """Bind the arguments of a layer to the parameters of its method, defaults included."""
    signature, takes_any = _signature_of(function)
    if not takes_any:
        refuse_unknown(title, kwargs, signature.parameters, LAYER_ARGUMENT_ALIASES)
    try:
        arguments = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise ArgumentError(f"{title}: {error}; it is called as {title}{signature}") from None
    arguments.apply_defaults()
    name = arguments.arguments.get("name")
    if name is not None and not isinstance(name, str) and function.__module__.startswith(_PACKAGE):
        raise ArgumentError(f"{title}: name is {shown(name)}; it must be text; {_unnamed(name)}")
    return arguments


def _unnamed(value: Any) -> str:
    """Return what to write instead of a value that came to stand in the place of a name."""
    if hasattr(value, "forward"):
        return "put the layers into a list, [...]"
    if callable(value):
        return "derivatives are derived: leave it out"
    if isinstance(value, tuple | list):
        return "sizes of inputs are inferred: leave it out"
    return "several numbers are given as one tuple, (...)"


@lru_cache(maxsize=256)
def _signature_of(function: Callable[..., Any]) -> tuple[inspect.Signature, bool]:
    """Return the signature of a method without self, and whether it takes any keyword."""
    _, *parameters = inspect.signature(function).parameters.values()
    signature = inspect.Signature([each.replace(annotation=each.empty) for each in parameters])
    return signature, any(each.kind is each.VAR_KEYWORD for each in parameters)
