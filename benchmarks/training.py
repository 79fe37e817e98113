"""Training a network as a benchmark: seconds of one step."""

import time
from functools import partial
from pathlib import Path

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.contestant import Contestant
from benchmarks.rivals import rival
from benchmarks.workload import Dataset, Workload

__all__ = ["enter", "time_training", "training"]


def training(workload: Workload) -> Benchmark:
    """Return the benchmark of one training step.

    Parameters
    ----------
    workload : Workload

    Returns
    -------
    Benchmark
        Its check is the loss after all epochs.
    """
    return Benchmark(
        name=workload.name,
        title=workload.title,
        quantity=Quantity("µs a step", 1e6),
        contestants=workload.contestants,
        start=partial(start, workload),
        flops=workload.flops_per_step,
        tolerance=workload.tolerance,
    )


def start(workload: Workload, contestant: str, _scratch: Path) -> Session:
    """Build the contestant and train once, so that compilation is not timed."""
    dataset = workload.load()
    trained = enter(workload, dataset, contestant)
    trained.train(1)
    return Session(partial(repetition, workload, dataset, trained), dataset.name)


def enter(workload: Workload, dataset: Dataset, contestant: str) -> Contestant:
    """Build a contestant with the initial weights.

    Parameters
    ----------
    workload : Workload
    dataset : Dataset
    contestant : str

    Returns
    -------
    Contestant
    """
    built = rival(contestant).build(workload, dataset)
    built.restart(workload.initial_parameters())
    return built


def repetition(workload: Workload, dataset: Dataset, contestant: Contestant) -> Figure:
    """Time one training call from the initial weights, then evaluate the loss of its result."""
    contestant.restart(workload.initial_parameters())
    seconds = time_training(contestant, workload.epochs)
    steps = workload.epochs * workload.steps_per_epoch
    return Figure(seconds / steps, workload.evaluate(contestant.parameters(), dataset))


def time_training(contestant: Contestant, epochs: int) -> float:
    """Return the seconds of one training call.

    Parameters
    ----------
    contestant : Contestant
    epochs : int

    Returns
    -------
    float
    """
    begin = time.perf_counter()
    contestant.train(epochs)
    return time.perf_counter() - begin
