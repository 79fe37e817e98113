"""Central differences, for methods that need a derivative where no exact one is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["difference_gradient", "difference_hessian", "one_sided_differences"]

_EPSILON = float(np.finfo(np.float64).eps)


def difference_gradient(function: Callable[[Any], Any], x: Any) -> NDArray[np.float64]:
    """Return the gradient by central differences, to about ε^(2/3)."""
    steps = _EPSILON ** (1 / 3) * np.maximum(1, np.abs(x))
    return np.array(
        [(_at(function, x + step) - _at(function, x - step)) / 2 for step in np.diag(steps)]
    ) / steps  # fmt: skip


def one_sided_differences(
    function: Callable[[Any], Any], x: Any, where: Any
) -> NDArray[np.float64]:
    """Return some components of the gradient by differences to the side with finite values."""
    steps = np.diag(_EPSILON**0.5 * np.maximum(1, np.abs(x)))[where]
    value = _at(function, x)
    found = [
        [(_at(function, x + each) - value) / each.sum() for each in (step, -step)] for step in steps
    ]
    return np.array([ahead if np.isfinite(ahead) else behind for ahead, behind in found])


def difference_hessian(function: Callable[[Any], Any], x: Any) -> NDArray[np.float64]:
    """Return the Hessian by central differences, to about ε^(1/2)."""
    sizes = _EPSILON ** (1 / 4) * np.maximum(1, np.abs(x))
    steps = np.diag(sizes)
    found = np.empty((x.size, x.size))
    for i in range(x.size):
        for j in range(i + 1):
            a, b = steps[i], steps[j]
            outer = _at(function, x + a + b) + _at(function, x - a - b)
            inner = _at(function, x + a - b) + _at(function, x - a + b)
            found[i, j] = found[j, i] = (outer - inner) / (4 * sizes[i] * sizes[j])
    return found


def _at(function: Callable[[Any], Any], x: Any) -> float:
    return float(np.asarray(function(x)).item())
