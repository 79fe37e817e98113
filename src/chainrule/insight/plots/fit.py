"""Plot of a curve fit: the data, the curve and its confidence band."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import Range, bad_argument, checked_number
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import DataError
from chainrule.insight.figure import File, drawing, root_figure
from chainrule.insight.legend import add_legend
from chainrule.insight.palette import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["fit"]

_LEVEL = Range("a number between 0 and 1", lambda x: 0 < x < 1)
_DENSE = 1000  # data above which marks are small and transparent
_POINTS_OF_CURVE = 400


@answers_foreign_names(PLOT_ALIASES)
def fit(result: Any, path: File = None, *, level: float = 0.95, axes: Axes | None = None) -> Figure:
    """Plot a curve fit with its confidence band.

    Parameters
    ----------
    result : FitResult
        What `chainrule.science.curve_fit` returns, of a model of one variable.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    level : float in (0, 1)
        The probability with which the band contains the curve at a point.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. Where the covariance could not be estimated, there is no band.

    Raises
    ------
    DataError
        If the model has several variables.
    ArgumentError
        If `result` is not of a curve fit, `level` not between 0 and 1, or `path` does not name a
        known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> from chainrule.science import curve_fit
    >>> result = curve_fit(lambda x, a, b: a * x + b, [0.0, 1.0, 2.0, 3.0], [1.1, 2.9, 5.1, 6.9])
    >>> [text.get_text() for text in fit(result).axes[0].get_legend().get_texts()]
    ['data', 'fit', '95 % confidence band']
    """
    if not hasattr(result, "band") or isinstance(result, type):
        raise bad_argument("plot.fit", "result", result, "what science.curve_fit returns")
    level = checked_number("plot.fit", "level", level, _LEVEL)
    x, y = np.asarray(result.xdata), np.asarray(result.ydata)
    if x.ndim != 1 or x.shape != y.shape or x.dtype.kind not in "fiu":
        raise DataError(
            f"plot.fit: x has shape {x.shape} and y {y.shape}; a curve needs one x for each y. "
            "Plot result.predict(x) and result.band(x) against the variable of interest"
        )
    # Half of the points are where the data are: on a log axis too the curve is resolved.
    shares = np.linspace(0, 1, _POINTS_OF_CURVE // 2)
    even = np.nanmin(x) + shares * (np.nanmax(x) - np.nanmin(x))
    curve = np.sort(np.concatenate([even, np.nanquantile(x, shares)]))
    is_dense = x.size > _DENSE
    with drawing(axes, path, (6.4, 4.2)) as panel:
        marks: dict[str, Any] = {"ms": 2, "mew": 0, "alpha": 0.3} if is_dense else {"ms": 4}
        colour = "#222222" if is_dense else "none"
        panel.plot(x, y, "o", color="#222222", mfc=colour, label="data", **marks)
        panel.plot(curve, result.predict(curve), color=COLOURS[0], lw=2, label="fit", zorder=3)
        lower, upper = result.band(curve, level)
        if np.isfinite(lower).all() and np.isfinite(upper).all():
            panel.fill_between(
                curve, lower, upper, color=COLOURS[0], alpha=0.2, lw=0,
                label=f"{100 * level:g} % confidence band",
            )  # fmt: skip
        panel.set(xlabel="x", ylabel="y", title="Curve fit")
        panel.grid(visible=True)
        add_legend(panel)
        return root_figure(panel)
