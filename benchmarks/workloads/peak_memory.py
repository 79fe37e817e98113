"""Most memory held by a process that trains for one epoch: framework, data and what it compiles.

The peak is reset before the framework is imported: after the data is generated, or for whole runs
before that, in the same form for every contestant.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.contestant import Contestant
from benchmarks.machine import forget_peak, peak_bytes
from benchmarks.training import enter, training
from benchmarks.workload import Dataset, Workload
from benchmarks.workloads import growth, residual, shapes, vocabulary, w3_small, w4_mnist, w7_series

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


def start_whole_run(timed: Benchmark, contestant: str, scratch: Path) -> Session:
    """Wait for the repetition, which is the whole run of another benchmark."""
    return Session(partial(whole_run, timed, contestant, scratch), "")


def whole_run(timed: Benchmark, contestant: str, scratch: Path) -> Figure:
    """Start, train once more, and read the high-water mark."""
    forget_peak()
    figure = timed.start(contestant, scratch).repeat()
    return Figure(float(peak_bytes()), figure.check)


def timed_benchmarks() -> Iterable[Benchmark]:
    """Yield what trains large tables, wide and deep networks, many classes and long series."""
    yield from (each for each in vocabulary.BENCHMARKS if each.name.endswith("00000"))
    for width in (1024, 4096):
        wide = growth.dense(f"adam-{width}", (width,) * 4, 128, 512)
        yield training(replace(wide, optimizer="adam", learning_rate=1e-4, shuffle=False))
    yield from (each for each in growth.BENCHMARKS if each.name == "growth-classes-10000")
    yield training(shapes.SHAPES[0])
    series = replace(w7_series.TASKS["W7"], units=256, steps=200, batches=4)
    yield Benchmark(
        name="lstm-256-200",
        title=f"LSTM of 256, 200 steps, batch {series.batch_size}",
        quantity=Quantity("µs a step", 1e6),
        contestants=growth.CONTESTANTS,
        start=partial(w7_series.start, series),
        tolerance=0.02,
    )
    yield from (each for each in residual.BENCHMARKS if each.name.endswith("-8"))


def of_whole_run(timed: Benchmark) -> Benchmark:
    """Return the benchmark of the memory that the whole run of another takes."""
    known = [each for each in timed.contestants if each in growth.CONTESTANTS]
    return replace(
        timed,
        name=f"memory-{timed.name}",
        title=f"peak memory of a whole run: {timed.title}",
        quantity=Quantity("MB", 1e-6),
        contestants=tuple(known),
        start=partial(start_whole_run, timed),
        flops=None,
        fresh=True,
        most_repeats=1,
        on_request=True,
    )


BENCHMARKS = (
    *(benchmark(module.WORKLOAD) for module in (w3_small, w4_mnist)),
    *map(of_whole_run, timed_benchmarks()),
)
