"""Signature of arguments: which of their properties a trace is made for."""

from __future__ import annotations

from types import MethodType
from typing import Any
from weakref import ref

import numpy as np

from chainrule import tree
from chainrule.graph.array_type import type_of
from chainrule.graph.trace import is_number

__all__ = ["are_hashable", "numbers", "objects", "signature"]

_NUMBERS = frozenset([float, int, bool])


def signature(args: tuple[Any, ...]) -> Any:
    """Return types of numbers and arrays, other arguments themselves; None if not hashable."""
    plain = [
        (x.dtype, x.shape) if type(x) is np.ndarray else type(x) if type(x) in _NUMBERS else None
        for x in args
    ]
    if None not in plain and int not in plain:  # in less time than below; int64 has a limit
        return tuple(plain)
    leaves, structure = tree.flatten(args)
    try:
        key = structure, *(type_of(leaf) if is_number(leaf) else _of_other(leaf) for leaf in leaves)
        hash(key)
    except TypeError:
        return None
    return key


class _Object:
    """An object that is not kept alive; equal to itself alone."""

    def __init__(self, value: Any) -> None:
        self._number, self._value = id(value), ref(value)

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        value = self._value()
        return isinstance(other, _Object) and value is not None and other._value() is value


_VALUES = str, bytes, np.dtype, type(None), type(Ellipsis)


def _of_other(leaf: Any) -> Any:
    """What stands for an argument that is no number: texts are compared by value."""
    if isinstance(leaf, _VALUES):
        return type(leaf), leaf
    if isinstance(leaf, MethodType):
        return _Object(leaf.__self__), _Object(leaf.__func__)
    return _Object(leaf)


def objects(args: tuple[Any, ...]) -> list[Any]:
    """Return what else there is among arguments, but for texts: what is not to be kept alive."""
    if all([type(x) is np.ndarray or type(x) in _NUMBERS for x in args]):  # noqa: C419 (faster)
        return []
    others = [leaf for leaf in tree.flatten(args)[0] if not is_number(leaf)]
    owners = [each.__self__ if isinstance(each, MethodType) else each for each in others]
    return [each for each in owners if not isinstance(each, _VALUES)]


def are_hashable(args: tuple[Any, ...]) -> bool:
    """Whether all arguments can be hashed that are no numbers or arrays."""
    return signature(args) is not None


def numbers(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the numbers and arrays among arguments: the inputs of a program."""
    if all([type(x) is np.ndarray or type(x) in _NUMBERS for x in args]):  # noqa: C419 (faster)
        return args
    return tuple([leaf for leaf in tree.flatten(args)[0] if is_number(leaf)])
