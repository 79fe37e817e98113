"""Generated data sets: XOR, moons, circles, spirals and blobs."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import DATASET_ALIASES
from chainrule.arguments.checks import (
    NON_NEGATIVE,
    Range,
    as_position,
    bad_argument,
    checked_count,
    checked_number,
    checked_seed,
)
from chainrule.arguments.keywords import answers_foreign_names

__all__ = ["blobs", "circles", "moons", "spirals", "xor"]

Points = tuple[NDArray[np.float64], NDArray[np.int64]]

MOST_POINTS = 10**9
_FACTOR = Range("a number in [0, 1)", lambda x: 0 <= x < 1)
_BOX = (-10.0, 10.0)
"""Interval of the coordinates of centers that are drawn, as in scikit-learn."""


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
def moons(n: int = 200, noise: float = 0.2, seed: int = 0) -> Points:
    """Draw points from two interleaving half circles, in random order.

    Bit for bit equal to scikit-learn's ``make_moons(n, noise=noise,
    random_state=seed)``, so that published results are reproducible.

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
    n, noise, seed = _checked("moons", n, noise, seed)
    outer = np.linspace(0, math.pi, n // 2)
    inner = np.linspace(0, math.pi, n - n // 2)
    x = np.concatenate([np.cos(outer), 1 - np.cos(inner)])
    height = np.concatenate([np.sin(outer), 1 - np.sin(inner) - 0.5])
    return _shuffled_and_noisy(np.column_stack([x, height]), n, noise, seed)


@answers_foreign_names(DATASET_ALIASES)
def circles(n: int = 200, noise: float = 0.1, seed: int = 0, factor: float = 0.5) -> Points:
    """Draw points from two circles, one within the other, in random order.

    Bit for bit equal to scikit-learn's ``make_circles(n, noise=noise, factor=factor,
    random_state=seed)``.

    Parameters
    ----------
    n : int >= 1
        The number of points; the first half, rounded down, are of class 0.
    noise : float >= 0
        The standard deviation of the normal noise added to both coordinates.
    seed : int in [0, 2**32)
        Seed of the noise and of the order.
    factor : float in [0, 1)
        Radius of the inner circle, class 1; that of the outer one, class 0, is 1.

    Returns
    -------
    X : array, float64, (n, 2)
        The points, around (0, 0).
    y : array, int64, (n,), 0 or 1
        The class.

    Raises
    ------
    ArgumentError
        If an argument is outside its range.

    Examples
    --------
    >>> X, y = circles(100, noise=0.0)
    >>> radius = np.hypot(*X.T).round(9)
    >>> set(radius[y == 0].tolist()), set(radius[y == 1].tolist())
    ({1.0}, {0.5})
    """
    n, noise, seed = _checked("circles", n, noise, seed)
    factor = checked_number("circles", "factor", factor, _FACTOR)
    outer = np.linspace(0, 2 * np.pi, n // 2, endpoint=False)
    inner = np.linspace(0, 2 * np.pi, n - n // 2, endpoint=False)
    x = np.concatenate([np.cos(outer), np.cos(inner) * factor])
    height = np.concatenate([np.sin(outer), np.sin(inner) * factor])
    return _shuffled_and_noisy(np.column_stack([x, height]), n, noise, seed)


@answers_foreign_names(DATASET_ALIASES)
def spirals(n: int = 200, noise: float = 0.05, seed: int = 0, arms: int = 2) -> Points:
    """Draw points from interleaved spirals around (0, 0), in random order.

    Parameters
    ----------
    n : int >= 1
        The number of points, shared evenly by the arms.
    noise : float >= 0
        The standard deviation of the normal noise added to both coordinates.
    seed : int in [0, 2**32)
        Seed of the noise and of the order.
    arms : int in 1 .. n
        The number of spirals, which is that of classes.

    Returns
    -------
    X : array, float64, (n, 2)
        The points. A spiral makes one turn, while its radius grows from 0.1 to 1.
    y : array, int64, (n,), in 0 .. arms - 1
        The class.

    Raises
    ------
    ArgumentError
        If an argument is outside its range.

    References
    ----------
    Lang & Witbrock (1988), "Learning to tell two spirals apart", Connectionist Models Summer
    School, 52-59.

    Examples
    --------
    >>> X, y = spirals(90, arms=3)
    >>> X.shape, np.bincount(y)
    ((90, 2), array([30, 30, 30]))
    """
    n, noise, seed = _checked("spirals", n, noise, seed)
    arms = checked_count("spirals", "arms", arms, most=n)
    sizes = _shares(n, arms)
    y = np.repeat(np.arange(arms), sizes)
    radius = np.concatenate([np.linspace(0.1, 1, size) for size in sizes])
    angle = 2 * math.pi * (radius + y / arms)
    points = radius[:, np.newaxis] * np.column_stack([np.cos(angle), np.sin(angle)])
    random = np.random.default_rng(seed)
    points += random.normal(scale=noise, size=points.shape)
    order = random.permutation(n)
    return points[order], y[order].astype(np.int64)


@answers_foreign_names(DATASET_ALIASES)
def blobs(
    n: int = 200,
    centers: int | ArrayLike = 3,
    noise: float = 1.0,
    seed: int = 0,
    features: int = 2,
) -> Points:
    """Draw points from normal distributions around some centers, in random order.

    Bit for bit equal to scikit-learn's ``make_blobs(n, features, centers=centers,
    cluster_std=noise, random_state=seed)``.

    Parameters
    ----------
    n : int >= 1
        The number of points, shared evenly by the centers.
    centers : int >= 1 or array, float, (classes, features)
        How many, drawn from [-10, 10) in each coordinate, or where.
    noise : float >= 0
        The standard deviation of the coordinates from those of the center.
    seed : int in [0, 2**32)
        Seed of the centers, of the points and of their order.
    features : int >= 1
        The number of coordinates, unless `centers` are given.

    Returns
    -------
    X : array, float64, (n, features)
        The points.
    y : array, int64, (n,), in 0 .. classes - 1
        The class.

    Raises
    ------
    ArgumentError
        If an argument is outside its range.

    Examples
    --------
    >>> X, y = blobs(4, centers=[[0, 0], [5, 5]], noise=0.0, seed=1)
    >>> X, y
    (array([[0., 0.],
           [5., 5.],
           [0., 0.],
           [5., 5.]]), array([0, 1, 0, 1]))
    """
    n, noise, seed = _checked("blobs", n, noise, seed)
    features = checked_count("blobs", "features", features, most=MOST_POINTS)
    # The legacy generator, in scikit-learn's order of draws: centers, points, order.
    random = np.random.RandomState(seed)
    if as_position(centers) is not None:
        count = checked_count("blobs", "centers", centers, most=MOST_POINTS)
        places = random.uniform(*_BOX, size=(count, features))
    else:
        places = _checked_centers(centers)
    sizes = _shares(n, len(places))
    X = np.concatenate(
        [
            random.normal(loc=place, scale=noise, size=(size, places.shape[1]))
            for place, size in zip(places, sizes, strict=True)
        ]
    )
    order = np.arange(n)
    random.shuffle(order)
    return X[order], np.repeat(np.arange(len(places)), sizes)[order].astype(np.int64)


def _checked(name: str, n: Any, noise: Any, seed: Any) -> tuple[int, float, int]:
    n, seed = checked_count(name, "n", n), checked_seed(name, seed, bits=32)
    noise = abs(checked_number(name, "noise", noise, NON_NEGATIVE))  # -0.0 has a sign
    if n > MOST_POINTS:
        raise bad_argument(name, "n", n, f"at most {MOST_POINTS:,}")
    return n, noise, seed


def _checked_centers(centers: Any) -> NDArray[np.float64]:
    places = np.asarray(centers) if isinstance(centers, list | tuple | np.ndarray) else np.empty(0)
    is_numeric = places.dtype.kind in "iuf" and places.ndim == 2 and places.size > 0
    if not is_numeric or not np.isfinite(places).all():
        rule = "how many, or an array of finite numbers, (classes, features)"
        raise bad_argument("blobs", "centers", centers, rule)
    return places.astype(np.float64)


def _shares(n: int, parts: int) -> list[int]:
    """Return the sizes of equal parts, the first of which may have one more.

    Examples
    --------
    >>> _shares(8, 3)
    [3, 3, 2]
    """
    return [n // parts + (part < n % parts) for part in range(parts)]


def _shuffled_and_noisy(points: NDArray[Any], n: int, noise: float, seed: int) -> Points:
    """Shuffle points, of which the first half is of class 0, and add noise.

    The legacy generator, in scikit-learn's order of draws: first the order, then the noise.
    """
    labels = np.repeat(np.array([0, 1]), [n // 2, n - n // 2])
    random = np.random.RandomState(seed)
    order = np.arange(n)
    random.shuffle(order)
    points = points[order]
    return points + random.normal(scale=noise, size=points.shape), labels[order].astype(np.int64)
