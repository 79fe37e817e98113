"""Generated data sets: XOR and two moons."""

import math

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import DATASET_ALIASES
from chainrule.arguments.checks import (
    NON_NEGATIVE,
    bad_argument,
    checked_count,
    checked_number,
    checked_seed,
)
from chainrule.arguments.keywords import answers_foreign_names

__all__ = ["moons", "xor"]

MOST_POINTS = 10**9


@answers_foreign_names(DATASET_ALIASES)
def xor() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the four rows of exclusive or, which is not linearly separable.

    Returns
    -------
    X : array, float64, (4, 2), 0 or 1
        Two binary inputs.
    y : array, float64, (4, 1), 0 or 1
        1 where they differ; one column, as the output of a network with one unit.

    References
    ----------
    Minsky & Papert (1969), "Perceptrons".

    Examples
    --------
    >>> X, y = xor()
    >>> np.column_stack([X, y])
    array([[0., 0., 0.],
           [0., 1., 1.],
           [1., 0., 1.],
           [1., 1., 0.]])
    """
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return X, np.array([[0.0], [1.0], [1.0], [0.0]])


@answers_foreign_names(DATASET_ALIASES)
def moons(
    n: int = 200, noise: float = 0.2, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Draw points from two interleaving half circles, in random order.

    Bit for bit equal to scikit-learn's ``make_moons(n, noise=noise)`` after
    ``np.random.seed(seed)``, so that published results are reproducible.

    Parameters
    ----------
    n : int >= 1
        The number of points; the first half, rounded down, are of class 0.
    noise : float >= 0
        The standard deviation of the normal noise added to both coordinates.
    seed : int in [0, 2**32)
        Seed of the noise and of the order.

    Returns
    -------
    X : array, float64, (n, 2)
        The points. Class 0 is the upper half of the unit circle around (0, 0), class 1 the lower
        half of the one around (1, 0.5).
    y : array, int64, (n,), 0 or 1
        The class.

    Raises
    ------
    ArgumentError
        If an argument is outside its range.

    Examples
    --------
    >>> X, y = moons(4, noise=0.0, seed=0)
    >>> X.round(2) + 0.0, y
    (array([[ 0. ,  0.5],
           [ 2. ,  0.5],
           [-1. ,  0. ],
           [ 1. ,  0. ]]), array([1, 1, 0, 0]))
    """
    n, seed = checked_count("moons", "n", n), checked_seed("moons", seed, bits=32)
    noise = abs(checked_number("moons", "noise", noise, NON_NEGATIVE))  # -0.0 has a sign
    if n > MOST_POINTS:
        raise bad_argument("moons", "n", n, f"at most {MOST_POINTS:,}")
    outer = np.linspace(0, math.pi, n // 2)
    inner = np.linspace(0, math.pi, n - n // 2)
    x = np.concatenate([np.cos(outer), 1 - np.cos(inner)])
    height = np.concatenate([np.sin(outer), 1 - np.sin(inner) - 0.5])
    labels = np.repeat(np.array([0, 1]), [n // 2, n - n // 2])
    # The legacy generator, in scikit-learn's order of draws: first the order, then the noise.
    random = np.random.RandomState(seed)
    order = np.arange(n)
    random.shuffle(order)
    points = np.column_stack([x, height])[order]
    return points + random.normal(scale=noise, size=points.shape), labels[order].astype(np.int64)
