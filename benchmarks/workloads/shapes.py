"""Dense networks of shapes nobody tuned for: many classes, a batch of 100, wide with Adam."""

from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks.training import training
from benchmarks.workload import Dataset, Workload
from benchmarks.workloads import w3_small, w5_wide

__all__ = ["BENCHMARKS", "SHAPES"]

CONTESTANTS = ("numpy", "torch", "torch-compiled", "jax", "chainrule", "chainrule-jit")


def load(features: int, classes: int, samples: int) -> Dataset:
    """Draw normal features and labels, every class at least once if there are samples enough."""
    generator = np.random.default_rng(0)
    labels = generator.permutation(np.arange(samples) % classes)
    return Dataset(
        "normal features", generator.standard_normal((samples, features), np.float32), labels
    )


def shape(
    sizes: tuple[int, ...], batch_size: int, samples: int, optimizer: str = "sgd"
) -> Workload:
    """Return the workload of a shape."""
    name = "-".join(map(str, sizes))
    module = w3_small if len(sizes) == 3 else w5_wide
    base = replace(w5_wide.WORKLOAD, optimizer="adam" if optimizer == "adam" else "sgd")
    return replace(
        base,
        name=f"shape-{name}",
        title=f"{name} ReLU, batch {batch_size}, {optimizer}",
        sizes=sizes,
        samples=samples,
        batch_size=batch_size,
        epochs=1,
        learning_rate=0.001 if optimizer == "adam" else 0.01,
        load=partial(load, sizes[0], sizes[-1], samples),
        gradients=module.gradients,
        contestants=CONTESTANTS,
        shuffle=True,
        tolerance=0.15,
    )


SHAPES = (
    shape((64, 128, 1000), 64, 6400),
    shape((64, 128, 10000), 64, 640),
    shape((784, 128, 64, 10), 100, 20000),
    shape((512, 768, 768, 20), 192, 3840, "adam"),
)

BENCHMARKS = tuple(replace(training(each), on_request=True) for each in SHAPES)
