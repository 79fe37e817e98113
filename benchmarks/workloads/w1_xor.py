"""W1: XOR, 2-3-1 tanh, mean squared error, one sample a step.

Nothing but overhead: 30 multiplications a step. Four rows, 1,000 epochs, as the classic tutorials
train it.
"""

import numpy as np

from benchmarks.training import training
from benchmarks.workload import Dataset, FloatArray, IntArray, Parameters, Workload

__all__ = ["BENCHMARKS", "WORKLOAD", "gradients", "load"]


def load() -> Dataset:
    """Return the truth table of exclusive or."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    return Dataset("XOR", x, np.array([[0], [1], [1], [0]], np.float32))


def gradients(parameters: Parameters, x: FloatArray, y: FloatArray | IntArray) -> Parameters:
    """Differentiate mean((tanh(tanh(x W1 + b1) W2 + b2) - y)²) by hand."""
    weight_1, bias_1, weight_2, bias_2 = parameters
    hidden = np.tanh(x @ weight_1 + bias_1)
    output = np.tanh(hidden @ weight_2 + bias_2)
    d_output = (output - y) * (1 - output * output)
    d_output *= 2 / output.size
    d_hidden = d_output @ weight_2.T * (1 - hidden * hidden)
    return [x.T @ d_hidden, d_hidden.sum(axis=0), hidden.T @ d_output, d_output.sum(axis=0)]


WORKLOAD = Workload(
    name="W1",
    title="XOR, 2-3-1 tanh, one sample a step",
    sizes=(2, 3, 1),
    activation="tanh",
    loss="mse",
    samples=4,
    batch_size=1,
    epochs=1000,
    learning_rate=0.1,
    load=load,
    gradients=gradients,
    contestants=("numpy", "torch", "torch-compiled", "jax", "chainrule", "chainrule-jit"),
)

BENCHMARKS = (training(WORKLOAD),)
