"""Attention: 4 heads, 64 wide, series of 128 steps, causal, in batches of 32; one training step.

A single layer learns to give each step the mean of those before it, by stochastic gradient descent
on the mean squared error. Rivals use their fused attention where they have one, the fastest form
their documentation offers. The check is the loss on one batch at the end.
"""

# pyright: basic, reportMissingImports=false
# (optional rivals: absent where the checks run)

import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.workload import FloatArray, Parameters

__all__ = ["BENCHMARKS", "BUILDERS", "evaluate", "series"]

HEADS, WIDTH, STEPS, BATCH, BATCHES, RATE = 4, 64, 128, 32, 32, 0.1
SIZE = WIDTH // HEADS

Train = Callable[[], Parameters]
"""Trains from the initial weights; returns query, key, value, output weight (in, out), and bias."""


def series(batches: int = BATCHES) -> tuple[FloatArray, FloatArray]:
    """Draw Gaussian series and their running means."""
    x = np.random.default_rng(0).standard_normal((batches * BATCH, STEPS, WIDTH), np.float32)
    means = np.cumsum(x, axis=1) / np.arange(1, STEPS + 1, dtype=np.float32)[:, np.newaxis]
    return x, means.astype(np.float32)


def initial_parameters() -> Parameters:
    """Draw the four weights with variance 1/in; biases are zero."""
    draw = np.random.default_rng(3).standard_normal
    parameters: Parameters = []
    for _ in range(4):
        weight = draw((WIDTH, WIDTH), np.float32) / np.float32(math.sqrt(WIDTH))
        parameters += [weight, np.zeros(WIDTH, np.float32)]
    return parameters


def with_torch(x: FloatArray, y: FloatArray, compiled: bool = False) -> Train:
    """Use ``scaled_dot_product_attention`` with ``is_causal``."""
    import torch
    from torch.nn import functional

    batches = list(zip(*(torch.from_numpy(each).split(BATCH) for each in (x, y)), strict=True))
    parameters = [torch.from_numpy(each).requires_grad_() for each in initial_parameters()]
    optimizer = torch.optim.SGD(parameters, lr=RATE)

    def loss_of(data, target):
        asked = [
            torch.addmm(bias, data.reshape(-1, WIDTH), weight)
            .view(-1, STEPS, HEADS, SIZE)
            .transpose(1, 2)
            for weight, bias in zip(parameters[:6:2], parameters[1:6:2], strict=True)
        ]
        taken = functional.scaled_dot_product_attention(*asked, is_causal=True)
        joined = taken.transpose(1, 2).reshape(-1, STEPS, WIDTH)
        return functional.mse_loss(joined @ parameters[6] + parameters[7], target)

    loss_of = torch.compile(loss_of) if compiled else loss_of

    def train() -> Parameters:
        with torch.no_grad():
            for own, first in zip(parameters, initial_parameters(), strict=True):
                own.copy_(torch.from_numpy(first))
        for data, target in batches:
            optimizer.zero_grad()
            loss_of(data, target).backward()
            optimizer.step()
        return [each.detach().numpy() for each in parameters]

    return train


def with_jax(x: FloatArray, y: FloatArray) -> Train:
    """Write it in JAX, all batches in one ``scan``."""
    import jax
    from jax import numpy as jnp

    rows = tuple(jnp.asarray(each.reshape(-1, BATCH, STEPS, WIDTH)) for each in (x, y))

    def loss_of(parameters, data, target):
        asked = [
            (data @ weight + bias).reshape(BATCH, STEPS, HEADS, SIZE)
            for weight, bias in zip(parameters[:6:2], parameters[1:6:2], strict=True)
        ]
        taken = jax.nn.dot_product_attention(*asked, is_causal=True)
        joined = taken.reshape(BATCH, STEPS, WIDTH) @ parameters[6] + parameters[7]
        return jnp.mean((joined - target) ** 2)

    def step(parameters, batch):
        gradients = jax.grad(loss_of)(parameters, *batch)
        return [
            each - RATE * gradient for each, gradient in zip(parameters, gradients, strict=True)
        ], None

    @jax.jit
    def epoch(parameters):
        return jax.lax.scan(step, parameters, rows)[0]

    def train() -> Parameters:
        return [np.asarray(each) for each in epoch(list(map(jnp.asarray, initial_parameters())))]

    return train


def with_chainrule(x: FloatArray, y: FloatArray) -> Train:
    """Fit a network of one layer."""
    import chainrule as cr
    from chainrule import nn, optim

    net = cr.Network([nn.MultiHeadAttention(HEADS, causal=True, name="attention")])
    net.compile(loss="mse", optimizer=optim.SGD(RATE))
    net(x[:1])
    names = [
        f"attention.{part}_{kind}"
        for part in ("query", "key", "value", "output")
        for kind in ("weight", "bias")
    ]

    def train() -> Parameters:
        net.params.update(dict(zip(names, initial_parameters(), strict=True)))
        net.fit(x, y, epochs=1, batch_size=BATCH, shuffle=False, verbose=0)
        return [net.params[name] for name in names]

    return train


BUILDERS: dict[str, Callable[[FloatArray, FloatArray], Train]] = {
    "torch": with_torch,
    "torch-compiled": partial(with_torch, compiled=True),
    "jax": with_jax,
    "chainrule": with_chainrule,
}


def evaluate(parameters: Parameters, x: FloatArray, y: FloatArray) -> float:
    """Compute the loss in float64, head by head."""
    wide = [np.asarray(each, np.float64) for each in parameters]
    query, key, value = (x @ wide[i] + wide[i + 1] for i in (0, 2, 4))
    heads: list[FloatArray] = []
    for own in (slice(head * SIZE, (head + 1) * SIZE) for head in range(HEADS)):
        scores = query[..., own] @ key[..., own].swapaxes(1, 2) / math.sqrt(SIZE)
        scores = np.where(np.tri(STEPS, dtype=bool), scores, -np.inf)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        heads.append(weights / weights.sum(axis=-1, keepdims=True) @ value[..., own])
    output = np.concatenate(heads, axis=-1) @ wide[6] + wide[7]
    return float(np.mean((output - y) ** 2))


def start(contestant: str, _scratch: Path) -> Session:
    """Build the contestant and train once, so that compilation is not timed."""
    x, y = series()
    train = BUILDERS[contestant](x, y)
    train()
    return Session(partial(repetition, train, x[:BATCH], y[:BATCH]), "Gaussian series")


def repetition(train: Train, x: FloatArray, y: FloatArray) -> Figure:
    """Time one pass over all batches."""
    begin = time.perf_counter()
    parameters = train()
    return Figure((time.perf_counter() - begin) / BATCHES, evaluate(parameters, x, y))


# Four projections with both gradients (the first three need none in x), and two products of
# attention with both gradients, of which the masked half could be left out.
PROJECTIONS = 2.0 * BATCH * STEPS * WIDTH * WIDTH * (3 * 2 + 3)
ATTENTION = 2.0 * BATCH * STEPS * STEPS * WIDTH * 2 * 3 / 2

BENCHMARKS = (
    Benchmark(
        name="attention",
        title="causal attention, 4 heads, 64 wide, 128 steps, batch 32",
        quantity=Quantity("ms a step", 1e3),
        contestants=tuple(BUILDERS),
        start=start,
        flops=PROJECTIONS + ATTENTION,
        tolerance=0.02,
    ),
)
