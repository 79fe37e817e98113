"""JAX in its best form: all epochs of a run in one jitted, donated ``lax.scan``.

It keeps the mean loss of every epoch, as any ``fit`` does. The orders of the rows are drawn by
NumPy, which is faster than JAX's own sort on a CPU, and the batches are gathered inside the loop,
which is faster than gathering the epoch before it.
"""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
# (an optional rival: absent where the checks run)

import os
from functools import partial

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.contestant import Contestant
from benchmarks.workload import Dataset, Parameters, Workload

__all__ = ["JaxScan", "build"]


def objective(workload: Workload, parameters, x, y):
    """Compute the loss of one batch, with its penalty."""
    weights, biases = parameters[::2], parameters[1::2]
    curve = jnp.tanh if workload.activation == "tanh" else jax.nn.relu
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = curve(x @ weight + bias)
    output = x @ weights[-1] + biases[-1]
    if workload.loss == "mse":
        loss = jnp.mean(jnp.square(curve(output) - y))
    else:
        logs = jax.nn.log_softmax(output)
        loss = -jnp.mean(jnp.take_along_axis(logs, y[:, None], axis=1))
    if workload.l2:
        loss += workload.l2 / 2 * sum(jnp.sum(jnp.square(weight)) for weight in weights)
    return loss


def step(workload: Workload, parameters, batch):
    """Take one step of gradient descent and return the loss before it."""
    loss, slopes = jax.value_and_grad(partial(objective, workload))(parameters, *batch)
    rate = workload.learning_rate
    return jax.tree.map(lambda value, slope: value - rate * slope, parameters, slopes), loss


def shuffled_epoch(workload: Workload, x, y, parameters, order):
    """Scan over the full batches of an order, then take the ragged last one."""
    size = workload.batch_size
    full = len(order) // size * size

    def gather(parameters, rows):
        return step(workload, parameters, (x[rows], y[rows]))

    parameters, losses = lax.scan(gather, parameters, order[:full].reshape(-1, size))
    if full < len(order):
        parameters, loss = gather(parameters, order[full:])
        losses = jnp.append(losses, loss)
    return parameters, jnp.mean(losses)


def ordered_epoch(workload: Workload, batched, parameters, _):
    """Scan over batches that lie one after the other."""
    parameters, losses = lax.scan(partial(step, workload), parameters, batched)
    return parameters, jnp.mean(losses)


class JaxScan:
    """A list of arrays and one compiled program over all epochs."""

    def __init__(self, workload: Workload, dataset: Dataset) -> None:
        self.workload = workload
        labels = dataset.y if workload.loss == "mse" else dataset.y.astype(np.int32)
        self.x, self.y = jnp.asarray(dataset.x), jnp.asarray(labels)
        self.generator = np.random.default_rng(0)
        self.weights, self.history = [], None
        self.run = jax.jit(self.whole_run, donate_argnums=0, static_argnums=4)

    def whole_run(self, parameters, x, y, orders, epochs):
        """Scan over the epochs; return the weights and the loss of each epoch."""
        if self.workload.shuffle:
            body = partial(shuffled_epoch, self.workload, x, y)
        else:
            shape = (-1, self.workload.batch_size)
            batched = x.reshape(*shape, *x.shape[1:]), y.reshape(*shape, *y.shape[1:])
            body = partial(ordered_epoch, self.workload, batched)
        return lax.scan(body, parameters, orders, length=epochs)

    def restart(self, parameters: Parameters) -> None:
        """Copy the weights in."""
        self.weights = [jnp.array(array) for array in parameters]

    def train(self, epochs: int) -> None:
        """Make the one call, and wait for it."""
        orders = None
        if self.workload.shuffle:
            permutation = self.generator.permutation
            rows = [permutation(len(self.x)) for _ in range(epochs)]
            orders = np.stack(rows).astype(np.int32)
        result = self.run(self.weights, self.x, self.y, orders, epochs)
        self.weights, self.history = jax.block_until_ready(result)

    def parameters(self) -> Parameters:
        """Return the weights as NumPy arrays."""
        return [np.asarray(array) for array in self.weights]


def build(workload: Workload, dataset: Dataset) -> Contestant:
    """Make the contestant."""
    return JaxScan(workload, dataset)
