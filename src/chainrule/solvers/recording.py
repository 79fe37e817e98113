"""Integrations that record each accepted step, and the zeros of functions of the solution.

One ``while_loop`` over the steps writes them into arrays of a given capacity. It pauses when these
are full, and can be resumed; so a solution of any number of steps is a sequence of recordings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.arguments.checks import checked_choice, checked_count
from chainrule.errors import ArgumentError, counted
from chainrule.graph.trace_errors import check_function
from chainrule.ops.primitives.promotion import as_array
from chainrule.solvers.initial_value import METHODS
from chainrule.solvers.integration import Integration
from chainrule.solvers.problem import Problem
from chainrule.solvers.recorder import Recorder, Recording
from chainrule.solvers.step_control import StepControl

__all__ = ["interpolated", "record"]


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
    recorder = Recorder(
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
