"""W7: an LSTM of 64 units on 30 steps of 5 features, batch 64; and other shapes of recurrence."""

import time
from functools import partial
from pathlib import Path

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.series.contestants import implementation
from benchmarks.series.task import Task, Trained, evaluate

__all__ = ["BENCHMARKS", "TASKS"]

TASKS = {
    "W7": Task(),
    "recurrence-lstm": Task(units=128, steps=100, batches=10),
    "recurrence-gru": Task("GRU", units=128, steps=100, batches=10),
    "recurrence-long": Task(units=256, steps=200, batches=4),
    "recurrence-small": Task(batch_size=8, batches=100),
}


def start(task: Task, contestant: str, _scratch: Path) -> Session:
    """Build the contestant and train once, so that compilation is not timed."""
    dataset = task.dataset()
    trained = implementation(contestant).network(
        task, dataset, task.initial_parameters(), contestant
    )
    trained.train(1)
    count = task.batch_size * 8
    check = evaluate(task, trained.parameters(), dataset.x[:count], dataset.y[:count])
    return Session(partial(repetition, task, trained, check), dataset.name)


def repetition(task: Task, trained: Trained, check: float) -> Figure:
    """Time one more pass over the data; the check is the loss after the first one."""
    begin = time.perf_counter()
    trained.train(1)
    return Figure((time.perf_counter() - begin) / task.batches, check)


BENCHMARKS = tuple(
    Benchmark(
        name=name,
        title=f"{task.kind} of {task.units}, {task.steps} steps of {task.features} features, "
        f"batch {task.batch_size}",
        quantity=Quantity("ms a step", 1e3),
        contestants=("torch", "torch-compiled", "jax", "keras", "chainrule"),
        start=partial(start, task),
        flops=task.flops_per_step,
        # A second bias for each gate learns twice as fast.
        tolerance=0.02,
    )
    for name, task in TASKS.items()
)
