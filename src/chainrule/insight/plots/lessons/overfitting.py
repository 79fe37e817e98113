"""Plot of overfitting: networks of several sizes or penalties, judged on new samples too."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import bad_argument, checked_text
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.console import shortened
from chainrule.insight.figure import File, panels, root_figure
from chainrule.insight.legend import add_legend
from chainrule.insight.palette import COLOURS
from chainrule.insight.plots.lessons.judged_models import judged

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["overfitting"]

Array = NDArray[Any]
Samples = tuple[Any, ArrayLike]

_NAME = "plot.overfitting"
_NETS = "a dict of trained networks by what differs, such as {1: net, 2: other}"
_COLUMNS = 4
_MOST = 11  # panels of networks; of more, some at equal distances
_LONGEST_NAME = 14


@answers_foreign_names(PLOT_ALIASES)
def overfitting(
    nets: Mapping[Any, Any],
    train: Samples,
    test: Samples,
    path: File = None,
    *,
    name: str = "network",
    axes: Any = None,
) -> Figure:
    """Plot what trained networks make of a plane or a line, and their errors on new samples.

    Parameters
    ----------
    nets : mapping of value to Network, estimator or function
        Trained networks by what differs between them, such as the number of hidden units or the
        weight λ of a penalty, in the order in which they are drawn.
    train, test : (X, y)
        The samples that were trained on, and others. `y` are classes, or numbers for networks that
        predict numbers.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    name : str
        What differs, such as ``"hidden units"``.
    axes : matplotlib.axes.Axes, one for each network and one more, or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure: a panel for each network, of more than 11 for some, and the errors of all.
        Classifiers have decision regions, more than two features projected on two principal
        components; regressions of one feature have a curve. Filled marks are the samples trained
        on, hollow ones the others. The error is the share of samples that are mistaken, or the
        root mean squared error.

    Raises
    ------
    DataError
        If samples do not fit each other or the networks.
    ArgumentError
        If `nets` is no mapping of models, or `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 20)[:, None]
    >>> nets = {each: lambda rows, each=each: rows[:, 0] > each for each in (-0.5, 0.0, 0.5)}
    >>> figure = overfitting(nets, (X, X[:, 0] > 0), (X + 0.01, X[:, 0] > 0), name="threshold")
    >>> figure.axes[-1].get_xlabel()
    'threshold'
    """
    checked_text(_NAME, "name", name, "what differs between the networks")
    if not isinstance(cast(Any, nets), Mapping) or not nets:
        raise bad_argument(_NAME, "nets", nets, _NETS)
    for key, net in nets.items():
        if isinstance(net, type) or not (callable(net) or hasattr(net, "predict")):
            raise bad_argument(_NAME, f"nets[{key!r}]", net, "a network, estimator or function")
    samples = judged(_NAME, [_samples("train", train), _samples("test", test)], nets)
    errors = np.array([[samples.error(net, place) for place in (0, 1)] for net in nets.values()])
    shown = list(nets.items()) if samples.has_panels else []
    if len(shown) > _MOST:
        shown = [shown[each] for each in np.linspace(0, len(shown) - 1, _MOST).astype(int)]
    count = len(shown) + 1
    columns = count if axes is not None else min(_COLUMNS, count)
    rows = math.ceil(count / columns)
    size = (2.8 * columns + 0.6, 2.6 * rows + 0.9) if shown else (6.4, 4.2)
    with panels(axes, path, size, columns, (1,) * rows, shares_x=False) as drawn:
        for panel, (key, net) in zip(drawn, shown, strict=False):
            samples.draw(panel, net)
            title = shortened(f"{key:g}" if isinstance(key, float) else str(key), _LONGEST_NAME)
            panel.set_title(f"{name}: {title}")
        _draw_errors(drawn[len(shown)], list(nets), errors, name, samples.measure)
        for panel in drawn[count:]:
            panel.set_visible(False)
        return root_figure(drawn[0])


def _samples(argument: str, given: Any) -> tuple[Any, Any]:
    if not isinstance(given, tuple | list) or len(cast(Sequence[Any], given)) != 2:
        raise bad_argument(_NAME, argument, given, "a pair (X, y), as data.split returns them")
    X, y = cast(Sequence[Any], given)
    return X, y


def _draw_errors(axes: Axes, keys: list[Any], errors: Array, name: str, measure: str) -> None:
    """Draw errors by what differs, with a ring at the lowest on new samples."""
    places = np.arange(len(keys))
    styles = (("-", COLOURS[0], COLOURS[0], "training"), ("--", COLOURS[4], "white", "test"))
    for column, (dashes, colour, face, label) in enumerate(styles):
        axes.plot(
            places, errors[:, column], dashes, color=colour, lw=2, marker="o", ms=5, mfc=face,
            label=label,
        )  # fmt: skip
    if np.isfinite(errors[:, 1]).any():
        best = int(np.nanargmin(errors[:, 1]))
        axes.plot(
            best, errors[best, 1], "o", ms=12, mfc="none", mec="#222222", mew=1.6,
            label=f"lowest: {errors[best, 1]:.3g}",
        )  # fmt: skip
    texts = [shortened(f"{each:g}" if isinstance(each, float) else str(each), 8) for each in keys]
    step = max(1, len(keys) // 8)
    axes.set_xticks(places[::step], texts[::step])
    axes.set(xlabel=name, ylabel=measure, title="Errors")
    axes.set_ylim(bottom=0)
    axes.grid(visible=True)
    add_legend(axes, fontsize=8.5)
