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

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import tree
from chainrule.errors import ArgumentError, TraceError
from chainrule.graph.environment import current_environment
from chainrule.graph.node import Node
from chainrule.science.notice import say_once
from chainrule.science.signature import are_hashable
from chainrule.science.traced_function import BoundArguments, Route, TracedFunction
from chainrule.solvers.flat_vector import ravel
from chainrule.solvers.squares_to_rounding import SquaresMinimum

__all__ = ["FlatFunction", "Vector", "is_tree", "refuse_traced"]

Vector = NDArray[np.float64]


class FlatFunction:
    """``f(x, *args)`` for SciPy: of the vector of a tree, with its derivatives.

    Parameters
    ----------
    operation : str
        The public function, for messages.
    function : callable
        ``function(x, *args)``, plain NumPy code. What cannot be traced is called as it is; it has
        no derivatives, see `is_traced`. What has effects, such as printing or counting its calls,
        is called as it is for its values.
    x0 : number, array or tree of arrays
        The first point.
    args : tuple
        Further arguments of `function`.

    Raises
    ------
    TraceError
        If `x0` or `args` hold a traced value: SciPy's solvers cannot be differentiated.
    """

    def __init__(
        self, operation: str, function: Callable[..., Any], x0: Any, args: tuple[Any, ...] = ()
    ) -> None:
        refuse_traced(operation, (x0, args))
        self.operation, self.function, self.args = operation, function, args
        self.is_tree = is_tree(x0)
        self._key: Any = None
        if self.is_tree:
            start, self._unravel = ravel(x0, f"{operation}: x0")
            self._key = _shape_key(x0)
        else:
            start = np.atleast_1d(np.asarray(x0)).ravel()
        self.start: Vector = np.array(start, np.float64)
        self.is_notice_due = False
        self._found: tuple[Route, TracedFunction] | None = None
        self._last: tuple[bytes, Any, Any] | None = None

    @property
    def structure(self) -> tree.Structure:
        """The structure of the tree `x0`."""
        return self._key[0]

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the leaves of the tree `x0`."""
        return self._key[1]

    def is_like(self, values: Any) -> bool:
        """Whether a value has the structure of the tree `x0`; mappings in any order."""
        if not self.is_tree or not isinstance(values, Mapping | list | tuple):
            return False
        try:
            tree.flatten_like(self.structure, values)
        except ArgumentError:
            return False
        return True

    def broadcast(self, values: Any, what: str) -> Vector:
        """Return the vector of a tree like `x0`, whose leaves broadcast to those of `x0`.

        Raises
        ------
        ArgumentError
            If the structure or a shape is another one.
        """
        leaves = tree.flatten_like(self.structure, values, what)
        try:
            full = [
                np.broadcast_to(np.asarray(leaf, np.float64), shape).ravel()
                for leaf, shape in zip(leaves, self.shapes, strict=True)
            ]
        except ValueError:
            found = [np.shape(leaf) for leaf in leaves]
            raise ArgumentError(
                f"{what} has the shapes {found}, the parameters have {list(self.shapes)}; give "
                "each a number or an array of its shape"
            ) from None
        return np.concatenate(full)

    def flattened(self, values: Any, what: str = "the gradient") -> Any:
        """Return the vector of a tree like `x0`; anything else as it is.

        Axes before those of the leaves stay: a tree of Jacobians becomes a matrix.

        Raises
        ------
        ArgumentError
            If a mapping has other keys than `x0`, or a leaf another shape.
        """
        if not self.is_tree or not (isinstance(values, Mapping) or is_tree(values)):
            return values
        what = f"{self.operation}: {what}"
        leaves = tree.flatten_like(self.structure, values, what)
        rows: list[Any] = []
        for leaf, shape in zip(map(np.asarray, leaves), self.shapes, strict=True):
            before = leaf.ndim - len(shape)
            if before < 0 or leaf.shape[before:] != shape:
                raise ArgumentError(
                    f"{what} has an array of shape {leaf.shape} for parameters of shape {shape}; "
                    "its last axes must be theirs"
                )
            rows.append(np.reshape(leaf, (*leaf.shape[:before], -1)))
        return np.concatenate(rows, axis=-1)

    def restored(self, x: Any) -> Any:
        """Return the tree of a vector, with numbers where `x0` has them; else the vector."""
        if not self.is_tree:
            return x
        return tree.map_leaves(lambda leaf: leaf[()] if leaf.ndim == 0 else leaf, self._unravel(x))

    @property
    def is_traced(self) -> bool:
        """Whether there are exact derivatives; tried once, at the first point."""
        return self._route[0].kind != "none"

    @property
    def is_compiled(self) -> bool:
        """Whether one program gives value and derivatives."""
        return self._route[0].kind == "compiled"

    @property
    def reason(self) -> str:
        """Why there are no exact derivatives."""
        return self._route[0].reason

    def notice(self) -> None:
        """Say once for each function that differences take the place of exact derivatives."""
        self.is_notice_due = False
        if not self.is_traced:
            instead = "its derivatives are SciPy's differences"
            say_once(self.operation, self.function, instead, self.reason)

    def notice_with_value(self) -> None:
        """Say it with the next value, so that an error of the function itself comes first."""
        self.is_notice_due = not self.is_traced

    def call(self, x: Any) -> Any:
        """Return what the function itself returns at a vector."""
        value = self.function(self.restored(x), *self.args)
        if self.is_notice_due:
            self.notice()
        return value

    def value(self, x: Any) -> Any:
        """Return the value at a vector: what the function returns."""
        x = np.asarray(x)
        if not self.is_compiled or x.dtype.kind not in "fiu":  # complex: of a complex step
            return self.call(x)
        return self._derivative("value", x)

    def value_and_gradient(self, x: Any) -> tuple[Any, Vector]:
        """Return value and gradient, of one program where the function has no effects."""
        if not self.is_compiled:
            return self.value(x), self.gradient(x)
        key = np.asarray(x).tobytes()
        if self._last is None or self._last[0] != key:
            self._last = key, *self._derivative("value_and_gradient", x)
        return self._last[1], self._last[2].copy()

    def gradient(self, x: Any) -> Vector:
        """Return the gradient, of shape (n,)."""
        return self._derivative("gradient", x) if _is_real(x) else self._stepped("gradient", x)

    def jacobian(self, x: Any) -> NDArray[np.float64]:
        """Return the Jacobian, of the shape of the value and n."""
        return self._derivative("jacobian", x) if _is_real(x) else self._stepped("jacobian", x)

    def hessian(self, x: Any) -> NDArray[np.float64]:
        """Return the Hessian, of shape (n, n)."""
        return np.reshape(self._derivative("hessian", x), (x.size, x.size))

    def hessian_product(self, x: Any, vector: Any) -> Vector:
        """Return the product of the Hessian and a vector, without the Hessian."""
        vector = np.asarray(vector, x.dtype if x.dtype.kind == "f" else np.float64)
        return self._derivative("hessian_product", x, vector)

    def weighted_hessian(self, x: Any, weights: Any) -> NDArray[np.float64]:
        """Return the sum of the Hessians of the components of the value, each times its weight."""
        found = self._derivative("weighted_hessian", x, np.asarray(weights, np.float64))
        return np.reshape(found, (x.size, x.size))

    def weighted_product(self, x: Any, weights: Any, vector: Any) -> Vector:
        """Return the product of a weighted Hessian and a vector."""
        vector = np.asarray(vector, np.float64)
        return self._derivative("weighted_product", x, np.asarray(weights, np.float64), vector)

    def least_squares(self) -> SquaresMinimum:
        """Return the least sum of squares of a compiled function, from the first point."""
        return self._derivative("least_squares", self.start)

    @property
    def size(self) -> int | None:
        """The size of the value; None if it is not traced."""
        return self._route[0].size

    @property
    def is_array(self) -> bool:
        """Whether the value of a compiled function is an array, and no number."""
        return self._route[0].is_array

    @property
    def _route(self) -> tuple[Route, TracedFunction]:
        """The route, and the function that takes it."""
        if self._found is None:
            traced = TracedFunction(self.function, self._key, self.args)
            route = traced.route(self.start)
            self._found = route, traced
            # Numbers in `args` that decide shapes or branches are constants of the program, and so
            # are objects that cannot be hashed.
            if self.args and (route.kind in ("eager", "none") or not are_hashable(self.args)):
                bound = TracedFunction(BoundArguments(self.function, self.args), self._key)
                other = bound.route(self.start)
                if other.kind != "none":
                    self._found = other, bound
        return self._found

    def _stepped(self, name: str, x: Any) -> Any:
        """A derivative at x + i h, a complex step: that at x, and i times its change by h."""
        return self._derivative(name, x.real) + 1j * self._derivative(
            f"{name}_change", x.real, x.imag
        )

    def _derivative(self, name: str, x: Any, *further: Any) -> Any:
        x = np.asarray(x, None if getattr(x, "dtype", None) == np.float32 else np.float64)
        return self._route[1].derivative(name, x, *further)


def refuse_traced(
    operation: str,
    arguments: Any,
    instead: str = "use cr.solvers.lbfgs(f, x0, args), which has both",
) -> None:
    """Refuse arguments of an outer derivative or program, which SciPy cannot compute with.

    Raises
    ------
    TraceError
        If one of them is a traced value.
    """
    if current_environment() is None:
        return
    leaves, _ = tree.flatten(arguments)
    if any(type(leaf) is Node for leaf in leaves):
        raise TraceError(
            f"{operation}: its start or arguments are traced values, and SciPy's methods have no "
            f"derivatives and cannot be compiled; call it outside cr.grad and cr.jit, or {instead}"
        )


def _is_real(x: Any) -> bool:
    return np.asarray(x).dtype.kind != "c"


def is_tree(x0: Any) -> bool:
    """Whether a point is a tree of arrays, and no list of numbers, which is an array."""
    if isinstance(x0, Mapping):
        return True
    if not isinstance(x0, list | tuple):
        return False
    leaves, _ = tree.flatten(x0)
    return any(isinstance(leaf, np.ndarray) and leaf.ndim > 0 for leaf in leaves)


def _shape_key(x0: Any) -> Any:
    leaves, structure = tree.flatten(x0)
    return structure, tuple(np.shape(leaf) for leaf in leaves)
