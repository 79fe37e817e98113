"""The methods of `solvers.integrate` for SciPy's driver of `solve_ivp`, with native steps.

A solver of SciPy's takes one step at a time. Here it takes them from a recording that one call has
made; so events, dense output, output times and messages are SciPy's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import DenseOutput, OdeSolver
from scipy.integrate._ivp.common import (
    validate_first_step,
    validate_max_step,
    validate_tol,
    warn_extraneous,
)

from chainrule import tree
from chainrule.compiler.jit import jit
from chainrule.science.integrate.lsoda_options import GivenJacobian
from chainrule.science.integrate.right_hand_side import RightHandSide, attempt_native
from chainrule.science.shared_graph import SharedGraph
from chainrule.solvers.initial_value import METHODS
from chainrule.solvers.recorder import FAILED, Recording
from chainrule.solvers.recording import record

__all__ = ["OWN_METHODS", "recorded_solver"]

OWN_METHODS = {
    **{name: name for name in METHODS},
    "rodas5p": "rosenbrock",
    "dopri5": "dormand_prince",
}
"""The methods of `solvers.integrate` by their names in lower case."""

_BLOCK = 2**14
"""Of how many numbers a block of steps is, at most."""

Floats = NDArray[np.float64]


class _Plan(NamedTuple):
    """What a program is compiled for; `capacity` is the number of steps of a block."""

    name: str
    capacity: int
    has_first_step: bool
    has_max_step: bool


def recorded_solver(
    name: str, rhs: RightHandSide, args: tuple[Any, ...], jacobian: GivenJacobian | None
) -> type[OdeSolver]:
    """Return a class for the `method` of SciPy's solve_ivp, with the steps of a recording."""

    def start(
        self: Any, fun: Any, t0: float, y0: Any, t_bound: float, vectorized: bool,
        max_step: float = np.inf, rtol: Any = 1e-3, atol: Any = 1e-6,
        first_step: float | None = None, **extraneous: Any,
    ) -> None:  # fmt: skip
        warn_extraneous(extraneous)
        OdeSolver.__init__(self, fun, t0, y0, t_bound, vectorized)
        rtol, atol = validate_tol(rtol, atol, self.n)
        max_step = validate_max_step(max_step)
        if first_step is not None:
            first_step = validate_first_step(first_step, t0, t_bound)
        capacity = int(np.clip(_BLOCK // max(8 * self.n, 1), 1, 128))
        self.plan = _Plan(name, capacity, first_step is not None, bool(np.isfinite(max_step)))
        lengths = np.array([first_step or 1.0, max_step if self.plan.has_max_step else 1.0])
        self.problem = self.y, np.array([t0, t_bound]), np.asarray(rtol), np.asarray(atol), lengths
        self.block, self.taken = None, 0

    def step(self: Any) -> tuple[bool, str | None]:
        if self.block is None or (self.taken == self.block.count and self.block.status != FAILED):
            resume = () if self.block is None else self.block.state
            program, operands = _program(rhs, jacobian, self.plan, float(self.t), self.y, args)
            self.block = _block(program, *self.problem, resume, *operands)
            self.taken = 0
            work = self.block.state[0].work
            self.nfev, self.njev, self.nlu = (int(each) for each in work)
        number = self.taken
        if number == self.block.count:
            return False, self.TOO_SMALL_STEP
        self.taken, self.y_old = number + 1, self.y
        self.t, self.y = float(self.block.t[number + 1]), self.block.y[number + 1]
        return True, None

    def dense_output(self: Any) -> DenseOutput:
        number = self.taken - 1
        coefficients = [each[number] for each in self.block.coefficients]
        return _Interpolant(name, self.t_old, self.t, self.y_old, self.y, coefficients)

    members = {
        "__init__": start, "_step_impl": step, "_dense_output_impl": dense_output,
        "__module__": __name__,
    }  # fmt: skip
    return type(name, (OdeSolver,), members)


class _Interpolant(DenseOutput):
    """The continuous extension of a step."""

    def __init__(
        self,
        name: str,
        t_old: float,
        t: float,
        y_old: Floats,
        y: Floats,
        coefficients: list[Floats],
    ) -> None:
        super().__init__(t_old, t)
        self._method = METHODS[name](lambda t, y: y, None)
        self._step = coefficients, y_old, y, t - t_old

    def _call_impl(self, t: Any) -> Any:
        coefficients, y_old, y, h = self._step
        theta = np.asarray((t - self.t_old) / h)[..., None]
        return self._method.interpolate(coefficients, theta, y_old, y, h).T


def _block(program: Callable[..., Recording], *values: Any) -> Recording:
    found = attempt_native("solve_ivp", lambda: program(*values))
    return found._replace(count=int(found.count), status=int(found.status))


def _program(
    rhs: RightHandSide,
    jacobian: GivenJacobian | None,
    plan: _Plan,
    t: float,
    y: Floats,
    args: tuple[Any, ...],
) -> tuple[Callable[..., Recording], tuple[Any, ...]]:
    """Return the program of a block, and the operands of the graphs that it is made of."""
    graph, operands = rhs.traced(y, args)
    matrix, further = None, ()
    if jacobian is not None:
        matrix, further = jacobian.traced(t, y, args)
    key = plan, matrix, len(operands)
    program = graph.program(("record", *key), lambda graph: _compiled(graph, *key))
    return program, (*operands, *further)


def _compiled(
    graph: SharedGraph, plan: _Plan, jacobian: SharedGraph | None, count: int
) -> Callable[..., Recording]:
    """Compile a block: steps are recorded until the end is reached, or the block is full.

    Of the operands the first `count` are those of `graph`.
    """

    @jit
    def run(
        y0: Any, span: Any, rtol: Any, atol: Any, lengths: Any, resume: Any, *operands: Any
    ) -> Recording:
        def matrix(t: Any, y: Any, *_: Any) -> Any:
            assert jacobian is not None
            return jacobian(t, y, *operands[count:])

        return record(
            graph, y0, span, operands[:count], plan.name, rtol, atol, plan.capacity,
            first_step=lengths[0] if plan.has_first_step else None,
            max_step=lengths[1] if plan.has_max_step else None,
            resume=resume if tree.flatten(resume)[0] else None,
            jacobian=None if jacobian is None else matrix,
        )  # fmt: skip

    return run
