"""Training an embedding of a large vocabulary: 16 words of 32 numbers, then a dense layer.

Each contestant in the form that its documentation offers for tables: PyTorch's sparse gradients,
in JAX the gradient of the rows, added at their indices; ours as anybody writes it.
"""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
# (optional rivals: absent where the checks run)

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session

__all__ = ["BENCHMARKS", "BUILDERS", "Task"]

UNITS, WORDS, BATCH, CLASSES, STEPS, RATE = 32, 16, 64, 10, 200, 0.1


@dataclass(frozen=True)
class Task:
    """Classify rows of words.

    Parameters
    ----------
    words : int
        Of the vocabulary.
    """

    words: int

    def data(self) -> tuple[Any, Any]:
        """Draw the words of each row, and its class."""
        generator = np.random.default_rng(0)
        x = generator.integers(0, self.words, (BATCH * STEPS, WORDS))
        return x, generator.integers(0, CLASSES, len(x))

    def initial_parameters(self) -> tuple[Any, ...]:
        """Draw table, weight and bias."""
        draw = np.random.default_rng(1).standard_normal
        table = draw((self.words, UNITS), np.float32)
        weight = draw((WORDS * UNITS, CLASSES), np.float32) / np.float32(np.sqrt(WORDS * UNITS))
        return table, weight, np.zeros(CLASSES, np.float32)

    def loss(self, parameters: Any) -> float:
        """Compute the mean loss of the first rows."""
        (x, y), (table, weight, bias) = self.data(), map(np.asarray, parameters)
        x, y = x[:1000], y[:1000]
        scores = table[x].reshape(len(x), -1) @ weight + bias
        scores = scores - scores.max(axis=1, keepdims=True)
        picked = scores[np.arange(len(y)), y]
        return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - picked))


Epoch = Callable[[], Any]
"""Train for one pass over the rows; return table, weight and bias."""


def with_chainrule(task: Task) -> Epoch:
    """Build a network of three layers."""
    import chainrule as cr
    from chainrule import nn

    layers = [nn.Embedding(task.words, UNITS), nn.Flatten(), nn.Dense(CLASSES)]
    net = cr.Network(layers, seed=0, dtype="float32")
    x, y = task.data()
    net.predict(x[:1])
    net.compile(loss="cross_entropy", optimizer="sgd", learning_rate=RATE)
    for name, value in zip(net.params, task.initial_parameters(), strict=True):
        net.params[name][...] = value

    def epoch() -> Any:
        net.fit(x, y, batch_size=BATCH, epochs=1, shuffle=False, verbose=0)
        return list(net.params.values())

    return epoch


def with_torch(task: Task) -> Epoch:
    """Build modules with sparse gradients of the table."""
    import torch
    from torch import nn

    table = nn.Embedding(task.words, UNITS, sparse=True)
    last = nn.Linear(WORDS * UNITS, CLASSES)
    model = nn.Sequential(table, nn.Flatten(), last)
    with torch.no_grad():
        values = [torch.from_numpy(each) for each in task.initial_parameters()]
        for tensor, value in zip((table.weight, last.weight.T, last.bias), values, strict=True):
            tensor.copy_(value)
    x, y = map(torch.from_numpy, task.data())
    optimizer, criterion = torch.optim.SGD(model.parameters(), lr=RATE), nn.CrossEntropyLoss()

    def epoch() -> Any:
        for rows, labels in zip(x.split(BATCH), y.split(BATCH), strict=True):
            optimizer.zero_grad()
            criterion(model(rows), labels).backward()
            optimizer.step()
        return [each.detach().numpy() for each in (table.weight, last.weight.T, last.bias)]

    return epoch


def with_jax(task: Task) -> Epoch:
    """Compile a scan of steps that add the gradient of the rows at their indices."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax
    import jax.numpy as jnp

    def loss(rows: Any, weight: Any, bias: Any, y: Any) -> Any:
        logs = jax.nn.log_softmax(rows.reshape(len(rows), -1) @ weight + bias)
        return -jnp.mean(jnp.take_along_axis(logs, y[:, None], axis=1))

    def step(state: Any, batch: Any) -> Any:
        (table, weight, bias), (x, y) = state, batch
        found = jax.grad(loss, (0, 1, 2))(table[x], weight, bias, y)
        table = table.at[x].add(-RATE * found[0])
        return (table, weight - RATE * found[1], bias - RATE * found[2]), None

    x, y = task.data()
    batched = jnp.asarray(x.reshape(-1, BATCH, WORDS)), jnp.asarray(y.reshape(-1, BATCH))
    state = [tuple(map(jnp.array, task.initial_parameters()))]
    run = jax.jit(lambda state, x, y: jax.lax.scan(step, state, (x, y))[0], donate_argnums=0)

    def epoch() -> Any:
        state[0] = jax.block_until_ready(run(state[0], *batched))
        return state[0]

    return epoch


BUILDERS = {"torch": with_torch, "jax": with_jax, "chainrule": with_chainrule}


def start(task: Task, contestant: str, _scratch: Path) -> Session:
    """Train once, so that compilation is not timed; the check is the loss after that."""
    epoch = BUILDERS[contestant](task)
    check = task.loss(epoch())
    return Session(partial(repetition, epoch, check), "random words")


def repetition(epoch: Epoch, check: float) -> Figure:
    """Time one more pass."""
    begin = time.perf_counter()
    epoch()
    return Figure((time.perf_counter() - begin) / STEPS, check)


BENCHMARKS = tuple(
    Benchmark(
        name=f"vocabulary-{words}",
        title=f"embedding of {words} words × {UNITS}, {WORDS} looked up, batch {BATCH}, SGD",
        quantity=Quantity("µs a step", 1e6),
        contestants=("torch", "jax", "chainrule"),
        start=partial(start, Task(words)),
        tolerance=0.001,
        on_request=True,
    )
    for words in (1000, 10_000, 100_000, 1_000_000)
)
