"""Integration within a trace: solutions that are part of a function's graph.

Under ``cr.grad``, ``cr.jacobian``, ``cr.jvp``, ``cr.vmap`` and ``cr.jit`` the initial value, the
arguments, the times, or what the right-hand side reads from outside are traced. The integrator is
then a part of that graph, and its derivatives are those of the steps taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.autodiff.custom import stop_gradient
from chainrule.errors import TraceError
from chainrule.graph.environment import current_environment
from chainrule.graph.node import Node
from chainrule.ops.primitives.promotion import as_array
from chainrule.solvers import Trajectory, integrate

__all__ = [
    "TracedProblem", "as_number", "as_vector", "is_known_to_fail", "is_traced", "traced_solution",
]  # fmt: skip

_LEAST_STEPS, _MOST_STEPS, _TAPE = 500, 20_000, 2**24
"""Steps between two output times for reverse mode, which keeps so many numbers at most."""

_PLAIN = frozenset((np.ndarray, float, int))


def is_traced(*values: Any) -> bool:
    """Whether a call is part of a trace."""
    if current_environment() is not None:
        return True
    for each in values:  # a number, an array, and no arguments in less time than the rest
        if type(each) in _PLAIN or (type(each) is tuple and not each):
            continue
        if any(type(leaf) is Node for leaf in tree.flatten(each)[0]):
            return True
    return False


def as_vector(value: Any) -> Any:
    """Return a number, a list of numbers or an array as an array of at least one dimension."""
    if isinstance(value, list | tuple) and any(type(each) is Node for each in value):
        parts = [as_array(each) for each in value]
        dtype = np.result_type(float, *[each.dtype for each in parts])
        return np.stack([each.astype(dtype) for each in parts])
    array = as_array(value) if type(value) is Node else np.asarray(value)
    array = array if array.dtype.kind == "f" else array.astype(float)
    return array if array.ndim else np.reshape(array, (1,))


def as_number(value: Any) -> Any:
    """Return an array of one element without its axes."""
    return np.reshape(as_array(value), ())


@dataclass(frozen=True)
class TracedProblem:
    """An initial value problem within a trace: dy/dt = rhs(t, y, *args) over the interval `span`.

    `options` are the tolerances, lengths of steps and the Jacobian, as `solvers.integrate` has
    them.
    """

    rhs: Callable[..., Any]
    y0: Any
    span: Any
    args: tuple[Any, ...]
    method: str
    options: dict[str, Any]

    def solution(self, t: Any) -> Trajectory:
        """Integrate from ``span[0]`` to the times in turn, the last of which ends the steps."""
        times = np.concatenate([self.span[:1], t])
        return traced_solution(self.rhs, self.y0, times, self.args, self.method, **self.options)

    def without_derivatives(self) -> TracedProblem:
        """Return the problem with constant values; what `rhs` reads from outside stays traced."""
        y0, span, args = tree.map_leaves(_constant, (self.y0, self.span, self.args))
        options = tree.map_leaves(_constant, self.options)
        return replace(self, y0=y0, span=span, args=args, options=options)


def traced_solution(
    rhs: Callable[..., Any],
    y0: Any,
    t: Any,
    args: tuple[Any, ...],
    method: str,
    rtol: Any,
    atol: Any,
    max_steps: int = 0,
    **lengths: Any,
) -> Trajectory:
    """Integrate as part of a trace; times that `max_steps` steps do not reach have NaN.

    Without it as many are taken as a tape of bounded size has room for, at least 500.
    """
    if not max_steps:
        room = _TAPE // (16 * max(y0.size, 1))
        max_steps = min(max(_LEAST_STEPS, room), max(_LEAST_STEPS, _MOST_STEPS // t.shape[0]))
    return integrate(
        rhs, y0, t, args, method=method, rtol=rtol, atol=atol, max_steps=max_steps, **lengths
    )


def is_known_to_fail(solution: Trajectory) -> bool:
    """Whether it is known while tracing, as in a plain ``cr.grad``, that a time was not reached."""
    try:
        return not bool(solution.success)
    except TraceError:
        return False


def _constant(value: Any) -> Any:
    return stop_gradient(value) if type(value) is Node else value
