"""JAX in its best form: all epochs of a run in one jitted, donated ``lax.scan``.

It returns the mean loss of every epoch, as any ``fit`` does. The orders of the rows are drawn by
NumPy, which is faster than JAX's own sort on a CPU, and the batches are gathered inside the loop,
which is faster than gathering the epoch before it.
"""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
# (an optional rival: absent where the checks run)

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.contestant import Contestant
from benchmarks.workload import ADAM, Dataset, FloatArray, Parameters, Workload

__all__ = ["JaxScan", "build", "prepare_call"]


def forward(workload: Workload, parameters, x):
    """Compute the output: activated for a squared error, logits for a cross-entropy."""
    weights, biases = parameters[::2], parameters[1::2]
    curve = jnp.tanh if workload.activation == "tanh" else jax.nn.relu
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = curve(x @ weight + bias)
    output = x @ weights[-1] + biases[-1]
    return curve(output) if workload.loss == "mse" else output


def objective(workload: Workload, parameters, x, y):
    """Compute the loss of one batch, with its penalty."""
    output, weights = forward(workload, parameters, x), parameters[::2]
    if workload.loss == "mse":
        loss = jnp.mean(jnp.square(output - y))
    else:
        logs = jax.nn.log_softmax(output)
        loss = -jnp.mean(jnp.take_along_axis(logs, y[:, None], axis=1))
    if workload.l2:
        loss += workload.l2 / 2 * sum(jnp.sum(jnp.square(weight)) for weight in weights)
    return loss


def step(workload: Workload, state, batch):
    """Take one step and return the loss before it."""
    loss, gradients = jax.value_and_grad(partial(objective, workload))(state[0], *batch)
    update = adam if workload.optimizer == "adam" else descend
    return update(workload.learning_rate, state, gradients), loss


def descend(rate, state, gradients):
    """Take a step of gradient descent; the state is the parameters alone."""
    (parameters,) = state
    return (jax.tree.map(lambda value, g: value - rate * g, parameters, gradients),)


def adam(rate, state, gradients):
    """Follow Algorithm 1 of Kingma & Ba (2015), its corrections taken out of the arrays."""
    parameters, means, squares, steps = state
    beta_1, beta_2, steps = ADAM["beta_1"], ADAM["beta_2"], steps + 1
    scale = jnp.sqrt(1 - beta_2**steps)
    rate, epsilon = rate * scale / (1 - beta_1**steps), ADAM["epsilon"] * scale
    means = jax.tree.map(lambda m, g: beta_1 * m + (1 - beta_1) * g, means, gradients)
    squares = jax.tree.map(lambda s, g: beta_2 * s + (1 - beta_2) * g * g, squares, gradients)
    parameters = jax.tree.map(
        lambda p, m, s: p - rate * m / (jnp.sqrt(s) + epsilon), parameters, means, squares
    )
    return parameters, means, squares, steps


def shuffled_epoch(workload: Workload, x, y, state, order):
    """Scan over the full batches of an order, then take the ragged last one."""
    size = workload.batch_size
    full = len(order) // size * size

    def gather(state, rows):
        return step(workload, state, (x[rows], y[rows]))

    state, losses = lax.scan(gather, state, order[:full].reshape(-1, size))
    if full < len(order):
        state, loss = gather(state, order[full:])
        losses = jnp.append(losses, loss)
    return state, jnp.mean(losses)


def ordered_epoch(workload: Workload, batched, rest, state, _):
    """Scan over contiguous batches, then take the ragged last one."""
    state, losses = lax.scan(partial(step, workload), state, batched)
    if len(rest[0]):
        state, loss = step(workload, state, rest)
        losses = jnp.append(losses, loss)
    return state, jnp.mean(losses)


class JaxScan:
    """A tree of arrays and one compiled program over all epochs."""

    def __init__(self, workload: Workload, dataset: Dataset) -> None:
        self.workload = workload
        labels = dataset.y if workload.loss == "mse" else dataset.y.astype(np.int32)
        self.x, self.y = jnp.asarray(dataset.x), jnp.asarray(labels)
        self.generator = np.random.default_rng(0)
        self.state, self.history = (), None
        self.forward = jax.jit(partial(forward, workload))
        self.run = jax.jit(self.whole_run, donate_argnums=0, static_argnums=4)

    def whole_run(self, state, x, y, orders, epochs):
        """Scan over the epochs; return the state and the loss of each epoch."""
        if self.workload.shuffle:
            body = partial(shuffled_epoch, self.workload, x, y)
        else:
            size = self.workload.batch_size
            full = len(x) // size * size
            batched = [each[:full].reshape(-1, size, *each.shape[1:]) for each in (x, y)]
            body = partial(ordered_epoch, self.workload, batched, (x[full:], y[full:]))
        return lax.scan(body, state, orders, length=epochs)

    def restart(self, parameters: Parameters) -> None:
        """Copy the weights in; Adam's moments are zero at first."""
        weights = [jnp.array(array) for array in parameters]
        slots = [[jnp.zeros_like(array) for array in weights] for _ in range(2)]
        self.state = (weights, *slots, 0) if self.workload.optimizer == "adam" else (weights,)

    def train(self, epochs: int) -> None:
        """Make the one call, and wait for it."""
        orders = None
        if self.workload.shuffle:
            permutation = self.generator.permutation
            rows = [permutation(len(self.x)) for _ in range(epochs)]
            orders = np.stack(rows).astype(np.int32)
        result = self.run(self.state, self.x, self.y, orders, epochs)
        self.state, self.history = jax.block_until_ready(result)

    def parameters(self) -> Parameters:
        """Return the weights as NumPy arrays."""
        return [np.asarray(array) for array in self.state[0]]

    def predict(self, x: FloatArray) -> FloatArray:
        """Call the compiled forward pass and wait for it."""
        return np.asarray(self.forward(self.state[0], x))


def build(workload: Workload, dataset: Dataset) -> Contestant:
    """Build the contestant."""
    return JaxScan(workload, dataset)


def prepare_call(function: Callable[..., Any], arrays: Sequence[FloatArray]) -> Callable[[], Any]:
    """Compile it for arrays of JAX."""
    compiled, placed = jax.jit(function), [jnp.asarray(array) for array in arrays]
    return lambda: compiled(*placed).block_until_ready()
