"""Discrete distributions, permutations and choices."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.arguments.aliases import RANDOM_ALIASES
from chainrule.arguments.array_classes import refuse_masked
from chainrule.arguments.checks import Range, bad_argument, checked_flag, checked_kind
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, ShapeError, counted
from chainrule.graph.node import Node, as_node
from chainrule.ops.counter_based_random.continuous import gumbel
from chainrule.ops.counter_based_random.draw_arguments import (
    as_plain_array,
    check_integer,
    checked_axis,
    checked_key,
    checked_parameter,
    shape_and_dtype,
)
from chainrule.ops.counter_based_random.keys import uniform_draws

__all__ = ["bernoulli", "categorical", "choice", "permutation", "randint"]

_PROBABILITY = Range("a probability, from 0 to 1", lambda x: 0 <= x <= 1)
_INTEGERS = ("int64", "int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64")


@answers_foreign_names(RANDOM_ALIASES)
def bernoulli(key: Any, p: Any = 0.5, shape: Any = None) -> Any:
    """Draw True with probability `p`.

    Parameters
    ----------
    key : array of integers, (2,)
        A key.
    p : float or array, in [0, 1]
        The probability of True, which broadcasts to `shape`.
    shape : int or tuple of int, optional
        Shape of the result; by default that of `p`.

    Returns
    -------
    array, bool, `shape`
        The draws. They have no derivative in `p`.

    Examples
    --------
    >>> from chainrule import random
    >>> random.bernoulli(random.key(0), 0.5, (4,)).dtype
    dtype('bool')
    """
    shape, dtype = shape_and_dtype("bernoulli", shape, None, p=p)
    checked_parameter("bernoulli", "p", p, _PROBABILITY)
    return uniform_draws(checked_key("bernoulli", key), shape, dtype) < p


@answers_foreign_names(RANDOM_ALIASES)
def randint(key: Any, shape: Any, minval: Any, maxval: Any, dtype: Any = "int64") -> Any:
    """Draw integers from [minval, maxval), each with the same probability.

    Parameters
    ----------
    key : array of integers, (2,)
        A key.
    shape : int or tuple of int
        Shape of the result.
    minval, maxval : int or array of integers
        The bounds, less than 2**52 apart; `maxval` is not drawn. They broadcast to `shape`.
    dtype : dtype
        An integer dtype.

    Returns
    -------
    array, `dtype`, `shape`
        The draws.

    Examples
    --------
    >>> from chainrule import random
    >>> bool(np.isin(random.randint(random.key(0), 100, 1, 7), range(1, 7)).all())
    True
    """
    shape, _ = shape_and_dtype("randint", shape, "float64", minval=minval, maxval=maxval)
    minval = check_integer("randint", "minval", minval)
    maxval = check_integer("randint", "maxval", maxval)
    is_known = not isinstance(minval, Node) and not isinstance(maxval, Node)
    # Up to 2**52 the product of a draw in [0, 1) and the span, rounded, is less than the span.
    if is_known and not np.all(np.less(minval, maxval) & (np.subtract(maxval, minval) <= 2**52)):
        rule = f"greater than minval={minval!r}, by 2**52 at most"
        raise bad_argument("random.randint", "maxval", maxval, rule)
    dtype = checked_kind("random.randint", "dtype", dtype, _INTEGERS)
    limits = np.iinfo(dtype)
    for name, bound, last in (("minval", minval, limits.max), ("maxval", maxval, limits.max + 1)):
        if is_known and not np.all((bound >= limits.min) & (bound <= last)):
            raise bad_argument("random.randint", name, bound, f"in the range of dtype={dtype}")
    draws = uniform_draws(checked_key("randint", key), shape, np.dtype("float64"))
    return (np.floor(draws * (maxval - minval)).astype(np.int64) + minval).astype(dtype)


@answers_foreign_names(RANDOM_ALIASES)
def permutation(key: Any, x: Any, axis: int = 0) -> Any:
    """Permute an array along an axis at random, or the integers below a number.

    Parameters
    ----------
    key : array of integers, (2,)
        A key.
    x : array, or int
        The array; an integer n stands for ``np.arange(n)``.
    axis : int
        The axis, whose slices are moved as a whole.

    Returns
    -------
    array, as `x`
        The array in another order.

    Examples
    --------
    >>> from chainrule import random
    >>> sorted(random.permutation(random.key(0), 5).tolist())
    [0, 1, 2, 3, 4]
    """
    values = _population("permutation", "x", x)
    axis = checked_axis("permutation", axis, "an array", np.shape(values))
    order = np.argsort(
        uniform_draws(checked_key("permutation", key), (values.shape[axis],), np.dtype("float64"))
    )
    return _take(values, order, axis)


@answers_foreign_names(RANDOM_ALIASES)
def choice(key: Any, a: Any, shape: Any = (), replace: bool = True, p: Any = None) -> Any:
    """Draw entries of an array, or integers below a number.

    Parameters
    ----------
    key : array of integers, (2,)
        A key.
    a : array, or int
        The entries, along the first axis; an integer n stands for ``np.arange(n)``.
    shape : int or tuple of int
        Shape of the draws.
    replace : bool
        Whether an entry can be drawn more than once.
    p : array, (len(a),), optional
        The probability of each entry; equal ones by default. They need not add up to one.

    Returns
    -------
    array, `shape` and the other axes of `a`
        The draws.

    Raises
    ------
    ArgumentError
        If more entries are to be drawn than there are, without replacement.

    Examples
    --------
    >>> from chainrule import random
    >>> bool(np.isin(random.choice(random.key(0), ["a", "b", "c"], (10,)), ["a", "b", "c"]).all())
    True
    >>> sorted(random.choice(random.key(0), 3, (3,), replace=False).tolist())
    [0, 1, 2]
    """
    replace = checked_flag("random.choice", "replace", replace)
    refuse_masked(a, "random.choice: a")
    values, (shape, _) = _population("choice", "a", a), shape_and_dtype("choice", shape, "float64")
    if not len(values):
        raise bad_argument("random.choice", "a", a, "an array with at least one entry")
    number, count = values.shape[0], int(np.prod(shape, dtype=np.int64))
    logits = None if p is None else _log_probabilities(p, number)
    if replace:
        if logits is None:
            return _take(values, randint(key, shape, 0, number), 0)
        return _take(values, categorical(key, logits, shape=shape), 0)
    if count > number:
        raise ArgumentError(
            f"random.choice: cannot draw {count} of {counted(number, 'entry')} without "
            "replacement; draw fewer, or give replace=True"
        )
    # The greatest of the sums of logits and Gumbel draws: sampling without replacement.
    scores = gumbel(key, (number,)) if logits is None else gumbel(key, (number,)) + logits
    return _take(values, np.reshape(np.argsort(-scores)[:count], shape), 0)


@answers_foreign_names(RANDOM_ALIASES)
def categorical(key: Any, logits: Any, axis: int = -1, shape: Any = None) -> Any:
    """Draw the numbers of classes whose probabilities are proportional to exp(logits).

    Parameters
    ----------
    key : array of integers, (2,)
        A key.
    logits : array
        The logarithm of the probability of each class, up to a constant.
    axis : int
        The axis of the classes.
    shape : int or tuple of int, optional
        Shape of the result, whose last axes are those of `logits` without the classes; by default
        these alone.

    Returns
    -------
    array, int64, `shape`
        The draws.

    Examples
    --------
    >>> from chainrule import random
    >>> random.categorical(random.key(0), np.log([0.001, 0.001, 0.998]), shape=5)
    array([2, 2, 2, 2, 2])
    """
    refuse_masked(logits, "random.categorical: logits")
    logits = logits if isinstance(logits, Node) else as_plain_array(logits)
    if logits.dtype.kind not in "biuf" or not logits.size:
        raise bad_argument("random.categorical", "logits", logits, "real numbers, one or more")
    if _has_nan(logits):
        raise bad_argument("random.categorical", "logits", logits, "real numbers, none of them NaN")
    axis = checked_axis("categorical", axis, "logits", tuple(logits.shape))
    logits = np.moveaxis(logits, axis, -1)
    rows = tuple(logits.shape[:-1])
    shape = rows if shape is None else shape_and_dtype("categorical", shape, "float64")[0]
    if shape[len(shape) - len(rows) :] != rows:
        raise ShapeError(
            f"random.categorical: shape {shape} must end with {rows}, the shape of logits without "
            "the classes"
        )
    return np.argmax(logits + gumbel(key, (*shape, logits.shape[-1])), axis=-1)


def _has_nan(x: Any) -> bool:
    return not isinstance(x, Node) and bool(np.isnan(x).any())


def _population(function: str, argument: str, x: Any) -> Any:
    """Return the array to draw from; an integer stands for those below it."""
    if not isinstance(x, Node):
        x = as_plain_array(x)
        if x.ndim == 0 and x.dtype.kind in "iu" and x > 0:
            return np.arange(x)
    if x.ndim == 0:
        raise bad_argument(f"random.{function}", argument, x, "an array, or an integer, 1 or more")
    return x


def _log_probabilities(p: Any, number: int) -> Any:
    refuse_masked(p, "random.choice: p")
    p = p if isinstance(p, Node) else as_plain_array(p)
    if np.shape(p) != (number,):
        raise ShapeError(
            f"random.choice: p has shape {np.shape(p)}, and there are {counted(number, 'entry')}; "
            "give one probability for each"
        )
    if isinstance(p, Node):
        return np.log(p)
    if not np.all(p >= 0) or not np.any(p > 0):
        raise bad_argument("random.choice", "p", p, "probabilities, 0 or more, not all 0")
    with np.errstate(divide="ignore"):
        return np.log(np.asarray(p, float))


def _take(values: Any, indices: Any, axis: int) -> Any:
    """``np.take``, which does not dispatch on its indices."""
    return np.take(as_node(values) if isinstance(indices, Node) else values, indices, axis=axis)
