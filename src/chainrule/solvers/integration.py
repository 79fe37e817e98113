"""The driver of one-step methods: output times, step control and counters.

A ``scan`` goes over the output times, and a ``while_loop`` over the steps up to the next one; so
the solution is a graph, which is compiled, batched and differentiated as any other.
Derivatives are those of the steps taken, at fixed lengths (the discrete adjoint).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from chainrule import tree
from chainrule.autodiff.control_flow.cond import cond
from chainrule.autodiff.control_flow.scan import scan
from chainrule.autodiff.control_flow.while_loop import while_loop
from chainrule.autodiff.custom import stop_gradient
from chainrule.solvers.method import Method, Work
from chainrule.solvers.step_control import StepControl

__all__ = ["Counts", "Integration", "State", "Step"]


class Counts(NamedTuple):
    """What an integration has done up to a time.

    Attributes
    ----------
    t : float
        The time that the last accepted step reached, at or after the output time.
    step : float
        The length of that step, negative backwards in time.
    accepted, rejected : int
        Steps.
    evaluations, jacobians, factorizations : int
        As in ``Work``.
    """

    t: Any
    step: Any
    accepted: Any
    rejected: Any
    evaluations: Any
    jacobians: Any
    factorizations: Any


class State(NamedTuple):
    """Where an integration stands: enough to go on from."""

    t: Any
    y: Any
    aux: Any
    step: Any
    error: Any
    may_grow: Any
    length: Any
    accepted: Any
    rejected: Any
    work: Work

    def counts(self) -> Counts:
        """Return the counters up to here."""
        return Counts(self.t, self.length, self.accepted, self.rejected, *self.work)


class Step(NamedTuple):
    """The last attempt, for interpolation where it was accepted."""

    t: Any
    y: Any
    h: Any
    y_new: Any
    record: Any


@dataclass(frozen=True)
class Integration:
    """A method with its step control."""

    method: Method
    control: StepControl

    @property
    def has_dense_work(self) -> bool:
        """Whether the continuous extension is computed once for a step, not at each output time."""
        return any(self.method.dense_work)

    def start(self, t: Any, y: Any, direction: Any) -> State:
        """Return the state at the start."""
        step = self.control.first(t, y, direction)
        work = self.method.first_work.plus(self.control.first_work)
        zero, none = stop_gradient(t * 0), np.int64(0)
        # Of the dtypes that a step returns, so that the loops are traced once.
        work = Work(*[none + each for each in work])
        aux = self.method.first(t, y)
        return State(t, y, aux, step + zero, zero, np.True_, zero, none, none, work)

    def goes_on(self, state: State) -> Any:
        """Whether another step changes the time: False where the step is too short, or NaN."""
        return (state.t + state.step != state.t) & (np.abs(state.step) < np.inf)

    def attempt(self, state: State, end: Any) -> tuple[State, Step, Any]:
        """Try one step, not beyond `end`; return the next state, and whether it was accepted."""
        t, y = state.t, state.y
        rest = stop_gradient(end - t)
        is_last = np.abs(rest) <= np.abs(state.step)
        h = stop_gradient(np.where(is_last, rest, state.step))
        # The value is `end`, where t + h may round to its neighbour; the derivative that of t + h.
        t_new = t + h + np.where(is_last, stop_gradient(end - (t + h)), 0)
        result = self.method.step(t, y, h, state.aux)
        scale = self.control.scale(y, result.y)
        square = stop_gradient(self.method.error_square(result.error, scale))
        is_kept = square < 1
        factor, error = self.control.factor(
            square, state.error, self.method.growth(result.error), is_kept & state.may_grow
        )
        kept = np.where(is_kept, 1, 0)
        t, y, aux, error, length = _where(
            is_kept, (t_new, result.y, result.aux, error, h),
            (t, y, state.aux, state.error, state.length),
        )  # fmt: skip
        after = State(
            t, y, aux, self.control.bounded(h * factor), error, is_kept, length,
            state.accepted + kept, state.rejected + (1 - kept), state.work.plus(result.work),
        )  # fmt: skip
        return after, Step(state.t, state.y, h, result.y, result.record), is_kept

    def at(self, step: Step, coefficients: Any, t: Any) -> Any:
        """Evaluate the continuous extension of a step."""
        theta = (t - step.t) / np.where(step.h == 0, 1, step.h)
        return self.method.interpolate(coefficients, theta, step.y, step.y_new, step.h)

    def dense(self, step: Step) -> Any:
        """Return the coefficients of the continuous extension of a step."""
        return self.method.dense(step.t, step.y, step.y_new, step.h, step.record)

    def solve(
        self, y: Any, times: Any, max_steps: int | None, limit: Any = None
    ) -> tuple[Any, Counts, State]:
        """Integrate; return the rows at the times, the counters there, and the end.

        At most `max_steps` steps are taken between two times, and `limit` in all.
        """
        end, zero = stop_gradient(times[-1]), stop_gradient(times[0] * 0)
        direction = np.sign(end - stop_gradient(times[0]))
        state = self.start(times[0], y, direction)
        nothing_recorded = (y * 0,) * self.method.records
        record = () if self.has_dense_work else nothing_recorded
        step = Step(times[0], y, zero, y, record)
        nothing = (y * 0,) * self.method.coefficients

        def advance(carry: Any, target: Any) -> Any:
            before, step, coefficients = carry
            step = step._replace(record=step.record or nothing_recorded)
            state, step = self._until(before, step, target, end, max_steps, limit)
            is_reached = direction * (target - state.t) <= 0
            is_new = state.accepted != before.accepted
            coefficients, state = self.coefficients(is_new, step, coefficients, state)
            # A product, so that the derivative, too, is NaN where a time was not reached.
            known = np.where(is_reached, 1, np.nan)
            value = self.at(step, coefficients, target) * known.astype(y.dtype)
            if self.has_dense_work:
                step = step._replace(record=())
            return (state, step, coefficients), (value, state.counts())

        # The first time, too, is a row of the scan: nothing remains to be joined after it.
        (state, _, _), (rows, history) = scan(advance, (state, step, nothing), times)
        return rows, history, state

    def _until(
        self, state: State, step: Step, target: Any, end: Any, max_steps: int | None, limit: Any
    ) -> tuple[State, Step]:
        """Take steps until one of them contains a time.

        The last attempt is returned. It was accepted unless the time was not reached.
        """
        direction = np.sign(state.step)

        def is_before(carry: Any) -> Any:
            state = carry[0]
            is_within = limit is None or state.accepted + state.rejected < limit
            return (direction * (target - state.t) > 0) & self.goes_on(state) & is_within

        def body(carry: Any) -> Any:
            state, tried, _ = self.attempt(carry[0], end)
            return state, tried

        return while_loop(is_before, body, (state, step), max_steps)

    def coefficients(self, is_new: Any, step: Step, before: Any, state: State) -> tuple[Any, State]:
        """Compute the continuous extension, once for each step that contains output times."""
        if not self.has_dense_work:
            return self.dense(step), state
        coefficients = cond(is_new, lambda step, _: self.dense(step), lambda _, x: x, step, before)
        work = self.method.work_of_dense(step.record)
        work = Work(*[np.where(is_new, each, 0) for each in work])
        return coefficients, state._replace(work=state.work.plus(work))


def _where(test: Any, yes: Any, no: Any) -> Any:
    """Choose between two trees of one structure."""
    leaves, structure = tree.flatten(yes)
    others = tree.flatten_like(structure, no)
    chosen = [np.where(test, a, b) for a, b in zip(leaves, others, strict=True)]
    return tree.unflatten(structure, chosen)
