"""Signature of arguments: which of their properties a trace is made for."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import tree
from chainrule.graph.array_type import type_of
from chainrule.graph.trace import is_number

__all__ = ["are_hashable", "numbers", "signature"]


_NUMBERS = frozenset([float, int, bool])


def signature(args: tuple[Any, ...]) -> Any:
    """Types of numbers and arrays and the other arguments themselves; None if not hashable."""
    plain = [
        (x.dtype, x.shape) if type(x) is np.ndarray else type(x) if type(x) in _NUMBERS else None
        for x in args
    ]
    if None not in plain and int not in plain:  # in less time than below; int64 has a limit
        return tuple(plain)
    leaves, structure = tree.flatten(args)
    key = structure, *(type_of(leaf) if is_number(leaf) else (type(leaf), leaf) for leaf in leaves)
    try:
        hash(key)
    except TypeError:
        return None
    return key


def are_hashable(args: tuple[Any, ...]) -> bool:
    """Whether all arguments can be hashed that are no numbers or arrays."""
    return signature(args) is not None


def numbers(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the numbers and arrays among arguments: the inputs of a program."""
    if all([type(x) is np.ndarray or type(x) in _NUMBERS for x in args]):  # noqa: C419 (faster)
        return args
    return tuple([leaf for leaf in tree.flatten(args)[0] if is_number(leaf)])
