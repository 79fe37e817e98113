"""Arguments that are one thing, a list or a dict of things by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from chainrule.arguments.checks import bad_argument

__all__ = ["by_name"]


def by_name(
    function: str, argument: str, given: Any, what: str, name: Callable[[Any], str]
) -> dict[str, Any]:
    """Return what was given by name; several things of one name are numbered.

    Examples
    --------
    >>> by_name("plot", "rules", ["sgd", "adam", "sgd"], "names", str)
    {'sgd': 'sgd', 'adam': 'adam', 'sgd (2)': 'sgd'}
    """
    if isinstance(given, Mapping):
        named = {str(key): each for key, each in cast(Mapping[Any, Any], given).items()}
    else:
        is_list = isinstance(given, Sequence) and not isinstance(given, str)
        named = dict[str, Any]()
        seen = dict[str, int]()
        for each in cast(Sequence[Any], given) if is_list else [given]:
            key = name(each)
            seen[key] = seen.get(key, 0) + 1
            named[key if seen[key] == 1 else f"{key} ({seen[key]})"] = each
    if not named:
        raise bad_argument(function, argument, given, what)
    return named
