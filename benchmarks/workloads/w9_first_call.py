"""W9: what the first training call costs beyond a later one: to trace, derive and compile.

Each repetition has a process of its own. Cold, the compilation caches
on disk are empty; cached, an earlier process has filled them. Frameworks are imported before the
clock starts. The rows are few, so that the steps of an epoch do not dominate the figure.
"""

import os
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.contestant import Contestant
from benchmarks.training import enter, time_training
from benchmarks.workload import Dataset, Workload
from benchmarks.workloads import w1_xor, w2_moons, w3_small, w4_mnist

__all__ = ["BENCHMARKS"]

MOST_ROWS = 1000
LATER_CALLS = 4
COMPILERS = ("torch-compiled", "jax", "keras", "chainrule", "chainrule-jit")
PATIENT = {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
"""By default JAX caches only programs that took a second to compile."""

CACHES = ("CHAINRULE_CACHE", "JAX_COMPILATION_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR")
"""The variables that set the compilation cache of a framework."""


def start(workload: Workload, cached: bool, contestant: str, scratch: Path) -> Session:
    """Point the caches at a folder, before any framework is imported, and build the network."""
    folder = scratch / contestant if cached else Path(tempfile.mkdtemp(dir=scratch))
    os.environ.update(PATIENT | dict.fromkeys(CACHES, str(folder)))
    whole = workload.load()
    dataset = Dataset(whole.name, whole.x[:MOST_ROWS].copy(), whole.y[:MOST_ROWS].copy())
    shorter = replace(workload, samples=len(dataset.x))
    trained = enter(shorter, dataset, contestant)
    rows = f"{whole.name}, {len(dataset.x)} rows"
    return Session(partial(first_call, shorter, dataset, trained), rows)


def first_call(workload: Workload, dataset: Dataset, contestant: Contestant) -> Figure:
    """Time equal calls; the first less the fastest is the cost of compilation."""
    first, *later = (time_training(contestant, 1) for _ in range(1 + LATER_CALLS))
    return Figure(first - min(later), workload.evaluate(contestant.parameters(), dataset))


def benchmark(workload: Workload, cached: bool) -> Benchmark:
    """Return the benchmark of a network's first call, cold or cached."""
    return Benchmark(
        name=f"W9-{workload.name}" + ("-cached" if cached else ""),
        title=f"first training call, {'cached' if cached else 'cold'}: {workload.title}",
        quantity=Quantity("ms", 1e3),
        contestants=tuple(name for name in workload.contestants if name in COMPILERS),
        start=partial(start, workload, cached),
        tolerance=workload.tolerance,
        fresh=True,
        most_repeats=3,
    )


BENCHMARKS = tuple(
    benchmark(module.WORKLOAD, cached)
    for module in (w1_xor, w2_moons, w3_small, w4_mnist)
    for cached in (False, True)
)
