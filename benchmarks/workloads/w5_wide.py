"""W5: 784-1024-1024-10 ReLU, cross-entropy, batch 256, Adam: products large enough to block."""

import numpy as np

from benchmarks.training import training
from benchmarks.workload import Dataset, FloatArray, IntArray, Parameters, Workload
from benchmarks.workloads.w4_mnist import synthetic

__all__ = ["BENCHMARKS", "WORKLOAD", "gradients", "load"]

SAMPLES = 5120


def load() -> Dataset:
    """Draw synthetic images of MNIST's shape."""
    return synthetic(SAMPLES)


def gradients(parameters: Parameters, x: FloatArray, y: FloatArray | IntArray) -> Parameters:
    """Differentiate the mean cross-entropy of three layers by hand."""
    weight_1, bias_1, weight_2, bias_2, weight_3, bias_3 = parameters
    first = x @ weight_1
    first += bias_1
    np.maximum(first, 0, out=first)
    second = first @ weight_2
    second += bias_2
    np.maximum(second, 0, out=second)
    delta = second @ weight_3
    delta += bias_3
    delta -= delta.max(axis=1, keepdims=True)
    np.exp(delta, out=delta)
    delta /= delta.sum(axis=1, keepdims=True)
    delta[np.arange(len(y)), y] -= 1
    delta /= len(y)
    d_second = delta @ weight_3.T
    d_second *= second > 0
    d_first = d_second @ weight_2.T
    d_first *= first > 0
    return [
        *(x.T @ d_first, d_first.sum(axis=0)),
        *(first.T @ d_second, d_second.sum(axis=0)),
        *(second.T @ delta, delta.sum(axis=0)),
    ]


WORKLOAD = Workload(
    name="W5",
    title="784-1024-1024-10 ReLU, batch 256, Adam",
    sizes=(784, 1024, 1024, 10),
    activation="relu",
    loss="cross_entropy",
    samples=SAMPLES,
    batch_size=256,
    epochs=1,
    learning_rate=0.001,
    load=load,
    gradients=gradients,
    contestants=("numpy", "torch", "torch-compiled", "jax", "chainrule", "chainrule-jit"),
    optimizer="adam",
    tolerance=0.02,
)

BENCHMARKS = (training(WORKLOAD),)
