"""The loop of a recording: it writes each accepted step and each event into arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.autodiff.control_flow.while_loop import while_loop
from chainrule.autodiff.custom import stop_gradient
from chainrule.ops.primitives.array_update import scatter
from chainrule.solvers.events import EventFinder, Found
from chainrule.solvers.integration import Integration, State, Step
from chainrule.solvers.problem import Problem

__all__ = ["ENDED", "FAILED", "PAUSED", "TERMINATED", "Recorder", "Recording"]

ENDED, TERMINATED, PAUSED, FAILED = 0, 1, 2, -1


class Recording(NamedTuple):
    """The accepted steps of an integration, or of a part of it.

    Attributes
    ----------
    t : array, float, (capacity + 1,)
        The times between the steps, of which the first ``count + 1`` are valid.
    y : nested containers of arrays, each (capacity + 1, ...)
        The solution at these times.
    count : int
        The number of accepted steps.
    h : array, float, (capacity,)
        The lengths of the steps; beyond ``t[k + 1] - t[k]`` where a terminal event ended one.
    coefficients : tuple of arrays, each (capacity, components of y)
        The continuous extensions, which `interpolated` evaluates.
    status : int
        0 if the end was reached, 1 if a terminal event ended the integration, 2 if the arrays are
        full: go on with ``resume=recording.state``; -1 if the steps became too short.
    event_t : array, float, (events, max_events)
        The times of events, NaN from ``event_count`` on.
    event_y : nested containers of arrays, each (events, max_events, ...)
        The solution at these times.
    event_count : array, int, (events,)
        How often each event occurred in this recording.
    state : tuple
        What `record` needs to go on, with the counters since the start: ``state[0].accepted``,
        ``.rejected`` and ``.work``.
    """

    t: Any
    y: Any
    count: Any
    h: Any
    coefficients: Any
    status: Any
    event_t: Any
    event_y: Any
    event_count: Any
    state: Any


class _Rows(NamedTuple):
    """The arrays of steps, as they are filled."""

    t: Any
    y: Any
    h: Any
    coefficients: Any
    count: Any


class Recorder:
    """The loop of `record`."""

    def __init__(
        self, problem: Problem, integration: Integration,
        events: Sequence[Callable[..., Any]], direction: Any, terminal: Any,
    ) -> None:  # fmt: skip
        def on_vectors(event: Callable[..., Any]) -> Callable[[Any, Any], Any]:
            return lambda t, y: event(t, problem.unravel(y), *problem.args)

        self.problem = problem
        self.integration = integration
        limits = np.where(terminal > 0, terminal, np.inf)
        self.events = EventFinder(integration, tuple(map(on_vectors, events)), direction, limits)

    def run(self, capacity: int, max_events: int, max_steps: int | None, resume: Any) -> Recording:
        """Record until the end, a terminal event, or until the arrays are full."""
        start, end = self.problem.times[0], stop_gradient(self.problem.times[1])
        y0, count = self.problem.y0, len(self.events.events)
        sign = np.sign(end - stop_gradient(start))
        if resume is None:
            total = np.zeros(count, int)
            state, values = self.integration.start(start, y0, sign), self.events.values(start, y0)
        else:
            state, total, values = resume
        rows = self._empty_rows(state, capacity)
        nothing = (y0 * 0,) * self.integration.method.coefficients
        unknown = np.full((count, max_events, y0.size), np.nan, y0.dtype)
        found = Found(unknown[:, :, 0], unknown, total * 0, total)

        def goes_on(carry: Any) -> Any:
            state, rows, found, _, is_over = carry
            has_room = np.all(found.count < max_events)
            if capacity:
                has_room = has_room & (rows.count < capacity)
            is_before = sign * (end - state.t) > 0
            return has_room & is_before & ~is_over & self.integration.goes_on(state)

        def body(carry: Any) -> Any:
            before, rows, found, values, _ = carry
            state, step, is_kept = self.integration.attempt(before, end)
            coefficients, state = self.integration.coefficients(is_kept, step, nothing, state)
            new = self.events.values(state.t, state.y)
            stop, found = self.events.located(step, coefficients, is_kept, values, new, found)
            is_over = sign * (stop - state.t) <= 0
            t = np.where(is_over, stop, state.t)
            y = np.where(is_over, self.integration.at(step, coefficients, t), state.y)
            state = state._replace(t=t, y=y)
            rows = _written(rows, step, coefficients, is_kept, t, y)
            return state, rows, found, new, is_over

        carry = (state, rows, found, values, False)
        state, rows, found, values, is_over = while_loop(goes_on, body, carry, max_steps)
        return self._result(state, rows, found, values, is_over, end, sign)

    def _empty_rows(self, state: State, capacity: int) -> _Rows:
        size, number = self.problem.y0.size, self.integration.method.coefficients
        blank = np.zeros((capacity + 1, size), self.problem.y0.dtype) + 0 * state.y
        t, first = blank[:, 0], np.array(0)
        empty = tuple(blank[:capacity] for _ in range(number))
        return _Rows(
            scatter(t, state.t, first), scatter(blank, state.y, first), t[:capacity], empty, 0
        )

    def _result(
        self, state: State, rows: _Rows, found: Found, values: Any, is_over: Any, end: Any,
        sign: Any,
    ) -> Recording:  # fmt: skip
        is_ended = sign * (end - state.t) <= 0
        is_stuck = ~self.integration.goes_on(state)
        status = np.where(is_ended, ENDED, np.where(is_stuck, FAILED, PAUSED))
        status = np.where(is_over, TERMINATED, status)
        unravel = self.problem.unravel
        return Recording(
            rows.t, unravel(rows.y), rows.count, rows.h, rows.coefficients, status, found.t,
            unravel(found.y), found.count, (state, found.total, values),
        )  # fmt: skip


def _written(rows: _Rows, step: Step, coefficients: Any, is_kept: Any, t: Any, y: Any) -> _Rows:
    """Write an attempt to the next row; if it was rejected, the next one overwrites it."""
    index = rows.count
    if not rows.h.size:
        return rows._replace(count=index + np.where(is_kept, 1, 0))
    pairs = zip(rows.coefficients, coefficients, strict=True)
    return _Rows(
        scatter(rows.t, t, index + 1), scatter(rows.y, y, index + 1),
        scatter(rows.h, step.h, index), tuple(scatter(a, b, index) for a, b in pairs),
        index + np.where(is_kept, 1, 0),
    )  # fmt: skip
