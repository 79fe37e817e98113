"""Recipes for time series; scaling is fitted on the earlier part alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import data, datasets, nn, optim
from chainrule.cli.forecast import Forecast, draw_forecast, report_forecast
from chainrule.cli.recipe import Layers, Recipe

__all__ = ["RECIPES", "airline", "prices", "sunspots"]

Array = NDArray[Any]
YEAR = 12
SOLAR_CYCLE = 132  # months


def _positions(first: int, windows: int, horizon: int) -> NDArray[np.intp]:
    """Return the index in the series of each step of each forecast, (windows, horizon)."""
    return first + np.arange(windows)[:, None] + np.arange(horizon)


@cache
def airline() -> Forecast:
    """Return the task of forecasting passengers a year ahead, month by month.

    Inputs are the log ratios of the last 24 months to those a year before, targets those of the
    next 12: the seasonal naive forecast is an output of zero.
    """
    months, passengers = datasets.airline()
    growth = np.log(passengers[YEAR:] / passengers[:-YEAR])
    length, cut = 24, len(growth) - 36
    mean, spread = growth[:cut].mean(), growth[:cut].std()
    scaled = (growth - mean) / spread
    training = data.windows(scaled[:cut], length, YEAR)
    test = data.windows(scaled[cut - length :], length, YEAR)
    at = _positions(cut + YEAR, len(test[0]), YEAR)
    a_year_ago = passengers[at - YEAR]
    return Forecast(
        (training, test),
        lambda outputs: a_year_ago * np.exp(outputs * spread + mean),
        passengers[at],
        (
            ("the same month a year ago", a_year_ago),
            ("the same, times the mean growth", a_year_ago * np.exp(mean)),
            ("the last month", np.repeat(passengers[at[:, :1] - 1], YEAR, axis=1)),
        ),
        "thousands of passengers a month",
        months[at[:, -1]],
    )


@cache
def sunspots() -> Forecast:
    """Return the task of forecasting sunspots a year ahead, month by month.

    The variance grows with the number, so that the network is given square roots.
    """
    months, spots = datasets.sunspots()
    length, cut = 48, len(spots) * 4 // 5
    roots = np.sqrt(spots)
    mean, spread = roots[:cut].mean(), roots[:cut].std()
    scaled = (roots - mean) / spread
    training = data.windows(scaled[:cut], length, YEAR)
    test = data.windows(scaled[cut - length :], length, YEAR)
    at = _positions(cut, len(test[0]), YEAR)
    return Forecast(
        (training, test),
        lambda outputs: np.maximum(outputs * spread + mean, 0) ** 2,
        spots[at],
        (
            ("a solar cycle ago", spots[at - SOLAR_CYCLE]),
            ("the last month", np.repeat(spots[at[:, :1] - 1], YEAR, axis=1)),
        ),
        "sunspots a month",
        months[at[:, -1]],
    )


@cache
def prices() -> Forecast:
    """Return the task of forecasting the S&P 500 five trading days ahead.

    Inputs are 30 days of return, range between high and low, and change of volume; the target is
    the return of the next five days: persistence is an output of zero.
    """
    table = datasets.prices()
    close, horizon, length = table["close"], 5, 30
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
    return Forecast(
        (training, test),
        lambda outputs: close[last] * np.exp(outputs * scale),
        close[last + horizon],
        (("persistence, the price of today", close[last]),),
        "the S&P 500 in points, 5 days ahead",
        table["date"][last[:, -1] + horizon],
    )


def _recipe(
    title: str,
    forecast: Callable[[], Forecast],
    layers: Layers,
    rate: float,
    epochs: int,
    batch_size: int,
) -> Recipe:
    return Recipe(
        title=title,
        load=lambda: forecast().parts,
        layers=layers,
        optimizer=lambda epochs: optim.Adam(optim.cosine(rate, epochs=epochs)),
        epochs=epochs,
        batch_size=batch_size,
        report=partial(report_forecast, forecast),
        draw=partial(draw_forecast, forecast),
        example=(
            f"from chainrule.cli.series import {forecast.__name__}",
            f"problem = {forecast.__name__}()",
            "(X, _), y = problem.parts[1], problem.truth",
        ),
        show="print(problem.restore(net.predict(X))[-1].round(1), y[-1])",
        loss="mse",
        metrics=(),
    )


RECIPES: dict[str, Recipe] = {
    "prices": _recipe(
        "windows of 30 days of the S&P 500",
        prices,
        lambda part: [nn.LSTM(32), nn.Dropout(0.2), nn.Dense(1)],
        rate=0.001,
        epochs=10,
        batch_size=64,
    ),
    "sunspots": _recipe(
        "windows of 48 months of sunspots",
        sunspots,
        lambda part: [nn.GRU(32), nn.Dense(YEAR)],
        rate=0.003,
        epochs=15,
        batch_size=32,
    ),
    "airline": _recipe(
        "windows of 24 months of airline passengers",
        airline,
        lambda part: [nn.LSTM(16), nn.Dropout(0.2), nn.Dense(YEAR)],
        rate=0.003,
        epochs=60,
        batch_size=16,
    ),
}
