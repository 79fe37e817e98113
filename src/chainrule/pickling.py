"""Pickles and copies: a pickle carries the version that made it, a copy shares nothing mutable.

A pickle holds the attributes of objects as they are in one version, so another version refuses it.
Files written by ``save`` are read by every later version.
"""

from __future__ import annotations

import copy
import sys
from typing import Any, TypeVar, cast

from chainrule.errors import FormatError

__all__ = ["independent_copies", "versioned_pickles"]

Kind = TypeVar("Kind", bound=type)


def versioned_pickles(kind: Kind) -> Kind:
    """Let pickles of a class and its subclasses carry the version; for use as a decorator.

    Examples
    --------
    >>> import pickle
    >>> @versioned_pickles
    ... class Count:
    ...     def __init__(self, number):
    ...         self.number = number
    >>> copy.copy(Count(3)).number
    3
    """

    def __reduce_ex__(self: Any, protocol: int) -> Any:  # noqa: N807
        if type(self).__reduce__ is not object.__reduce__:
            return self.__reduce__()
        state = self.__getstate__()
        # A copy of the attributes: another thread may set one of them meanwhile.
        state = dict(cast(Any, state)) if type(state) is dict else state
        return _new, (_version(), type(self)), state

    setattr(kind, "__reduce_ex__", __reduce_ex__)  # noqa: B010 (a method, which types cannot see)
    return kind


def independent_copies(kind: Kind) -> Kind:
    """Let ``copy.copy`` be ``copy.deepcopy``, for a class whose objects are trained in place.

    Examples
    --------
    >>> @independent_copies
    ... class Weights:
    ...     def __init__(self):
    ...         self.values = [1.0]
    >>> weights = Weights()
    >>> copy.copy(weights).values is weights.values
    False
    """

    def __copy__(self: Any) -> Any:  # noqa: N807
        return copy.deepcopy(self)

    setattr(kind, "__copy__", __copy__)  # noqa: B010 (a method, which types cannot see)
    return versioned_pickles(kind)


def _new(version: str, kind: type) -> Any:
    """Return an object without attributes, which pickle and copy then set."""
    if version != _version():
        raise FormatError(
            f"pickle: this {kind.__name__} was pickled by chainrule {version}, and this is "
            f"{_version()}; a pickle holds for one version. With chainrule {version} write the "
            "network by net.save(path), which every later version reads by cr.load(path)"
        )
    return (dict if issubclass(kind, dict) else object).__new__(kind)


def _version() -> str:
    return sys.modules["chainrule"].__version__
