"""Integrations that record each accepted step, and the zeros of functions of the solution.

One ``while_loop`` over the steps writes them into arrays of a given capacity. It pauses when these
are full, and can be resumed; so a solution of any number of steps is a sequence of recordings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.arguments.checks import checked_choice, checked_count
from chainrule.autodiff.control_flow.while_loop import while_loop
from chainrule.autodiff.custom import stop_gradient
from chainrule.errors import ArgumentError, counted
from chainrule.graph.trace_errors import check_function
from chainrule.ops.primitives.array_update import scatter
from chainrule.ops.primitives.promotion import as_array
from chainrule.solvers.events import EventFinder, Found
from chainrule.solvers.initial_value import METHODS, Problem
from chainrule.solvers.integration import Integration, State, Step
from chainrule.solvers.step_control import StepControl

__all__ = ["ENDED", "FAILED", "PAUSED", "TERMINATED", "Recording", "interpolated", "record"]

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


def record(
    function: Callable[..., Any],
    y0: Any,
    t_span: Any,
    args: Any = (),
    method: str = "tsit5",
    rtol: Any = 1.4e-8,
    atol: Any = 1.4e-8,
    capacity: int = 1000,
    events: Sequence[Callable[..., Any]] = (),
    direction: Sequence[float] | None = None,
    terminal: Sequence[int] | None = None,
    max_events: int = 100,
    first_step: Any = None,
    max_step: Any = None,
    max_steps: int | None = None,
    resume: Any = None,
    jacobian: Callable[..., Any] | None = None,
) -> Recording:
    """Solve dy/dt = f(t, y) over an interval, and record all accepted steps and events.

    Parameters
    ----------
    function : callable
        ``function(t, y, *args)`` returns dy/dt, nested as `y`: plain NumPy code.
    y0 : nested containers of float arrays
        The initial value, at ``t_span[0]``.
    t_span : array, float, (2,)
        The interval, forwards or backwards.
    args : tuple
        Further arguments of `function` and of the events.
    method, rtol, atol : str, float > 0
        As those of `integrate`.
    capacity : int >= 0
        The number of steps that fit into the recording; with 0 none is kept, only the events are.
    events : sequence of callables
        Each returns a number, ``event(t, y, *args)``, whose zeros are located on the continuous
        extension up to rounding. An event occurs at most once in a step.
    direction : sequence of floats, optional
        For each event: above 0 only zeros at which it rises in the direction of the integration,
        below 0 only those at which it falls, 0 both.
    terminal : sequence of ints, optional
        For each event, the occurrence that ends the integration, 0 for none.
    max_events : int >= 1
        The number of occurrences of one event that fit into the recording.
    first_step, max_step : float, optional
        As those of `integrate`.
    max_steps : int >= 1, optional
        The largest number of steps, rejected ones included; reverse mode requires it.
    resume : tuple, optional
        The ``state`` of the recording before this one; `y0` and ``t_span[0]`` give shapes alone.
    jacobian : callable, optional
        As that of `integrate`.

    Returns
    -------
    Recording
        The steps, with which `interpolated` evaluates the solution, and the events.

    Raises
    ------
    ArgumentError
        If an argument is out of range.
    ShapeError
        If `function` returns anything but an array of the shape of `y`.

    Examples
    --------
    >>> fall = lambda t, y: np.stack([y[1], -9.81])
    >>> height = lambda t, y: y[0]
    >>> found = record(fall, np.array([1.0, 0.0]), (0.0, 2.0), events=[height], terminal=[1])
    >>> print(np.round(found.event_t[0, 0], 6), int(found.status))
    0.451524 1
    """
    checked_choice("record", "method", method, tuple(METHODS))
    capacity = checked_count("record", "capacity", capacity, 0)
    max_events = checked_count("record", "max_events", max_events)
    if max_steps is not None:
        max_steps = checked_count("record", "max_steps", max_steps)
    for each in events:
        check_function("record", each)
    problem = Problem("record", function, y0, t_span, args)
    if problem.times.shape != (2,):
        raise ArgumentError("record: t_span must be the two ends of the interval, as (0.0, 1.0)")
    control = StepControl(
        METHODS[method](problem.derivative, problem.jacobian(jacobian)),
        problem.tolerance("rtol", rtol), problem.tolerance("atol", atol),
        problem.length("first_step", first_step), problem.length("max_step", max_step),
    )  # fmt: skip
    recorder = _Recorder(
        problem, Integration(control.method, control), events,
        _of_each("direction", direction, events), _of_each("terminal", terminal, events),
    )  # fmt: skip
    with np.errstate(all="ignore"):  # of steps that are tried, and refused
        return recorder.run(capacity, max_events, max_steps, resume)


def interpolated(recording: Recording, t: Any, method: str = "tsit5") -> Any:
    """Evaluate the continuous extension of a recording.

    Parameters
    ----------
    recording : Recording
        Made by `record` with the same `method`, of a `y` that is one array, (components,).
    t : array, float, (times,)
        Times in the interval that was recorded.
    method : str
        As that of `record`.

    Returns
    -------
    array, float, (times, components)
        The solution.

    Examples
    --------
    >>> found = record(lambda t, y: -y, np.ones(1), (0.0, 2.0))
    >>> print(np.round(interpolated(found, np.array([1.0]))[0], 6))
    [0.367879]
    """
    checked_choice("interpolated", "method", method, tuple(METHODS))
    own = METHODS[method](lambda t, y: y, None)
    t, ends = as_array(t), recording.t
    sign = np.where(recording.h[0] < 0, -1.0, 1.0)
    is_valid = np.arange(1, ends.shape[0]) < recording.count
    is_after = (sign * (t[:, None] - ends[None, 1:]) > 0) & is_valid
    index = np.sum(np.where(is_after, 1, 0), axis=1)
    start, h = np.take(ends, index, axis=0), np.take(recording.h, index, axis=0)
    coefficients = tuple(np.take(each, index, axis=0) for each in recording.coefficients)
    y, y_new = (np.take(recording.y, index + i, axis=0) for i in (0, 1))
    theta = ((t - start) / h)[:, None]
    return own.interpolate(coefficients, theta, y, y_new, h[:, None])


def _of_each(name: str, values: Any, events: Sequence[Any]) -> Any:
    """A number for each event, 0 where none is given."""
    given = np.zeros(len(events)) if values is None else np.asarray(values, float)
    if given.shape != (len(events),):
        raise ArgumentError(
            f"record: {name} has {counted(given.size, 'number')} for "
            f"{counted(len(events), 'event')}; give one for each"
        )
    return given


class _Recorder:
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
