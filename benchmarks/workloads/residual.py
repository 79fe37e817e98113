"""Residual networks of 4, 8 and 16 convolutions with batch normalisation: 32×32×3, batch 16."""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
# (an optional rival: absent where the checks run)

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.workload import FloatArray, IntArray

__all__ = ["BENCHMARKS", "BUILDERS", "DEPTHS"]

DEPTHS = (4, 8, 16)
SIDE, CHANNELS, FILTERS, CLASSES = 32, 3, 32, 10
BATCH, STEPS = 16, 4
RATE = 0.01

Train = Callable[[], None]


def images() -> tuple[FloatArray, IntArray]:
    """Draw images and labels."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((BATCH * STEPS, SIDE, SIDE, CHANNELS)).astype(np.float32)
    return x, np.arange(len(x)) % CLASSES


def with_chainrule(depth: int, x: FloatArray, y: IntArray) -> Train:
    """Stack layers; a block has two convolutions, the first of all none."""
    import chainrule as cr
    from chainrule import nn

    def convolution() -> list[Any]:
        return [nn.Conv2D(FILTERS, 3, padding="same", use_bias=False), nn.BatchNorm()]

    layers: list[Any] = [*convolution(), nn.Activation("relu")]
    for _ in range((depth - 2) // 2):
        body = [*convolution(), nn.Activation("relu"), *convolution()]
        layers += [nn.Residual(body), nn.Activation("relu")]
    layers += [*convolution(), nn.Activation("relu"), nn.GlobalAvgPool2D(), nn.Dense(CLASSES)]
    network = cr.Network(layers, seed=0, dtype="float32")
    network.compile(loss="cross_entropy", optimizer="sgd", learning_rate=RATE)
    return partial(network.fit, x, y, epochs=1, batch_size=BATCH, verbose=0)


def with_torch(depth: int, x: FloatArray, y: IntArray) -> Train:
    """Train modules, with the channels last in memory."""
    import torch
    from torch import nn
    from torch.nn import functional

    last = torch.channels_last

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(*convolution(FILTERS), nn.ReLU(), *convolution(FILTERS))

        def forward(self, value):
            return functional.relu(value + self.body(value))

    def convolution(channels: int) -> list[Any]:
        return [nn.Conv2d(channels, FILTERS, 3, padding=1, bias=False), nn.BatchNorm2d(FILTERS)]

    layers: list[Any] = [*convolution(CHANNELS), nn.ReLU()]
    layers += [Residual() for _ in range((depth - 2) // 2)]
    layers += [*convolution(FILTERS), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    model = nn.Sequential(*layers, nn.Linear(FILTERS, CLASSES)).to(memory_format=last)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    inputs = torch.from_numpy(np.moveaxis(x, -1, 1)).contiguous(memory_format=last)
    labels = torch.from_numpy(y)

    def train() -> None:
        for rows in torch.randperm(len(inputs)).split(BATCH):
            optimizer.zero_grad()
            functional.cross_entropy(model(inputs[rows]), labels[rows]).backward()
            optimizer.step()

    return train


BUILDERS = {"torch": with_torch, "chainrule": with_chainrule}


def start(depth: int, contestant: str, _scratch: Path) -> Session:
    """Build the network and train once, so that compilation is not timed."""
    train = BUILDERS[contestant](depth, *images())
    train()
    return Session(partial(repetition, train), "random images")


def repetition(train: Train) -> Figure:
    """Time a pass over the images."""
    begin = time.perf_counter()
    train()
    return Figure((time.perf_counter() - begin) / STEPS)


def flops(depth: int) -> float:
    """Count a step: value and both gradients, but for that of the images."""
    first, other = 9 * CHANNELS * FILTERS, 9 * FILTERS * FILTERS
    return 2.0 * BATCH * SIDE**2 * (2 * first + 3 * (depth - 1) * other)


BENCHMARKS = tuple(
    Benchmark(
        name=f"residual-{depth}",
        title=f"residual network, {depth} convolutions of {FILTERS} with batch normalisation",
        quantity=Quantity("ms a step", 1e3),
        contestants=("torch", "chainrule"),
        start=partial(start, depth),
        flops=flops(depth),
        on_request=True,
    )
    for depth in DEPTHS
)
