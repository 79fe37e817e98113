"""``chainrule bench``: training speed of common networks, against the roofline of this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click
import numpy as np

from chainrule import nn
from chainrule.cli.json_output import json_option, print_json
from chainrule.insight.program import program
from chainrule.insight.program_report import ProgramReport, format_count, format_time
from chainrule.nn.layer import Layer
from chainrule.train.network import Network

__all__ = ["WORKLOADS", "Workload", "bench"]

Array = Any


@dataclass(frozen=True)
class Workload:
    """A network with the shapes of its samples and its training settings."""

    title: str
    layers: Callable[[], list[Layer]]
    shape: tuple[int, ...]  # of one sample
    classes: int  # 0 for regression
    batch: int
    batches: int = 20  # steps per epoch
    optimizer: str = "sgd"

    def trained(self) -> Network:
        """Return the network after an epoch on random samples."""
        generator, samples = np.random.default_rng(0), self.batch * self.batches
        X = generator.normal(size=(samples, *self.shape)).astype(np.float32)
        y = (
            generator.integers(self.classes, size=samples)
            if self.classes
            else X.reshape(samples, -1)
        )
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
    "W1": Workload("XOR 2-3-1, batch 1", lambda: _tanh(3, 1), (2,), 0, 1),
    "W2": Workload("moons 2-3-2, batch 200", lambda: _tanh(3, 2), (2,), 2, 200, 1),
    "W3": Workload("table 20-64-3, batch 32", lambda: _relu(64, 3), (20,), 3, 32),
    "W4": Workload("MNIST 784-100-10, batch 64", lambda: _relu(100, 10), (784,), 10, 64),
    "W5": Workload(
        "784-1024-1024-10, batch 256, Adam",
        lambda: _relu(1024, 1024, 10), (784,), 10, 256, 8, "adam",
    ),
    "W7": Workload(
        "LSTM 64, series of 30 × 5, batch 64", lambda: [nn.LSTM(64), nn.Dense(1)], (30, 5), 0, 64
    ),
}  # fmt: skip
"""By their names in ``benchmarks/``."""

_HEADINGS = ("", "network", "compile", "per step", "samples/s", "FLOP/s", "of roofline")


_WORKLOAD = click.Choice([*WORKLOADS], case_sensitive=False)


@click.command()
@click.argument("workload", required=False, type=_WORKLOAD, metavar="[WORKLOAD]")
@json_option
def bench(workload: str | None, is_json: bool) -> None:
    """Measure the training speed of common networks on random samples, against the roofline.

    The roofline is the time for as many operations at the speed of a large matrix product, or for
    moving as many bytes at memory bandwidth, whichever is longer. With a WORKLOAD, W1 to W5 or W7,
    the loop nests of its step are listed. To compare with other libraries run `make bench` in the
    sources.

    \b
      chainrule bench
      chainrule bench W4
    """  # noqa: D301 (\b keeps click from rewrapping the lines)
    if is_json:
        chosen = WORKLOADS if workload is None else {workload: WORKLOADS[workload]}
        print_json({name: _numbers(each) for name, each in chosen.items()})
        return
    if workload is not None:
        click.echo(f"{workload}: {WORKLOADS[workload].title}\n")
        click.echo(program(WORKLOADS[workload].trained(), measure=True))
        return
    click.echo(_line(_HEADINGS))
    for name, each in WORKLOADS.items():
        click.echo(_line(_row(name, each)))


def _row(name: str, workload: Workload) -> tuple[str, ...]:
    report = program(workload.trained(), measure=True)
    seconds, bound = _seconds(report), sum(each.limit_seconds or 0.0 for each in report.nests)
    return (
        name,
        workload.title,
        format_time(report.compile_seconds),
        format_time(seconds),
        format_count(report.batch / seconds),
        format_count(report.flops / seconds),
        f"{bound / seconds:.0%}",
    )


def _numbers(workload: Workload) -> dict[str, Any]:
    report = program(workload.trained(), measure=True)
    seconds = _seconds(report)
    return {
        "network": workload.title,
        "compile_seconds": report.compile_seconds,
        "step_seconds": seconds,
        "samples_per_second": report.batch / seconds,
        "flops_per_second": report.flops / seconds,
        "share_of_roofline": sum(each.limit_seconds or 0.0 for each in report.nests) / seconds,
    }


def _seconds(report: ProgramReport) -> float:
    assert report.step_seconds is not None, "it was measured"
    return report.step_seconds


def _line(cells: Sequence[str]) -> str:
    name, title, *numbers = cells
    return f"{name:<4}{title:<38}" + "".join(f"{each:>11}" for each in numbers)
