"""Events of an integration within a trace, with derivatives by the implicit function theorem.

The events are located first, without derivatives. The solution up to the last of them has its
derivatives from the integrator, at fixed times; then the time t of an event g follows from

    g(t, y(t)) = 0,    dt/dp = -(∂g/∂p + ∂g/∂y ∂y/∂p) / (dg/dt along the solution).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.integrate._ivp.ivp import prepare_events

from chainrule import tree
from chainrule.autodiff.custom import stop_gradient
from chainrule.autodiff.linearization import jvp
from chainrule.autodiff.vmap import vmap
from chainrule.errors import TraceError
from chainrule.science.integrate.traced import TracedProblem, as_number
from chainrule.solvers.recorder import FAILED, PAUSED
from chainrule.solvers.recording import record

__all__ = ["Events", "Occurrences", "as_known", "refined"]

_MOST_EVENTS = 64
"""Occurrences of an event that is not terminal, where values are not known while tracing."""

_FARTHEST = 1e-2
"""Of the interval: how far a time is corrected to the zero of the solution."""


class Occurrences(NamedTuple):
    """What a search has found, without derivatives.

    Attributes
    ----------
    t : list of arrays, float, (occurrences,)
        The times of each event, NaN in slots that are not used.
    stop : float
        Where the integration ends.
    status : int
        As that of `record`.
    is_known : bool
        Whether the values are known while tracing, so that there are no unused slots.
    """

    t: list[Any]
    stop: Any
    status: Any
    is_known: bool


class Events:
    """The events of a call of `solve_ivp`: functions ``event(t, y, *args)`` with attributes."""

    def __init__(self, events: Any) -> None:
        self.functions, limits, self.direction = prepare_events(() if events is None else events)
        self.terminal = np.where(np.isfinite(limits), limits, 0).astype(int)

    def located(self, problem: TracedProblem) -> Occurrences:
        """Find all occurrences up to the end, or to a terminal one."""
        most = int(max([_MOST_EVENTS, *self.terminal]))
        found = self._search(problem, most)
        status = as_known(found.status)
        while status == PAUSED:
            most *= 4
            found = self._search(problem, most)
            status = as_known(found.status)
        stop = stop_gradient(found.state[0].t)
        if status is None:
            overflows = found.status == PAUSED
            rows = [
                np.where(overflows, np.nan, row[: limit or _MOST_EVENTS])
                for row, limit in zip(found.event_t, self.terminal, strict=True)
            ]
            stop = np.where(overflows, np.nan, stop)
            return Occurrences(rows, stop, np.where(overflows, FAILED, found.status), False)
        counts = np.asarray(stop_gradient(found.event_count), int)
        rows = [np.asarray(row)[:n] for row, n in zip(found.event_t, counts, strict=True)]
        return Occurrences(rows, float(stop), status, True)

    def _search(self, problem: TracedProblem, most: int) -> Any:
        fixed = problem.without_derivatives()
        functions = [_constant(each) for each in self.functions]
        found = record(
            fixed.rhs, fixed.y0, fixed.span, fixed.args, fixed.method, events=functions,
            direction=self.direction.tolist(), terminal=self.terminal.tolist(), max_events=most,
            capacity=0, **fixed.options,
        )  # fmt: skip
        return tree.map_leaves(stop_gradient, found)


def refined(event: Callable[..., Any], problem: TracedProblem, t: Any, y: Any) -> tuple[Any, Any]:
    """Return the times of an event and the solution there, with derivatives of up to third order.

    `t` are the times that were located, (occurrences,), NaN where a slot is not used, and `y` the
    solution at these fixed times, (occurrences, n). Two steps of Newton's method are taken along
    the solution, which one Runge-Kutta step of order 4 continues from there.
    """
    farthest = _FARTHEST * np.abs(stop_gradient(problem.span[1] - problem.span[0]))

    def rate(t: Any, y: Any) -> Any:
        return problem.rhs(t, y, *problem.args)

    def one(t: Any, y: Any, is_used: Any) -> tuple[Any, Any]:
        def value(h: Any) -> Any:
            return as_number(event(t + h, _continued(rate, t, y, h), *problem.args))

        zero = t * 0
        level, derivative = (stop_gradient(each) for each in jvp(value, (zero,), (zero + 1,)))
        # Where the zero is too far for Newton's method, that of g less its value here is taken.
        level = np.where(np.abs(level) <= farthest * np.abs(derivative), 0, level)
        h = zero
        for _ in range(2):
            found, derivative = jvp(value, (h,), (zero + 1,))
            h = h - (found - level) / np.where(is_used, derivative, 1)
        time, value_there = t + h, _continued(rate, t, y, h)
        return np.where(is_used, time, np.nan), np.where(is_used, value_there, np.nan)

    if not t.shape[0]:
        return t, y
    is_used = t == t
    return vmap(one)(np.where(is_used, t, stop_gradient(problem.span[0])), y, is_used)


def as_known(value: Any) -> Any:
    """Return an integer that is known while tracing; None if it is not."""
    try:
        return int(stop_gradient(value))
    except TraceError:
        return None


def _constant(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose value has no derivative by what it reads from outside."""
    return lambda t, y, *args: stop_gradient(as_number(function(t, y, *args)))


def _continued(rate: Callable[[Any, Any], Any], t: Any, y: Any, h: Any) -> Any:
    """Take one step of the classical Runge-Kutta method."""
    first = rate(t, y)
    second = rate(t + h / 2, y + h / 2 * first)
    third = rate(t + h / 2, y + h / 2 * second)
    fourth = rate(t + h, y + h * third)
    return y + h / 6 * (first + 2 * second + 2 * third + fourth)
