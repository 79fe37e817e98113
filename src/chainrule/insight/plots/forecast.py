"""Plot of a forecast: truth, forecast and baselines over time, and their errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import as_position, bad_argument, checked_text
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.row_labels import check_row_labels
from chainrule.errors import DataError, counted
from chainrule.insight.figure import File, panels, root_figure
from chainrule.insight.legend import add_legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["forecast"]

Array = NDArray[Any]

_MARKED = 40  # rows up to which each has a dot

_STYLES = (("#0072B2", "-"), ("#D55E00", "--"), ("#009E73", "-."), ("#CC79A7", ":"))


@answers_foreign_names(PLOT_ALIASES)
def forecast(
    truth: ArrayLike,
    predicted: ArrayLike,
    path: File = None,
    *,
    baselines: Mapping[str, ArrayLike] | None = None,
    times: ArrayLike | None = None,
    name: str = "value",
    step: int = -1,
    axes: Any = None,
) -> Figure:
    """Plot a forecast with the truth, and the error of the forecast below.

    Parameters
    ----------
    truth : array, float, (n,) or (n, horizon)
        What happened.
    predicted : array, float, of the same shape
        What was forecast.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    baselines : mapping of str to array, or None
        Other forecasts by their name, such as that of the last value.
    times : array, (n,), or None
        The date or position of each row; None takes the dates of a pandas `truth`, or counts.
    name : str
        What is forecast, with its unit: the label of the vertical axis.
    step : int
        Which step ahead is drawn where there are several; -1 is the last.
    axes : matplotlib.axes.Axes, two of them, or None
        Axes to draw on, two for the errors too; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. Labels give the mean absolute error (MAE) of each forecast.

    Raises
    ------
    DataError
        If the shapes differ, or there is no row.
    ArgumentError
        If `step` is none of the steps ahead, or `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> figure = forecast([1.0, 2.0, 3.0], [1.1, 2.0, 2.8], baselines={"last value": [0, 1, 2]})
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['value', 'error']
    """
    checked_text("plot.forecast", "name", name, "the label of the vertical axis")
    lines = {"forecast": predicted, **(baselines or {})}
    actual, ahead = _column("truth", truth, np.shape(truth), step)
    values = {key: _column(key, each, np.shape(truth), step)[0] for key, each in lines.items()}
    check_row_labels("plot.forecast", truth=truth, predicted=predicted)
    index: Any = getattr(truth, "index", None)
    if times is None and getattr(getattr(index, "dtype", None), "kind", "") == "M":
        times = index
    when = _checked_times(times, len(actual))
    with panels(axes, path, (8.0, 5.0), heights=(2, 1)) as shown:
        top = shown[0]
        marker = "." if len(actual) <= _MARKED else ""
        top.plot(when, actual, color="#222222", lw=1.6, marker=marker, label="truth")
        for key, line, style in _styled(values):
            error = np.nanmean(np.abs(line - actual))
            top.plot(when, line, label=f"{key} (MAE {error:.3g})", **style)
        top.set(ylabel=name, title=f"Forecast, {ahead}" if ahead else "Forecast")
        add_legend(top)
        top.grid(visible=True)
        if len(shown) > 1:
            _draw_errors(shown[1], when, actual, values)
        _label_times(shown[-1], when, times is None)
        return root_figure(top)


def _column(key: str, values: ArrayLike, shape: tuple[int, ...], step: int) -> tuple[Array, str]:
    """Return the values of one step ahead, (n,), and which it is in words."""
    try:
        array = np.asarray(values, float)
    except (TypeError, ValueError):
        raise bad_argument(
            "plot.forecast", key, values, "numbers, as in forecast(y, net.predict(X))"
        ) from None
    if array.shape != shape or array.ndim not in (1, 2) or not array.size:
        raise DataError(
            f"plot.forecast: {key} has shape {array.shape} and the truth {shape}; each must have a "
            "row for each time, (n,) or (n, horizon), n at least 1, as in forecast.reshape(-1)"
        )
    if array.ndim == 1 or array.shape[1] == 1:
        return array.reshape(-1), ""
    horizon = array.shape[1]
    place = as_position(step)
    if place is None or not -horizon <= place < horizon:
        raise bad_argument(
            "plot.forecast", "step", step, f"an integer from {-horizon} to {horizon - 1}"
        )
    return array[:, place], f"step {place % horizon + 1} of {horizon} ahead"


def _checked_times(times: ArrayLike | None, count: int) -> Array:
    when = np.arange(1, count + 1) if times is None else np.asarray(times)
    if when.shape != (count,):
        raise DataError(
            f"plot.forecast: times has shape {when.shape}, and there are {counted(count, 'row')}; "
            "give one time for each row"
        )
    return when


def _styled(values: Mapping[str, Array]) -> Iterator[tuple[str, Array, dict[str, Any]]]:
    """Give a colour and dashes to each line; the forecast itself, the first, is solid."""
    for place, (key, line) in enumerate(values.items()):
        colour, dashes = _STYLES[place % len(_STYLES)]
        marker = "." if len(line) <= _MARKED else ""
        yield key, line, {"color": colour, "ls": dashes, "lw": 1.3, "marker": marker}


def _draw_errors(axes: Axes, when: Array, actual: Array, values: Mapping[str, Array]) -> None:
    axes.axhline(0, color="#222222", linewidth=1)
    for _, line, style in _styled(values):
        axes.plot(when, line - actual, **style)
    axes.set_ylabel("error")
    axes.grid(visible=True)


def _label_times(axes: Axes, when: Array, are_counted: bool) -> None:
    if when.dtype.kind == "M":
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator()
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.set_xlabel("row" if are_counted else "date" if when.dtype.kind == "M" else "time")
