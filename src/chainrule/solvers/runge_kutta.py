"""Explicit Runge-Kutta integration with adaptive steps and continuous output.

The steps to the next output time are a ``while_loop``, the output times a ``scan``. So a solution
is a graph: it is compiled, batched, and differentiated as any other. Derivatives are those of the
steps taken, at fixed step lengths (the discrete adjoint): the control of the step length, which
depends on the values by the estimated error, is not differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.arguments.checks import POSITIVE, checked_count, checked_number
from chainrule.autodiff.control_flow.scan import scan
from chainrule.autodiff.control_flow.while_loop import while_loop
from chainrule.autodiff.custom import stop_gradient
from chainrule.errors import ArgumentError, ShapeError, counted
from chainrule.graph.node import Node
from chainrule.graph.trace_errors import check_function
from chainrule.ops.primitives.promotion import as_array
from chainrule.solvers.butcher_tableau import DORMAND_PRINCE, ButcherTableau
from chainrule.solvers.flat_vector import ravel

__all__ = ["Trajectory", "dormand_prince"]

_SAFETY, _LEAST_FACTOR, _MOST_FACTOR = 0.9, 0.2, 10.0


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
    """

    y: Any
    steps: Any
    success: Any


class _State(NamedTuple):
    """Where the integration stands, and the last accepted step, for interpolation."""

    t: Any
    y: Any
    derivative: Any
    step: Any
    start: Any
    y_start: Any
    stages: Any
    steps: Any


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
        divided by ``atol + rtol * abs(y)``, is at most 1.
    max_steps : int >= 1
        The largest number of steps between two output times, rejected ones included.

    Returns
    -------
    Trajectory
        ``y`` with the solution at each time, ``steps`` and ``success``.

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
    check_function("dormand_prince", function)
    args = args if isinstance(args, tuple) else (args,)
    rtol = checked_number("dormand_prince", "rtol", rtol, POSITIVE)
    atol = checked_number("dormand_prince", "atol", atol, POSITIVE)
    max_steps = checked_count("dormand_prince", "max_steps", max_steps)
    start, unravel = ravel(y0, "dormand_prince: y0")
    times = _checked_times(t).astype(start.dtype)

    def derivative(time: Any, y: Any) -> Any:
        rates, _ = ravel(function(time, unravel(y), *args), "dormand_prince: dy/dt")
        if rates.shape != y.shape:
            raise ShapeError(
                f"dormand_prince: dy/dt has {counted(rates.size, 'component')} and y {y.size}; the "
                "function, called as function(t, y, *args), must return an array of the shape of y"
            )
        return rates.astype(y.dtype)

    pair = _Pair(DORMAND_PRINCE, derivative, rtol, atol)
    y, steps, success = pair.integrate(start, times, max_steps)
    return Trajectory(unravel(y), steps, success)


def _checked_times(t: Any) -> Any:
    times = as_array(t)
    if times.ndim != 1 or not times.size:
        raise ShapeError(
            f"dormand_prince: t must be an array of output times, got shape {times.shape}"
        )
    if type(times) is not Node:
        steps = np.diff(times)
        if not (np.all(steps >= 0) or np.all(steps <= 0)):
            raise ArgumentError("dormand_prince: the times t must increase or decrease; sort them")
    return times


class _Pair:
    """An embedded pair, applied to one differential equation."""

    def __init__(
        self,
        tableau: ButcherTableau,
        derivative: Callable[[Any, Any], Any],
        rtol: float,
        atol: float,
    ) -> None:
        self.tableau = tableau
        self.derivative = derivative
        self.rtol = rtol
        self.atol = atol

    def integrate(self, y: Any, times: Any, max_steps: int) -> tuple[Any, Any, Any]:
        """Return the solution at the times, the number of steps, and whether all were reached."""
        direction = stop_gradient(np.sign(times[-1] - times[0]))
        first = self.derivative(times[0], y)
        step = direction * stop_gradient(self.first_step(times[0], y, first, direction))
        stages = np.stack([first * 0] * len(self.tableau.a))
        state = _State(times[0], y, first, step, times[0], y, stages, 0)

        def advance(state: _State, target: Any) -> tuple[_State, Any]:
            def is_before(state: _State) -> Any:
                goes_on = state.t + state.step != state.t  # also False where the step is NaN
                is_number = np.abs(state.step) < np.inf
                return (direction * (target - state.t) > 0) & goes_on & is_number

            state = while_loop(is_before, self.attempt, state, max_steps)
            is_reached = direction * (target - state.t) <= 0
            y = np.where(is_reached, self.interpolated(state, target), np.nan)
            return state, (y, is_reached)

        last, (rows, reached) = scan(advance, state, times[1:])
        return np.concatenate([y[None], rows]), last.steps, np.all(reached)

    def first_step(self, t: Any, y: Any, first: Any, direction: Any) -> Any:
        """Choose the length of the first step: Hairer, Norsett & Wanner, section II.4."""
        scale = self.atol + np.abs(y) * self.rtol
        size, speed = _rms(y / scale), _rms(first / scale)
        is_small = (size < 1e-5) | (speed < 1e-5)
        trial = np.where(is_small, 1e-6, 0.01 * size / np.where(is_small, 1, speed))
        change = self.derivative(t + direction * trial, y + direction * trial * first) - first
        most = np.maximum(speed, _rms(change / scale) / trial)
        exponent = 1 / (self.tableau.order_of_error + 1)
        by_change = (0.01 / np.maximum(most, 1e-15)) ** exponent
        length = np.where(most <= 1e-15, np.maximum(1e-6, trial * 1e-3), by_change)
        return np.minimum(100 * trial, length)

    def attempt(self, state: _State) -> _State:
        """Try one step; keep it if its error is small enough, and choose the next length."""
        step = state.step
        stages = self.stages(state, step)
        y = state.y + step * _weighted(self.tableau.a[-1], stages)
        scale = self.atol + np.maximum(np.abs(state.y), np.abs(y)) * self.rtol
        error = stop_gradient(_rms(step * _weighted(self.tableau.error, stages) / scale))
        is_kept = error < 1
        exponent = -1 / (self.tableau.order_of_error + 1)
        factor = _SAFETY * np.where(error == 0, 1, error) ** exponent
        factor = np.where(error == 0, _MOST_FACTOR, np.clip(factor, _LEAST_FACTOR, _MOST_FACTOR))
        # After a step of which nothing is finite, the next one is tried with a fraction of it.
        factor = np.where(np.isfinite(error), factor, _LEAST_FACTOR)
        after = _State(
            state.t + step, y, stages[-1], step * factor, state.t, state.y, np.stack(stages),
            state.steps + 1,
        )  # fmt: skip
        before = state._replace(step=step * np.minimum(factor, 1), steps=state.steps + 1)
        return _State(*[np.where(is_kept, a, b) for a, b in zip(after, before, strict=True)])

    def stages(self, state: _State, step: Any) -> list[Any]:
        """Compute the derivatives of the stages; the first is the last one of the step before."""
        stages = [state.derivative]
        for c, weights in zip(self.tableau.c[1:], self.tableau.a[1:], strict=True):
            y = state.y + step * _weighted(weights, stages)
            stages.append(self.derivative(state.t + c * step, y))
        return stages

    def interpolated(self, state: _State, target: Any) -> Any:
        """Evaluate the continuous extension of the last step."""
        length = state.t - state.start
        part = (target - state.start) / np.where(length == 0, 1, length)
        powers = np.stack([part ** (i + 1) for i in range(len(self.tableau.interpolant[0]))])
        weights = np.array(self.tableau.interpolant, part.dtype) @ powers
        return state.y_start + length * (weights @ state.stages)


def _weighted(weights: Sequence[float], stages: Sequence[Any]) -> Any:
    """Sum the stages with the weights that are not 0."""
    pairs = [(w, k) for w, k in zip(weights, stages, strict=False) if w]
    total = pairs[0][0] * pairs[0][1]
    for weight, stage in pairs[1:]:
        total = total + weight * stage
    return total


def _rms(x: Any) -> Any:
    """Root mean square."""
    return np.sqrt(np.mean(x * x))
