"""Recipes for time series; scaling is fitted on the earlier part alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import data, datasets, nn
from chainrule.cli.forecast import Forecast, draw_forecast, report_forecast
from chainrule.cli.recipe import Horizons, Layers, Recipe, cosine_adam
from chainrule.cli.validation import hold_out_latest
from chainrule.errors import counted

__all__ = ["RECIPES", "airline", "prices", "sunspots"]

Array = NDArray[Any]
YEAR = 12
SOLAR_CYCLE = 132  # months
TRADING_YEAR = 252  # days


def _positions(first: int, windows: int, horizon: int) -> NDArray[np.intp]:
    """Return the index in the series of each step of each forecast, (windows, horizon)."""
    return first + np.arange(windows)[:, None] + np.arange(horizon)


@cache
def airline(horizon: int = YEAR) -> Forecast:
    """Return the task of forecasting passengers a year ahead, month by month.

    Inputs are the log ratios of the last 24 months to those a year before, targets those of the
    next 12 or fewer: the seasonal naive forecast is an output of zero.
    """
    months, passengers = datasets.airline()
    growth = np.log(passengers[YEAR:] / passengers[:-YEAR])
    length, cut = 24, len(growth) - 36
    mean, spread = growth[:cut].mean(), growth[:cut].std()
    scaled = (growth - mean) / spread
    training = data.windows(scaled[:cut], length, horizon)
    test = data.windows(scaled[cut - length :], length, horizon)
    at = _positions(cut + YEAR, len(test[0]), horizon)
    a_year_ago = passengers[at - YEAR]
    return Forecast(
        (training, test),
        lambda outputs: a_year_ago * np.exp(outputs * spread + mean),
        passengers[at],
        (
            ("the same month a year ago", a_year_ago),
            ("the same, times the mean growth", a_year_ago * np.exp(mean)),
            ("the last month", np.repeat(passengers[at[:, :1] - 1], horizon, axis=1)),
        ),
        "thousands of passengers a month",
        _counted_up(horizon, "month"),
        months[at[:, -1]],
        (months, passengers, months[cut + YEAR]),
    )


@cache
def sunspots(horizon: int = YEAR) -> Forecast:
    """Return the task of forecasting sunspots a year ahead, month by month.

    The variance grows with the number, so that the network is given square roots.
    """
    months, spots = datasets.sunspots()
    length, cut = 48, len(spots) * 4 // 5
    roots = np.sqrt(spots)
    mean, spread = roots[:cut].mean(), roots[:cut].std()
    scaled = (roots - mean) / spread
    training = data.windows(scaled[:cut], length, horizon)
    test = data.windows(scaled[cut - length :], length, horizon)
    at = _positions(cut, len(test[0]), horizon)
    return Forecast(
        (training, test),
        lambda outputs: np.maximum(outputs * spread + mean, 0) ** 2,
        spots[at],
        (
            ("a solar cycle ago", spots[at - SOLAR_CYCLE]),
            ("the last month", np.repeat(spots[at[:, :1] - 1], horizon, axis=1)),
        ),
        "sunspots a month",
        _counted_up(horizon, "month"),
        months[at[:, -1]],
        (months, spots, months[cut]),
    )


@cache
def prices(horizon: int = 5) -> Forecast:
    """Return the task of forecasting the S&P 500 five trading days ahead.

    Inputs are 30 days of return, range between high and low, and change of volume; the target is
    the return of the next five days, or so many: persistence is an output of zero.
    """
    table = datasets.prices()
    close, length = table["close"], 30
    returns = np.diff(np.log(close))
    ranges = np.log(table["high"] / table["low"])[1:]
    volume = np.diff(np.log(table["volume"].astype(float)))
    days = np.stack([returns, ranges, volume], axis=1)
    cut = len(days) * 4 // 5
    mean, spread = days[:cut].mean(axis=0), days[:cut].std(axis=0)
    scale = spread[0] * horizon**0.5  # of the sum of independent returns

    def part(start: int, stop: int) -> tuple[Array, Array]:
        inputs, _ = data.windows((days[start:stop] - mean) / spread, length, horizon)
        _, following = data.windows(returns[start:stop], length, horizon)
        return inputs, following.sum(axis=1, keepdims=True) / scale

    training, test = part(0, cut), part(cut - length, len(days))
    # Return k - 1 is that from day k - 1 to day k.
    last = np.arange(cut, cut + len(test[0]))[:, None]
    today = close[last]
    return Forecast(
        (training, test),
        lambda outputs: today * np.exp(outputs * scale),
        close[last + horizon],
        (("persistence, the price of today", today),),
        "points of the S&P 500",
        counted(horizon, "day"),
        table["date"][last[:, -1] + horizon],
        (table["date"], close, table["date"][cut]),
        today,
    )


def _counted_up(count: int, noun: str) -> str:
    return counted(count, noun) if count == 1 else f"1 to {counted(count, noun)}"


def _recipe(
    title: str,
    forecast: Callable[[int], Forecast],
    layers: Layers,
    horizons: tuple[int, int, str, str],
    rate: float,
    epochs: int,
    batch_size: int,
) -> Recipe:
    """Return a recipe; `horizons` has the usual one, the furthest, what is counted and why."""
    usual, most, steps, reason = horizons

    def at(horizon: int) -> Recipe:
        option = "" if horizon == usual else f"horizon={horizon}"
        problem = partial(forecast, horizon)
        return Recipe(
            title=f"{title}, {counted(horizon, steps.removesuffix('s'))} ahead",
            load=lambda: problem().parts,
            layers=layers,
            optimizer=cosine_adam(rate),
            epochs=epochs,
            batch_size=batch_size,
            report=partial(report_forecast, problem),
            draw=partial(draw_forecast, problem),
            example=(
                f"from chainrule.cli.series import {forecast.__name__}",
                f"problem = {forecast.__name__}({option})",
                "(X, _), y = problem.parts[1], problem.truth",
            ),
            show="print(problem.restore(net.predict(X))[-1].round(1), y[-1])",
            loss="mse",
            metrics=(),
            hold_out=hold_out_latest(horizon - 1),
            horizons=Horizons(most, steps, reason, at),
        )

    return at(usual)


def _and_output(*layers: Callable[[], nn.Layer]) -> Layers:
    """End a network with an output for each target."""
    return lambda part: [*(make() for make in layers), nn.Dense(part[1].shape[1])]


RECIPES: dict[str, Recipe] = {
    "prices": _recipe(
        "windows of 30 days of the S&P 500",
        prices,
        _and_output(lambda: nn.LSTM(32), lambda: nn.Dropout(0.2)),
        (5, TRADING_YEAR, "days", "a year of trading, as its test part is of four"),
        rate=0.001,
        epochs=10,
        batch_size=64,
    ),
    "sunspots": _recipe(
        "windows of 48 months of sunspots",
        sunspots,
        _and_output(lambda: nn.GRU(32)),
        (YEAR, SOLAR_CYCLE, "months", "as the baseline is the number of a solar cycle ago"),
        rate=0.003,
        epochs=15,
        batch_size=32,
    ),
    "airline": _recipe(
        "windows of 24 months of airline passengers",
        airline,
        _and_output(lambda: nn.LSTM(16), lambda: nn.Dropout(0.2)),
        (YEAR, YEAR, "months", "as it is given the growth over the same month a year ago"),
        rate=0.003,
        epochs=60,
        batch_size=16,
    ),
}
