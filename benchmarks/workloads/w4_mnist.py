"""W4: MNIST's shape, 784-100-10 ReLU, cross-entropy, batch 64, shuffled every epoch.

MNIST itself where ``$CHAINRULE_DATA/mnist`` has it, else synthetic images of the same shape;
the table says which. Nothing is downloaded.
"""

import os
from pathlib import Path

import numpy as np

from benchmarks.training import training
from benchmarks.workload import Dataset, Workload
from benchmarks.workloads.w3_small import gradients

__all__ = ["BENCHMARKS", "WORKLOAD", "load", "synthetic"]

SAMPLES = 60_000


def load() -> Dataset:
    """Return MNIST's training set where it is available, else synthetic images."""
    folder = os.environ.get("CHAINRULE_DATA")
    if folder and (Path(folder) / "mnist").is_dir():
        try:
            return handwriting()
        except ImportError:
            return synthetic()
    return synthetic()


def handwriting() -> Dataset:
    """Read MNIST's 60,000 training images, scaled to [0, 1]."""
    from chainrule import datasets

    (images, labels), _ = datasets.mnist()
    pixels = np.asarray(images).reshape(SAMPLES, 784).astype(np.float32)
    pixels /= np.float32(255 if np.asarray(images).dtype == np.uint8 else 1)
    return Dataset("MNIST", pixels, np.asarray(labels).astype(np.int64))


def synthetic(samples: int = SAMPLES) -> Dataset:
    """Draw ten patterns, a fifth of each inked, and copy them with noise."""
    generator = np.random.default_rng(0)
    patterns = generator.random((10, 784), np.float32) * (generator.random((10, 784)) < 0.2)
    labels = generator.integers(10, size=samples)
    pixels = generator.random((samples, 784), np.float32)
    pixels *= patterns.astype(np.float32)[labels]
    return Dataset("synthetic, MNIST's shape", pixels, labels)


WORKLOAD = Workload(
    name="W4",
    title="784-100-10 ReLU, batch 64, shuffled",
    sizes=(784, 100, 10),
    activation="relu",
    loss="cross_entropy",
    samples=SAMPLES,
    batch_size=64,
    epochs=2,
    learning_rate=0.1,
    load=load,
    gradients=gradients,
    contestants=(
        *("numpy", "torch", "torch-compiled", "jax", "keras", "sklearn"),
        *("chainrule", "chainrule-jit"),
    ),
    shuffle=True,
    tolerance=0.15,
)

BENCHMARKS = (training(WORKLOAD),)
