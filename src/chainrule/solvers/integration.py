"""The driver of one-step methods: output times, step control and counters.

Two loops over the same attempt of a step. Without a bound on the steps, one ``while_loop`` goes
over the steps, and what lies in an accepted step is written from its stages while they are in
registers. With a bound, as reverse mode requires, a ``scan`` goes over the output times and a
``while_loop`` over the steps between two of them; so the tape has a row for each such step.
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
from chainrule.ops.primitives.array_update import scatter
from chainrule.ops.primitives.promotion import as_array
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

    def start(self, t: Any, y: Any, direction: Any) -> State:
        """Return the state at the start."""
        step = self.control.first(t, y, direction)
        work = self.method.first_work.plus(self.control.first_work)
        zero = stop_gradient(t * 0)
        return State(t, y, self.method.first(t, y), step + zero, zero, True, zero, 0, 0, work)

    def goes_on(self, state: State) -> Any:
        """Whether another step changes the time: False where the step is too short, or NaN."""
        return (state.t + state.step != state.t) & (np.abs(state.step) < np.inf)

    def attempt(self, state: State, end: Any) -> tuple[State, Step, Any]:
        """Try one step, not beyond `end`; return the next state, and whether it was accepted."""
        t, y = state.t, state.y
        rest = stop_gradient(end - t)
        is_last = np.abs(rest) <= np.abs(state.step)
        h = np.where(is_last, rest, state.step)
        # The value is `end`, where t + h may round to its neighbour; the derivative that of t + h.
        t_new = t + h + np.where(is_last, stop_gradient(end - (t + h)), 0)
        result = self.method.step(t, y, h, state.aux)
        scale = self.control.scale(y, result.y)
        square = stop_gradient(self.method.error_square(result.error, scale))
        is_kept = square < 1
        factor, error = self.control.factor(square, state.error, is_kept & state.may_grow)
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

    def over_steps(self, y: Any, times: Any, limit: Any = None) -> tuple[Any, Counts, State]:
        """Integrate in one loop over the steps; return the rows, their counters and the end."""
        end, count = times[-1], times.shape[0]
        direction = np.sign(end - times[0])
        state = self.start(times[0], y, direction)
        is_start = times == times[0]
        rows = np.where(is_start[:, None], y, np.nan)
        history = Counts(*[np.where(is_start, each, 0) for each in state.counts()])

        def goes_on(carry: Any) -> Any:
            state = carry[0]
            is_within = limit is None or state.accepted + state.rejected < limit
            return (carry[1] < count) & self.goes_on(state) & is_within

        def body(carry: Any) -> Any:
            before, index, rows, history = carry
            state, step, is_kept = self.attempt(before, end)

            def is_inside(index: Any) -> Any:
                target = np.take(times, np.minimum(index, count - 1), axis=0)
                return is_kept & (index < count) & (direction * (target - state.t) <= 0)

            coefficients, state = self._coefficients(is_inside(index), step, state)
            counts = state.counts()

            def write(carry: Any) -> Any:
                index, rows, history = carry
                rows = scatter(
                    rows, self.at(step, coefficients, np.take(times, index, axis=0)), index
                )
                pairs = zip(history, counts, strict=True)
                return index + 1, rows, Counts(*[scatter(a, as_array(b), index) for a, b in pairs])

            carry = while_loop(lambda carry: is_inside(carry[0]), write, (index, rows, history))
            return (state, *carry)

        index = np.sum(np.where(is_start, 1, 0))
        state, _, rows, history = while_loop(goes_on, body, (state, index, rows, history))
        return rows, history, state

    def _coefficients(self, is_needed: Any, step: Step, state: State) -> tuple[Any, State]:
        """Compute the continuous extension where it is needed, and count its work."""
        if not any(self.method.dense_work):
            return self.dense(step), state
        nothing = (step.y * 0,) * self.method.coefficients
        coefficients = cond(is_needed, self.dense, lambda _: nothing, step)
        work = Work(*[np.where(is_needed, each, 0) for each in self.method.dense_work])
        return coefficients, state._replace(work=state.work.plus(work))

    def between_times(self, y: Any, times: Any, max_steps: int) -> tuple[Any, Counts, State]:
        """Integrate with at most `max_steps` steps between two times, as reverse mode needs."""
        end, zero = stop_gradient(times[-1]), stop_gradient(times[0] * 0)
        direction = np.sign(end - stop_gradient(times[0]))
        state = self.start(times[0], y, direction)
        first = state.counts()
        step = Step(times[0], y, zero, y, (y * 0,) * self.method.records)

        def advance(carry: Any, target: Any) -> Any:
            def is_before(carry: Any) -> Any:
                return (direction * (target - carry[0].t) > 0) & self.goes_on(carry[0])

            def body(carry: Any) -> Any:
                state, tried, is_kept = self.attempt(carry[0], end)
                return state, _where(is_kept, tried, carry[1])

            state, step = while_loop(is_before, body, carry, max_steps)
            is_reached = direction * (target - state.t) <= 0
            # A product, so that the derivative, too, is NaN where a time was not reached.
            known = np.where(is_reached, 1, np.nan)
            value = self.at(step, self.dense(step), target) * known.astype(y.dtype)
            state = state._replace(work=state.work.plus(self.method.dense_work))
            return (state, step), (value, state.counts())

        (state, _), (rows, history) = scan(advance, (state, step), times[1:])
        rows = np.concatenate([y[None], rows])
        pairs = zip(first, history, strict=True)
        return rows, Counts(*[np.concatenate([np.stack([a]), b]) for a, b in pairs]), state


def _where(test: Any, yes: Any, no: Any) -> Any:
    """Choose between two trees of one structure."""
    leaves, structure = tree.flatten(yes)
    others = tree.flatten_like(structure, no)
    chosen = [np.where(test, a, b) for a, b in zip(leaves, others, strict=True)]
    return tree.unflatten(structure, chosen)
