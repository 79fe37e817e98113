"""A function of a vector with its programs, and how its values and derivatives are computed.

::

    route      value                     derivatives
    compiled   compiled                  compiled
    own        a call of the function    compiled                for a function with effects
    eager      a call of the function    of the graph at each x  where steps depend on values
    none       a call of the function    none                    where nothing can be traced
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from chainrule import tree
from chainrule.autodiff.derivative import grad, value_and_grad
from chainrule.autodiff.transformations import hessian, hvp, jacobian, jvp
from chainrule.compiler.jit import jit
from chainrule.graph.node import Node
from chainrule.graph.reachable_state import ReachableState, find_reachable_state
from chainrule.science.discarded_output import discarded_output
from chainrule.science.effects import may_have_effects, may_keep_results
from chainrule.science.imported_names import imported_names_replaced
from chainrule.science.kept_call import KeptCalls
from chainrule.science.shared_graph import SharedGraph
from chainrule.science.undone import undone
from chainrule.solvers.flat_vector import ravel
from chainrule.solvers.squares_to_rounding import least_squares_to_rounding

__all__ = ["BoundArguments", "Route", "TracedFunction"]

Kind = Literal["compiled", "own", "eager", "none"]

Function = Callable[..., Any]


@dataclass(frozen=True)
class Route:
    """How a function is computed, the reason if no derivative is exact, and what its value is."""

    kind: Kind
    reason: str = ""
    size: int | None = None
    is_array: bool = False


class BoundArguments:
    """A function with arguments that its program takes as constants, such as sizes."""

    def __init__(self, function: Function, args: tuple[Any, ...]) -> None:
        self.function, self.args = function, args

    def __call__(self, x: Any) -> Any:
        """Call the function."""
        return self.function(x, *self.args)


class TracedFunction:
    """``function(x, *args)`` of a vector x, with its programs.

    `key` has the structure and the shapes of a tree of which x is the vector, or is None.
    """

    def __init__(self, function: Function, key: Any = None, args: tuple[Any, ...] = ()) -> None:
        self.function, self._args = function, args
        self._restored = _restorer(key)
        self._calls = KeptCalls(function, args, self._of_numbers, ("of a vector", key))
        self._is_eager = False

    def route(self, x: Any) -> Route:
        """Return how the function is computed at points like x, and its derivatives from then."""
        self._is_eager = False
        try:
            call, _ = self._calls.current(x)
            if call.depends_on_first or not call.effect:
                kind = "own" if call.effect else "compiled"
                return Route(kind, size=call.size, is_array=call.is_array)
            reason = "it returned what it had kept, which does not depend on x"
        except Exception as error:  # noqa: BLE001 - SciPy's call meets the user's own errors
            reason = str(error)
        self._is_eager = True
        state = find_reachable_state(self.function, self._args)
        if not may_have_effects(state) and not may_keep_results(state):
            size = self._size_of_differentiable(x, state)
            if size is not None:
                return Route("eager", size=size)
        return Route("none", reason)

    def derivative(self, name: str, x: Any, *further: Any) -> Any:
        """Return the value or a derivative at x."""
        if self._is_eager:
            derivative = _TRANSFORMATIONS[name](self._of_floats)
            return _without_warnings(derivative)(x, *self._args, *further)
        call, inputs = self._calls.current(x)
        return call.graph.program(name, _PROGRAMS[name])(x, *inputs, *further)

    def _size_of_differentiable(self, x: Any, state: ReachableState) -> int | None:
        """The size of a value whose Jacobian at this x is exact, which is all that is known."""
        with undone(self.function, self._args, state=state) as changed:
            try:
                found = _without_warnings(jacobian(self._of_floats))(x, *self._args)
            except Exception:  # noqa: BLE001
                return None
        return None if changed else found.size // max(x.size, 1)

    def _of_numbers(self, x: Any, *args: Any) -> Any:
        """The value as an array; runs only while it is traced."""
        # Of a copy, into which the function may write.
        with np.errstate(all="ignore"), discarded_output():
            value: Any = self.function(self._restored(x.copy()), *args)
        if not isinstance(value, Node | np.ndarray):
            value = np.array(value)
        if value.dtype.kind == "O":  # None would be NaN: SciPy says what it does not take
            raise TypeError(f"it returned {type(value[()]).__name__}, which is no array of numbers")
        return value

    def _of_floats(self, x: Any, *args: Any) -> Any:
        """The value as an array of floats; runs only where the graph is made anew at each x."""
        with imported_names_replaced(self._state):
            return _as_floats(self._of_numbers(x, *args))

    @cached_property
    def _state(self) -> ReachableState:
        return find_reachable_state(self.function, self._args)


_TRANSFORMATIONS: dict[str, Callable[[Function], Function]] = {
    "value": lambda function: function,
    "gradient": grad,
    "value_and_gradient": value_and_grad,
    "jacobian": jacobian,
    "hessian": hessian,
    "hessian_product": hvp,
    "gradient_change": hvp,
    "jacobian_change": lambda function: _change(jacobian(function)),
    "least_squares": lambda function: (
        lambda x, *args: least_squares_to_rounding(lambda x: function(x, *args), x)
    ),
    "weighted_hessian": lambda function: hessian(_weighted(function)),
    "weighted_product": lambda function: hvp(_weighted(function)),
}


def _weighted(function: Function) -> Function:
    """The sum of the components of a value, each times its weight: the last argument."""
    return lambda x, *args: np.sum(np.ravel(function(x, *args[:-1])) * args[-1])


def _change(function: Function) -> Function:
    """The derivative of a function of x along a direction: the last argument."""

    def change(x: Any, *args: Any) -> Any:
        return jvp(lambda x: function(x, *args[:-1]), (x,), (args[-1],))[1]

    return change


def _compiled(name: str) -> Callable[[SharedGraph], Function]:
    """Return what compiles a derivative of a graph; the value has its own dtype."""

    def make(graph: SharedGraph) -> Function:
        def value(*operands: Any) -> Any:
            return graph(*operands) if name == "value" else _as_floats(graph(*operands))

        return jit(_TRANSFORMATIONS[name](value))

    return make


_PROGRAMS = {name: _compiled(name) for name in _TRANSFORMATIONS}


def _as_floats(value: Any) -> Any:
    return value if value.dtype.kind == "f" else value.astype(np.float64)


def _restorer(key: Any) -> Callable[[Any], Any]:
    if key is None:
        return lambda x: x
    structure, shapes = key
    return ravel(tree.unflatten(structure, [np.zeros(shape) for shape in shapes]), "x0")[1]


def _without_warnings(function: Function) -> Function:
    def call(*args: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*args)

    return call
