"""A system of equations as SciPy calls it, with its exact Jacobian and products with it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from chainrule import tree
from chainrule.autodiff.transformations import jacobian, jvp
from chainrule.graph.node import Node
from chainrule.science.flat_function import FlatFunction, is_tree, refuse_traced
from chainrule.science.optimize.roots.derivative import (
    Derivative,
    NoStepError,
    UntraceableError,
)
from chainrule.solvers.flat_vector import ravel

__all__ = ["System", "first_of"]

Function = Callable[..., Any]

_NEWTON_STEP = (
    "take a step of Newton's method from the root, x - np.linalg.solve(J, f(x, a)) with the "
    "Jacobian J there, whose derivative is that of the root"
)


class System:
    """``f(x, *args) = 0`` for SciPy: of x itself, or of the vector of a tree.

    Its start or arguments may not be traced values, which is a TraceError.

    Parameters
    ----------
    operation : str
        The public function, for messages.
    function : callable
        ``function(x, *args)``, plain NumPy code. Its values are its own, not those of a compiled
        program, so that it is called when SciPy would call it.
    x0 : number, array or tree of arrays
        Where to begin.
    args : Any
        Further arguments; SciPy passes them.
    is_square : bool
        Whether there have to be as many equations as unknowns.
    """

    def __init__(
        self,
        operation: str,
        function: Function,
        x0: Any,
        args: Any = (),
        is_square: bool = True,
    ) -> None:
        refuse_traced(operation, (x0, args), _NEWTON_STEP)
        self.operation, self.given, self._is_square = operation, function, is_square
        self._shape: tuple[int, ...] | None = None
        self.is_tree = is_tree(x0)
        if self.is_tree:
            flat = FlatFunction(operation, function, x0)
            self.start, self.restored = flat.start, flat.restored
            leaves, structure = tree.flatten(x0)
            key = structure, tuple(np.shape(leaf) for leaf in leaves)
            self.function = _OfTree(function, key)
        else:
            self.start, self.restored, self.function = x0, _same, function
        vector = _OfVector(self.function)
        self._jacobian, self._product = Derivative(jacobian, vector), Derivative(_product, vector)

    def of_vector(self, function: Any) -> Any:
        """Return another function of x, if it is one, as a function of the vector."""
        if not self.is_tree or not callable(function):
            return function
        return lambda x, *args: function(self.restored(x), *args)

    def callback(self, callback: Any) -> Any:
        """Return the user's ``callback(x, f)`` as one of the vector."""
        if not self.is_tree or callback is None:
            return callback
        return lambda x, f: callback(self.restored(x), f)

    @contextmanager
    def restoring(self) -> Generator[None]:
        """Nest the last x in an error of SciPy as the first one is."""
        try:
            yield
        except optimize.NoConvergence as error:
            error.args = (self.restored(error.args[0]), *error.args[1:])
            raise

    def jacobian(self, x: Any, *args: Any) -> NDArray[np.float64]:
        """Return the Jacobian, of shape (m, n).

        Raises
        ------
        UntraceableError
            If the function cannot be traced, or has another number of components.
        ValueError
            If the function returns another number of components than before.
        NoStepError
            If a derivative is infinite or NaN.
        """
        x = _as_floats(x)
        found = np.asarray(self._jacobian(x, args), np.float64)
        if self._shape not in (None, found.shape):
            raise ValueError(
                f"{self.operation}: the function returned {self._shape[0]} numbers "
                f"at first, and {len(found)} at a later call; return as many at each call"
            )
        self._shape = found.shape
        if found.ndim != 2 or found.shape[0] < x.size or (self._is_square and len(found) > x.size):
            raise UntraceableError(f"its Jacobian at {x.size} numbers has shape {found.shape}")
        return _finite(found)

    def product(self, x: Any, vector: Any, *args: Any) -> Any:
        """Return the product of the Jacobian and a vector; both of the shape of x."""
        x, vector = _as_floats(x), _as_floats(vector)  # complex where the function's values are
        return _finite(self._product(x, args, vector.astype(x.dtype)))


@dataclass(frozen=True)
class _OfTree:
    """A function of a tree, of which `key` has the structure and shapes, as one of its vector."""

    function: Function
    key: Any

    def __call__(self, x: Any, *args: Any) -> Any:
        """Call the function."""
        structure, shapes = self.key
        example = tree.unflatten(structure, [np.zeros(shape) for shape in shapes])
        _, restored = ravel(example, "x0")
        return _as_vector(self.function(restored(x), *args))


@dataclass(frozen=True)
class _OfVector:
    """A function of a vector, into which it may write, with a vector as its value."""

    function: Function

    def __call__(self, x: Any, *args: Any) -> Any:
        """Call the function."""
        return _as_vector(self.function(x.copy(), *args))


def _product(function: Function) -> Function:
    def product(x: Any, *inputs: Any) -> Any:
        *args, vector = inputs
        return jvp(lambda x: function(x, *args), (x,), (vector,))[1]

    return product


def _as_vector(value: Any) -> Any:
    """Return what a function returns as a vector: an array, a list of numbers, or a tree."""
    if is_tree(value):
        leaves, _ = tree.flatten(value)
        return np.concatenate([_as_vector(leaf) for leaf in leaves])
    value = np.ravel(value if isinstance(value, Node | np.ndarray) else np.array(value))
    return value.astype(np.float64) if value.dtype.kind in "biu" else value


def _as_floats(x: Any) -> NDArray[Any]:
    x = np.asarray(x)
    if x.dtype.kind in "iu":
        return x.astype(np.float64)
    if x.dtype.kind != "f":
        raise UntraceableError(
            f"x has dtype {x.dtype}; exact derivatives are those of real functions"
        )
    return x


def _finite(found: Any) -> Any:
    if not np.all(np.isfinite(found)):
        raise NoStepError
    return found


def first_of(function: Function) -> Function:
    """Return the first of what a function returns together with its derivative."""
    return lambda x, *args: function(x, *args)[0]


def _same(x: Any) -> Any:
    return x
