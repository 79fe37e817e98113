"""Axes on dark figures: data on white, and texts around them in light colours."""

from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from chainrule import Network, nn
from chainrule.insight import plot
from chainrule.insight.palette import luminance


def _contrast(first: Any, second: Any) -> float:
    """Return the contrast ratio of WCAG 2.2, from 1 to 21."""
    lower, higher = sorted(luminance(to_rgb(each)) + 0.05 for each in (first, second))
    return higher / lower


def test_texts_have_contrast_on_the_dark_figures_of_users() -> None:
    net = Network([nn.Dense(3, activation="tanh"), nn.Dense(2)], seed=0)
    net(np.zeros((1, 2)))
    for ground in ("black", "#222222", "white"):
        figure: Any = Figure(facecolor=ground, layout="constrained")
        first, second, third = figure.subplots(1, 3)
        for axes in (first, second, third):
            axes.set_facecolor(ground)
        plot.history({"loss": [3.0, 1.0]}, axes=first)
        plot.descent(lambda x, y: x**2 + y**2, [[1.0, 1.0], [0.0, 0.0]], axes=second)
        plot.network(net, axes=third)
        (scale, *_) = [each for each in figure.axes if each not in (first, second, third)]
        texts = [first.title, first.xaxis.label, scale.yaxis.label, *third.texts[:1]]
        texts += [*first.get_xticklabels(), *scale.get_yticklabels()]
        assert min(_contrast(each.get_color(), ground) for each in texts) > 7
        assert to_rgb(first.get_facecolor()) == (1, 1, 1)
        legend = first.get_legend()
        behind = legend.get_frame().get_facecolor() if legend.get_frame_on() else ground
        assert min(_contrast(each.get_color(), behind[:3] if ground != "white" else "white")
                   for each in legend.get_texts()) > 7  # fmt: skip
