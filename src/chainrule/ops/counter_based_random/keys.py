"""Keys, and the counters of Philox that separate the streams derived from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.arguments.aliases import RANDOM_ALIASES
from chainrule.arguments.checks import bad_argument, checked_count, checked_seed
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.graph.node import Node
from chainrule.ops.counter_based_random.draw_arguments import check_integer, checked_key
from chainrule.ops.primitives import philox

__all__ = ["counter_of", "fold_in", "key", "split", "uniform_draws"]

_DRAW, _SPLIT, _FOLD = range(3)
"""What is derived from a key, the second word of the counter."""

_OF_KEYS = 0xFFFFFFFF
"""The third word, in which networks count their steps: their seeds share no draws with keys."""


@answers_foreign_names(RANDOM_ALIASES)
def key(seed: Any) -> Any:
    """Return the key of a seed.

    Parameters
    ----------
    seed : int in [0, 2**64), or traced int
        The seed.

    Returns
    -------
    array, uint32, (2,)
        The low and the high 32 bits of the seed.

    Raises
    ------
    ArgumentError
        If the seed is out of range.

    Examples
    --------
    >>> from chainrule import random
    >>> random.key(7)
    array([7, 0], dtype=uint32)
    """
    if isinstance(seed, Node):
        check_integer("key", "seed", seed)
        return np.stack([seed % 2**32, seed // 2**32 % 2**32]).astype(np.uint32)
    number = checked_seed("random.key", seed)
    return np.array([number % 2**32, number // 2**32], np.uint32)


@answers_foreign_names(RANDOM_ALIASES)
def split(key: Any, count: int = 2) -> Any:
    """Derive several independent keys from one, which should not be used again.

    Parameters
    ----------
    key : array of integers, (2,)
        A key.
    count : int >= 1
        Number of keys.

    Returns
    -------
    array, uint32, (count, 2)
        The keys, one in a row.

    Examples
    --------
    >>> from chainrule import random
    >>> first, second = random.split(random.key(0))
    >>> first
    array([ 34971292, 931793319], dtype=uint32)
    """
    count = checked_count("random.split", "count", count, most=2**31)
    return _words(checked_key("split", key), (count, 2), 0, _SPLIT)


@answers_foreign_names(RANDOM_ALIASES)
def fold_in(key: Any, data: Any) -> Any:
    """Derive the key of a number, such as of a step or a sample, from a key.

    Parameters
    ----------
    key : array of integers, (2,)
        A key.
    data : int in [0, 2**32), or array of integers of shape ()
        The number; it may be traced.

    Returns
    -------
    array, uint32, (2,)
        The key of this number.

    Examples
    --------
    >>> from chainrule import random
    >>> bool((random.fold_in(random.key(0), 1) == random.fold_in(random.key(0), 2)).all())
    False
    """
    if isinstance(data, Node):
        check_integer("fold_in", "data", data)
    else:
        data = checked_count("random.fold_in", "data", data, least=0)
        if data >= 2**32:
            raise bad_argument("random.fold_in", "data", data, "an integer in [0, 2**32)")
    return _words(checked_key("fold_in", key), (2,), data, _FOLD)


def uniform_draws(key: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Draw from [0, 1) with a key that has been checked."""
    return philox.uniform(key, counter_of(), shape=shape, dtype=dtype)


def counter_of(number: Any = 0, purpose: int = _DRAW) -> Any:
    """Return the counter of a purpose, and of the number for which something is derived."""
    if isinstance(number, Node):
        return np.stack([number.astype(np.int64), np.int64(purpose), np.int64(_OF_KEYS)])
    return np.array([number, purpose, _OF_KEYS], np.int64)


def _words(key: Any, shape: tuple[int, ...], number: Any, purpose: int) -> Any:
    """Random words of 32 bits: the upper ones of the 53 of a float64."""
    draws = philox.uniform(key, counter_of(number, purpose), shape=shape, dtype=np.dtype("float64"))
    return np.floor(draws * 2.0**32).astype(np.int64).astype(np.uint32)
