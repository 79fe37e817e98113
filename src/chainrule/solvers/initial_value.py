"""Initial value problems: ``integrate`` and ``dormand_prince``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from chainrule import tree
from chainrule.arguments.checks import (
    NON_NEGATIVE,
    POSITIVE,
    bad_argument,
    checked_choice,
    checked_count,
    checked_number,
)
from chainrule.errors import ArgumentError, ShapeError, counted
from chainrule.graph.node import Node
from chainrule.graph.trace_errors import check_function
from chainrule.ops.primitives.promotion import as_array
from chainrule.solvers.automatic import Automatic
from chainrule.solvers.butcher_tableau import DORMAND_PRINCE, TSITOURAS
from chainrule.solvers.flat_vector import ravel
from chainrule.solvers.integration import Counts, Integration
from chainrule.solvers.method import Method
from chainrule.solvers.rosenbrock import Rosenbrock
from chainrule.solvers.runge_kutta import Dop853, ExplicitPair
from chainrule.solvers.step_control import StepControl

__all__ = ["METHODS", "Problem", "Trajectory", "dormand_prince", "integrate"]

Derivative = Callable[[Any, Any], Any]

METHODS: dict[str, Callable[[Derivative, Derivative | None], Method]] = {
    "tsit5": lambda f, jacobian: ExplicitPair(f, TSITOURAS),
    "dormand_prince": lambda f, jacobian: ExplicitPair(f, DORMAND_PRINCE),
    "dop853": lambda f, jacobian: Dop853(f),
    "rosenbrock": Rosenbrock,
    "auto": Automatic,
}
"""The methods by name, each made of f(t, y) on vectors, and of ∂f/∂y if that is given."""


class Trajectory(NamedTuple):
    """The solution of an initial value problem.

    Attributes
    ----------
    y : nested containers of arrays, each (times, ...)
        The solution at the output times, NaN at those that were not reached.
    steps : int
        Number of steps taken, rejected ones included.
    success : bool
        Whether every output time was reached.
    accepted, rejected : int
        Numbers of steps.
    evaluations, jacobians, factorizations : int
        What the integration has cost: calls of the right-hand side, Jacobians, LU factorizations.
    history : Counts
        The same up to each output time, with the time that the last step reached and its length:
        arrays, (times,).
    """

    y: Any
    steps: Any
    success: Any
    accepted: Any
    rejected: Any
    evaluations: Any
    jacobians: Any
    factorizations: Any
    history: Counts


def integrate(
    function: Callable[..., Any],
    y0: Any,
    t: Any,
    args: Any = (),
    method: str = "tsit5",
    rtol: Any = 1.4e-8,
    atol: Any = 1.4e-8,
    max_steps: int | None = None,
    first_step: Any = None,
    max_step: Any = None,
    limit: Any = None,
    jacobian: Callable[..., Any] | None = None,
) -> Trajectory:
    """Solve dy/dt = f(t, y) by a method with adaptive steps.

    Parameters
    ----------
    function : callable
        ``function(t, y, *args)`` returns dy/dt, nested as `y`: plain NumPy code.
    y0 : nested containers of float arrays
        The initial value, at ``t[0]``; a list of numbers is an array.
    t : array, float, (times,)
        The output times, increasing or decreasing. The last step ends at ``t[-1]``.
    args : tuple
        Further arguments of `function`, by which the solution has derivatives, too; what is no
        tuple is the only one.
    method : {"tsit5", "dormand_prince", "dop853", "rosenbrock", "auto"}
        The explicit pairs of orders 5 and 4 of Tsitouras and of Dormand and Prince; the method of
        order 8 of Dormand and Prince; for stiff equations the Rosenbrock method Rodas5P, of orders
        5 and 4, with the exact Jacobian; or, as the equation is stiff or not, an automatic choice
        between the last two in each step.
    rtol, atol : float >= 0, or nested as `y0`
        Bounds of the estimated error of a step: its root mean square over all components, each
        divided by ``atol + rtol * abs(y)``, is less than 1. Not both may be 0.
    max_steps : int >= 1, optional
        The largest number of steps between two output times, rejected ones included. Reverse mode
        (``grad``) requires it, as it stores as many; forward mode does not.
    first_step, max_step : float > 0, optional
        The length of the first step, chosen if not given; the largest length of any step.
    limit : int, optional
        The largest number of all steps, without `max_steps`; it may be traced, and takes no memory.
    jacobian : callable, optional
        ``jacobian(t, y, *args)`` returns ∂f/∂y, float, (n, n), for y of n elements in all, in the
        order of its leaves; derived from `function` if not given. Explicit methods do not use it.

    Returns
    -------
    Trajectory
        ``y`` with the solution at each time, ``success`` and counters.

    Raises
    ------
    ArgumentError
        If an argument is out of range, or the times are not monotonic.
    ShapeError
        If `function` returns anything but an array of the shape of `y`, or `jacobian` anything
        but a square matrix.

    References
    ----------
    Tsitouras (2011), Runge-Kutta pairs of order 5(4) satisfying only the first column simplifying
    assumption. Hairer, Norsett & Wanner (1993), Solving Ordinary Differential Equations I, sections
    II.4 and II.5. Steinebach (2023), Construction of Rosenbrock-Wanner method Rodas5P and numerical
    benchmarks within the Julia Differential Equations package. Hairer & Wanner (1996), Solving
    Ordinary Differential Equations II, sections IV.2 (stiffness) and IV.7 (Rosenbrock methods).

    Examples
    --------
    >>> solution = integrate(lambda t, y: -y, 1.0, np.array([0.0, 1.0, 2.0]), method="dop853")
    >>> print(np.round(solution.y, 6), int(solution.accepted))
    [1.       0.367879 0.135335] 5
    """
    checked_choice("integrate", "method", method, tuple(METHODS))
    if max_steps is not None:
        max_steps = checked_count("integrate", "max_steps", max_steps)
    problem = Problem("integrate", function, y0, t, args)
    control = StepControl(
        METHODS[method](problem.derivative, problem.jacobian(jacobian)),
        problem.tolerance("rtol", rtol), problem.tolerance("atol", atol),
        problem.length("first_step", first_step), problem.length("max_step", max_step),
    )  # fmt: skip
    tolerances = (control.rtol, control.atol)
    if all(isinstance(each, float) for each in tolerances) and not any(tolerances):
        raise ArgumentError("integrate: rtol and atol are both 0; give atol=1e-12, or rtol")
    return problem.solution(Integration(control.method, control), max_steps, limit)


def dormand_prince(
    function: Callable[..., Any],
    y0: Any,
    t: Any,
    args: Any = (),
    rtol: float = 1.4e-8,
    atol: float = 1.4e-8,
    max_steps: int = 1000,
) -> Trajectory:
    """Solve dy/dt = f(t, y) by the pair of orders 5 and 4 of Dormand and Prince.

    It is `integrate` with this method, and with a bound on the steps, as ``grad`` requires.

    Parameters
    ----------
    function : callable
        ``function(t, y, *args)`` returns dy/dt, nested as `y`: plain NumPy code.
    y0 : nested containers of float arrays
        The initial value, at ``t[0]``; a list of numbers is an array.
    t : array, float, (times,)
        The output times, increasing or decreasing.
    args : tuple
        Further arguments of `function`, by which the solution has derivatives, too; what is no
        tuple is the only one.
    rtol, atol : float > 0
        Bounds of the estimated error of a step: its root mean square over all components, each
        divided by ``atol + rtol * abs(y)``, is less than 1.
    max_steps : int >= 1
        The largest number of steps between two output times, rejected ones included.

    Returns
    -------
    Trajectory
        ``y`` with the solution at each time, ``success`` and counters.

    Raises
    ------
    ArgumentError
        If an argument is out of range, or the times are not monotonic.
    ShapeError
        If `function` returns anything but an array of the shape of `y`.

    References
    ----------
    Dormand & Prince (1980), A family of embedded Runge-Kutta formulae. Hairer, Norsett & Wanner
    (1993), Solving Ordinary Differential Equations I, section II.4 (step length control).

    Examples
    --------
    >>> solution = dormand_prince(lambda t, y: -y, 1.0, np.array([0.0, 1.0, 2.0]))
    >>> print(np.round(solution.y, 6))
    [1.       0.367879 0.135335]
    """
    rtol = checked_number("dormand_prince", "rtol", rtol, POSITIVE)
    atol = checked_number("dormand_prince", "atol", atol, POSITIVE)
    max_steps = checked_count("dormand_prince", "max_steps", max_steps)
    problem = Problem("dormand_prince", function, y0, t, args)
    pair = ExplicitPair(problem.derivative, DORMAND_PRINCE, damping=0.0)
    return problem.solution(Integration(pair, StepControl(pair, rtol, atol)), max_steps)


class Problem:
    """An initial value problem on vectors, its arguments checked."""

    def __init__(
        self, owner: str, function: Callable[..., Any], y0: Any, t: Any, args: Any
    ) -> None:
        check_function(owner, function)
        self.owner = owner
        self.function = function
        self.args = args if isinstance(args, tuple) else (args,)
        self.y0, self.unravel = ravel(y0, f"{owner}: y0")
        self.times = _checked_times(owner, t).astype(self.y0.dtype)

    def derivative(self, t: Any, y: Any) -> Any:
        """Evaluate f(t, y) as a vector."""
        state = self.unravel(y)
        value = self.function(t, state, *self.args)
        if not isinstance(state, np.ndarray | Node):
            value = _in_order(self.owner, value, state)
        rates, _ = ravel(value, f"{self.owner}: dy/dt")
        if rates.shape != y.shape:
            raise ShapeError(
                f"{self.owner}: dy/dt has {counted(rates.size, 'component')} and y {y.size}; the "
                "function, called as function(t, y, *args), must return an array of the shape of y"
            )
        found, expected = ([np.shape(x) for x in tree.flatten(x)[0]] for x in (value, state))
        if len(found) == len(expected) and any(map(_differ, found, expected)):
            raise ShapeError(
                f"{self.owner}: the arrays of dy/dt have the shapes {found}, and those of y "
                f"{expected}; the function must return arrays of the same shapes, in the same order"
            )
        return rates.astype(y.dtype)

    def jacobian(self, function: Callable[..., Any] | None) -> Derivative | None:
        """Return ∂f/∂y as a function of vectors, or None if it is to be derived."""
        if function is None:
            return None
        check_function(f"{self.owner}: jacobian", function)

        def matrix(t: Any, y: Any) -> Any:
            value, n = as_array(function(t, self.unravel(y), *self.args)), y.size
            if value.shape != (n, n):
                raise ShapeError(
                    f"{self.owner}: jacobian has shape {value.shape}, and y "
                    f"{counted(n, 'component')}; it must return a matrix of shape ({n}, {n})"
                )
            return value.astype(y.dtype)

        return matrix

    def tolerance(self, name: str, value: Any) -> Any:
        """Return a tolerance as a float, or as a vector for the components of y."""
        leaves, _ = tree.flatten(value)
        if len(leaves) == 1 and np.ndim(leaves[0]) == 0 and type(leaves[0]) is not Node:
            return checked_number(self.owner, name, leaves[0], NON_NEGATIVE)
        vector, _ = ravel(value, f"{self.owner}: {name}")
        if vector.size not in (1, self.y0.size):
            raise ShapeError(
                f"{self.owner}: {name} has {counted(vector.size, 'component')} and y "
                f"{self.y0.size}; give one number, or one for each component"
            )
        if type(vector) is not Node and not np.all(vector >= 0):
            raise bad_argument(self.owner, name, value, "numbers, 0 or more")
        return vector.astype(self.y0.dtype)

    def length(self, name: str, value: Any) -> Any:
        """Return the length of a step as a float; a traced one is not checked."""
        if value is None or type(value) is Node:
            return value
        return checked_number(self.owner, name, value, POSITIVE)

    def solution(
        self, integration: Integration, max_steps: int | None, limit: Any = None
    ) -> Trajectory:
        """Integrate, and return the solution with its counters."""
        with np.errstate(all="ignore"):  # of steps that are tried, and refused
            rows, history, end = integration.solve(self.y0, self.times, max_steps, limit)
        final, steps = end.t, end.accepted + end.rejected
        is_reached = np.abs(final - self.times[0]) >= np.abs(self.times[-1] - self.times[0])
        return Trajectory(
            self.unravel(rows), steps, is_reached, end.accepted, end.rejected, *end.work, history
        )


def _in_order(owner: str, value: Any, like: Any) -> Any:
    """Return a tree with the entries of its dictionaries in the order of those of another one."""
    if isinstance(value, Mapping) and isinstance(like, Mapping):
        rates, state = cast(Mapping[Any, Any], value), cast(Mapping[Any, Any], like)
        if rates.keys() != state.keys():
            raise ShapeError(
                f"{owner}: dy/dt has the entries {list(rates)}, and y {list(state)}; the function "
                "must return a dictionary with the keys of y"
            )
        return {key: _in_order(owner, rates[key], each) for key, each in state.items()}
    if isinstance(value, list | tuple) and isinstance(like, list | tuple):
        rows, states = cast(Sequence[Any], value), cast(Sequence[Any], like)
        if len(rows) == len(states):
            return [_in_order(owner, *each) for each in zip(rows, states, strict=True)]
    return value


def _differ(shape: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    """Whether two shapes differ; those of one element are alike."""
    return shape != expected and (math.prod(shape), math.prod(expected)) != (1, 1)


def _checked_times(owner: str, t: Any) -> Any:
    times = as_array(t)
    if times.ndim != 1 or not times.size:
        raise ShapeError(f"{owner}: t must be an array of output times, got shape {times.shape}")
    if type(times) is not Node:
        steps = np.diff(times)
        if not (np.all(steps >= 0) or np.all(steps <= 0)):
            raise ArgumentError(f"{owner}: the times t must increase or decrease; sort them")
    return times
