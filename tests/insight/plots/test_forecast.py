"""The plot of a forecast: its lines, its errors, and what it refuses."""

from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError, DataError
from chainrule.insight import plot

TRUTH = np.arange(12.0).reshape(6, 2)


def test_the_lower_panel_shows_what_separates_a_forecast_from_the_truth() -> None:
    days = np.datetime64("2024-02-27") + np.arange(6)
    figure = plot.forecast(
        TRUTH, TRUTH + 0.5, baselines={"last": TRUTH - 2}, times=days, name="sales", step=0
    )
    top, bottom = figure.axes
    assert [line.get_label() for line in top.lines] == [
        "truth", "forecast (MAE 0.5)", "last (MAE 2)",
    ]  # fmt: skip
    assert top.lines[0].get_ydata().tolist() == TRUTH[:, 0].tolist()
    assert [set(line.get_ydata()) for line in bottom.lines[1:]] == [{0.5}, {-2.0}]
    assert (top.get_ylabel(), bottom.get_xlabel()) == ("sales", "date")
    assert top.get_title() == "Forecast, step 1 of 2 ahead"


def test_the_dates_of_a_series_are_those_of_the_axis() -> None:
    import pandas as pd

    truth = pd.Series([1.0, 2.0], pd.to_datetime(["2024-01-01", "2024-02-01"]))
    axes = plot.forecast(truth, truth.to_numpy()).axes[1]
    assert axes.get_xlabel() == "date"
    assert axes.lines[1].get_xdata()[1] == truth.index[1]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"predicted": TRUTH[:, 0]}, DataError, r"forecast has shape \(6,\) and the truth \(6, 2"),
        ({"baselines": {"last": [1.0]}}, DataError, r"last has shape \(1,\)"),
        ({"times": [1, 2]}, DataError, "there are 6 rows"),
        ({"step": 2}, ArgumentError, "step is 2; it must be an integer from -2 to 1"),
        ({"labels": "x"}, ArgumentError, "there is no argument `labels`"),
        ({"axes": [None, None, None]}, ArgumentError, "axes has 3 axes; this plot has 2"),
    ],
)
def test_what_does_not_fit_the_truth_is_refused(given: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        plot.forecast(**{"truth": TRUTH, "predicted": TRUTH} | given)
