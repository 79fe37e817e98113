"""A small causal transformer on characters: two blocks of 4 heads, 64 wide.

Embedding of characters and positions, two blocks of [layer norm, attention, residual; layer norm,
256 hidden units with GELU, residual], a final layer norm, the next character by cross-entropy;
Adam. A step takes 64 rows of 64 characters. The check is the mean loss of all steps; our optimiser
retains its state from pass to pass.
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

__all__ = ["BENCHMARKS", "BUILDERS", "lines"]

CHARACTERS, WIDTH, HEADS, HIDDEN, STEPS, BATCH, BATCHES = 65, 64, 4, 256, 64, 64, 24
BLOCKS, RATE = 2, 0.003
SIZE = WIDTH // HEADS

Train = Callable[[], float]
"""Trains on all batches from the same start; returns the mean loss of the steps."""


def lines(batches: int = BATCHES) -> tuple[np.ndarray, np.ndarray]:
    """Draw text from a Markov chain, and the same text shifted by one."""
    generator = np.random.default_rng(0)
    rows = np.empty((batches * BATCH, STEPS + 1), np.int64)
    rows[:, 0] = generator.integers(0, CHARACTERS, len(rows))
    for step in range(STEPS):
        rows[:, step + 1] = (3 * rows[:, step] + generator.integers(0, 3, len(rows))) % CHARACTERS
    return rows[:, :-1], rows[:, 1:]


def with_torch(x: np.ndarray, y: np.ndarray, compiled: bool = False) -> Train:
    """Use its own layers and ``scaled_dot_product_attention``, causal by itself."""
    import torch
    from torch import nn
    from torch.nn import functional

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.asked, self.joined = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.inner, self.outer = nn.Linear(WIDTH, HIDDEN), nn.Linear(HIDDEN, WIDTH)

        def forward(self, x):
            asked = self.asked(self.first(x)).view(BATCH, STEPS, 3, HEADS, SIZE)
            parts = asked.permute(2, 0, 3, 1, 4).unbind()
            taken = functional.scaled_dot_product_attention(*parts, is_causal=True)
            x = x + self.joined(taken.transpose(1, 2).reshape(BATCH, STEPS, WIDTH))
            return x + self.outer(functional.gelu(self.inner(self.second(x))))

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.characters = nn.Embedding(CHARACTERS, WIDTH)
            self.places = nn.Parameter(torch.randn(STEPS, WIDTH) * 0.05)
            self.blocks = nn.Sequential(*(Block() for _ in range(BLOCKS)))
            self.last, self.scores = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, CHARACTERS)

        def forward(self, x, y):
            x = self.blocks(self.characters(x) + self.places)
            scores = self.scores(self.last(x))
            return functional.cross_entropy(scores.view(-1, CHARACTERS), y.reshape(-1))

    batches = list(zip(*(torch.from_numpy(each).split(BATCH) for each in (x, y)), strict=True))
    torch.manual_seed(0)
    network = Network()
    begin = {name: each.clone() for name, each in network.state_dict().items()}
    loss_of = torch.compile(network) if compiled else network

    def train() -> float:
        network.load_state_dict(begin)
        optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
        losses = []
        for data, target in batches:
            optimizer.zero_grad()
            loss = loss_of(data, target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return float(np.mean(losses))

    return train


def with_jax(x: np.ndarray, y: np.ndarray) -> Train:
    """Write it in JAX, all batches in one ``scan``."""
    import jax
    from jax import numpy as jnp

    rows = tuple(jnp.asarray(each.reshape(-1, BATCH, STEPS)) for each in (x, y))
    generator = np.random.default_rng(1)

    def linear(inputs, outputs):
        scale = 1 / math.sqrt(inputs)
        weight = generator.standard_normal((inputs, outputs)).astype("f") * np.float32(scale)
        return weight, np.zeros(outputs, "f")

    def norm():
        return np.ones(WIDTH, "f"), np.zeros(WIDTH, "f")

    shapes = ((WIDTH, 3 * WIDTH), (WIDTH, WIDTH), (WIDTH, HIDDEN), (HIDDEN, WIDTH))
    begin = {
        "characters": generator.standard_normal((CHARACTERS, WIDTH)).astype("f"),
        "places": 0.05 * generator.standard_normal((STEPS, WIDTH)).astype("f"),
        "blocks": [(norm(), norm(), *(linear(*each) for each in shapes)) for _ in range(BLOCKS)],
        "last": (norm(), linear(WIDTH, CHARACTERS)),
    }

    def normed(x, parameters):
        x = x - x.mean(-1, keepdims=True)
        x = x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-5)
        return x * parameters[0] + parameters[1]

    def affine(x, parameters):
        return x @ parameters[0] + parameters[1]

    def loss_of(parameters, data, target):
        x = parameters["characters"][data] + parameters["places"]
        for first, second, asked, joined, inner, outer in parameters["blocks"]:
            parts = jnp.split(affine(normed(x, first), asked), 3, axis=-1)
            parts = [each.reshape(BATCH, STEPS, HEADS, SIZE) for each in parts]
            taken = jax.nn.dot_product_attention(*parts, is_causal=True)
            x = x + affine(taken.reshape(BATCH, STEPS, WIDTH), joined)
            hidden = jax.nn.gelu(affine(normed(x, second), inner), approximate=False)
            x = x + affine(hidden, outer)
        last, scores = parameters["last"]
        logs = jax.nn.log_softmax(affine(normed(x, last), scores))
        return -jnp.take_along_axis(logs, target[..., None], -1).mean()

    def step(state, batch):
        parameters, mean, square, count = state
        loss, gradients = jax.value_and_grad(loss_of)(parameters, *batch)
        count = count + 1
        each = jax.tree.map
        mean = each(lambda m, g: 0.9 * m + 0.1 * g, mean, gradients)
        square = each(lambda v, g: 0.999 * v + 0.001 * g * g, square, gradients)
        one, two = 1 - 0.9**count, 1 - 0.999**count
        parameters = each(
            lambda p, m, v: p - RATE * (m / one) / (jnp.sqrt(v / two) + 1e-8),
            *(parameters, mean, square),
        )
        return (parameters, mean, square, count), loss

    @jax.jit
    def epoch(parameters):
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        return jax.lax.scan(step, (parameters, zeros, zeros, 0.0), rows)[1]

    return lambda: float(np.mean(epoch(begin)))


def with_chainrule(x: np.ndarray, y: np.ndarray) -> Train:
    """Fit a network of layers."""
    import chainrule as cr
    from chainrule import nn, optim

    def block():
        attention = nn.MultiHeadAttention(HEADS, SIZE, causal=True)
        hidden = [nn.Dense(HIDDEN, activation="gelu"), nn.Dense(WIDTH)]
        return nn.Residual([nn.LayerNorm(), attention]), nn.Residual([nn.LayerNorm(), *hidden])

    net = cr.Network(
        [
            *(nn.Embedding(CHARACTERS, WIDTH), nn.PositionEmbedding()),
            *(layer for _ in range(BLOCKS) for layer in block()),
            *(nn.LayerNorm(), nn.Dense(CHARACTERS)),
        ],
        seed=0,
    )
    net.compile(loss="cross_entropy", optimizer=optim.Adam(RATE))
    net(x[:1])
    begin = {name: np.array(each) for name, each in net.params.items()}

    def train() -> float:
        net.params.update(begin)
        history = net.fit(x, y, epochs=1, batch_size=BATCH, shuffle=False, verbose=0)
        return history["loss"][0]

    return train


BUILDERS: dict[str, Callable[[np.ndarray, np.ndarray], Train]] = {
    "torch": with_torch,
    "torch-compiled": partial(with_torch, compiled=True),
    "jax": with_jax,
    "chainrule": with_chainrule,
}


def start(contestant: str, _scratch: Path) -> Session:
    """Build the contestant and train once, so that compilation is not timed."""
    train = BUILDERS[contestant](*lines())
    train()
    return Session(partial(repetition, train), "drawn characters")


def repetition(train: Train) -> Figure:
    """Time one pass over all batches."""
    begin = time.perf_counter()
    loss = train()
    return Figure((time.perf_counter() - begin) / BATCHES, loss)


# Each product with both gradients; of attention without the masked half.
TOKENS = BATCH * STEPS
PRODUCTS = BLOCKS * (4 * WIDTH * WIDTH + 2 * WIDTH * HIDDEN) + WIDTH * CHARACTERS
ATTENTION = BLOCKS * 2 * STEPS * WIDTH / 2

BENCHMARKS = (
    Benchmark(
        name="transformer",
        title="causal transformer, 2 blocks of 4 heads, 64 wide, 64 characters, batch 64, Adam",
        quantity=Quantity("ms a step", 1e3),
        contestants=tuple(BUILDERS),
        start=start,
        flops=3 * 2.0 * TOKENS * (PRODUCTS + ATTENTION),
        tolerance=0.5,
    ),
)
