"""W6: MNIST through two convolutions: 32, pool, 64, pool (3×3, valid), dense 10; batch 64."""

import time
from pathlib import Path

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.images.contestants import implementation
from benchmarks.images.task import Task, Trained, evaluate
from benchmarks.workload import Dataset
from benchmarks.workloads import w4_mnist

__all__ = ["BENCHMARKS", "TASK", "images"]

TASK = Task()
STEPS = 50
EVALUATED_ROWS = 512


def images() -> Dataset:
    """Return the first of MNIST's images, or synthetic ones, with one channel."""
    found = w4_mnist.load()
    count = STEPS * TASK.batch_size
    x = found.x[:count].reshape(count, TASK.side, TASK.side, TASK.channels)
    return Dataset(found.name, x, found.y[:count])


def start(contestant: str, _scratch: Path) -> Session:
    """Build the contestant, evaluate it after a pass in order, then train as it will be timed."""
    dataset, parameters = images(), TASK.initial_parameters()
    network = implementation(contestant).network
    trained = network(TASK, dataset, parameters, contestant)
    trained.train(1, shuffle=False)
    check = evaluate(trained.parameters(), dataset.x[:EVALUATED_ROWS], dataset.y[:EVALUATED_ROWS])
    trained.train(1)
    return Session(lambda: repetition(trained, check), dataset.name)


def repetition(trained: Trained, check: float) -> Figure:
    """Time one more pass, shuffled; the check is the loss after the one in order."""
    begin = time.perf_counter()
    trained.train(1)
    return Figure((time.perf_counter() - begin) / STEPS, check)


BENCHMARKS = (
    Benchmark(
        name="W6",
        title="images: conv 32, pool, conv 64, pool, dense 10; batch 64",
        quantity=Quantity("ms a step", 1e3),
        contestants=("torch", "torch-compiled", "jax", "keras", "chainrule"),
        start=start,
        flops=TASK.flops_per_step,
    ),
)
