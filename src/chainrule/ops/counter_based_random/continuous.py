"""Continuous distributions, differentiable in their parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.arguments.aliases import RANDOM_ALIASES
from chainrule.arguments.checks import NON_NEGATIVE
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.ops.counter_based_random.draw_arguments import (
    as_float,
    checked_key,
    checked_parameter,
    shape_and_dtype,
)
from chainrule.ops.counter_based_random.keys import counter_of, uniform_draws
from chainrule.ops.primitives import philox

__all__ = ["exponential", "gumbel", "normal", "uniform"]


@answers_foreign_names(RANDOM_ALIASES)
def uniform(
    key: Any, shape: Any = None, dtype: Any = None, minval: Any = 0.0, maxval: Any = 1.0
) -> Any:
    """Draw from the uniform distribution on [minval, maxval).

    Parameters
    ----------
    key : array of integers, (2,)
        A key.
    shape : int or tuple of int, optional
        Shape of the result; by default that of the bounds together.
    dtype : dtype, optional
        "float32" or "float64", by default that of the bounds, "float64" for plain numbers.
    minval, maxval : float or array
        The bounds, which broadcast to `shape`.

    Returns
    -------
    array, `shape`
        The draws, differentiable in the bounds. Rounding may give `maxval` itself where the
        interval is narrow.

    Examples
    --------
    >>> from chainrule import random
    >>> draws = random.uniform(random.key(0), (1000,), minval=-1.0)
    >>> bool(-1 <= draws.min() and draws.max() < 1)
    True
    """
    shape, dtype = shape_and_dtype("uniform", shape, dtype, minval=minval, maxval=maxval)
    bounds = {"minval": minval, "maxval": maxval}
    low, high = (
        as_float(checked_parameter("uniform", name, each), dtype) for name, each in bounds.items()
    )
    draws = uniform_draws(checked_key("uniform", key), shape, dtype)
    return draws * (high - low) + low


@answers_foreign_names(RANDOM_ALIASES)
def normal(key: Any, shape: Any = None, dtype: Any = None, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Draw from the normal distribution with mean `loc` and standard deviation `scale`.

    Parameters
    ----------
    key : array of integers, (2,)
        A key.
    shape : int or tuple of int, optional
        Shape of the result; by default that of `loc` and `scale` together.
    dtype : dtype, optional
        "float32" or "float64", by default that of `loc` and `scale`, "float64" for plain numbers.
    loc, scale : float or array
        Mean and standard deviation, which broadcast to `shape`.

    Returns
    -------
    array, `shape`
        ``loc + scale * z``, differentiable in both (the reparametrization of variational
        autoencoders).

    References
    ----------
    Box & Muller (1958), "A note on the generation of random normal deviates".

    Examples
    --------
    >>> from chainrule import random
    >>> bool(abs(random.normal(random.key(0), 10_000, loc=3.0).mean() - 3) < 0.05)
    True
    """
    shape, dtype = shape_and_dtype("normal", shape, dtype, loc=loc, scale=scale)
    checked_parameter("normal", "loc", loc)
    checked_parameter("normal", "scale", scale, NON_NEGATIVE)
    counter = counter_of()
    draws = philox.normal(checked_key("normal", key), counter, shape=shape, dtype=dtype)
    return draws * as_float(scale, dtype) + as_float(loc, dtype)


@answers_foreign_names(RANDOM_ALIASES)
def exponential(key: Any, shape: Any = None, dtype: Any = None, scale: Any = 1.0) -> Any:
    """Draw from the exponential distribution with mean `scale`.

    Parameters
    ----------
    key : array of integers, (2,)
        A key.
    shape : int or tuple of int, optional
        Shape of the result; by default that of `scale`.
    dtype : dtype, optional
        "float32" or "float64", by default that of `scale`, "float64" for a plain number.
    scale : float or array
        The mean, which broadcasts to `shape`.

    Returns
    -------
    array, `shape`, 0 or more
        The draws, differentiable in `scale`.

    Examples
    --------
    >>> from chainrule import random
    >>> random.exponential(random.key(0), (2, 3)).shape
    (2, 3)
    """
    shape, dtype = shape_and_dtype("exponential", shape, dtype, scale=scale)
    checked_parameter("exponential", "scale", scale, NON_NEGATIVE)
    draws = uniform_draws(checked_key("exponential", key), shape, dtype)
    return -np.log1p(-draws) * as_float(scale, dtype)


@answers_foreign_names(RANDOM_ALIASES)
def gumbel(key: Any, shape: Any = (), dtype: Any = "float64") -> Any:
    """Draw from the standard Gumbel distribution, whose cumulative function is exp(-exp(-x)).

    Parameters
    ----------
    key : array of integers, (2,)
        A key.
    shape : int or tuple of int
        Shape of the result.
    dtype : dtype
        "float32" or "float64".

    Returns
    -------
    array, `shape`
        The draws: ``argmax(logits + gumbel)`` is a draw from the classes with these logits.

    Examples
    --------
    >>> from chainrule import random
    >>> random.gumbel(random.key(0), (2, 3)).shape
    (2, 3)
    """
    shape, dtype = shape_and_dtype("gumbel", shape, dtype)
    draws = uniform_draws(checked_key("gumbel", key), shape, dtype)
    # A draw of 0 would be -infinity; the smallest positive number stands for it.
    return -np.log(-np.log(np.maximum(draws, np.finfo(dtype).tiny)))
