"""JAX in its best form for images: all batches of an epoch in one jitted ``lax.scan``."""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
# (an optional rival: absent where the checks run)

import os
from functools import partial

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.images.task import Layer, Task
from benchmarks.workload import Dataset, Parameters

__all__ = ["gradients", "network"]

LETTERS = ("NHWC", "HWIO", "NHWC")


def forward(parameters, x):
    """Compute the logits."""
    for kernel, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        found = lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=LETTERS)
        x = jax.nn.relu(found + bias)
        x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return x.reshape(len(x), -1) @ parameters[-2] + parameters[-1]


def objective(parameters, x, y):
    """Compute the mean cross-entropy."""
    logs = jax.nn.log_softmax(forward(parameters, x))
    return -jnp.mean(jnp.take_along_axis(logs, y[:, None], axis=1))


class ImageNetwork:
    """A list of arrays and one compiled epoch."""

    def __init__(self, task: Task, dataset: Dataset, parameters: Parameters):
        self.task = task
        self.x, self.y = jnp.asarray(dataset.x), jnp.asarray(dataset.y.astype(np.int32))
        self.weights = [jnp.asarray(array) for array in parameters]
        self.generator = np.random.default_rng(0)
        self.epoch = jax.jit(partial(epoch, task.learning_rate), donate_argnums=0)

    def train(self, epochs: int, shuffle: bool = True) -> None:
        """Make one call for each epoch, and wait for the last."""
        for _ in range(epochs):
            rows = np.arange(len(self.x), dtype=np.int32)
            rows = self.generator.permutation(rows) if shuffle else rows
            order = rows.reshape(-1, self.task.batch_size)
            self.weights, losses = self.epoch(self.weights, self.x, self.y, order)
            jax.block_until_ready(losses)

    def parameters(self) -> Parameters:
        """Return the weights as NumPy arrays."""
        return [np.asarray(array) for array in self.weights]


def epoch(rate, weights, x, y, order):
    """Scan over the batches."""

    def step(weights, rows):
        loss, gradients = jax.value_and_grad(objective)(weights, x[rows], y[rows])
        return [w - rate * gradient for w, gradient in zip(weights, gradients, strict=True)], loss

    return lax.scan(step, weights, order)


def network(task: Task, dataset: Dataset, parameters: Parameters, contestant: str) -> ImageNetwork:
    """Build the network."""
    return ImageNetwork(task, dataset, parameters)


def gradients(layer: Layer, arrays, contestant: str):
    """Compile value and gradients as one function."""
    margins = ((layer.padding, layer.padding),) * 2
    strides = (layer.stride, layer.stride)

    def convolve(x, kernel):
        return lax.conv_general_dilated(
            x, kernel, strides, margins, dimension_numbers=LETTERS,
            feature_group_count=layer.groups,
        )  # fmt: skip

    @jax.jit
    def run(x, kernel, cotangent):
        y, pull = jax.vjp(convolve, x, kernel)
        return y, *pull(cotangent)

    placed = [jnp.asarray(array) for array in arrays]
    return lambda: jax.block_until_ready(run(*placed))
