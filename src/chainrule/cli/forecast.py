"""Evaluation of forecasts against naive baselines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from chainrule.cli.recipe import Parts, Run
from chainrule.cli.report import print_derivation, print_rows
from chainrule.insight import plot
from chainrule.insight.figure import drawing

__all__ = ["Forecast", "draw_forecast", "report_forecast"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Forecast:
    """A series as windows, split in time, with truth and baselines of its test part."""

    parts: Parts  # scaled windows and targets; the test part is the later one
    restore: Callable[[Array], Array]  # outputs for the test part -> quantities, (n, horizon)
    truth: Array  # (n, horizon)
    baselines: tuple[tuple[str, Array], ...]  # (n, horizon) each; the first is drawn too
    quantity: str
    dates: NDArray[np.datetime64]  # (n,), of the last value of each forecast


def report_forecast(forecast: Callable[[], Forecast], run: Run) -> None:
    """Print the errors of a forecast, and their ratio to those of the baselines."""
    problem = forecast()
    predicted = problem.restore(run.net.predict(problem.parts[1][0]))
    steps = problem.truth.shape[1]
    click.echo(
        f"\nerrors of {problem.quantity}, {steps} step{'s' * (steps > 1)} ahead, in "
        f"{len(problem.truth):,} windows up to {problem.dates[-1]}\n"
    )
    print_rows([("network", predicted), *problem.baselines], problem.truth)
    click.echo()
    for title, values in problem.baselines:
        ratio = _error(predicted, problem.truth) / _error(values, problem.truth)
        percent = f"{ratio:7.1%}".replace("%", " %")
        click.echo(f"{percent} of the mean error of {title}: {_verdict(ratio)}")
    print_derivation(run)


def draw_forecast(forecast: Callable[[], Forecast], run: Run, folder: Path) -> list[Path]:
    """Draw the training history, and truth, forecast and baseline over time."""
    problem = forecast()
    predicted = problem.restore(run.net.predict(problem.parts[1][0]))
    loss, figure = folder / "loss.png", folder / "forecast.png"
    plot.history(run.history, loss)
    title, values = problem.baselines[0]
    steps = problem.truth.shape[1]
    with drawing(None, figure, (8.0, 4.0)) as axes:
        lines = (("truth", problem.truth), ("network", predicted), (title, values))
        for (name, line), colour in zip(lines, ("#222222", "#0072B2", "#D55E00"), strict=True):
            axes.plot(problem.dates, line[:, -1], label=name, color=colour, linewidth=1)
        axes.set_title(f"{problem.quantity}, the last of {steps} step{'s' * (steps > 1)} ahead")
        axes.legend()
    return [loss, figure]


def _error(values: Array, truth: Array) -> float:
    return float(np.mean(np.abs(values - truth)))


def _verdict(ratio: float) -> str:
    if ratio < 0.98:
        return "beaten"
    return "equalled" if ratio <= 1.02 else "not beaten"
