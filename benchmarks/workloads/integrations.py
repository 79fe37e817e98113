"""Robertson's stiff reactions to a time of 1e5, at rtol = 1e-8 and atol = 1e-10, in float64.

``scipy`` is ``scipy.integrate.odeint`` with a right-hand side in Python, ``numbalsoda`` LSODA in
C++ with one that Numba has compiled, ``chainrule`` is ``science.odeint`` with the function that
SciPy gets, and ``chainrule-jit`` is ``solvers.integrate`` by the stiff method, compiled.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.benchmark import Benchmark, Session
from benchmarks.workloads.derivatives import MICROSECONDS, repetition

__all__ = ["BENCHMARKS", "BUILDERS"]

START = np.array([1.0, 0.0, 0.0])
TIMES = np.array([0.0, *np.logspace(-5, 5, 11)])
TOLERANCES = {"rtol": 1e-8, "atol": 1e-10}


def reactions(y: Any, t: Any) -> list[Any]:
    """Compute dy/dt, as SciPy's odeint calls it."""
    slow, back, fast = 0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] * y[1]
    return [back - slow, slow - back - fast, fast]


def with_scipy() -> Callable[[], Any]:
    """Call LSODA with a function of Python."""
    from scipy.integrate import odeint

    return partial(odeint, reactions, START, TIMES, **TOLERANCES)


def with_numbalsoda() -> Callable[[], Any]:
    """Call LSODA with a compiled function."""
    import numba
    from numbalsoda import lsoda, lsoda_sig

    @numba.cfunc(lsoda_sig)
    def compiled(t: Any, y: Any, rates: Any, parameters: Any) -> None:
        slow, back, fast = 0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] * y[1]
        rates[0] = back - slow
        rates[1] = slow - back - fast
        rates[2] = fast

    def run() -> Any:
        return lsoda(compiled.address, START, TIMES, **TOLERANCES)[0]

    return run


def with_odeint() -> Callable[[], Any]:
    """Call the native integrator under SciPy's name."""
    from chainrule import science

    return partial(science.odeint, reactions, START, TIMES, **TOLERANCES)


def with_integrate() -> Callable[[], Any]:
    """Compile the integration."""
    import chainrule as cr
    from chainrule import solvers

    def solve(y: Any, t: Any) -> Any:
        return solvers.integrate(
            lambda t, y: reactions(y, t), y, t, method="rosenbrock", **TOLERANCES
        ).y

    return partial(cr.jit(solve), START, TIMES)


BUILDERS = {
    "scipy": with_scipy,
    "numbalsoda": with_numbalsoda,
    "chainrule": with_odeint,
    "chainrule-jit": with_integrate,
}


def start(contestant: str, _scratch: Path) -> Session:
    """Integrate repeatedly."""
    return Session(partial(repetition, BUILDERS[contestant]()), "three substances")


BENCHMARKS = (
    Benchmark(
        name="robertson",
        title="Robertson's stiff reactions to a time of 1e5",
        quantity=MICROSECONDS,
        contestants=tuple(BUILDERS),
        start=start,
        tolerance=1e-5,
        on_request=True,
    ),
)
