"""L-BFGS: minimisation by a limited-memory estimate of the inverse Hessian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chainrule.arguments.checks import POSITIVE, checked_count, checked_number
from chainrule.autodiff.control_flow.scan import scan
from chainrule.autodiff.control_flow.while_loop import while_loop
from chainrule.autodiff.derivative import value_and_grad
from chainrule.errors import ShapeError
from chainrule.graph.trace_errors import check_function
from chainrule.ops.primitives.promotion import as_array
from chainrule.solvers.flat_vector import ravel
from chainrule.solvers.line_search import strong_wolfe

__all__ = ["Minimum", "lbfgs"]


class Minimum(NamedTuple):
    """What a minimisation found.

    Attributes
    ----------
    x : nested containers of arrays
        The point with the least value.
    value : float
        The value of the function there.
    gradient : nested containers of arrays
        Its gradient there.
    steps, evaluations : int
        Number of iterations, and of evaluations of function and gradient.
    success : bool
        Whether the largest component of the gradient is at most `gtol` in size, or the value
        cannot be made smaller by more than `ftol`, relative to its size.
    """

    x: Any
    value: Any
    gradient: Any
    steps: Any
    evaluations: Any
    success: Any


class _State(NamedTuple):
    x: Any
    value: Any
    gradient: Any
    displacements: Any  # (memory, n), of x; row k % memory has that of step k
    changes: Any  # (memory, n), of the gradient
    steps: Any
    evaluations: Any
    is_stationary: Any
    has_failed: Any


class _Limits(NamedTuple):
    memory: int
    gtol: float
    ftol: float
    max_line_steps: int


def lbfgs(
    function: Callable[..., Any],
    x0: Any,
    args: Any = (),
    memory: int = 10,
    gtol: float = 1e-5,
    ftol: float = 2.2e-9,
    max_steps: int = 1000,
    max_line_steps: int = 30,
) -> Minimum:
    """Minimise a scalar function with the limited-memory BFGS method.

    Parameters
    ----------
    function : callable
        ``function(x, *args)`` returns one float: plain NumPy code.
    x0 : nested containers of float arrays
        The first point.
    args : tuple
        Further arguments of `function`; what is no tuple is the only one.
    memory : int >= 1
        Number of corrections by which the inverse Hessian is estimated.
    gtol : float > 0
        Stop where every component of the gradient is at most this in size.
    ftol : float > 0
        Stop where a step reduces the value by less than this, relative to the largest of both
        values and 1.
    max_steps : int >= 1
        The largest number of iterations.
    max_line_steps : int >= 1
        The largest number of evaluations in a line search.

    Returns
    -------
    Minimum
        ``x``, ``value``, ``gradient``, ``steps``, ``evaluations``, ``success``.

    Raises
    ------
    ArgumentError
        If an argument is out of range.
    ShapeError
        If `function` returns anything but one float.

    References
    ----------
    Nocedal & Wright (2006), Numerical Optimization, algorithms 7.4 and 7.5.

    Examples
    --------
    >>> found = lbfgs(lambda x: np.sum((x - 3) ** 2), np.zeros(2))
    >>> found.x
    array([3., 3.])
    """
    check_function("lbfgs", function)
    args = args if isinstance(args, tuple) else (args,)
    memory = checked_count("lbfgs", "memory", memory)
    gtol = checked_number("lbfgs", "gtol", gtol, POSITIVE)
    ftol = checked_number("lbfgs", "ftol", ftol, POSITIVE)
    max_steps = checked_count("lbfgs", "max_steps", max_steps)
    max_line_steps = checked_count("lbfgs", "max_line_steps", max_line_steps)
    x, unravel = ravel(x0, "lbfgs: x0")

    def objective(x: Any) -> Any:
        value = as_array(function(unravel(x), *args))
        if value.size != 1:
            raise ShapeError(
                f"lbfgs: the function must return one float, got shape {value.shape}; sum or "
                "average it"
            )
        return value

    derivative = value_and_grad(objective)
    limits = _Limits(memory, gtol, ftol, max_line_steps)
    value, gradient = derivative(x)
    end = while_loop(
        lambda state: ~(state.is_stationary | state.has_failed),
        lambda state: _iterated(state, derivative, limits),
        _first(x, value, gradient, limits),
        max_steps,
    )
    return Minimum(
        unravel(end.x), end.value, unravel(end.gradient), end.steps, end.evaluations,
        end.is_stationary,
    )  # fmt: skip


def _first(x: Any, value: Any, gradient: Any, limits: _Limits) -> _State:
    """The state before the first iteration."""
    none = np.zeros((limits.memory, *x.shape), x.dtype)
    return _State(x, value, gradient, none, none, 0, 1, _is_small(gradient, limits), False)


def _iterated(
    state: _State, derivative: Callable[[Any], tuple[Any, Any]], limits: _Limits
) -> _State:
    """Search along the quasi-Newton direction, and store the correction of the step."""
    direction = _direction(state, limits.memory)
    first = np.where(state.steps == 0, 1 / np.maximum(_norm(state.gradient), 1), 1)
    line = strong_wolfe(
        derivative, state.x, state.value, state.gradient, direction, first, limits.max_line_steps
    )
    size = np.maximum(np.maximum(np.abs(state.value), np.abs(line.value)), 1)
    is_flat = line.is_sufficient & (state.value - line.value <= limits.ftol * size)
    row = np.arange(limits.memory)[:, None] == state.steps % limits.memory
    return _State(
        line.x,
        line.value,
        line.gradient,
        np.where(row, line.x - state.x, state.displacements),
        np.where(row, line.gradient - state.gradient, state.changes),
        state.steps + 1,
        state.evaluations + line.evaluations,
        _is_small(line.gradient, limits) | is_flat,
        ~line.is_sufficient,
    )


def _is_small(gradient: Any, limits: _Limits) -> Any:
    return np.max(np.abs(gradient), initial=0) <= limits.gtol


def _direction(state: _State, memory: int) -> Any:
    """Multiply the negative gradient by the inverse Hessian: the two-loop recursion."""
    count = np.minimum(state.steps, memory)
    rows = (state.steps - 1 - np.arange(memory)) % memory  # the most recent one first
    known = np.arange(memory) < count
    s, y = state.displacements[rows], state.changes[rows]
    curvature = np.sum(s * y, axis=1)
    is_used = known & (curvature > 0)
    rho = np.where(is_used, 1 / np.where(is_used, curvature, 1), 0)

    def backward(q: Any, row: Any) -> tuple[Any, Any]:
        s, y, rho = row
        alpha = rho * np.sum(s * q)
        return q - alpha * y, alpha

    def forward(r: Any, row: Any) -> tuple[Any, None]:
        s, y, rho, alpha = row
        return r + s * (alpha - rho * np.sum(y * r)), None

    q, alpha = scan(backward, state.gradient, (s, y, rho))
    square = np.sum(y[0] * y[0])
    scale = np.where(is_used[0], curvature[0] / np.where(is_used[0], square, 1), 1)
    r, _ = scan(forward, q * scale, (s, y, rho, alpha), reverse=True)
    return -r


def _norm(x: Any) -> Any:
    return np.sqrt(np.sum(x * x))
