"""Plot of gradients: a histogram of their magnitudes for each parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError
from chainrule.insight.figure import File, drawing, root_figure
from chainrule.insight.legend import add_legend
from chainrule.insight.logarithmic_axis import power_of_ten
from chainrule.insight.palette import COLOURS
from chainrule.insight.plots.layer_outputs import built_model

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["gradients"]

Array = NDArray[Any]

_NAME = "plot.gradients"
_MOST = 24  # parameters; of more, those of more than one axis, and of these the first and last
_BINS = 60
_LEAST = 1e-12  # of the largest magnitude: below, all is drawn at this end


@answers_foreign_names(PLOT_ALIASES)
def gradients(
    net: Any, X: Any, y: ArrayLike, path: File = None, *, axes: Axes | None = None
) -> Figure:
    """Plot a histogram of the magnitudes of the loss's gradient for each parameter.

    The rows have one logarithmic scale: gradients that vanish towards the input are seen as rows
    that move to the left, layer by layer.

    Parameters
    ----------
    net : Network
        A compiled and built network.
    X, y : array or table, (n, ...)
        Samples and targets, as in `fit`: one batch.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, of evaluation mode and of the parameters that are trained. A line marks the
        median of the magnitudes that are not 0; the share of zeros is written beside the row.

    Raises
    ------
    ArgumentError
        If the network is not compiled or built yet, or trains no parameters; or `path` does not
        name a known format.
    DataError, ShapeError
        If `X` and `y` do not fit the network.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> from chainrule import Network, nn
    >>> net = Network([nn.Dense(8, activation="tanh"), nn.Dense(1)], seed=0)
    >>> net.compile(loss="mse")
    >>> X = np.random.default_rng(0).normal(size=(100, 4))
    >>> shape = net(X).shape  # builds the layers
    >>> figure = gradients(net, X, X[:, :1])
    >>> [each.get_text() for each in figure.axes[0].get_yticklabels()]
    ['dense.weight', 'dense.bias', 'dense_1.weight', 'dense_1.bias']
    """
    from matplotlib.ticker import FuncFormatter

    model = built_model(_NAME, net)
    trained = model.stack.parameters(trainable=True)
    if not trained:
        raise ArgumentError(
            f"{_NAME}: no parameter of the network is trained; set net.trainable = True"
        )
    values = net.gradients(X, y)
    rows = _chosen({name: np.abs(np.asarray(values[name], float)) for name in trained})
    finite = np.concatenate([each[np.isfinite(each)] for each in rows.values()])
    highest = float(finite.max(initial=0.0)) or 1.0
    positive = finite[finite > _LEAST * highest]
    lowest = float(positive.min()) if positive.size else highest / 10
    bins = np.geomspace(lowest * 0.9, highest * 1.1, _BINS + 1)
    with drawing(axes, path, (7.4, 1.2 + 0.42 * len(rows))) as panel:
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(
            FuncFormatter(lambda value, _: power_of_ten(np.log10(value)))
        )
        for place, magnitudes in enumerate(rows.values()):
            _draw_row(panel, place, magnitudes, bins)
        panel.set_yticks(range(len(rows)), list(rows))
        panel.set(
            xlabel="magnitude of the gradient, |∂L/∂w|", ylim=(len(rows) - 0.7, -1.0),
            xlim=(bins[0], bins[-1]), title=f"Gradients of the loss {net.loss.name}",
        )  # fmt: skip
        panel.grid(visible=True, axis="x")
        add_legend(panel)
        return root_figure(panel)


def _chosen(rows: Mapping[str, Array]) -> dict[str, Array]:
    if len(rows) > _MOST:
        rows = {name: each for name, each in rows.items() if each.ndim > 1} or rows
    names = list(rows)
    if len(names) > _MOST:
        names = [*names[: _MOST // 2], *names[-_MOST // 2 :]]
    return {name: rows[name] for name in names}


def _draw_row(axes: Axes, place: int, magnitudes: Array, bins: Array) -> None:
    """Draw the histogram of a row upwards from its line; y increases downwards."""
    colour = COLOURS[0] if magnitudes.ndim > 1 else COLOURS[1]
    positive = magnitudes[np.isfinite(magnitudes) & (magnitudes > 0)]
    counts = np.histogram(np.maximum(positive, bins[0]), bins)[0]
    heights = 0.85 * counts / max(counts.max(), 1)
    axes.stairs(
        place - heights, bins, baseline=place, fill=True, color=colour, alpha=0.8, zorder=2,
    )  # fmt: skip
    axes.plot([bins[0], bins[-1]], [place, place], color="#888888", lw=0.8, zorder=3)
    if positive.size:
        median = max(float(np.median(positive)), bins[0])
        axes.plot([median, median], [place - 0.85, place], color="#222222", lw=1.8, zorder=3,
                  label="median" if place == 0 else None)  # fmt: skip
    zero = np.mean(magnitudes == 0)
    notes = [f"{100 * zero:.3g} % are 0"] if zero else []
    lost = 1 - np.isfinite(magnitudes).mean()
    notes += [f"{100 * lost:.3g} % not finite"] if lost else []
    if notes:
        axes.annotate(
            ", ".join(notes), (bins[0], place), (6, 5), textcoords="offset points", fontsize=8.5,
            color="#222222", zorder=4,
        )  # fmt: skip
