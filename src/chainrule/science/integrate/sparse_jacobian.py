"""Exact sparse Jacobians of a given structure, by products with few vectors.

Columns of the Jacobian that share no row form a group. The product of the Jacobian and the sum of
the unit vectors of a group holds the entries of all its columns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize._numdiff import group_columns
from scipy.sparse import csc_matrix

from chainrule.autodiff.linearization import jvp
from chainrule.autodiff.vmap import vmap
from chainrule.compiler.jit import jit
from chainrule.science.integrate.right_hand_side import RightHandSide
from chainrule.science.shared_graph import SharedGraph

__all__ = ["SparseJacobian"]


class SparseJacobian:
    """``jac(t, y, *args)``: ∂f/∂y as a sparse matrix.

    Parameters
    ----------
    rhs : RightHandSide
        The function f.
    structure : array or sparse matrix, (n, n)
        Not 0 where the Jacobian may be.

    References
    ----------
    Curtis, Powell & Reid (1974), On the estimation of sparse Jacobian matrices.
    """

    def __init__(self, rhs: RightHandSide, structure: Any) -> None:
        self._rhs = rhs
        self._structure = csc_matrix(structure)
        self._structure.sum_duplicates()  # sorted, which SciPy would do in place
        self._structure.eliminate_zeros()
        groups = group_columns(self._structure)
        columns = np.repeat(groups, np.diff(self._structure.indptr))
        self._entries = columns, self._structure.indices
        self._seeds = (groups == np.arange(groups.max(initial=-1) + 1)[:, None]).astype(float)

    def __call__(self, t: float, y: Any, *args: Any) -> Any:
        """Return the Jacobian."""
        y = np.asarray(y, float)
        graph, operands = self._rhs.traced(y, args)
        rows = graph.program("products by y", _products)(float(t), y, self._seeds, *operands)
        pattern = self._structure
        data = rows[self._entries]
        return csc_matrix((data, pattern.indices, pattern.indptr), shape=pattern.shape)


def _products(graph: SharedGraph) -> Callable[..., Any]:
    """Compile the products of the Jacobian and several vectors."""

    def products(t: Any, y: Any, seeds: Any, *operands: Any) -> Any:
        def product(vector: Any) -> Any:
            return jvp(lambda y: graph(t, y, *operands), (y,), (vector,))[1]

        return vmap(product)(seeds)

    return jit(products)
