"""Plot of histograms over time: what each layer computes, and its gradients, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import bad_argument
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import DataError
from chainrule.insight.figure import File, check_has, panels, root_figure
from chainrule.insight.legend import add_legend
from chainrule.insight.logarithmic_axis import power_of_ten
from chainrule.insight.plots.histograms import Histogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["layer_histograms"]

Array = NDArray[Any]

_NAME = "plot.layer_histograms"
_RECORD = "a cr.LayerHistograms(X, y) that was one of the callbacks of fit"
_MOST = 6  # layers; of more, the first and last
_ROWS = 80  # of the heat map
_RARE = 2e-4  # the share of values beyond either end of the vertical axis


@answers_foreign_names(PLOT_ALIASES)
def layer_histograms(record: Any, path: File = None, *, axes: Any = None) -> Figure:
    """Plot histograms of each layer's activations and gradients over the epochs of training.

    Parameters
    ----------
    record : LayerHistograms
        The callback `chainrule.LayerHistograms` after ``fit``.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    axes : matplotlib.axes.Axes, or None
        Axes to draw on: for each layer one for activations and, where gradients were recorded, one
        for them; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure: a column of colours for each record, darker where more values lie, with their
        median and the range of the middle 90 %. Magnitudes of gradients have a logarithmic axis;
        gradients of 0 are left out, and their share is written. Of more than six layers the first
        and last three are drawn.

    Raises
    ------
    DataError
        If nothing is recorded.
    ArgumentError
        If `record` is no record, or `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> import chainrule as cr
    >>> net = cr.Network([cr.nn.Dense(8, activation="tanh"), cr.nn.Dense(1)], seed=0)
    >>> net.compile(loss="mse")
    >>> X = np.random.default_rng(0).normal(size=(100, 4))
    >>> record = cr.LayerHistograms(X, X[:, :1])
    >>> history = net.fit(X, X[:, :1], epochs=3, callbacks=[record], verbose=0)
    >>> [each.get_title() for each in layer_histograms(record).axes[:2]]
    ['dense: activations', 'dense: gradients']
    """
    for name in ("epochs", "activations", "gradients"):
        check_has(_NAME, "record", record, name, _RECORD)
    if not isinstance(record.epochs, Sequence):
        raise bad_argument(_NAME, "record", record, _RECORD)
    if not record.epochs or not record.activations:
        raise DataError(f"{_NAME}: nothing is recorded yet; give it to net.fit as one of callbacks")
    names = list(record.activations)
    names = names if len(names) <= _MOST else [*names[: _MOST // 2], *names[-_MOST // 2 :]]
    columns = 2 if record.gradients else 1
    size = (1.0 + 4.6 * columns, 1.0 + 2.1 * len(names))
    epochs = np.array(record.epochs)
    with panels(axes, path, size, columns, (1,) * len(names), shares_x=False) as drawn:
        for row, name in enumerate(names):
            left, *right = drawn[row * columns : (row + 1) * columns]
            _draw(left, epochs, record.activations[name], f"{name}: activations", "activation")
            for panel in right:
                _draw_gradients(panel, epochs, record.gradients.get(name, []), name)
        for panel in drawn[-columns:]:
            panel.set_xlabel("epochs completed")
        add_legend(drawn[0])
        figure = root_figure(drawn[0])
        if axes is None:
            figure.suptitle("Share of values: dark many, yellow few, white none")
        return figure


def _draw_gradients(axes: Axes, epochs: Array, histograms: list[Histogram], name: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if not histograms:
        axes.set_title(f"{name}: nothing is trained")
        axes.set(xticks=[], yticks=[])
        return
    _draw(axes, epochs, histograms, f"{name}: gradients", "|∂L/∂w|")
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(value)))
    latest = histograms[-1]
    zero = 1 - latest.counts.sum() / latest.total
    if zero > 0:
        axes.text(
            0.98, 0.04, f"{100 * zero:.3g} % are 0 at the end", transform=axes.transAxes,
            ha="right", fontsize=8.5,
            bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": "none"},
        )  # fmt: skip


def _draw(
    axes: Axes, epochs: Array, histograms: list[Histogram], title: str, quantity: str
) -> None:
    """Draw a heat map of shares, their median and their 5th and 95th percentile."""
    from matplotlib.colors import PowerNorm
    from matplotlib.ticker import MaxNLocator

    times = epochs[-len(histograms) :]
    low, high = _range(histograms)
    edges = np.linspace(low, high, _ROWS + 1)
    shares = np.stack([_shares(each, edges) for each in histograms], axis=1)
    ends = _ends(times)
    # The root shows what is rare; white is where there is nothing.
    axes.pcolormesh(
        ends, edges, np.ma.masked_equal(shares, 0), cmap="viridis_r", rasterized=True,
        norm=PowerNorm(0.5, vmin=0, vmax=max(float(np.quantile(shares, 0.995)), 1e-9)),
    )  # fmt: skip
    lines = np.array([_quantiles(each, (0.05, 0.5, 0.95)) for each in histograms])
    marker = "o" if len(times) == 1 else ""
    for column, dashes, label in ((1, "-", "median"), (0, "--", "5 % and 95 %"), (2, "--", None)):
        axes.plot(
            times, lines[:, column], dashes, color="#D55E00", lw=1.6, marker=marker, label=label
        )
    axes.set(title=title, ylabel=quantity, xlim=(ends[0], ends[-1]), ylim=(low, high))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def _range(histograms: list[Histogram]) -> tuple[float, float]:
    """Return the range of all values but the rarest at each end."""
    ends = np.array([_quantiles(each, (_RARE, 1 - _RARE)) for each in histograms])
    if not np.isfinite(ends).any():
        return 0.0, 1.0
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    margin = 0.04 * (high - low) or 0.5
    return low - margin, high + margin


def _quantiles(each: Histogram, levels: tuple[float, ...]) -> Array:
    """Return quantiles, linear within an interval; NaN of no values."""
    total = each.counts.sum()
    if not total:
        return np.full(len(levels), np.nan)
    below = np.concatenate([[0], np.cumsum(each.counts)]) / total
    first = int(np.argmax(below > 0)) - 1  # the start of the first interval with values
    is_end = np.concatenate([[True], np.diff(below[first:]) > 0])
    return np.interp(levels, below[first:][is_end], each.edges[first:][is_end])


def _shares(each: Histogram, edges: Array) -> Array:
    """Return the share of values in each of other intervals, values even within an interval."""
    below = np.concatenate([[0], np.cumsum(each.counts)]) / max(each.total, 1)
    return np.diff(np.interp(edges, each.edges, below))


def _ends(times: Array) -> Array:
    """Return the ends of the columns of the heat map, halfway between records."""
    if len(times) == 1:
        return np.array([times[0] - 0.5, times[0] + 0.5])
    middle = (times[1:] + times[:-1]) / 2
    return np.concatenate([[2 * times[0] - middle[0]], middle, [2 * times[-1] - middle[-1]]])
