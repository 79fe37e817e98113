"""Residuals as SciPy's least squares call them: a vector of a vector, and its exact Jacobian."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import approx_fprime
from scipy.sparse import csr_array

from chainrule import tree
from chainrule.autodiff.transformations import jvp, vmap
from chainrule.compiler.jit import jit
from chainrule.science.flat_function import FlatFunction, Vector
from chainrule.solvers.flat_vector import ravel

__all__ = ["Residuals", "flat_like", "is_real_vector"]

Matrix = NDArray[np.float64]


class Residuals:
    """``f(x, *args, **kwargs)`` of a tree `x` as SciPy's function of a vector.

    Parameters
    ----------
    operation : str
        The public function, for messages.
    function : callable
        The residuals, an array or a number.
    x0, args, kwargs : tree of arrays, tuple, dict
        The first point, and further arguments.
    """

    def __init__(
        self,
        operation: str,
        function: Callable[..., Any],
        x0: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        if kwargs:
            inspect.signature(function).bind(x0, *args, **kwargs)  # Python's own TypeError
        self.function = _with_keywords(function, kwargs) if kwargs else function
        self.flat = FlatFunction(operation, self.function, x0, args)
        self.size = self.flat.start.size

    @property
    def is_traced(self) -> bool:
        """Whether there is an exact Jacobian."""
        return self.flat.is_traced

    def value(self, x: Vector) -> Any:
        """Return the residuals, of shape (m,)."""
        return self.flat.value(x)

    def jacobian(self, x: Vector) -> Matrix:
        """Return the Jacobian, (m, n); differences for what is infinite or NaN, as at √x in 0."""
        found = np.reshape(self.flat.jacobian(x), (-1, x.size))
        if not np.isfinite(found).all() and np.isfinite(self.flat.value(x)).all():
            differences: Any = approx_fprime(x, lambda x: np.atleast_1d(self.flat.value(x)))
            found = np.where(np.isfinite(found), found, np.reshape(differences, found.shape))
        return found

    def sparse_jacobian(self, sparsity: Any) -> Callable[[Vector], Any]:
        """Return the Jacobian of a given pattern: columns without a common row share a tangent.

        References
        ----------
        Curtis, Powell & Reid (1974), "On the estimation of sparse Jacobian matrices".
        """
        from scipy.optimize._numdiff import group_columns

        pattern = csr_array(sparsity)
        rows, columns = pattern.nonzero()
        groups = np.asarray(group_columns(pattern))
        seeds = np.zeros((groups.max(initial=-1) + 1, groups.size))
        seeds[groups, np.arange(groups.size)] = 1.0
        function, restored, args = self.function, self.flat.restored, self.flat.args

        def tangents(x: Any) -> Any:
            def along(seed: Any) -> Any:
                return jvp(lambda x: function(restored(x), *args), (x,), (seed,))[1]

            return vmap(along)(seeds)

        compiled = jit(tangents)

        def jacobian(x: Vector) -> Any:
            found = np.reshape(compiled(x), (len(seeds), -1))
            return csr_array((found[groups[columns], rows], (rows, columns)), pattern.shape)

        return jacobian

    def given_jacobian(self, function: Callable[..., Any], kwargs: dict[str, Any]) -> Any:
        """Return the user's Jacobian, of a tree `x`, as that of a vector."""

        def jacobian(x: Vector) -> Any:
            found = function(self.flat.restored(x), *self.flat.args, **kwargs)
            if not isinstance(found, dict | list | tuple):
                return found
            leaves, _ = tree.flatten(found)
            rows = np.size(self.value(x))
            return np.concatenate([np.reshape(each, (rows, -1)) for each in leaves], axis=1)

        return jacobian


def _with_keywords(function: Callable[..., Any], kwargs: dict[str, Any]) -> Callable[..., Any]:
    @wraps(function)
    def with_keywords(x: Any, *args: Any) -> Any:
        return function(x, *args, **kwargs)

    return with_keywords


def is_real_vector(x0: Any) -> bool:
    """Whether SciPy's least squares take a point: real numbers of at most one axis, or a tree."""
    if isinstance(x0, dict):
        return True
    try:
        found = np.asarray(x0)
    except ValueError:  # arrays of several shapes
        return True
    return found.ndim <= 1 and found.dtype.kind in "fiu" and found.size > 0


def flat_like(values: Any, start: Any, name: str) -> Any:
    """Return limits or scales of a tree as a vector; one value may stand for a whole subtree."""
    leaves, structure = tree.flatten(start)
    if isinstance(values, np.ndarray) and values.size == sum(np.size(each) for each in leaves):
        return values.ravel()
    given = tree.broadcast_prefix(values, start, name)
    full = [np.broadcast_to(g, np.shape(leaf)) for g, leaf in zip(given, leaves, strict=True)]
    return np.asarray(ravel(tree.unflatten(structure, full), name)[0], float)
