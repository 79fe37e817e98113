"""Restricted Boltzmann machines, and the values of an evaluation."""

from __future__ import annotations

import numpy as np

from chainrule.insight.displays.array_image import array_image
from chainrule.insight.displays.page import display, folded, quantities
from chainrule.insight.pages.markup import Markup, element, table
from chainrule.train.inference.evaluation import Evaluation
from chainrule.train.rbm.rbm import RBM

__all__ = ["evaluation_display", "machine_display"]


def machine_display(machine: RBM) -> Markup:
    """Return the settings of a machine, and images of its weights and biases."""
    title = element(
        "span",
        element("b", "RBM"),
        " ",
        element("span", repr(machine).strip("<>").removeprefix("RBM "), class_="soft"),
    )
    rows: list[list[object]] = []
    for name, value in machine.params.items():
        array = np.asarray(value)
        numbers = [f"{each:.3g}" for each in (array.min(), array.mean(), array.max())]
        image = array_image(array, is_first=True) or ""
        rows.append([name, image, element("span", " × ".join(map(str, array.shape))), *numbers])
    headings = ("parameter", "values", "shape", "smallest", "mean", "largest")
    return display(folded(title, *([table(headings, rows)] if rows else []), is_open=True))


def evaluation_display(evaluation: Evaluation) -> Markup:
    """Return the values of an evaluation with their names."""
    return display(quantities((name, f"{value:.4g}") for name, value in evaluation.items()))
