"""The model of a curve fit: a function of x and of parameters, with its exact Jacobian by them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import approx_fprime

from chainrule import tree
from chainrule.ops.primitives.linear_algebra.triangular import triangular_solve
from chainrule.science.flat_function import FlatFunction, Vector, is_tree
from chainrule.solvers.flat_vector import ravel

__all__ = ["Model", "is_start", "parameter_count", "parameter_names"]

Matrix = NDArray[np.float64]


class Model:
    """``f(x, *parameters)``, or ``f(x, tree)`` of a tree of parameters.

    Parameters
    ----------
    function : callable
        The model.
    p0 : array, float, (n,), or tree of arrays
        The first parameters.
        A dictionary, or a list or tuple of arrays, is a tree, which `function` takes as it is.
    """

    def __init__(self, function: Callable[..., Any], p0: Any) -> None:
        self.function, self.is_tree = function, is_tree(p0)
        if self.is_tree:
            self._p0 = p0
            self.start, self.restored = ravel(p0, "curve_fit: p0")
        else:
            self._p0 = self.start = np.atleast_1d(np.asarray(p0, float))
            self.restored = _same
        name = str(getattr(function, "__name__", "the model"))
        self.name = "the model" if name == "<lambda>" else name

    @cached_property
    def names(self) -> list[str]:
        """A name for each parameter, from the signature or the tree."""
        if self.is_tree:
            return _tree_names(self._p0)
        return parameter_names(self.function, self.start.size)

    def spread(self, x: Any, *parameters: Any) -> Any:
        """Return the value for parameters that are given one by one, as SciPy gives them."""
        if self.is_tree:
            return self.function(x, self.restored(np.array(parameters, float)))
        return self.function(x, *parameters)

    def spread_jacobian(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a user's Jacobian by a tree of parameters as that by parameters one by one."""

        def jacobian(x: Any, *parameters: Any) -> Any:
            found = function(x, self.restored(np.array(parameters, float)))
            if not isinstance(found, dict | list | tuple):
                return found
            leaves, _ = tree.flatten(found)
            return np.concatenate([np.reshape(each, (len(each), -1)) for each in leaves], axis=1)

        return jacobian

    def at(self, x: Any) -> FlatFunction:
        """Return the model as a function of the vector of its parameters, traced if it can be."""
        return self._traced(_OfParameters(self.function, self.is_tree), x, ())

    def residuals(self, x: Any, y: Any, weights: Any) -> FlatFunction:
        """Return the weighted residuals as a function of the parameters, traced if they can be.

        `weights` are 1 / σ, of shape () or (m,), or the Cholesky factor, (m, m), of the covariance
        of y, or None.
        """
        data = (y,) if weights is None else (y, weights)
        return self._traced(_WeightedResiduals(self.function, self.is_tree), x, data)

    def _traced(self, function: Callable[..., Any], x: Any, data: tuple[Any, ...]) -> FlatFunction:
        """First with x as an input of the program, which serves other x of the same shape; then,
        for models that choose by the values of x, with x as a constant.
        """
        if isinstance(x, np.ndarray):
            flat = FlatFunction("curve_fit", function, self._p0, (x, *data))
            if flat.is_traced:
                return flat
        if hasattr(x, "to_numpy"):  # of pandas, whose operators take no traced values
            flat = self._traced(function, _without_index(x), data)
            if flat.is_compiled and self._agrees(flat, function(self._p0, x, *data)):
                return flat

        def of_parameters(p: Any, *data: Any) -> Any:
            return function(p, x, *data)

        of_parameters.__name__ = str(getattr(self.function, "__name__", "the model"))
        return FlatFunction("curve_fit", of_parameters, self._p0, data)

    def _agrees(self, flat: FlatFunction, expected: Any) -> bool:
        """Whether the program gives what the model itself does at the first parameters."""
        found, expected = np.asarray(flat.value(flat.start)), np.asarray(expected)
        return found.shape == expected.shape and bool(
            np.allclose(found, expected, rtol=1e-9, atol=0, equal_nan=True)
        )

    def jacobian(self, x: Any, parameters: Vector) -> Matrix:
        """Return the Jacobian by the parameters, (number of values, n)."""
        flat = self.at(x)
        if flat.is_traced:
            found: Any = flat.jacobian(parameters)
        else:
            found = approx_fprime(parameters, lambda p: np.ravel(self.spread(x, *p)))
        return np.reshape(found, (-1, parameters.size))


def parameter_names(function: Callable[..., Any], count: int) -> list[str]:
    """Return the names of the arguments after the first; p0, p1, ... where there are none."""
    names = _positional(function)[1:]
    return names if len(names) == count else [f"p{place}" for place in range(count)]


def parameter_count(function: Callable[..., Any]) -> int:
    """Return the number of arguments after the first; 0 where it is unknown."""
    return len(_positional(function)[1:])


def is_start(p0: Any) -> bool:
    """Whether a fit can start there: a tree, or real numbers."""
    if is_tree(p0):
        return True
    found = np.asarray(p0)
    return found.dtype.kind in "fiu" and found.size > 0


def _positional(function: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [each.name for each in parameters if each.kind in kinds]


def _tree_names(p0: Any) -> list[str]:
    """Return a name for each number of a tree, such as ``rates[1]``, in the order of its vector."""
    leaves, _ = tree.flatten(p0)
    return [
        path + (f"[{', '.join(map(str, index))}]" if index else "")
        for path, leaf in zip(tree.paths(p0), leaves, strict=True)
        for index in np.ndindex(*np.shape(leaf))
    ]


def _same(x: Any) -> Any:
    return x


class _Columns(dict[Any, Any]):
    """The columns of a table, by name, as items or as attributes."""

    def __getattr__(self, name: str) -> Any:
        """Return a column."""
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def _without_index(x: Any) -> Any:
    """Return a series as an array, and a table as its columns."""
    if not hasattr(x, "columns"):
        return x.to_numpy()
    return _Columns({name: x[name].to_numpy() for name in x.columns})


@dataclass(frozen=True)
class _OfParameters:
    """The model as a function of its parameters, then x; equal for one model."""

    function: Callable[..., Any]
    is_tree: bool

    def __call__(self, p: Any, x: Any) -> Any:
        """Call the model."""
        return self.function(x, p) if self.is_tree else self.function(x, *p)


@dataclass(frozen=True)
class _WeightedResiduals:
    """The differences of the model and the data in units of σ; equal for one model."""

    function: Callable[..., Any]
    is_tree: bool

    def __call__(self, p: Any, x: Any, y: Any, weights: Any = None) -> Any:
        """Return the residuals, (m,)."""
        residuals = (self.function(x, p) if self.is_tree else self.function(x, *p)) - y
        if np.ndim(residuals) > 1:
            raise TypeError("the model must return an array of one axis")
        if hasattr(residuals, "to_numpy"):
            residuals = residuals.to_numpy()
        if weights is None:
            return residuals
        if weights.ndim < 2:
            return weights * residuals
        solved = triangular_solve(
            weights, residuals[:, None], lower=True, is_transposed=False, unit_diagonal=False
        )
        return solved[:, 0]
