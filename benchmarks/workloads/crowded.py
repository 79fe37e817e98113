"""Training under oversubscription: another process occupies one core.

Each repetition trains alone first, then beside a process that spins on the last of the available
cores; the figure is the ratio of the two times. With two cores a fair scheduler leaves three
quarters of both: 1.3 times slower, or 2 times if one core does all the work.
"""

import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.contestant import Contestant
from benchmarks.training import enter
from benchmarks.workload import Dataset, Workload
from benchmarks.workloads import w3_small, w4_mnist, w5_wide

__all__ = ["BENCHMARKS", "occupied_core"]

SECONDS = 1.5
"""Long enough for an adaptive thread limit to detect the load and profit from it."""

HOLD = """
import os, sys
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
print("holding", flush=True)
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(10**6): pass
"""


@contextmanager
def occupied_core() -> Generator[subprocess.Popen[bytes]]:
    """Occupy one core while the ``with`` block runs; Linux only, for its CPU affinity.

    Yields
    ------
    Popen
        The process that occupies it.

    Raises
    ------
    OSError
        If the process cannot be started, or the system has no CPU affinity.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise OSError("this system has no CPU affinity")
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None, "it is a pipe"
        try:
            if not process.stdout.readline():
                raise OSError("the process that occupies a core has ended")
            yield process
        finally:
            process.kill()


def start(workload: Workload, contestant: str, _scratch: Path) -> Session:
    """Build the contestant and train once, so that compilation is not timed."""
    dataset = workload.load()
    trained = enter(workload, dataset, contestant)
    trained.train(1)
    return Session(partial(repetition, workload, dataset, trained), dataset.name)


def repetition(workload: Workload, dataset: Dataset, contestant: Contestant) -> Figure:
    """Train alone, then oversubscribed; evaluate one training call from the initial weights."""
    alone = seconds_per_call(contestant, workload.epochs)
    with occupied_core():
        shared = seconds_per_call(contestant, workload.epochs)
    contestant.restart(workload.initial_parameters())
    contestant.train(workload.epochs)
    return Figure(shared / alone, workload.evaluate(contestant.parameters(), dataset))


def seconds_per_call(contestant: Contestant, epochs: int) -> float:
    """Return the mean time of training calls repeated for `SECONDS`."""
    began, calls = time.perf_counter(), 0
    while calls == 0 or time.perf_counter() - began < SECONDS:
        contestant.train(epochs)
        calls += 1
    return (time.perf_counter() - began) / calls


def benchmark(workload: Workload) -> Benchmark:
    """Return the benchmark of the slowdown of training by oversubscription."""
    return Benchmark(
        name=f"crowded-{workload.name}",
        title=f"one core held by another process: {workload.title}",
        quantity=Quantity("times slower", 1),
        contestants=("torch", "jax", "chainrule"),
        start=partial(start, workload),
        tolerance=workload.tolerance,
        on_request=True,
    )


BENCHMARKS = tuple(benchmark(module.WORKLOAD) for module in (w3_small, w4_mnist, w5_wide))
