"""Random inputs that are short to read: eighths, away from the kinks of common functions."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["odd_eighths", "one_hot", "probabilities"]


def odd_eighths(rng: np.random.Generator, *shape: int) -> Any:
    """Draw odd multiples of 1/8 in (-2, 2): never an integer, where kinks are.

    Examples
    --------
    >>> odd_eighths(np.random.default_rng(0), 3)
    array([1.375, 0.625, 0.125])
    """
    return (2 * rng.integers(-8, 8, shape) + 1) / 8


def one_hot(rng: np.random.Generator, rows: int, classes: int) -> Any:
    """Draw one-hot rows.

    Examples
    --------
    >>> one_hot(np.random.default_rng(0), 1, 3)
    array([[0., 0., 1.]])
    """
    return np.eye(classes)[rng.integers(0, classes, rows)]


def probabilities(rng: np.random.Generator, *shape: int) -> Any:
    """Draw rows of positive numbers with the sum 1.

    Examples
    --------
    >>> probabilities(np.random.default_rng(0), 1, 2).round(4)
    array([[0.5714, 0.4286]])
    """
    weights = rng.integers(1, 10, shape).astype(float)
    return weights / weights.sum(axis=-1, keepdims=True)
