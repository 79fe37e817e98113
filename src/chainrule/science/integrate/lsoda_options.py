"""The arguments of `odeint` that concern LSODA, and the Jacobian given by hand."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.science.integrate.right_hand_side import RightHandSide, Untraceable, traced_call
from chainrule.science.integrate.traced import as_vector
from chainrule.science.shared_graph import SharedGraph
from chainrule.science.undone import call_without_effects

__all__ = ["Floats", "GivenJacobian", "LsodaOptions"]

Floats = NDArray[np.float64]


class LsodaOptions(NamedTuple):
    """Arguments that concern LSODA alone."""

    ml: int | None
    mu: int | None
    tcrit: Any
    hmin: float
    ixpr: int
    mxhnil: int
    mxordn: int
    mxords: int

    @property
    def is_banded(self) -> bool:
        """Whether the Jacobian is given by its diagonals."""
        return any(each is not None and each >= 0 for each in (self.ml, self.mu))

    def check(self) -> None:
        """Raise Untraceable if one of them is given."""
        others = self.hmin, self.ixpr, self.mxhnil, self.mxordn != 12, self.mxords != 5
        if self.tcrit is not None or any(others):
            raise Untraceable("an argument concerns LSODA", False)

    @property
    def bandwidths(self) -> tuple[int, int]:
        """The numbers of diagonals below and above the main one."""
        return max(self.ml or 0, 0), max(self.mu or 0, 0)

    def jacobian(self, rhs: RightHandSide) -> Callable[..., Floats]:
        """Return the exact Jacobian for LSODA: the matrix, or its diagonals."""
        below, above = self.bandwidths

        def matrix(first: Any, second: Any, *args: Any) -> Floats:
            t, y = (first, second) if rhs.is_time_first else (second, first)
            full = rhs.jacobian(t, np.array(y), *args)
            if not self.is_banded:
                return full
            return np.stack([_diagonal(full, k) for k in range(above, -below - 1, -1)])

        return matrix


@dataclass(frozen=True)
class GivenJacobian:
    """`Dfun`, as a function of (t, y) that returns the matrix."""

    function: Callable[..., Any]
    is_time_first: bool
    is_transposed: bool
    rest: LsodaOptions

    def __call__(self, t: Any, y: Any, *args: Any) -> Any:
        """Return ∂f/∂y, (n, n)."""
        first, second = (t, y) if self.is_time_first else (y, t)
        given = self.function(first, second, *args)
        if isinstance(given, list | tuple):
            given = np.stack([as_vector(each) for each in given])
        matrix = np.transpose(given) if self.is_transposed else given
        if not self.rest.is_banded:
            return matrix
        (below, above), n = self.rest.bandwidths, y.shape[0]
        rows = [(d, matrix[above - d, max(d, 0) : n + min(d, 0)]) for d in range(-below, above + 1)]
        return reduce(operator.add, [np.diag(row, d) for d, row in rows])

    def traced(
        self, t: float, y: Floats, args: tuple[Any, ...]
    ) -> tuple[SharedGraph, tuple[Any, ...]]:
        """Return the graph of ∂f/∂y, and what it takes after (t, y); raise Untraceable."""
        return traced_call(self, y, args, lambda: self._check(t, y, args))

    def _check(self, t: float, y: Floats, args: tuple[Any, ...]) -> None:
        """Raise Untraceable if it returns another shape, which SciPy refuses in its words."""
        first, second = (t, y) if self.is_time_first else (y, t)
        try:
            given = call_without_effects(lambda: self.function(first, second, *args), self.function)
            shape = np.asarray(given, float).shape
        except Exception as error:  # noqa: BLE001 - the user's own, which SciPy meets too
            raise Untraceable(str(error), False) from None
        rows = 1 + sum(self.rest.bandwidths) if self.rest.is_banded else y.size
        if shape != ((y.size, rows) if self.is_transposed else (rows, y.size)):
            raise Untraceable(f"Dfun returns the shape {shape}", False)


def _diagonal(matrix: Floats, k: int) -> Floats:
    """The k-th diagonal as LSODA stores it: entry j stands in column j."""
    n = len(matrix)
    row = np.zeros(n)
    if abs(k) < n:
        row[max(k, 0) : n + min(k, 0)] = np.diagonal(matrix, k)
    return row
