"""W9: what the first training call costs beyond a later one: to trace, derive and compile.

Each repetition has a process of its own. Cold, nothing that a contestant compiled lies on the
disk; cached, it finds what an earlier process has left there. Frameworks are imported before the
clock starts. The rows are few, so that the steps of an epoch do not drown what is measured.
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
"""JAX keeps only what took a second to compile, unless told otherwise."""

CACHES = ("CHAINRULE_CACHE", "JAX_COMPILATION_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR")
"""The variables that say where a framework keeps what it has compiled."""


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
    """Time calls that are alike; what the first took longer than the quickest was not training."""
    first, *later = (time_training(contestant, 1) for _ in range(1 + LATER_CALLS))
    return Figure(first - min(later), workload.judge(contestant.parameters(), dataset))


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
