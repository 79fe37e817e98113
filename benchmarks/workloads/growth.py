"""Growth: the time of a training step over depth, width, classes, rows, batch, vocabulary, length.

One axis grows over three or more powers while the others stay; the report prints, for each
contestant, the slope of log time over log size. A slope of 1 is proportional, 0 independent.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks.benchmark import Benchmark, Quantity
from benchmarks.training import training
from benchmarks.workload import Dataset, FloatArray, IntArray, Parameters, Workload
from benchmarks.workloads import vocabulary, w7_series

__all__ = ["BENCHMARKS", "gradients", "random_rows"]

CONTESTANTS = ("torch", "jax", "chainrule")
STEPS = 100
"""Of one repetition."""


def random_rows(samples: int, features: int, classes: int) -> Dataset:
    """Draw Gaussian rows and labels."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((samples, features), np.float32)
    return Dataset("Gaussian rows", x, generator.integers(0, classes, samples))


def gradients(parameters: Parameters, x: FloatArray, y: FloatArray | IntArray) -> Parameters:
    """Differentiate the mean cross-entropy of any number of layers by hand."""
    weights, biases = parameters[::2], parameters[1::2]
    signals = [x]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        signals.append(np.maximum(signals[-1] @ weight + bias, 0))
    scores = signals[-1] @ weights[-1] + biases[-1]
    delta = np.exp(scores - scores.max(axis=1, keepdims=True))
    delta /= delta.sum(axis=1, keepdims=True)
    delta[np.arange(len(y)), np.asarray(y, np.int64)] -= 1
    delta /= len(y)
    found: Parameters = []
    for weight, signal in zip(reversed(weights), reversed(signals), strict=True):
        found = [signal.T @ delta, delta.sum(axis=0), *found]
        delta = (delta @ weight.T) * (signal > 0)
    return found


def dense(name: str, sizes: tuple[int, ...], batch: int, samples: int | None = None) -> Workload:
    """Return a network of dense layers, trained for some steps or one pass over the samples."""
    rows = batch * STEPS if samples is None else samples
    return Workload(
        name=f"growth-{name}",
        title="-".join(map(str, sizes)) + f", batch {batch}, {rows} rows",
        sizes=sizes,
        activation="relu",
        loss="cross_entropy",
        samples=rows,
        batch_size=batch,
        epochs=1,
        learning_rate=0.01,
        load=partial(random_rows, rows, sizes[0], sizes[-1]),
        gradients=gradients,
        contestants=CONTESTANTS,
        shuffle=samples is not None,
        tolerance=0.02,
    )


def workloads() -> Iterable[Workload]:
    """Yield the dense networks: an axis grows, the others stay."""
    for depth in (1, 4, 16, 64):
        yield dense(f"depth-{depth}", (64,) * (depth + 1) + (10,), 64)
    for width in (16, 128, 1024, 4096):
        yield dense(f"width-{width}", (width, width, 10), 128)
    for classes in (10, 100, 1000, 10_000):
        yield dense(f"classes-{classes}", (64, 128, classes), 64)
    for rows in (1000, 10_000, 100_000):
        yield dense(f"rows-{rows}", (64, 64, 10), 100, rows)
    for batch in (1, 10, 100, 1000, 10_000):
        yield dense(f"batch-{batch}", (64, 64, 10), batch)


def lengths() -> Iterable[Benchmark]:
    """Yield an LSTM on longer and longer series."""
    for steps in (10, 50, 250):
        task = replace(w7_series.TASKS["W7"], steps=steps, batches=10)
        yield Benchmark(
            name=f"growth-length-{steps}",
            title=f"LSTM of {task.units}, {steps} steps, batch {task.batch_size}",
            quantity=Quantity("µs a step", 1e6),
            contestants=CONTESTANTS,
            start=partial(w7_series.start, task),
            flops=task.flops_per_step,
            tolerance=0.02,
            on_request=True,
        )


BENCHMARKS = (
    *(replace(training(each), on_request=True) for each in workloads()),
    *(replace(each, name=f"growth-{each.name}") for each in vocabulary.BENCHMARKS),
    *lengths(),
)
