"""The progress of a run in a notebook: its numbers, a bar while it runs, and its curves."""

from __future__ import annotations

import numpy as np

from chainrule.insight.displays.curves import charts
from chainrule.insight.displays.page import display, quantities
from chainrule.insight.pages.markup import Markup, element, note
from chainrule.train.progress.columns import duration
from chainrule.train.progress.run_state import RunState

__all__ = ["progress_display"]

_UNSHOWN = ("seconds", "learning_rate")


def progress_display(state: RunState) -> Markup:
    """Return the display of a run at one moment; when it is over, what stays in the notebook."""
    word, number = state.label.split(" ", 1)
    facts = [(word, number.strip())]
    facts += [(name, f"{each:.4g}") for name, each in state.logs.items() if name not in _UNSHOWN]
    facts.append(("samples/s", f"{state.speed:,.0f}"))
    if state.seconds is not None:
        facts.append(("time" if state.fraction is None else "left", _time(state.seconds)))
    content = [quantities(facts)]
    if state.fraction is not None:
        done = element("span", style=f"width:{100 * state.fraction:.1f}%")
        content.append(element("div", done, class_="bar"))
    curves = {
        name: (np.array(epochs), np.array(values))
        for name, (epochs, values) in state.curves.items()
    }
    running = np.array(state.running[0]), np.array(state.running[1])
    is_drawn = max((len(x) for x, _ in curves.values()), default=0) > 1
    if is_drawn or (state.fraction is not None and len(running[0]) > 1):
        content.append(charts(curves or {"loss": (np.array([]), np.array([]))}, running))
    return display(*content, *map(note, state.notes))


def _time(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds < 10 else duration(seconds)
