"""Successive halving: after each rung only the best settings are trained on.

References
----------
Jamieson & Talwalkar (2016), "Non-stochastic best arm identification and hyperparameter
optimization", figure 3; Li et al. (2018), "Hyperband: a novel bandit-based approach to
hyperparameter optimization", algorithm 1, inner loop.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

__all__ = ["rank", "rungs_of", "survivors"]


def rungs_of(settings: int, epochs: int, factor: int | None) -> list[int]:
    """Return the epochs to which the settings of each rung are trained, the last one to the end.

    Rung i of s + 1 has settings / factorⁱ settings and trains them to epochs / factorˢ⁻ⁱ epochs.

    Examples
    --------
    >>> rungs_of(27, 81, 3), rungs_of(7, 100, None)
    ([3, 9, 27, 81], [100])
    """
    if factor is None:
        return [epochs]
    count = 0  # of the rungs before the last: until one setting is left, or one epoch
    while settings >= factor ** (count + 1) and epochs >= factor ** (count + 1):
        count += 1
    budgets = [max(1, round(epochs / factor ** (count - rung))) for rung in range(count + 1)]
    return sorted(set(budgets))


def survivors(values: Mapping[int, Sequence[float]], factor: int, is_maximized: bool) -> list[int]:
    """Return the settings that go on: a `factor`-th of them, at least one, by mean, best first.

    A setting one of whose networks has diverged comes last.

    Examples
    --------
    >>> survivors({0: [0.3, 0.5], 1: [0.1, 0.2], 2: [0.1, math.nan]}, 2, is_maximized=False)
    [1]
    """
    count = max(1, len(values) // factor)
    return sorted(values, key=lambda index: rank(values[index], is_maximized))[:count]


def rank(values: Sequence[float], is_maximized: bool) -> float:
    """Return the mean such that lower ones are better, infinity if a value is not finite.

    Examples
    --------
    >>> rank([0.5, 0.7], is_maximized=True)
    -0.6
    """
    if not values or not all(map(math.isfinite, values)):
        return math.inf
    mean = math.fsum(values) / len(values)
    return -mean if is_maximized else mean
