"""A Boltzmann machine of 784-128 units on MNIST: one epoch by persistent chains, in batches of 64.

Every contestant makes the same step: probabilities of the hidden units given the data; visible
units sampled given the chains, hidden ones given these; and the difference of the two correlations.
scikit-learn is the only other library that has such a model; the others are written by hand. The
check is the pseudo-likelihood of some rows at the end.
"""

# pyright: basic, reportMissingImports=false
# (optional rivals: absent where the checks run)

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.workload import EVALUATED_ROWS, FloatArray, Parameters
from benchmarks.workloads import w4_mnist

__all__ = ["BENCHMARKS", "BUILDERS", "pseudo_likelihood"]

VISIBLE, HIDDEN, BATCH, RATE = 784, 128, 64, 0.05

Train = Callable[[], Parameters]
"""Trains one epoch anew and returns weight (visible, hidden), visible and hidden bias."""


def initial_parameters() -> Parameters:
    """Draw small weights; biases are zero."""
    weight = np.random.default_rng(3).normal(0, 0.01, (VISIBLE, HIDDEN))
    return [weight.astype(np.float32), np.zeros(VISIBLE, np.float32), np.zeros(HIDDEN, np.float32)]


def with_numpy(x: FloatArray) -> Train:
    """Write the step in NumPy, in single precision throughout."""
    generator = np.random.default_rng(0)

    def sigmoid(z: FloatArray) -> FloatArray:
        return 1 / (1 + np.exp(-z))

    def draw(p: FloatArray) -> FloatArray:
        return (generator.random(p.shape, np.float32) < p).astype(np.float32)

    def train() -> Parameters:
        weight, visible_bias, hidden_bias = initial_parameters()
        chains = np.zeros((BATCH, HIDDEN), np.float32)
        for start in range(0, len(x), BATCH):
            data = x[start : start + BATCH]
            on = sigmoid(data @ weight + hidden_bias) / len(data)
            dreamed = draw(sigmoid(chains @ weight.T + visible_bias))
            off = sigmoid(dreamed @ weight + hidden_bias)
            chains = draw(off)
            off /= BATCH
            weight += RATE * (data.T @ on - dreamed.T @ off)
            visible_bias += RATE * (data.mean(axis=0) - dreamed.mean(axis=0))
            hidden_bias += RATE * (on.sum(axis=0) - off.sum(axis=0))
        return [weight, visible_bias, hidden_bias]

    return train


def with_torch(x: FloatArray) -> Train:
    """Write the step in PyTorch; without autograd."""
    import torch

    rows = torch.from_numpy(x).split(BATCH)

    @torch.inference_mode()
    def train() -> Parameters:
        torch.manual_seed(0)
        weight, visible_bias, hidden_bias = map(torch.from_numpy, initial_parameters())
        chains = torch.zeros(BATCH, HIDDEN)
        for data in rows:
            on = torch.sigmoid(torch.addmm(hidden_bias, data, weight)) / len(data)
            dreamed = torch.bernoulli(torch.sigmoid(torch.addmm(visible_bias, chains, weight.T)))
            off = torch.sigmoid(torch.addmm(hidden_bias, dreamed, weight))
            chains = torch.bernoulli(off)
            off = off / BATCH
            weight.addmm_(data.T, on, alpha=RATE).addmm_(dreamed.T, off, alpha=-RATE)
            visible_bias += RATE * (data.mean(0) - dreamed.mean(0))
            hidden_bias += RATE * (on.sum(0) - off.sum(0))
        return [each.numpy() for each in (weight, visible_bias, hidden_bias)]

    return train


def with_jax(x: FloatArray) -> Train:
    """Write the step in JAX, the full batches of an epoch in one ``scan``."""
    import jax
    from jax import numpy as jnp

    full = len(x) // BATCH * BATCH
    rows = jnp.asarray(x[:full].reshape(-1, BATCH, VISIBLE))

    def step(state, data):
        weight, visible_bias, hidden_bias, chains, key = state
        key, first, second = jax.random.split(key, 3)
        on = jax.nn.sigmoid(data @ weight + hidden_bias) / BATCH
        likely = jax.nn.sigmoid(chains @ weight.T + visible_bias)
        dreamed = jax.random.bernoulli(first, likely).astype(jnp.float32)
        off = jax.nn.sigmoid(dreamed @ weight + hidden_bias)
        chains = jax.random.bernoulli(second, off).astype(jnp.float32)
        off = off / BATCH
        weight = weight + RATE * (data.T @ on - dreamed.T @ off)
        visible_bias = visible_bias + RATE * (data.mean(0) - dreamed.mean(0))
        hidden_bias = hidden_bias + RATE * (on.sum(0) - off.sum(0))
        return (weight, visible_bias, hidden_bias, chains, key), None

    @jax.jit
    def epoch(state):
        return jax.lax.scan(step, state, rows)[0]

    def train() -> Parameters:
        first = (*map(jnp.asarray, initial_parameters()), jnp.zeros((BATCH, HIDDEN)))
        last = epoch((*first, jax.random.PRNGKey(0)))
        return [np.asarray(each) for each in last[:3]]

    return train


def with_sklearn(x: FloatArray) -> Train:
    """Fit its machine, which visits the rows in order and draws its own weights."""
    from sklearn.neural_network import BernoulliRBM

    def train() -> Parameters:
        machine = BernoulliRBM(
            HIDDEN, learning_rate=RATE, batch_size=BATCH, n_iter=1, random_state=0
        ).fit(x)
        return [machine.components_.T, machine.intercept_visible_, machine.intercept_hidden_]

    return train


def with_chainrule(x: FloatArray) -> Train:
    """Fit ours, from the same weights; it reports the pseudo-likelihood besides."""
    import chainrule as cr

    machine = cr.RBM(HIDDEN, learning_rate=RATE, persistent=True, batch_size=BATCH)
    machine.transform(x[:1])
    names = ("weight", "visible_bias", "hidden_bias")

    def train() -> Parameters:
        machine.params.update(dict(zip(names, initial_parameters(), strict=True)))
        machine.params["chains"][:] = 0
        machine.fit(x, epochs=1, shuffle=False, verbose=0)
        return [machine.params[name] for name in names]

    return train


BUILDERS: dict[str, Callable[[FloatArray], Train]] = {
    "numpy": with_numpy,
    "torch": with_torch,
    "jax": with_jax,
    "sklearn": with_sklearn,
    "chainrule": with_chainrule,
}


def pseudo_likelihood(parameters: Parameters, x: FloatArray) -> float:
    """Estimate it in float64 by flipping one unit of each row, the same for every contestant."""
    weight, visible_bias, hidden_bias = (np.asarray(each, np.float64) for each in parameters)
    flipped = x.astype(np.float64)
    units = np.random.default_rng(0).integers(VISIBLE, size=len(x))
    flipped[np.arange(len(x)), units] = 1 - flipped[np.arange(len(x)), units]

    def energy(v: FloatArray) -> FloatArray:
        return -v @ visible_bias - np.logaddexp(0, v @ weight + hidden_bias).sum(axis=1)

    return float(-VISIBLE * np.logaddexp(0, energy(x) - energy(flipped)).mean())


def start(contestant: str, _scratch: Path) -> Session:
    """Build the contestant and train once, so that compilation is not timed."""
    dataset = w4_mnist.load()
    train = BUILDERS[contestant](dataset.x)
    train()
    return Session(partial(repetition, train, dataset.x), dataset.name)


def repetition(train: Train, x: FloatArray) -> Figure:
    """Time one epoch."""
    begin = time.perf_counter()
    parameters = train()
    seconds = time.perf_counter() - begin
    return Figure(seconds / -(-len(x) // BATCH), pseudo_likelihood(parameters, x[:EVALUATED_ROWS]))


BENCHMARKS = (
    Benchmark(
        name="rbm",
        title="Boltzmann machine 784-128, persistent chains, batch 64",
        quantity=Quantity("µs a step", 1e6),
        contestants=tuple(BUILDERS),
        start=start,
        flops=5 * 2.0 * BATCH * VISIBLE * HIDDEN,
        tolerance=0.15,
    ),
)
