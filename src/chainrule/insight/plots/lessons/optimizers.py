"""Plot of optimisers side by side: their paths on the contours of a function, and its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import checked_count
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, DataError
from chainrule.insight.animation import is_animation, save_animation
from chainrule.insight.figure import File, panels, root_figure
from chainrule.insight.legend import add_legend
from chainrule.insight.logarithmic_axis import label_decades
from chainrule.insight.plots.contours import (
    Limits,
    checked_limits,
    draw_contours,
    draw_path,
)
from chainrule.insight.plots.lessons.by_name import by_name
from chainrule.insight.plots.plotted_function import (
    function_of_point,
    gradients_at,
    name_of,
    ranges_of,
    real_value,
    values_on_grid,
)
from chainrule.optim.minimizer import Minimizer
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.registry import resolve_optimizer
from chainrule.optim.sgd import SGD

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["optimizers"]

Array = NDArray[Any]
Kind = str | Optimizer

_NAME = "plot.optimizers"
_HIGHEST = 10.0  # times the gain of the best: how far above the start others are drawn
_READABLE = ("#D55E00", "#CC79A7", "#56B4E9", "#8A7F00", "#444444")
"""Colours of paths on contours, yellow and white darker, as they are drawn on white."""
_DASHES = ("-", "--", ":")
_WHAT = "the name of an optimiser such as 'adam', one such as optim.Adam(0.1), or a list or dict"


@answers_foreign_names(PLOT_ALIASES)
def optimizers(
    f: Callable[..., Any],
    start: ArrayLike,
    rules: Kind | Sequence[Kind] | Mapping[str, Kind] | None = None,
    path: File = None,
    *,
    steps: int = 60,
    limits: Limits | None = None,
    features: Sequence[str] | None = None,
    axes: Any = None,
) -> Figure:
    """Plot the paths of optimisers on the contours of a function, and its values by step.

    Each step is one of the library's own: ``optimizer.update`` of the gradient by
    `chainrule.grad`.

    Parameters
    ----------
    f : callable
        The function ``f(x, y)``, or ``f(p)`` of an array, (2,), with a scalar result.
    start : array, (2,)
        Where all begin.
    rules : str, Optimizer, list or dict of those, or None
        The optimisers; names have their default learning rates. None compares gradient descent,
        momentum, RMSprop and Adam with a learning rate of 0.05.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf, or .gif for an animation; None does not
        save.
    steps : int >= 1
        How many steps are taken. A path that leaves the finite numbers ends before.
    limits : ((float, float), (float, float)) or None
        The ranges of x and y; None takes those of the paths that do not diverge, and a
        quarter more.
    features : list of two str, or None
        Names of the variables; None takes those of the arguments of `f`.
    axes : matplotlib.axes.Axes, two of them, or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    DataError
        If `start` is no point, or `f` is finite nowhere in the limits.
    ArgumentError
        If `f` is no function of two variables with a scalar result, or for an unknown optimiser, or
        one without steps by one gradient, such as L-BFGS.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> from chainrule import optim
    >>> figure = optimizers(lambda x, y: x**2 + 9 * y**2, [2.0, 1.0], ["sgd", optim.Adam(0.1)])
    >>> [each.get_label() for each in figure.axes[1].lines]
    ['sgd', 'Adam']
    """
    of_point, names = function_of_point(_NAME, f, features)
    count = checked_count(_NAME, "steps", steps)
    point = _start(start)
    given = checked_limits(_NAME, limits)
    paths = {name: _path(of_point, point, rule, count) for name, rule in _rules(rules).items()}
    ranges = given or ranges_of(_near(of_point, list(paths.values())))
    title = name_of(f)
    with panels(axes, path, (11.0, 5.0), 2, may_move=True) as (left, right):
        draw_contours(left, ranges, values_on_grid(_NAME, of_point, ranges), f"value of {title}")
        shows = [draw_path(left, each, place, "") for place, each in enumerate(paths.values())]
        left.set(
            xlabel=names[0], ylabel=names[1], xlim=ranges[0], ylim=ranges[1],
            title=f"Paths of {count} steps",
        )  # fmt: skip
        shows.append(_draw_values(right, of_point, paths))
        right.set(xlabel="step", ylabel=f"value of {title}", title="Values")
        right.yaxis.tick_right()  # away from the scale of colours
        right.yaxis.set_label_position("right")
        right.spines["left"].set_visible(False)
        right.spines["right"].set_visible(True)
        add_legend(right, fontsize=9)
        figure = root_figure(left)
        if is_animation(path):
            save_animation(figure, path, count, shows)
        return figure


def _start(start: Any) -> Array:
    try:
        point = np.asarray(start, float)
    except (TypeError, ValueError):
        point = np.zeros(0)
    if point.shape != (2,) or not np.isfinite(point).all():
        raise DataError(f"{_NAME}: start is {start!r:.60}; it must be a point of two numbers")
    return point


def _rules(rules: Any) -> dict[str, Optimizer]:
    if rules is None:
        rules = {
            "gradient descent": SGD(0.05), "momentum": SGD(0.05, momentum=0.8),
            "RMSprop": resolve_optimizer("rmsprop", 0.05), "Adam": resolve_optimizer("adam", 0.05),
        }  # fmt: skip
    named = by_name(
        _NAME, "rules", rules, _WHAT,
        lambda each: each if isinstance(each, str) else type(each).__name__,
    )  # fmt: skip
    resolved = {name: resolve_optimizer(each) for name, each in named.items()}
    for name, each in resolved.items():
        if isinstance(each, Minimizer):
            raise ArgumentError(
                f"{_NAME}: {name} has no steps by one gradient; draw its iterates by "
                "plot.descent(f, science.minimize(f, x0, method='BFGS', options={'return_all': "
                "True}))"
            )
    return resolved


def _path(f: Callable[[Array], Any], start: Array, rule: Optimizer, steps: int) -> Array:
    """Return the points of an optimiser from its start, up to the last finite one."""
    points, state = [start], rule.init(start)
    scale = [(0.0, max(1.0, float(np.abs(start).max())))] * 2
    with np.errstate(all="ignore"):
        for _ in range(steps):
            gradient = gradients_at(f, points[-1][None], scale)[0]
            if not np.isfinite(gradient).all():
                break
            point, state = rule.update(gradient, state, points[-1])
            if not (np.isfinite(point).all() and np.isfinite(real_value(_NAME, f(point)))):
                break
            points.append(np.asarray(point, float))
    return np.array(points)


def _near(f: Callable[[Array], Any], paths: list[Array]) -> list[Array]:
    """Return the points of paths without those far up, of optimisers that diverge."""
    values = [np.array([real_value(_NAME, f(each)) for each in points]) for points in paths]
    limit = _limit(values)
    return [points[each <= limit] for points, each in zip(paths, values, strict=True)]


def _limit(values: Sequence[Array]) -> float:
    """Return the highest value that is drawn: above the start by ten times what the best gains."""
    start = float(values[0][0])
    gain = start - min(float(each.min()) for each in values)
    return start + _HIGHEST * max(gain, abs(start))


def _draw_values(
    axes: Axes, f: Callable[[Array], Any], paths: Mapping[str, Array]
) -> Callable[[int], None]:
    """Draw the values along paths; return what draws them up to a step."""
    with np.errstate(all="ignore"):
        values = {
            name: np.array([real_value(_NAME, f(each)) for each in points])
            for name, points in paths.items()
        }
    # Of optimisers that diverge only the beginning is drawn, as it would hide the others.
    limit = _limit(list(values.values()))
    values = {
        f"{name} (diverges)" if each.max() > limit else name: np.where(each <= limit, each, np.nan)
        for name, each in values.items()
    }
    finite = np.concatenate(list(values.values()))
    finite = finite[np.isfinite(finite)]
    lines = [
        axes.plot(
            each,
            _DASHES[place // len(_READABLE) % 3],
            color=_READABLE[place % len(_READABLE)],
            lw=2,
            label=name,
        )[0]
        for place, (name, each) in enumerate(values.items())
    ]
    if finite.size and finite.min() > 0 and finite.max() > 20 * finite.min():
        axes.set_yscale("log")
        label_decades(axes.yaxis, float(finite.min()), float(finite.max()))
    axes.grid(visible=True)
    return lambda step: _cut(lines, list(values.values()), step)


def _cut(lines: Sequence[Any], values: Sequence[Array], step: int) -> None:
    for line, each in zip(lines, values, strict=True):
        line.set_data(np.arange(len(each[: step + 1])), each[: step + 1])
