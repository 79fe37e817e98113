"""``chainrule bench``: how fast well-known networks train here, and how fast they could."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click
import numpy as np

from chainrule import nn
from chainrule.insight.program import program
from chainrule.insight.program_report import ProgramReport, format_count, format_time
from chainrule.nn.layer import Layer
from chainrule.train.network import Network

__all__ = ["WORKLOADS", "Workload", "bench"]

Array = Any


@dataclass(frozen=True)
class Workload:
    """A network, and data of the shapes it is known for.

    Parameters
    ----------
    title : str
        What people know it as.
    layers : callable
        Makes them.
    shape : tuple of int
        Of one sample.
    classes : int
        Classes to tell apart; 0 for a number to predict.
    batch, batches : int
        Samples a step, and steps an epoch.
    optimizer : str
        By name.
    """

    title: str
    layers: Callable[[], list[Layer]]
    shape: tuple[int, ...]
    classes: int
    batch: int
    batches: int = 20
    optimizer: str = "sgd"

    def trained(self) -> Network:
        """Return the network after an epoch on random samples."""
        draw, samples = np.random.default_rng(0), self.batch * self.batches
        X = draw.normal(size=(samples, *self.shape)).astype(np.float32)
        y = draw.integers(self.classes, size=samples) if self.classes else X.reshape(samples, -1)
        net = Network(self.layers(), seed=0)
        loss = "cross_entropy" if self.classes else "mse"
        net.compile(loss=loss, optimizer=self.optimizer, learning_rate=1e-3)
        net.fit(X, y if self.classes else y[:, :1], batch_size=self.batch, verbose=0)
        return net


def _tanh(hidden: int, last: int) -> list[Layer]:
    return [nn.Dense(hidden, activation="tanh"), nn.Dense(last)]


def _relu(*units: int) -> list[Layer]:
    *hidden, last = units
    return [*(nn.Dense(n, activation="relu") for n in hidden), nn.Dense(last)]


WORKLOADS = {
    "W1": Workload("XOR 2-3-1, a sample a step", lambda: _tanh(3, 1), (2,), 0, 1),
    "W2": Workload("moons 2-3-2, 200 at once", lambda: _tanh(3, 2), (2,), 2, 200, 1),
    "W3": Workload("table 20-64-3, 32 a step", lambda: _relu(64, 3), (20,), 3, 32),
    "W4": Workload("MNIST 784-100-10, 64 a step", lambda: _relu(100, 10), (784,), 10, 64),
    "W5": Workload(
        "784-1024-1024-10, 256 a step, Adam",
        lambda: _relu(1024, 1024, 10), (784,), 10, 256, 8, "adam",
    ),
    "W7": Workload(
        "LSTM 64, series of 30 × 5, 64 a step", lambda: [nn.LSTM(64), nn.Dense(1)], (30, 5), 0, 64
    ),
}  # fmt: skip
"""By the names they have in the sources' benchmarks."""

_HEADINGS = ("", "network", "compile", "a step", "samples/s", "FLOP/s", "of roofline")


@click.command()
@click.argument("workload", required=False, type=click.Choice([*WORKLOADS], case_sensitive=False))
def bench(workload: str | None) -> None:
    """Measure how fast well-known networks train here, on random samples, and how fast they could.

    The limit is what this machine needs for as many operations in a product of large matrices, or
    for moving as many bytes, whichever takes longer. With the name of a WORKLOAD every part of its
    step is shown. To compare with other libraries run `make bench` in the sources.
    """
    if workload is not None:
        click.echo(f"{workload}: {WORKLOADS[workload].title}\n")
        click.echo(program(WORKLOADS[workload].trained(), measure=True))
        return
    click.echo(_line(_HEADINGS))
    for name, each in WORKLOADS.items():
        click.echo(_line(_row(name, each)))


def _row(name: str, workload: Workload) -> tuple[str, ...]:
    report = program(workload.trained(), measure=True)
    seconds, limit = _seconds(report), sum(each.limit_seconds or 0.0 for each in report.nests)
    return (
        name,
        workload.title,
        format_time(report.compile_seconds),
        format_time(seconds),
        format_count(report.batch / seconds),
        format_count(report.flops / seconds),
        f"{limit / seconds:.0%}",
    )


def _seconds(report: ProgramReport) -> float:
    assert report.step_seconds is not None, "it was measured"
    return report.step_seconds


def _line(cells: Sequence[str]) -> str:
    name, title, *numbers = cells
    return f"{name:<4}{title:<38}" + "".join(f"{each:>11}" for each in numbers)
