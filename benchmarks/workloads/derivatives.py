"""Jacobians and Hessians of twelve functions against JAX, each compiled.

JAX's documentation recommends ``jacfwd`` for as many outputs as inputs and ``jacrev`` for fewer;
its Hessian is forward over reverse. Both return the whole array, in float64.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session

__all__ = ["BENCHMARKS", "BUILDERS", "CASES", "Case"]

WARM_SECONDS = 0.02
SECONDS = 0.05
MICROSECONDS = Quantity("µs", 1e6)

Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Case:
    """A function and its derivative.

    Parameters
    ----------
    name : str
    kind : {"jacobian", "hessian"}
    is_tall : bool
        Whether it has at least as many outputs as inputs.
    function : callable (namespace) -> callable
        Of the functions of NumPy or of JAX.
    point : array, float64
    """

    name: str
    kind: Literal["jacobian", "hessian"]
    is_tall: bool
    function: Callable[[Any], Function]
    point: Any


def with_chainrule(case: Case) -> Callable[[], Any]:
    """Compile the derivative for an array of NumPy."""
    import chainrule as cr

    derivative = cr.jacobian if case.kind == "jacobian" else cr.hessian
    return partial(cr.jit(derivative(case.function(np))), case.point)


def with_jax(case: Case) -> Callable[[], Any]:
    """Compile the derivative for an array of JAX."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    jacobian = jax.jacfwd if case.is_tall else jax.jacrev
    derivative = jacobian if case.kind == "jacobian" else jax.hessian
    compiled, point = jax.jit(derivative(case.function(jnp))), jnp.asarray(case.point)
    return lambda: compiled(point).block_until_ready()


BUILDERS = {"jax": with_jax, "chainrule-jit": with_chainrule}


def start(case: Case, contestant: str, _scratch: Path) -> Session:
    """Evaluate one derivative repeatedly."""
    return Session(partial(repetition, BUILDERS[contestant](case)), "at a random point")


def repetition(call: Callable[[], Any]) -> Figure:
    """Time as many calls as fit the time."""
    end, calls = time.perf_counter() + WARM_SECONDS, 0
    while time.perf_counter() < end:
        call()
        calls += 1
    calls = max(1, round(calls * SECONDS / WARM_SECONDS))
    begin = time.perf_counter()
    for _ in range(calls):
        output = call()
    seconds = (time.perf_counter() - begin) / calls
    return Figure(seconds, float(np.sum(np.abs(np.asarray(output)))))


GENERATOR = np.random.default_rng(0)
W1, W2 = GENERATOR.standard_normal((2, 64, 64)) / 8
W3 = GENERATOR.standard_normal((10, 64)) / 8
TIMES = np.linspace(0.1, 10, 200)
ROWS = GENERATOR.standard_normal((200, 20))
LABELS = (GENERATOR.random(200) > 0.5) * 1.0
INPUT = GENERATOR.standard_normal(128)
RECURRENT = GENERATOR.standard_normal((128, 32)) / 6


def network(xp: Any) -> Function:
    """Compute ten outputs of a network, by its inputs."""
    return lambda x: W3 @ xp.tanh(W2 @ xp.tanh(W1 @ x))


def square_network(xp: Any) -> Function:
    """Compute as many outputs as inputs."""
    return lambda x: xp.tanh(W2 @ xp.tanh(W1 @ x))


def network_energy(xp: Any) -> Function:
    """Sum the squares of a network's outputs."""
    return lambda x: xp.sum(xp.tanh(W2 @ xp.tanh(W1 @ x)) ** 2)


def gauss(xp: Any) -> Function:
    """Compute the model of NIST's Gauss1: an exponential and two peaks."""

    def model(b: Any) -> Any:
        first = b[2] * xp.exp(-((TIMES - b[3]) ** 2) / b[4] ** 2)
        second = b[5] * xp.exp(-((TIMES - b[6]) ** 2) / b[7] ** 2)
        return b[0] * xp.exp(-b[1] * TIMES) + first + second

    return model


def thurber(xp: Any) -> Function:
    """Compute the model of NIST's Thurber: a quotient of two cubic polynomials."""

    def model(b: Any) -> Any:
        above = b[0] + b[1] * TIMES + b[2] * TIMES**2 + b[3] * TIMES**3
        return above / (1 + b[4] * TIMES + b[5] * TIMES**2 + b[6] * TIMES**3)

    return model


def rosenbrock(xp: Any) -> Function:
    """Compute the chained function of Rosenbrock."""
    return lambda x: xp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def broyden(xp: Any) -> Function:
    """Compute Broyden's tridiagonal system."""
    return lambda x: (3 - 2 * x[1:-1]) * x[1:-1] - x[:-2] - 2 * x[2:] + 1


def bratu(xp: Any) -> Function:
    """Compute Bratu's equation on a grid of 20 × 20."""

    def residual(x: Any) -> Any:
        u = xp.pad(x.reshape(20, 20), 1)
        around = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2]
        return around - 4 * u[1:-1, 1:-1] + 0.01 * xp.exp(u[1:-1, 1:-1])

    return residual


def cube(xp: Any) -> Function:
    """Compute the third power of a matrix."""
    return lambda a: a @ a @ a


def lstm(xp: Any) -> Function:
    """Compute one step of an LSTM of 32 units, by its state."""

    def sigmoid(z: Any) -> Any:
        return 1 / (1 + xp.exp(-z))

    def step(state: Any) -> Any:
        z = INPUT + RECURRENT @ state[:32]
        cell = sigmoid(z[32:64]) * state[32:] + sigmoid(z[:32]) * xp.tanh(z[96:])
        return xp.concatenate([sigmoid(z[64:96]) * xp.tanh(cell), cell])

    return step


def logistic(xp: Any) -> Function:
    """Compute the loss of a logistic regression."""
    return lambda w: xp.mean(xp.logaddexp(0.0, ROWS @ w) - LABELS * (ROWS @ w))


PEAKS = np.array([98.0, 0.01, 100.0, 4.0, 1.0, 70.0, 6.0, 1.0])
CUBICS = np.array([1.0, 0.1, 0.01, 0.001, 0.2, 0.02, 0.002])

CASES = (
    Case("network", "jacobian", False, network, GENERATOR.standard_normal(64)),
    Case("square-network", "jacobian", True, square_network, GENERATOR.standard_normal(64)),
    Case("gauss", "jacobian", True, gauss, PEAKS),
    Case("thurber", "jacobian", True, thurber, CUBICS),
    Case("broyden", "jacobian", True, broyden, GENERATOR.uniform(0.5, 1.5, 500)),
    Case("bratu", "jacobian", True, bratu, GENERATOR.uniform(0.5, 1.5, 400)),
    Case("cube", "jacobian", True, cube, GENERATOR.standard_normal((12, 12))),
    Case("lstm", "jacobian", True, lstm, GENERATOR.standard_normal(64)),
    Case("rosenbrock-20", "hessian", True, rosenbrock, GENERATOR.uniform(0.5, 1.5, 20)),
    Case("rosenbrock-1000", "hessian", True, rosenbrock, GENERATOR.uniform(0.5, 1.5, 1000)),
    Case("logistic", "hessian", True, logistic, GENERATOR.standard_normal(20)),
    Case("network-energy", "hessian", True, network_energy, GENERATOR.standard_normal(64)),
)

BENCHMARKS = tuple(
    Benchmark(
        name=f"{case.kind}-{case.name}",
        title=f"{case.kind} of {case.name}, {case.point.size} variables",
        quantity=MICROSECONDS,
        contestants=("jax", "chainrule-jit"),
        start=partial(start, case),
        tolerance=1e-9,
        on_request=True,
    )
    for case in CASES
)
