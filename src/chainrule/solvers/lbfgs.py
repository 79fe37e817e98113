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
from chainrule.solvers.line_search import LineMinimum, Point, strong_wolfe

__all__ = [
    "NO_DECREASE",
    "NO_STEP",
    "SMALL_GRADIENT",
    "Limits",
    "Minimum",
    "Search",
    "first_search",
    "is_small",
    "iterated",
    "lbfgs",
]


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


class Search(NamedTuple):
    """Where the minimisation stands, and the corrections of its last steps.

    Attributes
    ----------
    point : Point
        Parameters, value and gradient.
    displacements, changes : array, (memory, n)
        Of the parameters and of the gradient; row k % memory has those of correction k.
    corrections : int
        Number of corrections stored since the memory was empty.
    steps, evaluations : int
        Number of iterations, and of evaluations of function and gradient.
    status : int
        0 as long as the search goes on; else why it has ended: `SMALL_GRADIENT`, `NO_DECREASE` or
        `NO_STEP`.
    """

    point: Point
    displacements: Any
    changes: Any
    corrections: Any
    steps: Any
    evaluations: Any
    status: Any


SMALL_GRADIENT, NO_DECREASE, NO_STEP = 1, 2, 3


class Limits(NamedTuple):
    """The settings of `lbfgs`; `ftol` is relative to values of at least `least_size`."""

    memory: int
    gtol: float
    ftol: float
    max_line_steps: int
    least_size: float = 1.0


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
    limits = Limits(memory, gtol, ftol, max_line_steps)
    start = Point(x, *derivative(x))
    end = while_loop(
        lambda search: search.status == 0,
        lambda search: iterated(search, derivative, limits),
        first_search(start, limits),
        max_steps,
    )
    found = end.point
    return Minimum(
        unravel(found.x), found.value, unravel(found.gradient), end.steps, end.evaluations,
        (end.status == SMALL_GRADIENT) | (end.status == NO_DECREASE),
    )  # fmt: skip


def first_search(start: Point, limits: Limits) -> Search:
    """Return the state before the first iteration."""
    none = np.zeros((limits.memory, *start.x.shape), start.x.dtype)
    status = np.where(is_small(start.gradient, limits), SMALL_GRADIENT, 0)
    return Search(start, none, none, 0, 0, 1, status)


def iterated(
    search: Search,
    derivative: Callable[[Any], tuple[Any, ...]],
    limits: Limits,
    stays: Any = False,
    is_idle: Any = False,
) -> Search:
    """Search along the quasi-Newton direction, and store the correction of the step.

    Without a step along it, the next one is tried along the gradient, with an empty memory. Where
    `stays`, the point is only evaluated; where `is_idle`, the search is left as it is.
    """
    start, stored = search.point, search.corrections
    direction = _direction(search, limits.memory)
    first = np.where(stored == 0, 1 / np.maximum(_norm(start.gradient), 1), 1)
    line = strong_wolfe(derivative, start, direction, first, limits.max_line_steps, stays, is_idle)
    end = line.point
    moves = line.is_sufficient & ~(stays | is_idle)
    row = moves & (np.arange(limits.memory)[:, None] == stored % limits.memory)
    failed = ~(line.is_sufficient | stays | is_idle)
    return Search(
        end,
        np.where(row, end.x - start.x, search.displacements),
        np.where(row, end.gradient - start.gradient, search.changes),
        np.where(moves, stored + 1, np.where(failed, 0, stored)),
        search.steps + np.where(stays | is_idle, 0, 1),
        search.evaluations + line.evaluations,
        np.where(
            is_idle,
            search.status,
            _status(line, start.value, moves, failed & (stored == 0), limits),
        ),
    )


def _status(line: LineMinimum, before: Any, moves: Any, has_ended: Any, limits: Limits) -> Any:
    """Return why the search ends after a line search, or 0."""
    value = line.point.value
    size = np.maximum(np.maximum(np.abs(before), np.abs(value)), limits.least_size)
    is_flat = moves & (before - value <= limits.ftol * size)
    status = np.where(has_ended, NO_STEP, np.where(is_flat, NO_DECREASE, 0))
    return np.where(is_small(line.point.gradient, limits), SMALL_GRADIENT, status)


def is_small(gradient: Any, limits: Limits) -> Any:
    """Whether every component of a gradient is at most `gtol` in size."""
    return np.max(np.abs(gradient), initial=0) <= limits.gtol


def _direction(search: Search, memory: int) -> Any:
    """Multiply the negative gradient by the inverse Hessian: the two-loop recursion."""
    stored = search.corrections
    count = np.minimum(stored, memory)
    rows = (stored - 1 - np.arange(memory)) % memory  # the most recent one first
    known = np.arange(memory) < count
    s, y = search.displacements[rows], search.changes[rows]
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

    q, alpha = scan(backward, search.point.gradient, (s, y, rho))
    square = np.sum(y[0] * y[0])
    scale = np.where(is_used[0], curvature[0] / np.where(is_used[0], square, 1), 1)
    r, _ = scan(forward, q * scale, (s, y, rho, alpha), reverse=True)
    return -r


def _norm(x: Any) -> Any:
    return np.sqrt(np.sum(x * x))
