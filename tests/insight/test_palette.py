"""The palette: contrast of text, and colour blindness."""

import itertools
from typing import Any

import numpy as np
import pytest

from chainrule.insight.palette import COLOURS, confusion_colours, text_colour, tint


def luminance(colour: Any) -> float:
    """Relative luminance exactly as WCAG 2 defines it."""
    colour = np.asarray(colour)
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(first: Any, second: Any) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("share", np.linspace(0, 1, 21))
def test_text_on_every_cell_of_a_confusion_matrix_has_enough_contrast(share: float) -> None:
    counts = np.array([[round(100 * share), 100 - round(100 * share)], [1, 40]])
    for cell in confusion_colours(counts).reshape(-1, 3):
        text = np.zeros(3) if text_colour(cell) == "black" else np.ones(3)
        assert contrast(cell, text) > 4.5


def test_the_first_colours_remain_distinct_without_the_red_green_axis() -> None:
    """Protanopes and deuteranopes lack the red-green axis; Viénot, Brettel & Mollon (1999)."""
    projection = np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]])
    projected = [projection @ tint(colour, 1.0) ** 2.2 for colour in COLOURS[:4]]
    for first, second in itertools.combinations(projected, 2):
        assert np.abs(first - second).max() > 0.05
