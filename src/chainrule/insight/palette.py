"""Colours that everyone can tell apart, and that leave text legible."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["COLOURS", "confusion_shades", "ink_on", "tint"]

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442", "#000000")
"""One for each class or curve, distinct for people with any kind of colour vision.

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


def ink_on(colour: Colour) -> str:
    """Return the colour of text that is read best on a ground: white or nearly black.

    Examples
    --------
    >>> ink_on(tint("#0072B2")), ink_on(tint("#08519C", strength=1.0))
    ('#111111', 'white')
    """
    # Relative luminance, its gamma taken as 2.2; white on 0.18 has a contrast of 1.05 / 0.23 = 4.6.
    luminance = float(colour**2.2 @ [0.2126, 0.7152, 0.0722])
    return "white" if luminance < 0.18 else "#111111"


def confusion_shades(counts: NDArray[np.int64]) -> Colour:
    """Give each cell of a confusion matrix its colour: hits blue, mistakes orange."""
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    is_hit = np.eye(len(counts), dtype=bool)
    mistakes = np.where(is_hit, 0, counts)
    often = mistakes / max(mistakes.max(initial=0), 1)
    blue, orange, paper = _rgb("#08519C"), _rgb("#E6550D"), _rgb("#F7F7F7")
    hit = paper + share[..., None] ** 2 * (blue - paper)
    # The rarest mistake is visible too: colour starts at a fifth.
    missed = paper + np.where(mistakes, 0.2 + 0.6 * often, 0)[..., None] * (orange - paper)
    return np.where(is_hit[..., None], hit, missed)


def _rgb(colour: str) -> Colour:
    return np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
