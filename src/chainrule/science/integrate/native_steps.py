"""SciPy's explicit Runge-Kutta methods with their steps in native code.

A solver of SciPy's takes one step at a time. Here it takes them from a block that one call has
computed, by SciPy's own coefficients and step control; so events, dense output and errors are
SciPy's, and its steps are the same up to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.integrate import DOP853, RK23, RK45

from chainrule.autodiff.control_flow.while_loop import while_loop
from chainrule.compiler.jit import jit
from chainrule.science.integrate.right_hand_side import RightHandSide, attempt_native
from chainrule.science.shared_graph import SharedGraph

__all__ = ["NATIVE", "native_solver", "solver_that_ends"]

NATIVE: dict[str, Any] = {"RK23": RK23, "RK45": RK45, "DOP853": DOP853}
"""The methods whose steps are native, by SciPy's names."""

_SAFETY, _LEAST_FACTOR, _MOST_FACTOR = 0.9, 0.2, 10.0
_BLOCK = 2**15
"""Of how many numbers the stages of a block are, at most."""


def native_solver(name: str, rhs: RightHandSide, args: tuple[Any, ...]) -> Any:
    """Return a class for the `method` of SciPy's solve_ivp, whose steps are those of a block."""
    base = NATIVE[name]

    def step(self: Any) -> tuple[bool, str | None]:
        if self.block is None or (self.taken == self.block.count and not self.block.is_too_small):
            self.block, self.taken = _next_block(name, rhs, args, self), 0
        block, number = self.block, self.taken
        before = block.evaluations[number - 1] if number else 0
        self.nfev += int(block.evaluations[number] - before)
        if number == block.count:
            return False, self.TOO_SMALL_STEP
        self.taken = number + 1
        self.y_old, self.y = self.y, block.y[number]
        self.h_previous = block.t[number] - self.t
        self.t, self.h_abs = block.t[number], block.length[number]
        self.K[...] = block.stages[number]
        self.f = block.stages[number, -1]
        return True, None

    members = {"_step_impl": step, "block": None, "taken": 0, "__module__": __name__}
    return type(base.__name__, (base,), members)


def solver_that_ends(name: str) -> Any:
    """Return SciPy's class, for which a first step that is not a number is too small.

    SciPy's own would try it for ever.
    """
    base = NATIVE[name]

    def step(self: Any) -> tuple[bool, str | None]:
        if np.isnan(self.h_abs):
            return False, self.TOO_SMALL_STEP
        return base._step_impl(self)

    return type(base.__name__, (base,), {"_step_impl": step, "__module__": __name__})


class _Block(NamedTuple):
    """Accepted steps: ends, values, all stages, the next lengths, and cumulative evaluations."""

    t: Any
    y: Any
    stages: Any
    length: Any
    evaluations: Any
    count: Any
    is_too_small: Any


class _State(NamedTuple):
    t: Any
    y: Any
    first: Any
    length: Any
    is_retry: Any
    evaluations: Any
    is_too_small: Any


def _next_block(name: str, rhs: RightHandSide, args: tuple[Any, ...], solver: Any) -> _Block:
    capacity = int(np.clip(_BLOCK // max(solver.K.size, 1), 1, 64))
    graph, operands = rhs.traced(solver.y, args)
    program = graph.program(
        ("steps", name, capacity), lambda graph: _compiled(graph, name, capacity)
    )
    found: _Block = attempt_native(
        "solve_ivp",
        lambda: program(
            float(solver.t), solver.y, solver.f, float(solver.h_abs), float(solver.t_bound),
            float(solver.max_step), np.asarray(solver.rtol, float), np.asarray(solver.atol, float),
            *operands,
        ),
    )  # fmt: skip
    return found._replace(count=int(found.count), is_too_small=bool(found.is_too_small))


def _compiled(graph: SharedGraph, name: str, capacity: int) -> Callable[..., _Block]:
    """Compile a block of steps of a method, of `capacity` steps at most."""

    def block(*arguments: Any) -> _Block:
        return _block(NATIVE[name], capacity, graph, *arguments)

    return jit(block)


def _block(
    method: Any, count: int, rhs: SharedGraph, t: Any, y: Any, first: Any, length: Any, end: Any,
    max_step: Any, rtol: Any, atol: Any, *operands: Any,
) -> _Block:  # fmt: skip
    """Take steps until the end is reached, the block is full, or a step is too small."""
    direction = np.where(end >= t, 1.0, -1.0)
    stages = len(method.C) + 1
    start = _State(t, y, first, length, False, 0, False)
    rows = (
        np.zeros(count), np.zeros((count, *y.shape)), np.zeros((count, stages, *y.shape)),
        np.zeros(count), np.zeros(count, np.int64),
    )  # fmt: skip

    def goes_on(carry: Any) -> Any:
        state, number, _ = carry
        return (number < count) & (direction * (end - state.t) > 0) & ~state.is_too_small

    def body(carry: Any) -> Any:
        state, number, rows = carry
        least = 10 * _spacing(state.t)
        length = np.where(state.is_retry, state.length, np.clip(state.length, least, max_step))
        is_too_small = ~(length >= least)  # also where it is not a number
        t_new = state.t + direction * length
        t_new = np.where(direction * (t_new - end) > 0, end, t_new)
        h = t_new - state.t
        y_new, k = _stages(
            method, lambda t, y: rhs(t, y, *operands), state.t, state.y, state.first, h
        )
        scale = atol + np.maximum(np.abs(state.y), np.abs(y_new)) * rtol
        error = _error(method, k, h, scale)
        power = _SAFETY * np.where(error > 0, error, 1) ** (-1 / (method.error_estimator_order + 1))
        grown = np.where(error == 0, _MOST_FACTOR, np.minimum(_MOST_FACTOR, power))
        grown = np.where(state.is_retry, np.minimum(grown, 1), grown)
        shrunk = np.where(np.isfinite(power), np.maximum(_LEAST_FACTOR, power), _LEAST_FACTOR)
        shrunk = np.where(error >= 1, shrunk, _LEAST_FACTOR)  # also where it is not a number
        is_kept = (error < 1) & ~is_too_small
        evaluations = state.evaluations + np.where(is_too_small, 0, stages - 1)
        next_length = np.abs(h) * np.where(is_kept, grown, shrunk)
        after = _State(
            np.where(is_kept, t_new, state.t), np.where(is_kept, y_new, state.y),
            np.where(is_kept, k[-1], state.first), next_length, ~is_kept, evaluations, is_too_small,
        )  # fmt: skip
        # A rejected step is overwritten by the next one.
        row = (t_new, y_new, np.stack(k), next_length, evaluations)
        rows = tuple([_set(array, number, each) for array, each in zip(rows, row, strict=True)])
        return after, number + np.where(is_kept, 1, 0), rows

    state, number, rows = while_loop(goes_on, body, (start, 0, rows))
    ends, values, all_stages, lengths, evaluations = rows
    return _Block(ends, values, all_stages, lengths, evaluations, number, state.is_too_small)


def _spacing(t: Any) -> Any:
    """The distance to the next number: 2^(floor(log2 |t|) - 52), within a power of two."""
    size = np.maximum(np.abs(t), np.finfo(float).tiny)
    return np.finfo(float).eps * np.exp2(np.floor(np.log2(size)))


def _stages(
    method: Any, derivative: Any, t: Any, y: Any, first: Any, h: Any
) -> tuple[Any, list[Any]]:
    """Return the new value, and the derivatives of all stages with that at the new value."""
    k = [first]
    for weights, c in zip(method.A[1:], method.C[1:], strict=True):
        k.append(derivative(t + c * h, y + h * _weighted(weights, k)))
    y_new = y + h * _weighted(method.B, k)
    k.append(derivative(t + h, y_new))
    return y_new, k


def _error(method: Any, k: Sequence[Any], h: Any, scale: Any) -> Any:
    """Return the norm of the estimated error over its scale."""
    if method is not DOP853:
        return np.sqrt(np.mean((h * _weighted(method.E, k) / scale) ** 2))
    fifth, third = [np.mean((_weighted(each, k) / scale) ** 2) for each in (method.E5, method.E3)]
    both = fifth + 0.01 * third
    return np.abs(h) * fifth / np.sqrt(np.where(both == 0, 1, both))


def _weighted(weights: Any, k: Sequence[Any]) -> Any:
    pairs = [(float(w), each) for w, each in zip(weights, k, strict=False) if w]
    total = pairs[0][0] * pairs[0][1]
    for weight, each in pairs[1:]:
        total = total + weight * each
    return total


def _set(array: Any, index: Any, row: Any) -> Any:
    array = np.array(array)
    array[index] = row
    return array
