"""W2: two moons, 200 points, 2-3-2 tanh and softmax, full batch, L2.

The tutorial's objective is the cross-entropy *summed* over the 200 points plus λ/2·‖W‖² with
λ = 0.01, and the step is 0.01. Divided by 200 that is the *mean* cross-entropy with λ = 0.01/200
and a step of 0.01·200 = 2: the same updates, in the form every framework offers.
"""

import numpy as np

from benchmarks.training import training
from benchmarks.workload import Dataset, FloatArray, IntArray, Parameters, Workload

__all__ = ["BENCHMARKS", "WORKLOAD", "gradients", "load"]

POINTS = 200
L2 = 0.01 / POINTS


def load() -> Dataset:
    """Draw two interleaving half circles with Gaussian noise of 0.2."""
    angle = np.linspace(0, np.pi, POINTS // 2)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    points = np.concatenate([upper, lower])
    points += np.random.default_rng(0).normal(scale=0.2, size=points.shape)
    return Dataset("moons", points.astype(np.float32), np.repeat([0, 1], POINTS // 2))


def gradients(parameters: Parameters, x: FloatArray, y: FloatArray | IntArray) -> Parameters:
    """Differentiate the mean cross-entropy of softmax(tanh(x W1 + b1) W2 + b2) plus L2 by hand."""
    weight_1, bias_1, weight_2, bias_2 = parameters
    hidden = np.tanh(x @ weight_1 + bias_1)
    delta = np.exp(hidden @ weight_2 + bias_2)
    delta /= delta.sum(axis=1, keepdims=True)
    delta[np.arange(len(y)), y] -= 1
    delta /= len(y)
    d_hidden = delta @ weight_2.T * (1 - hidden * hidden)
    return [
        x.T @ d_hidden + L2 * weight_1,
        d_hidden.sum(axis=0),
        hidden.T @ delta + L2 * weight_2,
        delta.sum(axis=0),
    ]


WORKLOAD = Workload(
    name="W2",
    title="moons, 2-3-2 tanh, softmax, full batch of 200, L2",
    sizes=(2, 3, 2),
    activation="tanh",
    loss="cross_entropy",
    samples=POINTS,
    batch_size=POINTS,
    epochs=2000,
    learning_rate=0.01 * POINTS,
    load=load,
    gradients=gradients,
    contestants=("numpy", "torch", "torch-compiled", "jax", "chainrule", "chainrule-jit"),
    l2=L2,
)

BENCHMARKS = (training(WORKLOAD),)
