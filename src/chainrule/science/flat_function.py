"""A function of plain NumPy as SciPy calls it: of one vector, with exact derivatives, compiled.

::

    flat = FlatFunction("minimize", f, x0, args)     f(tree, *args)  ->  flat.value(vector)
    flat.start, flat.restored(vector)                the vector of x0, and the tree of a vector
    flat.value, flat.gradient, flat.hessian, flat.hessian_product        f returns one number
    flat.value, flat.jacobian                                            f returns an array

A number, an array or a list of numbers is given to f as SciPy gives it, as a vector; other trees,
such as dictionaries and lists of arrays, in their own structure.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import tree
from chainrule.autodiff.derivative import grad, value_and_grad
from chainrule.autodiff.transformations import hessian, hvp, jacobian
from chainrule.compiler.jit import jit
from chainrule.errors import TraceError, UnsupportedError, warn
from chainrule.solvers.flat_vector import ravel

__all__ = ["FlatFunction", "Vector"]

Vector = NDArray[np.float64]

_NOT_TRACED = (TraceError, UnsupportedError)


class FlatFunction:
    """``f(x, *args)`` for SciPy: of the vector of a tree, with its derivatives.

    Parameters
    ----------
    operation : str
        The public function, for messages.
    function : callable
        ``function(x, *args)``, plain NumPy code. What cannot be traced is called as it is; it has
        no derivatives, see `is_traced`.
    x0 : number, array or tree of arrays
        The first point.
    args : tuple
        Further arguments of `function`.
    """

    def __init__(
        self, operation: str, function: Callable[..., Any], x0: Any, args: tuple[Any, ...] = ()
    ) -> None:
        self.operation, self.function, self.args = operation, function, args
        self.is_tree = _is_tree(x0)
        if self.is_tree:
            start, self.restored = ravel(x0, f"{operation}: x0")
            self._key: Any = _shape_key(x0)
        else:
            start, self.restored, self._key = np.atleast_1d(np.asarray(x0)).ravel(), _same, None
        self.start: Vector = np.array(start, np.float64)
        self._is_traced: bool | None = None
        self._last: tuple[bytes, Any, Any] | None = None

    @property
    def is_traced(self) -> bool:
        """Whether the function can be traced, so that there are derivatives; tried once."""
        if self._is_traced is None:
            try:
                self._compiled(_same_function)(self.start, *self.args)
                self._is_traced = True
            except _NOT_TRACED as error:
                self._is_traced, self._reason = False, error
        return self._is_traced

    def notice(self) -> None:
        """Say once for each function that differences take the place of exact derivatives."""
        if not self.is_traced:
            _notice(self.operation, self.function, str(self._reason))

    def value(self, x: Vector) -> Any:
        """Return the value at a vector, compiled if the function can be traced."""
        if not self.is_traced:
            return self.function(self.restored(x), *self.args)
        return self._compiled(_same_function)(x, *self.args)

    def value_and_gradient(self, x: Vector) -> tuple[Any, Vector]:
        """Return value and gradient; those of the last point are not computed again."""
        key = x.tobytes()
        if self._last is None or self._last[0] != key:
            value, gradient = self._compiled(value_and_grad)(x, *self.args)
            self._last = key, value, gradient
        return self._last[1], self._last[2]

    def gradient(self, x: Vector) -> Vector:
        """Return the gradient, of shape (n,)."""
        return self._compiled(grad)(x, *self.args)

    def jacobian(self, x: Vector) -> NDArray[np.float64]:
        """Return the Jacobian, of the shape of the value and n."""
        return self._compiled(jacobian)(x, *self.args)

    def hessian(self, x: Vector) -> NDArray[np.float64]:
        """Return the Hessian, of shape (n, n)."""
        return self._compiled(hessian)(x, *self.args)

    def hessian_product(self, x: Vector, vector: Vector) -> Vector:
        """Return the product of the Hessian and a vector, without the Hessian."""
        return self._compiled(hvp)(x, *self.args, vector)

    def _compiled(self, transformation: Callable[..., Any]) -> Callable[..., Any]:
        try:
            return _program(transformation, self.function, self._key)
        except TypeError:  # a callable that cannot be hashed
            return _program.__wrapped__(transformation, self.function, self._key)


@lru_cache(maxsize=256)
def _program(
    transformation: Callable[..., Any], function: Callable[..., Any], key: Any
) -> Callable[..., Any]:
    """Return the compiled derivative of a function of a vector; `key` has structure and shapes."""
    if key is None:
        return jit(transformation(function))
    structure, shapes = key
    example = tree.unflatten(structure, [np.zeros(shape) for shape in shapes])
    _, restored = ravel(example, "x0")
    return jit(transformation(lambda x, *args: function(restored(x), *args)))


def _same_function(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def _same(x: Any) -> Any:
    return x


@lru_cache(maxsize=256)
def _notice(operation: str, function: Callable[..., Any], reason: str) -> None:
    warn(
        f"{operation}: {getattr(function, '__name__', function)!s} cannot be traced, so its "
        f"derivatives are SciPy's differences: {reason}"
    )


def _is_tree(x0: Any) -> bool:
    """Whether a point is a tree of arrays, and no list of numbers, which is an array."""
    if isinstance(x0, dict):
        return True
    if not isinstance(x0, list | tuple):
        return False
    leaves, _ = tree.flatten(x0)
    return any(isinstance(leaf, np.ndarray) and leaf.ndim > 0 for leaf in leaves)


def _shape_key(x0: Any) -> Any:
    leaves, structure = tree.flatten(x0)
    return structure, tuple(np.shape(leaf) for leaf in leaves)
