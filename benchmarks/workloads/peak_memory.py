"""Most memory held by a process that trains for one epoch: framework, data and what it compiles.

The peak is reset after the data is generated and before the framework is imported.
"""

from functools import partial
from pathlib import Path

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.contestant import Contestant
from benchmarks.machine import forget_peak, peak_bytes
from benchmarks.training import enter
from benchmarks.workload import Dataset, Workload
from benchmarks.workloads import w3_small, w4_mnist

__all__ = ["BENCHMARKS"]


def start(workload: Workload, contestant: str, _scratch: Path) -> Session:
    """Build the network; nothing is trained yet."""
    dataset = workload.load()
    forget_peak()
    trained = enter(workload, dataset, contestant)
    return Session(partial(repetition, workload, dataset, trained), dataset.name)


def repetition(workload: Workload, dataset: Dataset, contestant: Contestant) -> Figure:
    """Train one epoch and read the high-water mark, before the evaluation raises it."""
    contestant.train(1)
    peak = peak_bytes()
    return Figure(float(peak), workload.evaluate(contestant.parameters(), dataset))


def benchmark(workload: Workload) -> Benchmark:
    """Return the benchmark of the memory in which a network trains."""
    return Benchmark(
        name=f"memory-{workload.name}",
        title=f"peak memory of training {workload.title}",
        quantity=Quantity("MB", 1e-6),
        contestants=workload.contestants,
        start=partial(start, workload),
        tolerance=workload.tolerance,
        fresh=True,
        most_repeats=1,
    )


BENCHMARKS = tuple(benchmark(module.WORKLOAD) for module in (w3_small, w4_mnist))
