"""Arrays to which the NumPy expressions are applied."""

from collections.abc import Callable
from typing import Any

import numpy as np

M = np.array([[0.7, -1.2, 2.3, 0.4], [1.9, 0.35, -0.8, -2.1], [-1.45, 2.7, 1.1, 0.9]])
POSITIVE = np.abs(M) + 0.5
SMALL = M / 4
CUBE = np.random.default_rng(3).uniform(-2, 2, (2, 3, 4))


ROWS, COLUMNS = np.array([2, 0, 2]), np.array([1, -1, 3])
WEIGHTS = np.random.default_rng(4).uniform(-1, 1, (4, 5))
VECTOR = np.array([0.3, -1.4, 2.2, 0.8])
MASK = M > 0
Table = dict[str, tuple[Callable[[Any], Any], np.ndarray[Any, Any]]]
