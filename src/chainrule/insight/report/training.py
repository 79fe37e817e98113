"""How a network was trained: the curves of its history."""

from __future__ import annotations

import numpy as np

from chainrule.insight.pages.chart import Series, chart, charts
from chainrule.insight.pages.markup import Markup, element, note, section, table
from chainrule.train.history import History
from chainrule.train.metrics.direction import direction

__all__ = ["training_section"]

_UNSHOWN = {"seconds", "epoch"}
_POINTS = 1000
"""Epochs of a curve that are drawn at most."""


def training_section(history: History | None) -> Markup:
    """Return the section on the curves of loss and metrics."""
    if history is None or not history.epochs:
        return section("training", "Training", element("p", _UNTRAINED))
    content = [_table(history), *(element("p", each) for each in history.notes)]
    names = [each for each in history if each not in _UNSHOWN and not each.startswith("val_")]
    shown = [x for x in names if x != "learning_rate" or len(set(history[x])) > 1]
    content.append(charts((_in_words(name), _curves(history, name)) for name in shown))
    if history.epochs > _POINTS:
        content.append(note(f"Drawn are {_POINTS:,} of {history.epochs:,} epochs."))
    return section("training", "Training", *content)


_UNTRAINED = "The network has no history: it was not trained since it was made or loaded."


def _table(history: History) -> Markup:
    """Return the first, last and best value of each quantity."""
    rows: list[list[str]] = []
    for name in history:
        values = np.array(history[name], float)
        if name in _UNSHOWN or not values.size:
            continue
        is_maximized = direction(name)
        best, epoch = "", ""
        if is_maximized is not None and np.isfinite(values).any():
            place = int(np.nanargmax(values) if is_maximized else np.nanargmin(values))
            best, epoch = f"{values[place]:.4g}", str(place + 1)
        rows.append([_in_words(name), f"{values[0]:.4g}", f"{values[-1]:.4g}", best, epoch])
    return table(["", "first epoch", "last", "best", "in epoch"], rows)


def _in_words(name: str) -> str:
    is_validation = name.startswith("val_")
    return name.removeprefix("val_").replace("_", " ") + (", validation" if is_validation else "")


def _curves(history: History, name: str) -> Markup:
    """Draw a quantity by epoch, of training and of validation; a ring marks the best epoch."""
    parts = [("training", name, 0), ("validation", f"val_{name}", 1)]
    series: list[Series] = []
    for label, key, colour in parts:
        if key in history:
            values = np.array(history[key], float)
            shown = np.unique(np.linspace(0, len(values) - 1, _POINTS).astype(int))
            kind = "dashed" if colour else "line"
            series.append(Series(label, shown + 1.0, values[shown], kind, colour))
    measured = np.array(history[parts[-1][1] if len(series) > 1 else name], float)
    is_maximized, ring = direction(name), None
    if is_maximized is not None and np.isfinite(measured).any():
        place = int(np.nanargmax(measured) if is_maximized else np.nanargmin(measured))
        ring = place + 1.0, float(measured[place])
    return chart(series, "epoch", _in_words(name), ring=ring, counts=True)
