"""Plot of activations: a histogram of what each layer computes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import checked_count
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, counted
from chainrule.insight.figure import File, panels, root_figure
from chainrule.insight.palette import COLOURS
from chainrule.insight.plots.layer_outputs import LayerOutput, changed_outputs, layer_outputs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["activations"]

Array = NDArray[Any]

_NAME = "plot.activations"
_COLUMNS = 3
_MOST = 12
_BINS = 50
_LIMITS = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "softsign": (-1.0, 1.0)}
_SATURATED = 0.01  # of the range, at either end


@answers_foreign_names(PLOT_ALIASES)
def activations(
    net: Any, X: Any, path: File = None, *, samples: int = 1000, axes: Any = None
) -> Figure:
    """Plot a histogram of the activations of each layer.

    Parameters
    ----------
    net : Network
        A built network.
    X : array or table, (n, ...)
        Samples.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    samples : int >= 1
        How many samples are taken of more, at equal distances.
    axes : matplotlib.axes.Axes, one for each layer drawn, or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, of evaluation mode. Each panel gives mean and standard deviation; of layers
        with a rectifier, the units that are 0 for all samples; of those with a bounded activation,
        the share of outputs within 1 % of the ends of its range. Layers that only arrange the
        values of their input are left out; of more than twelve, the first and last six are drawn.

    Raises
    ------
    ArgumentError
        If the network is not built yet, or `path` does not name a known format.
    DataError, ShapeError
        If `X` does not fit the network.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> from chainrule import Network, nn
    >>> net = Network([nn.Dense(8, activation="relu"), nn.Dropout(0.5), nn.Dense(1)], seed=0)
    >>> X = np.random.default_rng(0).normal(size=(100, 4))
    >>> shape = net(X).shape  # builds the layers
    >>> [each.get_title() for each in activations(net, X).axes]
    ['dense (relu)', 'dense_1']
    """
    samples = checked_count(_NAME, "samples", samples)
    inputs, outputs = layer_outputs(_NAME, net, X, samples)
    shown = changed_outputs(inputs, outputs)
    if not shown:
        raise ArgumentError(f"{_NAME}: no layer of the network changes the values of its input")
    if len(shown) > _MOST:
        shown = [*shown[: _MOST // 2], *shown[-_MOST // 2 :]]
    columns = min(_COLUMNS, len(shown)) if axes is None else len(shown)
    rows = math.ceil(len(shown) / columns)
    size = (3.0 * columns + 0.4, 2.5 * rows + 0.6)
    with panels(axes, path, size, columns, (1,) * rows, shares_x=False) as drawn:
        for panel, each in zip(drawn, shown, strict=False):
            _draw_histogram(panel, each)
        for panel in drawn[len(shown) :]:
            panel.set_visible(False)
        figure = root_figure(drawn[0])
        if axes is None:
            figure.suptitle(f"Activations of {counted(len(inputs), 'sample')}", fontweight="bold")
        return figure


def _draw_histogram(axes: Axes, output: LayerOutput) -> None:
    values = output.values.astype(float).ravel()
    finite = values[np.isfinite(values)]
    axes.set(title=output.title, xlabel="activation", ylabel="share of outputs, %")
    if finite.size:
        low, high = _LIMITS.get(output.activation, (float(finite.min()), float(finite.max())))
        if high <= low:
            low, high = low - 0.5, high + 0.5
        counts, edges = np.histogram(finite, _BINS, (low, high))
        axes.stairs(100 * counts / values.size, edges, fill=True, color=COLOURS[0])
        axes.set_ylim(0, 1.4 * 100 * counts.max() / values.size)  # room for the text
        axes.axvline(float(finite.mean()), color=COLOURS[1], linewidth=1.5)
    axes.text(
        0.97, 0.95, "\n".join(_facts(output, values, finite)), transform=axes.transAxes, ha="right",
        va="top", fontsize=8.5, bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none"},
    )  # fmt: skip
    axes.grid(visible=True)


def _facts(output: LayerOutput, values: Array, finite: Array) -> list[str]:
    """Return what is written in a panel: moments, and what hinders training."""
    facts = list[str]()
    if finite.size:
        facts.append(f"mean {finite.mean():.3g}, std {finite.std():.3g}")
    if finite.size < values.size:
        facts.append(f"{_percent(1 - finite.size / values.size)} not finite")
    if output.activation == "relu":
        units = output.values.reshape(-1, output.values.shape[-1])
        dead = int(np.all(units == 0, axis=0).sum())
        facts.append(f"{_percent(float(np.mean(units == 0)))} are 0")
        facts.append(f"dead units: {dead} of {units.shape[1]}")
    if output.activation in _LIMITS and finite.size:
        low, high = _LIMITS[output.activation]
        edge = _SATURATED * (high - low)
        share = float(np.mean((finite < low + edge) | (finite > high - edge)))
        facts.append(f"{_percent(share)} saturated")
    return facts


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
