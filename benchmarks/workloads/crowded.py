"""Training while another process holds one core, as on a laptop that has other things to do.

Every repetition trains freely first, then beside a process that does nothing but hold the last of
the cores that this one may use; the figure is how many times slower that is. With two cores the
fair share is three quarters of both: 1.3 times slower, or twice if one core does all the work.
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

__all__ = ["BENCHMARKS", "crowd"]

SECONDS = 1.5
"""Long enough for what adapts to a crowd to pay for finding out."""

HOLD = """
import os, sys
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
print("holding", flush=True)
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(10**6): pass
"""


@contextmanager
def crowd() -> Generator[subprocess.Popen[bytes]]:
    """Hold one core as long as the ``with`` block runs; Linux only, as it chooses the core.

    Yields
    ------
    Popen
        The process that holds it.

    Raises
    ------
    OSError
        If no process can be made, or it may not choose.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise OSError("this system lets no process choose its core")
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None, "it is a pipe"
        try:
            if not process.stdout.readline():
                raise OSError("the process that shall hold a core has ended")
            yield process
        finally:
            process.kill()


def start(workload: Workload, contestant: str, _scratch: Path) -> Session:
    """Build the contestant and let it train once, which compiles what it compiles."""
    dataset = workload.load()
    trained = enter(workload, dataset, contestant)
    trained.train(1)
    return Session(partial(repetition, workload, dataset, trained), dataset.name)


def repetition(workload: Workload, dataset: Dataset, contestant: Contestant) -> Figure:
    """Train freely, then in a crowd; judge one training call from the initial weights."""
    free = seconds_per_call(contestant, workload.epochs)
    with crowd():
        crowded = seconds_per_call(contestant, workload.epochs)
    contestant.restart(workload.initial_parameters())
    contestant.train(workload.epochs)
    return Figure(crowded / free, workload.judge(contestant.parameters(), dataset))


def seconds_per_call(contestant: Contestant, epochs: int) -> float:
    """Train again and again for a while."""
    began, calls = time.perf_counter(), 0
    while calls == 0 or time.perf_counter() - began < SECONDS:
        contestant.train(epochs)
        calls += 1
    return (time.perf_counter() - began) / calls


def benchmark(workload: Workload) -> Benchmark:
    """Return the benchmark of how much slower a crowd makes a training."""
    return Benchmark(
        name=f"crowded-{workload.name}",
        title=f"one core held by another process: {workload.title}",
        quantity=Quantity("times slower", 1),
        contestants=("torch", "jax", "chainrule"),
        start=partial(start, workload),
        tolerance=workload.tolerance,
        is_apart=True,
    )


BENCHMARKS = tuple(benchmark(module.WORKLOAD) for module in (w3_small, w4_mnist, w5_wide))
