"""Colour-blind safe palette, and text colours of sufficient contrast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["COLOURS", "confusion_colours", "text_colour", "tint"]

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442", "#000000")
"""One for each class or curve, distinct under every form of colour blindness.

References
----------
Okabe & Ito (2008), "Color universal design": the palette, here with blue and orange first.
"""

Colour = NDArray[np.float64]


def tint(colour: str, strength: float = 0.25) -> Colour:
    """Mix a colour with white.

    Examples
    --------
    >>> tint("#000000", strength=0.25)
    array([0.75, 0.75, 0.75])
    """
    return 1 - strength * (1 - _rgb(colour))


def text_colour(background: Colour) -> str:
    """Return the text colour of higher contrast on a background: white or nearly black.

    Examples
    --------
    >>> text_colour(tint("#0072B2")), text_colour(tint("#08519C", strength=1.0))
    ('#111111', 'white')
    """
    # Relative luminance, its gamma taken as 2.2; white on 0.18 has a contrast of 1.05 / 0.23 = 4.6.
    luminance = float(background**2.2 @ [0.2126, 0.7152, 0.0722])
    return "white" if luminance < 0.18 else "#111111"


def confusion_colours(counts: NDArray[np.int64]) -> Colour:
    """Return the colour of each cell of a confusion matrix: correct blue, errors orange."""
    rate = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    is_correct = np.eye(len(counts), dtype=bool)
    errors = np.where(is_correct, 0, counts)
    relative = errors / max(errors.max(initial=0), 1)
    blue, orange, background = _rgb("#08519C"), _rgb("#E6550D"), _rgb("#F7F7F7")
    correct = background + rate[..., None] ** 2 * (blue - background)
    # The rarest error is visible too: colour starts at a fifth.
    strength = np.where(errors, 0.2 + 0.6 * relative, 0)[..., None]
    return np.where(is_correct[..., None], correct, background + strength * (orange - background))


def _rgb(colour: str) -> Colour:
    return np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
