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
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from chainrule import tree
from chainrule.autodiff.derivative import grad, value_and_grad
from chainrule.autodiff.transformations import hessian, hvp, jacobian
from chainrule.compiler.jit import jit, jit_without_stores
from chainrule.graph.array_type import type_of
from chainrule.graph.guards import Guards
from chainrule.graph.kept_trace import trace_kept
from chainrule.graph.left_behind import Snapshot
from chainrule.graph.node import Node, ancestors
from chainrule.graph.reachable_state import ReachableState, find_reachable_state
from chainrule.graph.trace import is_number
from chainrule.science.discarded_output import discarded_output
from chainrule.science.effects import may_have_effects, may_keep_results
from chainrule.solvers.flat_vector import ravel

__all__ = ["BoundArguments", "Route", "TracedFunction", "are_hashable", "traced_function"]

Kind = Literal["compiled", "own", "eager", "none"]

Function = Callable[..., Any]


@dataclass(frozen=True)
class Route:
    """How a function is computed, the reason if no derivative is exact, and the value's size."""

    kind: Kind
    reason: str = ""
    size: int | None = None


@dataclass(frozen=True, eq=False)
class BoundArguments:
    """A function with arguments that its program takes as constants, such as sizes."""

    function: Function
    args: tuple[Any, ...]

    def __call__(self, x: Any) -> Any:
        """Call the function."""
        return self.function(x, *self.args)


class TracedFunction:
    """``function(x, *args)`` of a vector x, with its programs.

    `key` has the structure and the shapes of a tree of which x is the vector, or is None.
    """

    def __init__(self, function: Function, key: Any = None) -> None:
        self.function = function
        self._restored = _restorer(key)
        self._programs: dict[tuple[str, Kind], Function] = {}
        self._routes: dict[Any, tuple[Guards, Route]] = {}

    def route(self, x: Any, args: tuple[Any, ...]) -> Route:
        """Return how the function is computed for arguments like these."""
        signature = _signature(args)
        known = self._routes.get((x.dtype, x.shape, signature)) if signature else None
        if known is not None and known[0].hold():
            return known[1]
        guards, route = self._examined(x, args)
        if signature and guards is not None:
            self._routes[x.dtype, x.shape, signature] = guards, route
        return route

    def program(self, name: str, kind: Kind) -> Function:
        """Return the value or a derivative as a function of ``(x, *args)``."""
        if (name, kind) not in self._programs:
            derivative = _TRANSFORMATIONS[name](self._of_floats if name != "value" else self._call)
            if kind == "eager":
                self._programs[name, kind] = _without_warnings(derivative)
            else:
                compiler = jit if kind == "compiled" else jit_without_stores
                self._programs[name, kind] = compiler(derivative)
        return self._programs[name, kind]

    def _examined(self, x: Any, args: tuple[Any, ...]) -> tuple[Guards | None, Route]:
        state = find_reachable_state(self.function, args)
        acts = may_have_effects(state)
        try:
            kept = trace_kept(
                "science", self._of_floats, (x, *args), None, (self.function, args), True, (), True
            )
            output, is_pure = kept.traced.graph.outputs[0], not (acts or kept.discarded)
            if is_pure or _depends(output, kept.traced.graph.inputs[0]):
                return kept.guards, Route("compiled" if is_pure else "own", size=output.size)
            reason = "it returned what it had kept, which does not depend on x"
        except Exception as error:  # noqa: BLE001 - SciPy's call meets the user's own errors
            reason = str(error)
        if not acts and not may_keep_results(state):
            size = self._size_of_differentiable(x, args, state)
            if size is not None:
                return None, Route("eager", size=size)
        return None, Route("none", reason)

    def _size_of_differentiable(
        self, x: Any, args: tuple[Any, ...], state: ReachableState
    ) -> int | None:
        """The size of a value whose Jacobian at this x is exact, which is all that is known."""
        before = Snapshot.of(state)
        try:
            found = _without_warnings(jacobian(self._of_floats))(x, *args)
        except Exception:  # noqa: BLE001
            return None
        finally:
            after = find_reachable_state(self.function, args)
            is_changed = bool(before.changed(after))
            before.restore(after)
        return None if is_changed else found.size // max(x.size, 1)

    def _call(self, x: Any, *args: Any) -> Any:
        with np.errstate(all="ignore"):  # of a copy, into which the function may write
            return self.function(self._restored(x.copy()), *args)

    def _of_floats(self, x: Any, *args: Any) -> Any:
        """The value as an array of floats, for a derivative; runs only while it is traced."""
        with discarded_output():
            value: Any = self._call(x, *args)
        if not isinstance(value, Node | np.ndarray):
            value = np.array(value)
        if value.dtype.kind == "O":  # None would be NaN: SciPy says what it does not take
            raise TypeError(f"it returned {type(value[()]).__name__}, which is no array of numbers")
        return value if value.dtype.kind == "f" else value.astype(np.float64)


_TRANSFORMATIONS: dict[str, Callable[[Function], Function]] = {
    "value": lambda function: function,
    "gradient": grad,
    "value_and_gradient": value_and_grad,
    "jacobian": jacobian,
    "hessian": hessian,
    "hessian_product": hvp,
    "weighted_hessian": lambda function: hessian(_weighted(function)),
    "weighted_product": lambda function: hvp(_weighted(function)),
}


def _weighted(function: Function) -> Function:
    """The sum of the components of a value, each times its weight: the last argument."""
    return lambda x, *args: np.sum(np.ravel(function(x, *args[:-1])) * args[-1])


def traced_function(function: Function, key: Any) -> TracedFunction:
    """Return the programs of a function; the same at each call, for the functions used last."""
    try:
        return _cached(function, key)
    except TypeError:  # a callable that cannot be hashed
        return TracedFunction(function, key)


@lru_cache(maxsize=32)
def _cached(function: Function, key: Any) -> TracedFunction:
    return TracedFunction(function, key)


def _restorer(key: Any) -> Callable[[Any], Any]:
    if key is None:
        return lambda x: x
    structure, shapes = key
    return ravel(tree.unflatten(structure, [np.zeros(shape) for shape in shapes]), "x0")[1]


def _depends(output: Node, variable: Node) -> bool:
    return any(each.serial == variable.serial for each in ancestors([output], lambda _: False))


def _without_warnings(function: Function) -> Function:
    def call(*args: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*args)

    return call


def are_hashable(args: tuple[Any, ...]) -> bool:
    """Whether all arguments can be hashed that are no numbers or arrays."""
    return _signature(args) is not None


def _signature(args: tuple[Any, ...]) -> Any:
    """Types of numbers and arrays and the other arguments themselves; None if not hashable."""
    leaves, structure = tree.flatten(args)
    key = structure, *(type_of(leaf) if is_number(leaf) else (type(leaf), leaf) for leaf in leaves)
    try:
        hash(key)
    except TypeError:
        return None
    return key
