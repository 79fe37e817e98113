"""Initial value problems: ``integrate`` and ``dormand_prince``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chainrule.arguments.checks import (
    POSITIVE,
    checked_choice,
    checked_count,
    checked_number,
)
from chainrule.errors import ArgumentError
from chainrule.solvers.automatic import Automatic
from chainrule.solvers.butcher_tableau import DORMAND_PRINCE, TSITOURAS
from chainrule.solvers.integration import Counts, Integration
from chainrule.solvers.method import Method
from chainrule.solvers.problem import Derivative, Problem
from chainrule.solvers.rosenbrock import Rosenbrock
from chainrule.solvers.runge_kutta import Dop853, ExplicitPair
from chainrule.solvers.step_control import StepControl

__all__ = ["METHODS", "Trajectory", "dormand_prince", "integrate"]

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
    return _solution(problem, Integration(control.method, control), max_steps, limit)


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
    return _solution(problem, Integration(pair, StepControl(pair, rtol, atol)), max_steps)


def _solution(
    problem: Problem, integration: Integration, max_steps: int | None, limit: Any = None
) -> Trajectory:
    """Integrate, and return the solution with its counters."""
    with np.errstate(all="ignore"):  # of steps that are tried, and refused
        rows, history, end = integration.solve(problem.y0, problem.times, max_steps, limit)
    final, steps = end.t, end.accepted + end.rejected
    is_reached = np.abs(final - problem.times[0]) >= np.abs(problem.times[-1] - problem.times[0])
    return Trajectory(
        problem.unravel(rows), steps, is_reached, end.accepted, end.rejected, *end.work, history
    )
