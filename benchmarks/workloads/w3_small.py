"""W3: 20-64-3 ReLU, cross-entropy, batch 32: a small table of data."""

import numpy as np

from benchmarks.training import training
from benchmarks.workload import Dataset, FloatArray, IntArray, Parameters, Workload

__all__ = ["BENCHMARKS", "WORKLOAD", "gradients", "load"]

SAMPLES = 3200


def load() -> Dataset:
    """Draw Gaussian rows and label each by the largest of three random curved scores."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((SAMPLES, 20)).astype(np.float32)
    scores = np.tanh(x @ generator.standard_normal((20, 8))) @ generator.standard_normal((8, 3))
    return Dataset("Gaussian rows", x, scores.argmax(axis=1))


def gradients(parameters: Parameters, x: FloatArray, y: FloatArray | IntArray) -> Parameters:
    """Differentiate the mean cross-entropy of softmax(relu(x W1 + b1) W2 + b2) by hand."""
    weight_1, bias_1, weight_2, bias_2 = parameters
    hidden = x @ weight_1
    hidden += bias_1
    np.maximum(hidden, 0, out=hidden)
    delta = hidden @ weight_2
    delta += bias_2
    delta -= delta.max(axis=1, keepdims=True)
    np.exp(delta, out=delta)
    delta /= delta.sum(axis=1, keepdims=True)
    delta[np.arange(len(y)), y] -= 1
    delta /= len(y)
    d_hidden = delta @ weight_2.T
    d_hidden *= hidden > 0
    return [x.T @ d_hidden, d_hidden.sum(axis=0), hidden.T @ delta, delta.sum(axis=0)]


WORKLOAD = Workload(
    name="W3",
    title="20-64-3 ReLU, batch 32",
    sizes=(20, 64, 3),
    activation="relu",
    loss="cross_entropy",
    samples=SAMPLES,
    batch_size=32,
    epochs=30,
    learning_rate=0.05,
    load=load,
    gradients=gradients,
    contestants=(
        *("numpy", "torch", "torch-compiled", "jax", "keras", "sklearn"),
        *("chainrule", "chainrule-jit"),
    ),
)

BENCHMARKS = (training(WORKLOAD),)
