"""Plot of activation functions beside their derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import bad_argument
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.autodiff.derivative import grad
from chainrule.console import shortened
from chainrule.errors import ArgumentError
from chainrule.insight.figure import File, panels, root_figure
from chainrule.insight.legend import add_legend
from chainrule.insight.palette import COLOURS
from chainrule.insight.plots.curve import interval
from chainrule.insight.plots.lessons.by_name import by_name
from chainrule.insight.plots.plotted_function import name_of
from chainrule.nn.activations.activation import ACTIVATIONS, resolve_activation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["activation_functions"]

Array = NDArray[Any]
Function = str | Callable[[Any], Any]

_NAME = "plot.activation_functions"
_WHAT = "the name of an activation, a function of an array, a list of those, or a dict by name"
_OF_ROWS = ("softmax", "log_softmax")
_COLUMNS = 4  # at least, of many functions more
_POINTS = 801
_LONGEST_NAME = 18
_POLES = 0.03  # the part of derivatives at either end that may be higher than the axes
_JUMP = 8.0  # times the changes beside it: a change of the derivative that is a jump


@answers_foreign_names(PLOT_ALIASES)
def activation_functions(
    functions: Function | Sequence[Function] | Mapping[str, Function] | None = None,
    path: File = None,
    *,
    limits: tuple[float, float] = (-4.0, 4.0),
    axes: Any = None,
) -> Figure:
    """Plot activation functions, each with its derivative.

    Parameters
    ----------
    functions : str, function, list or dict of those, or None
        Names of activations, or functions of an array that act on each entry alone; None draws all
        of the library.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    limits : (float, float)
        The range of x.
    axes : matplotlib.axes.Axes, one for each function, or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. Derivatives are those that `chainrule.grad` computes; the largest is written in
        each panel, as products of derivatives below 1 vanish over many layers.

    Raises
    ------
    ArgumentError
        For an unknown name, a function that mixes entries, such as softmax, or limits that are no
        range; if `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> figure = activation_functions(["sigmoid", "tanh"])
    >>> [each.texts[0].get_text() for each in figure.axes]
    ['largest derivative 0.25', 'largest derivative 1']
    """
    drawn = _functions(functions)
    x = np.linspace(*interval(_NAME, limits, []), _POINTS)
    curves = {name: _curves(name, f, x) for name, f in drawn.items()}
    most = max(_COLUMNS, math.ceil(math.sqrt(1.6 * len(curves))))
    columns = min(most, len(curves)) if axes is None else len(curves)
    rows = math.ceil(len(curves) / columns)
    size = (2.7 * columns + 0.8, 2.3 * rows + 0.9)
    with panels(axes, path, size, columns, (1,) * rows, shares_x=False) as given:
        for place, (panel, (name, (values, derivatives))) in enumerate(
            zip(given, curves.items(), strict=False)
        ):
            _draw(panel, name, x, values, derivatives, is_first=place == 0)
            if place + columns >= len(curves):
                panel.set_xlabel("x")
        for panel in given[len(curves) :]:
            panel.set_visible(False)
        return root_figure(given[0])


def _functions(functions: Any) -> dict[str, Callable[[Any], Any]]:
    if functions is None:
        functions = [name for name in ACTIVATIONS if name not in _OF_ROWS]
    named = by_name(
        _NAME, "functions", functions, _WHAT,
        lambda each: each if isinstance(each, str) else name_of(each),
    )  # fmt: skip
    if not all(isinstance(each, str) or callable(each) for each in named.values()):
        raise bad_argument(_NAME, "functions", functions, _WHAT)
    return {name: resolve_activation(each) for name, each in named.items()}


def _curves(name: str, f: Callable[[Any], Any], x: Array) -> tuple[Array, Array]:
    """Return the values and derivatives of a function of each entry, with gaps at jumps."""
    with np.errstate(all="ignore"):
        try:
            values, some = np.asarray(f(x)), np.asarray(f(x[:3]))
        except (TypeError, ValueError) as error:
            raise ArgumentError(
                f"{_NAME}: {name} of an array raises a {type(error).__name__}, {error!s:.60}; give "
                "a function of arrays, such as lambda x: np.maximum(x, 0)"
            ) from error
        if values.shape != x.shape or not np.allclose(some, values[:3], equal_nan=True):
            raise ArgumentError(
                f"{_NAME}: {name} of an array, shape {x.shape}, has shape {values.shape} and mixes "
                "its entries; a curve needs a function of each entry alone, such as lambda x: "
                "np.tanh(x) ** 3"
            )
        derivatives = np.array(grad(lambda points: np.sum(f(points)))(x), float)
    changes = np.abs(np.diff(derivatives))
    beside = np.full_like(changes, np.inf)
    beside[1:-1] = changes[:-2] + changes[2:]
    derivatives[1:][changes > _JUMP * beside + 1e-3 * np.nanmax(np.abs(derivatives), initial=0)] = (
        np.nan
    )
    return values.astype(float), derivatives


def _draw(
    axes: Axes, name: str, x: Array, values: Array, derivatives: Array, is_first: bool
) -> None:
    axes.axhline(0, color="#888888", lw=0.8)
    axes.axvline(0, color="#888888", lw=0.8)
    labels = ("f(x)", "derivative f′(x)") if is_first else (None, None)
    axes.plot(x, values, color=COLOURS[0], lw=2.2, label=labels[0])
    axes.plot(x, derivatives, "--", color=COLOURS[4], lw=2.0, label=labels[1])
    known = np.abs(derivatives[np.isfinite(derivatives)])
    largest = known.max(initial=0)
    axes.text(
        0.03, 0.96, f"largest derivative {largest:.3g}", transform=axes.transAxes, va="top",
        fontsize=8.5, bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1.5},
    )  # fmt: skip
    low, high = _heights(values, derivatives)
    height = max(float(high - low), 1e-3)
    axes.set(
        title=shortened(name, _LONGEST_NAME),
        xlim=(x[0], x[-1]),
        ylim=(low - 0.08 * height, high + 0.3 * height),
    )
    axes.grid(visible=True)
    if is_first:
        add_legend(axes)


def _heights(values: Array, derivatives: Array) -> tuple[float, float]:
    """Return the range of values and of derivatives, but for those around poles."""
    values, derivatives = values[np.isfinite(values)], derivatives[np.isfinite(derivatives)]
    ends = [*np.quantile(values, [_POLES / 10, 1 - _POLES / 10])] if values.size else []
    ends += [*np.quantile(derivatives, [_POLES, 1 - _POLES])] if derivatives.size else []
    return (float(min(ends)), float(max(ends))) if ends else (0.0, 1.0)
