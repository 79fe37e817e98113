"""Log likelihood of a Gaussian process with its gradient against JAX, and the factorization alone.

500 points, float64: a kernel with a length scale, an amplitude and noise. ``scipy`` computes the
Cholesky factor of the kernel matrix and nothing else.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.benchmark import Benchmark, Session
from benchmarks.workloads.derivatives import MICROSECONDS, repetition

__all__ = ["BENCHMARKS", "BUILDERS"]

POINTS = 500
GENERATOR = np.random.default_rng(0)
INPUTS = np.sort(GENERATOR.uniform(0, 10, POINTS))
TARGETS = np.sin(INPUTS) + 0.1 * GENERATOR.standard_normal(POINTS)
SQUARES = (INPUTS[:, None] - INPUTS) ** 2
LOGARITHMS = np.array([0.0, 0.0, -1.5])  # of length scale, amplitude and noise


def kernel(xp: Any, logarithms: Any, squares: Any) -> Any:
    """Compute the covariances of the targets."""
    length, amplitude, noise = (xp.exp(2 * logarithms[i]) for i in range(3))
    return amplitude * xp.exp(-0.5 * squares / length) + noise * xp.eye(POINTS)


def likelihood(xp: Any, solve_triangular: Callable[..., Any]) -> Callable[[Any, Any, Any], Any]:
    """Compute the negative log likelihood (Rasmussen & Williams 2006, algorithm 2.1)."""

    def loss(logarithms: Any, targets: Any, squares: Any) -> Any:
        factor = xp.linalg.cholesky(kernel(xp, logarithms, squares))
        white = solve_triangular(factor, targets, lower=True)
        return 0.5 * xp.sum(white * white) + xp.sum(xp.log(xp.diag(factor)))

    return loss


def with_chainrule() -> Callable[[], Any]:
    """Compile value and gradient."""
    import scipy.linalg

    import chainrule as cr

    def solve_triangular(factor: Any, b: Any, lower: bool) -> Any:
        return scipy.linalg.solve_triangular(factor, b, lower=lower)

    loss = likelihood(np, solve_triangular)
    compiled = cr.jit(cr.value_and_grad(loss))
    return lambda: compiled(LOGARITHMS, TARGETS, SQUARES)[1]


def with_jax() -> Callable[[], Any]:
    """Compile value and gradient for arrays of JAX."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax
    import jax.numpy as jnp
    from jax.scipy.linalg import solve_triangular

    jax.config.update("jax_enable_x64", True)
    loss = likelihood(jnp, solve_triangular)
    compiled = jax.jit(jax.value_and_grad(loss))
    arguments = [jnp.asarray(each) for each in (LOGARITHMS, TARGETS, SQUARES)]

    def run() -> Any:
        return compiled(*arguments)[1].block_until_ready()

    return run


def with_scipy() -> Callable[[], Any]:
    """Factorize the kernel matrix."""
    import scipy.linalg

    matrix = kernel(np, LOGARITHMS, SQUARES)
    return partial(scipy.linalg.cholesky, matrix, lower=True)


BUILDERS = {"jax": with_jax, "scipy": with_scipy, "chainrule-jit": with_chainrule}


def start(contestant: str, _scratch: Path) -> Session:
    """Compute repeatedly."""
    return Session(partial(repetition, BUILDERS[contestant]()), "a noisy sine")


BENCHMARKS = (
    Benchmark(
        name="gaussian-process",
        title=f"likelihood and gradient of a Gaussian process, {POINTS} points",
        quantity=MICROSECONDS,
        contestants=("jax", "scipy", "chainrule-jit"),
        start=start,
        tolerance=np.inf,  # SciPy's factor is another result
        on_request=True,
    ),
)
