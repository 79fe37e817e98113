"""Histories as curves: a small chart for each quantity, of training and of validation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.console import shortened
from chainrule.insight.displays.page import display, folded, quantities
from chainrule.insight.pages.chart import SMALL, Series, chart
from chainrule.insight.pages.markup import Markup, element, note, table
from chainrule.train.history import History
from chainrule.train.metrics.direction import direction
from chainrule.train.progress.notebook import has_shown_curves

__all__ = ["Curve", "charts", "history_display"]

Curve = tuple[NDArray[Any], NDArray[Any]]
"""Epochs, and the values in them."""

_POINTS, _CHARTS = 120, 6
"""How many points of a curve, and how many charts are drawn at most."""
_LETTERS = 20
"""Letters of the name of a chart, beside which its legend stands."""
_TIMES = ("seconds", "learning_rate")


def history_display(history: History) -> Markup:
    """Return the curves of a history and the table of its first, last and best values."""
    columns = {name: np.array(history[name], float) for name in history}
    epochs = history.epochs
    count = f"{epochs:,} epoch{'' if epochs == 1 else 's'}"
    facts = [("History", count)]
    if len(seconds := columns.get("seconds", np.array([]))):
        facts.append(("time", f"{seconds.sum():.3g} s"))
    content = [quantities(facts), *map(note, history.notes)]
    if epochs > 1:
        drawn = charts({name: (np.arange(len(y)) + 1.0, y) for name, y in columns.items()})
        content.append(folded("curves", drawn) if has_shown_curves() else drawn)
    if rows := [row for name, y in columns.items() if (row := _row(name, y))]:
        content.append(table(("", "first", "last", "best", "in epoch"), rows))
    return display(*content)


def _row(name: str, values: NDArray[Any]) -> list[str]:
    """Return the first, the last and the best value of a quantity."""
    if name in _TIMES or not len(values):
        return []
    is_maximized, best, epoch = direction(name), "", ""
    if is_maximized is not None and np.isfinite(values).any():
        place = int(np.nanargmax(values) if is_maximized else np.nanargmin(values))
        best, epoch = f"{values[place]:.4g}", str(place + 1)
    return [name, f"{values[0]:.4g}", f"{values[-1]:.4g}", best, epoch]


def charts(
    curves: Mapping[str, Curve],
    running: Curve | None = None,
) -> Markup:
    """Return a chart for each quantity.

    Parameters
    ----------
    curves : mapping of str to (array, array)
        Epochs and values of each quantity.
    running : (array, array) or None
        The loss within the epoch that runs, by fractions of epochs.
    """
    names = [name for name in curves if not name.startswith("val_") and name not in _TIMES]
    shown = [_chart(name, curves, running if name == "loss" else None) for name in names[:_CHARTS]]
    rates = curves.get("learning_rate")
    if rates is not None and len(set(rates[1].tolist())) > 1 and len(shown) < _CHARTS:
        shown.append(_chart("learning_rate", curves, None))
    return element("div", *shown, class_="charts")


def _chart(name: str, curves: Mapping[str, Curve], running: Curve | None) -> Markup:
    series: list[Series] = []
    held_out = curves.get(f"val_{name}")
    if running is not None and len(running[0]) > 1:
        series.append(Series("", *running, "points", 0))
    series.append(Series("training", *_thinned(*curves[name]), "line", 0))
    if held_out is not None:
        series.append(Series("validation", *_thinned(*held_out), "dashed", 1))
    label = shortened(name.replace("_", " "), _LETTERS)
    return chart(series, "epoch", label, counts=True, frame=SMALL)


def _thinned(x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return points of a curve, evenly spaced, the first and the last among them."""
    places = np.unique(np.linspace(0, len(x) - 1, min(len(x), _POINTS)).astype(int))
    return x[places], y[places]
