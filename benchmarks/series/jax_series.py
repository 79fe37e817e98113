"""JAX: a pass over the data in one jitted, donated ``lax.scan``, and a scan over time within."""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
# (an optional rival: absent where the checks run)

import os
from functools import partial

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.series.task import Task
from benchmarks.workload import Dataset, Parameters

__all__ = ["network"]


def lstm(second, biases, states, given):
    """Take one step in time."""
    h, c = states
    i, f, g, o = jnp.split(given + h @ second, 4, axis=1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None


def gru(second, biases, states, given):
    """Take one step in time."""
    (h,) = states
    (z, r, g), own = jnp.split(given, 3, axis=1), jnp.split(h @ second, 3, axis=1)
    update, reset = jax.nn.sigmoid(z + own[0]), jax.nn.sigmoid(r + own[1])
    candidate = jnp.tanh(g + reset * (own[2] + biases[1]))
    return (candidate + update * (h - candidate),), None


def objective(task: Task, parameters, x, y):
    """Compute the loss of a batch; the input's products of all steps are one."""
    first, second, *biases, last, offset = parameters
    given = jnp.swapaxes(x, 0, 1) @ first + biases[0]
    zeros = jnp.zeros((len(x), task.units), x.dtype)
    step, states = (lstm, (zeros, zeros)) if task.kind == "LSTM" else (gru, (zeros,))
    (h, *_), _ = lax.scan(partial(step, second, biases), states, given)
    return jnp.mean(jnp.square(h @ last + offset - y))


class Series:
    """A list of arrays, and one compiled program for a pass."""

    def __init__(self, task: Task, dataset: Dataset, parameters: Parameters):
        shape = (task.batches, task.batch_size)
        self.batches = tuple(
            jnp.asarray(each).reshape(*shape, *each.shape[1:]) for each in (dataset.x, dataset.y)
        )
        self.state = [jnp.array(array) for array in parameters]

        def step(state, batch):
            loss, gradients = jax.value_and_grad(partial(objective, task))(state, *batch)
            moved = jax.tree.map(lambda p, g: p - task.learning_rate * g, state, gradients)
            return moved, loss

        self.run = jax.jit(partial(lax.scan, step), donate_argnums=0)

    def train(self, epochs: int) -> None:
        """Make the calls, and wait for the last."""
        for _ in range(epochs):
            self.state, self.history = self.run(self.state, self.batches)
        jax.block_until_ready(self.state)

    def parameters(self) -> Parameters:
        """Return the weights as NumPy arrays."""
        return [np.asarray(array) for array in self.state]


def network(task: Task, dataset: Dataset, parameters: Parameters, contestant: str) -> Series:
    """Build the network."""
    return Series(task, dataset, parameters)
