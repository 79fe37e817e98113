"""Evaluation of forecasts against naive baselines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from chainrule.cli.figures import draw_agreement
from chainrule.cli.recipe import Parts, Run
from chainrule.cli.report import print_comparison, print_derivation, print_rows
from chainrule.errors import counted
from chainrule.insight import plot
from chainrule.insight.figure import drawing
from chainrule.insight.legend import add_legend
from chainrule.insight.palette import COLOURS

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
    ahead: str  # how far ahead, "1 to 12 months"
    dates: NDArray[np.datetime64]  # (n,), of the last value of each forecast
    series: tuple[Array, Array, Any]  # all dates and quantities, and the first date of the test
    start: Array | None = None  # (n, 1), the last quantity known, where returns are drawn


def report_forecast(forecast: Callable[[], Forecast], run: Run) -> None:
    """Print the errors of a forecast, and their ratio to those of the baselines."""
    problem = forecast()
    predicted = problem.restore(run.net.predict(problem.parts[1][0]))
    count = counted(len(problem.truth), "window")
    click.echo(
        f"\nerrors of forecasts {problem.ahead} ahead, in {problem.quantity},\n"
        f"in {count} up to {problem.dates[-1]}\n"
    )
    rows = [("network", predicted), *problem.baselines]
    print_rows(rows, problem.truth)
    print_comparison(rows, problem.truth)
    print_derivation(run)


def draw_forecast(forecast: Callable[[], Forecast], run: Run, folder: Path) -> list[Path]:
    """Draw the series, the training history, and the forecast beside truth and baselines."""
    problem = forecast()
    predicted = problem.restore(run.net.predict(problem.parts[1][0]))
    series, loss, figure = (folder / f"{name}.png" for name in ("data", "loss", "forecast"))
    _draw_series(problem, series)
    plot.history(run.history, loss)
    if problem.start is None:
        plot.forecast(
            problem.truth,
            predicted,
            figure,
            baselines=_drawn_baselines(problem),
            times=problem.dates,
            name=problem.quantity,
        )
        return [series, loss, figure]
    # The prices themselves coincide: forecasts differ in the returns.
    returns = folder / "returns.png"
    truth, expected = (
        100 * (values / problem.start - 1)[:, -1] for values in (problem.truth, predicted)
    )
    plot.forecast(
        truth,
        expected,
        figure,
        baselines={"persistence: no change": np.zeros_like(truth)},
        times=problem.dates,
        name=f"change over {problem.ahead}, %",
    )
    r = float(np.corrcoef(truth, expected)[0, 1]) if expected.std() and truth.std() else 0.0
    name, title = f"change over {problem.ahead}, %", f"Changes: correlation {r:.2f}"
    draw_agreement(truth, expected, returns, name, title, ("no change", 0.0))
    return [series, loss, figure, returns]


def _drawn_baselines(problem: Forecast) -> dict[str, Array]:
    """Return the first baseline and, if it is another, the best one, by their titles."""
    best = min(problem.baselines, key=lambda each: _error(each[1], problem.truth))
    return dict([problem.baselines[0], best])


def _draw_series(problem: Forecast, path: Path) -> None:
    """Draw the whole series, with its test part in another colour."""
    dates, values, first = problem.series
    with drawing(None, path, (8.0, 3.6)) as axes:
        is_test = dates >= first
        axes.plot(dates[~is_test], values[~is_test], color=COLOURS[0], lw=1.2, label="training")
        axes.plot(dates[is_test], values[is_test], color=COLOURS[4], lw=1.2, label="test")
        axes.set(xlabel="date", ylabel=problem.quantity)
        axes.grid(visible=True)
        add_legend(axes)


def _error(values: Array, truth: Array) -> float:
    return float(np.mean(np.abs(values - truth)))
