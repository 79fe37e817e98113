"""`solve_ivp` within a trace: the solution, its events and its dense output as parts of a graph.

Where values are known while a function is traced, as under a plain ``cr.grad``, results have the
lengths that SciPy gives them. Under ``cr.jit`` and ``cr.vmap`` they are arrays of fixed lengths,
with NaN from the last entry on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.integrate import OdeSolver
from scipy.integrate._ivp.ivp import MESSAGES, OdeResult
from scipy.sparse import issparse

from chainrule import tree
from chainrule.autodiff.custom import stop_gradient
from chainrule.errors import UnsupportedError
from chainrule.graph.node import Node
from chainrule.ops.primitives.promotion import as_array
from chainrule.science.integrate.lsoda_options import GivenJacobian, LsodaOptions
from chainrule.science.integrate.right_hand_side import RightHandSide
from chainrule.science.integrate.traced import TracedProblem, as_vector, is_known_to_fail
from chainrule.science.integrate.traced_events import Events, Occurrences, as_known, refined
from chainrule.solvers import Trajectory
from chainrule.solvers.recorder import ENDED, FAILED, PAUSED, TERMINATED
from chainrule.solvers.recording import record

__all__ = ["TracedSolution", "given_jacobian", "traced_ivp"]

_TOO_MANY_STEPS = "Too many steps between two output times."
_BLOCK = 256
"""Of how many steps a recording is."""


def traced_ivp(
    rhs: RightHandSide, t_span: Any, y0: Any, method: str, t_eval: Any, dense_output: Any,
    events: Any, args: Any, options: dict[str, Any],
) -> Any:  # fmt: skip
    """Integrate as part of a trace, by a method of `solvers.integrate`."""
    extra = () if args is None else tuple(args)
    problem = TracedProblem(rhs, as_vector(y0), as_vector(t_span), extra, method, _options(options))
    if t_eval is not None:
        _check_times(problem.span, as_vector(t_eval))
    if events is None and t_eval is not None:
        times = as_vector(t_eval)
        found, rows = _at_times(problem, times)
        status, stop, located = -1 if is_known_to_fail(found) else 0, problem.span[1], None
        at_events: Any = (None, None)
        message = MESSAGES.get(status, _TOO_MANY_STEPS)
    else:
        ends = Events(events)
        located = ends.located(problem)
        times, found, rows, at_events, stop = _with_events(problem, ends, located, t_eval)
        status = as_known(located.status)
        message = OdeSolver.TOO_SMALL_STEP if status == FAILED else MESSAGES.get(status or 0)
        status = located.status
        if events is None:
            at_events = None, None
    return OdeResult(
        t=times, y=np.transpose(rows),
        sol=TracedSolution(problem, stop) if dense_output else None,
        t_events=at_events[0], y_events=at_events[1], nfev=found.evaluations,
        njev=found.jacobians, nlu=found.factorizations, status=status,
        success=found.success if located is None else located.status >= 0,
        message=message, integrator=f"{method} (native)",
    )  # fmt: skip


class TracedSolution:
    """The solution as a function of time, within a trace: NaN outside of the interval.

    Parameters
    ----------
    problem : TracedProblem
        What is integrated.
    stop : float
        Where the integration ends.
    """

    def __init__(self, problem: TracedProblem, stop: Any) -> None:
        self._problem = problem
        ends = problem.span[0], stop
        self.t_min, self.t_max = np.minimum(*ends), np.maximum(*ends)
        self._stop = stop

    def __call__(self, t: Any) -> Any:
        """Evaluate the solution.

        Parameters
        ----------
        t : float or array, float, (times,)
            Times in any order.

        Returns
        -------
        array, float, (n,) or (n, times)
            The values.
        """
        times = as_vector(t)
        stop = stop_gradient(self._stop)
        _, rows = _in_any_order(self._problem, times, stop)
        fixed = stop_gradient(times)
        is_within = (fixed >= stop_gradient(self.t_min)) & (fixed <= stop_gradient(self.t_max))
        found = np.transpose(np.where(is_within[:, None], rows, np.nan))
        return found if np.ndim(t if type(t) is Node else np.asarray(t)) else found[:, 0]


def _check_times(span: Any, times: Any) -> None:
    """Refuse output times as SciPy does, where they are known."""
    if type(span) is Node or type(times) is Node:
        return
    if np.any(times < np.min(span)) or np.any(times > np.max(span)):
        raise ValueError("Values in `t_eval` are not within `t_span`.")
    steps = np.diff(times)
    if np.any(steps <= 0 if span[1] > span[0] else steps >= 0):
        raise ValueError("Values in `t_eval` are not properly sorted.")


def _at_times(problem: TracedProblem, times: Any) -> tuple[Trajectory, Any]:
    """Integrate to increasing or decreasing times; return the rows there."""
    found = problem.solution(times)
    return found, found.y[1:]


def _in_any_order(problem: TracedProblem, times: Any, stop: Any) -> tuple[Trajectory, Any]:
    """Integrate up to `stop`; return the rows at times in any order, moved into the interval."""
    start = stop_gradient(problem.span[0])
    sign = np.sign(stop_gradient(problem.span[1]) - start)
    fixed = stop_gradient(times)
    inside = np.where(sign * (fixed - stop) <= 0, times, stop)  # not where it is NaN
    inside = np.where(sign * (fixed - start) < 0, start, inside)
    order = np.argsort(sign * stop_gradient(inside))
    end = np.reshape(as_array(stop), (1,)).astype(inside.dtype)
    found = problem.solution(np.concatenate([np.take(inside, order), end]))
    return found, np.take(found.y[1:-1], np.argsort(order), axis=0)


def _with_events(
    problem: TracedProblem, events: Events, located: Occurrences, t_eval: Any
) -> tuple[Any, Any, Any, Any, Any]:
    """Return times, trajectory, rows, times and values of events, and where the solution ends."""
    times = _steps(problem, located) if t_eval is None else as_vector(t_eval)
    sign = np.sign(stop_gradient(problem.span[1] - problem.span[0]))
    is_before = sign * (stop_gradient(times) - located.stop) <= 0
    if located.is_known:
        times = times[np.flatnonzero(is_before)]
    found, rows = _in_any_order(problem, np.concatenate([times, *located.t]), located.stop)
    sizes = np.cumsum([times.shape[0], *[each.shape[0] for each in located.t]])[:-1]
    rows, *at_events = np.split(rows, sizes.tolist()) if len(sizes) else [rows]
    pairs = [
        refined(function, problem, t, y)
        for function, t, y in zip(events.functions, located.t, at_events, strict=True)
    ]
    end = np.where(located.status == ENDED, problem.span[1], located.stop)
    for (t, y), fixed in zip(pairs, located.t, strict=True):
        if fixed.shape[0]:
            end = np.where(fixed[-1] == located.stop, t[-1], end)
            if t_eval is None and located.status == TERMINATED and fixed[-1] == located.stop:
                rows = np.concatenate([rows[:-1], y[-1:]])
    if t_eval is None:
        times = np.concatenate([problem.span[:1], times[1:-1], np.reshape(end, (1,))])
    if not located.is_known:
        rows = np.where(is_before[:, None], rows, np.nan)
        times = np.where(is_before, times, np.nan)
    return times, found, rows, ([t for t, _ in pairs], [y for _, y in pairs]), end


def _steps(problem: TracedProblem, located: Occurrences) -> Any:
    """Return the ends of the steps up to where the solution ends, if that is known."""
    if not located.is_known:
        raise UnsupportedError(
            "solve_ivp: under cr.jit and cr.vmap the number of steps is not known; give the output "
            "times, as in t_eval=np.linspace(t0, t1, 101)"
        )
    fixed = problem.without_derivatives()
    span, parts, state = np.array([fixed.span[0], located.stop]), [fixed.span[:1]], None
    while True:
        found = record(
            fixed.rhs, fixed.y0, span, fixed.args, fixed.method, capacity=_BLOCK, resume=state,
            **fixed.options,
        )  # fmt: skip
        found = tree.map_leaves(stop_gradient, found)
        parts.append(found.t[1 : int(found.count) + 1])
        if int(found.status) != PAUSED:
            break
        state = found.state
    times = np.concatenate(parts)
    if located.status != ENDED:
        return times
    return np.concatenate([times[:-1], problem.span[1:]])


def _options(given: dict[str, Any]) -> dict[str, Any]:
    """Return SciPy's options as those of `solvers.integrate`."""
    max_step, jac = given.get("max_step"), given.get("jac")
    if type(max_step) is not Node and max_step is not None and not np.isfinite(max_step):
        max_step = None
    options = {
        "rtol": given.get("rtol", 1e-3), "atol": given.get("atol", 1e-6),
        "first_step": given.get("first_step"), "max_step": max_step,
    }  # fmt: skip
    if jac is None:
        return options
    return options | {"jacobian": given_jacobian(jac)}


def given_jacobian(jac: Any) -> GivenJacobian:
    """Return ∂f/∂y (t, y, *args) as an array, of a function or of a constant matrix."""

    def constant(t: Any, y: Any, *args: Any) -> Any:
        return jac.toarray() if issparse(jac) else np.asarray(jac, float)

    function = jac if callable(jac) else constant
    return GivenJacobian(function, True, False, LsodaOptions(None, None, None, 0.0, 0, 0, 12, 5))
