"""Forecasts and what they are worth: next to those that need no network."""

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
    """A series cut into windows, split in time, with all that a forecast is measured by.

    Parameters
    ----------
    parts : (Part, Part)
        Windows and what follows them, as the network takes them; the test part is the later one.
    restore : callable
        Turns the network's outputs for the test part into quantities, (n, horizon).
    truth : array, (n, horizon)
        What came.
    baselines : tuple of (str, array)
        What simpler forecasts say, (n, horizon) each; the first is the one to beat.
    quantity : str
        What is forecast.
    dates : array of datetime64, (n,)
        Of the last value of each forecast.
    """

    parts: Parts
    restore: Callable[[Array], Array]
    truth: Array
    baselines: tuple[tuple[str, Array], ...]
    quantity: str
    dates: NDArray[np.datetime64]


def report_forecast(forecast: Callable[[], Forecast], run: Run) -> None:
    """Print how far a forecast is off, and what share of a baseline's error that is."""
    problem = forecast()
    predicted = problem.restore(run.net.predict(problem.parts[1][0]))
    steps = problem.truth.shape[1]
    click.echo(
        f"\nerrors of {problem.quantity}, {steps} step{'s' * (steps > 1)} at once, in "
        f"{len(problem.truth):,} windows up to {problem.dates[-1]}\n"
    )
    print_rows([("network", predicted), *problem.baselines], problem.truth)
    click.echo()
    for title, values in problem.baselines:
        share = _error(predicted, problem.truth) / _error(values, problem.truth)
        told = f"{share:7.1%}".replace("%", " %")
        click.echo(f"{told} of the mean error of {title}: {_verdict(share)}")
    print_derivation(run)


def draw_forecast(forecast: Callable[[], Forecast], run: Run, folder: Path) -> list[Path]:
    """Draw the course of the training, and truth, forecast and baseline over time."""
    problem = forecast()
    predicted = problem.restore(run.net.predict(problem.parts[1][0]))
    loss, picture = folder / "loss.png", folder / "forecast.png"
    plot.history(run.history, loss)
    title, values = problem.baselines[0]
    steps = problem.truth.shape[1]
    with drawing(None, picture, (8.0, 4.0)) as axes:
        lines = (("truth", problem.truth), ("network", predicted), (title, values))
        for (name, line), colour in zip(lines, ("#222222", "#0072B2", "#D55E00"), strict=True):
            axes.plot(problem.dates, line[:, -1], label=name, color=colour, linewidth=1)
        axes.set_title(f"{problem.quantity}, the last of {steps} step{'s' * (steps > 1)} ahead")
        axes.legend()
    return [loss, picture]


def _error(values: Array, truth: Array) -> float:
    return float(np.mean(np.abs(values - truth)))


def _verdict(share: float) -> str:
    if share < 0.98:
        return "beaten"
    return "as good as that" if share <= 1.02 else "not beaten"
