"""Lorenz' equations: one orbit to t = 100, and 1,000 starts to t = 10, at tolerances of 1e-8.

``scipy`` is its ``odeint`` with a right-hand side in Python, ``scipy-numba`` with a compiled one,
and ``numbalsoda`` is LSODA in C++ with one of Numba. Diffrax and chainrule compile the whole
integration; ``chainrule`` is ``science.odeint`` with the function that SciPy gets. An orbit to
t = 100 is chaotic, so that the check of equal work is the count of output times.
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

TOLERANCE = 1e-8
STARTS = np.random.default_rng(0).normal(size=(1000, 3)) + np.array([1.0, 1.0, 20.0])
ORBIT, BATCH = np.linspace(0.0, 100.0, 1001), np.linspace(0.0, 10.0, 3)


def rates(y: Any, t: Any) -> Any:
    """Compute dy/dt, as `odeint` takes it."""
    a, b, c = y[0], y[1], y[2]
    return [10.0 * (b - a), a * (28.0 - c) - b, a * b - 8.0 / 3.0 * c]


def with_odeint(_batch: bool) -> Callable[[], Any]:
    """Integrate one orbit by LSODA."""
    from scipy.integrate import odeint

    options = {"rtol": TOLERANCE, "atol": TOLERANCE, "mxstep": 100_000}
    return lambda: np.isfinite(odeint(rates, np.ones(3), ORBIT, **options))


def with_numba(_batch: bool) -> Callable[[], Any]:
    """Integrate one orbit by LSODA, with a compiled right-hand side."""
    import numba
    from scipy.integrate import odeint

    def in_array(y: Any, t: Any) -> Any:
        found = np.empty(3)
        found[0], found[1] = 10.0 * (y[1] - y[0]), y[0] * (28.0 - y[2]) - y[1]
        found[2] = y[0] * y[1] - 8.0 / 3.0 * y[2]
        return found

    compiled = numba.njit(in_array)
    options = {"rtol": TOLERANCE, "atol": TOLERANCE, "mxstep": 100_000}
    return lambda: np.isfinite(odeint(compiled, np.ones(3), ORBIT, **options))


def with_numbalsoda(_batch: bool) -> Callable[[], Any]:
    """Integrate one orbit by LSODA in C++."""
    import numba
    from numbalsoda import lsoda, lsoda_sig

    @numba.cfunc(lsoda_sig)
    def compiled(t: Any, y: Any, rates: Any, parameters: Any) -> None:
        rates[0], rates[1] = 10.0 * (y[1] - y[0]), y[0] * (28.0 - y[2]) - y[1]
        rates[2] = y[0] * y[1] - 8.0 / 3.0 * y[2]

    options = {"rtol": TOLERANCE, "atol": TOLERANCE, "mxstep": 100_000}
    return lambda: np.isfinite(lsoda(compiled.address, np.ones(3), ORBIT, **options)[0])


def with_science(_batch: bool) -> Callable[[], Any]:
    """Integrate one orbit by the native integrator under SciPy's name."""
    from chainrule import science

    return lambda: np.isfinite(
        science.odeint(rates, np.ones(3), ORBIT, rtol=TOLERANCE, atol=TOLERANCE)
    )


def with_diffrax(batch: bool, solver: str) -> Callable[[], Any]:
    """Compile one integration, or that of all starts by ``vmap``."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import diffrax
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    times = jnp.asarray(BATCH if batch else ORBIT)
    term = diffrax.ODETerm(lambda t, y, args: jnp.stack(rates(y, t)))
    control = diffrax.PIDController(rtol=TOLERANCE, atol=TOLERANCE)

    def solve(y: Any) -> Any:
        return diffrax.diffeqsolve(
            term, getattr(diffrax, solver)(), times[0], times[-1], None, y, max_steps=100_000,
            saveat=diffrax.SaveAt(ts=times), stepsize_controller=control,
        ).ys  # fmt: skip

    compiled = jax.jit(jax.vmap(solve) if batch else solve)
    start = jnp.asarray(STARTS if batch else np.ones(3))
    return lambda: np.isfinite(compiled(start).block_until_ready())


def with_chainrule(batch: bool) -> Callable[[], Any]:
    """Compile one integration, or that of all starts, by the method of fewest evaluations."""
    import chainrule as cr
    from chainrule import solvers

    times = BATCH if batch else ORBIT

    def solve(y: Any) -> Any:
        return solvers.integrate(
            lambda t, y: rates(y, t), y, times, (), "dop853", TOLERANCE, TOLERANCE
        ).y

    compiled = cr.jit(cr.vmap(solve) if batch else solve)
    start = STARTS if batch else np.ones(3)
    return lambda: np.isfinite(compiled(start))


BUILDERS: dict[str, Callable[[bool], Callable[[], Any]]] = {
    "scipy": with_odeint,
    "scipy-numba": with_numba,
    "numbalsoda": with_numbalsoda,
    "diffrax-tsit5": partial(with_diffrax, solver="Tsit5"),
    "diffrax-dopri8": partial(with_diffrax, solver="Dopri8"),
    "chainrule": with_science,
    "chainrule-jit": with_chainrule,
}

_OF_ONE_ORBIT = (with_odeint, with_numba, with_numbalsoda, with_science)


def start(batch: bool, contestant: str, _scratch: Path) -> Session:
    """Integrate repeatedly."""
    return Session(partial(repetition, BUILDERS[contestant](batch)), "sigma 10, rho 28, beta 8/3")


BENCHMARKS = (
    Benchmark(
        name="lorenz",
        title="Lorenz' equations to t = 100, 1,001 output times",
        quantity=MICROSECONDS,
        contestants=tuple(BUILDERS),
        start=partial(start, False),
        tolerance=0.0,
        on_request=True,
    ),
    Benchmark(
        name="lorenz-batch",
        title="Lorenz' equations to t = 10 from 1,000 starts",
        quantity=MICROSECONDS,
        contestants=tuple(name for name, each in BUILDERS.items() if each not in _OF_ONE_ORBIT),
        start=partial(start, True),
        tolerance=0.0,
        on_request=True,
    ),
)
