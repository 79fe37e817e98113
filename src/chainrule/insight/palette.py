"""Colour-blind safe palette, and text colours of sufficient contrast."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "COLOURS",
    "DARK",
    "LINE_COLOURS",
    "MARKERS",
    "YELLOW",
    "confusion_colours",
    "confusion_scale",
    "luminance",
    "text_colour",
    "tint",
]

YELLOW = "#F0E442"
"""Too light for lines and for marks without a border on white."""

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", YELLOW, "#000000")
"""One for each class or curve, distinct under every form of colour blindness.

References
----------
Okabe & Ito (2008), "Color universal design": the palette, here with blue and orange first.
"""

LINE_COLOURS = tuple(colour for colour in COLOURS if colour != YELLOW)
"""Those dark enough for lines on white."""

DARK = 0.179
"""Luminance below which white text has more contrast than black; at it, both have 4.58."""

MARKERS = "osD^vP*X"
"""One for each class, so that classes differ without colour too."""

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
    """Return the text colour of higher contrast on a background, 4.58 or more: white or black.

    References
    ----------
    W3C, "Web Content Accessibility Guidelines 2.2", relative luminance and contrast ratio.

    Examples
    --------
    >>> text_colour(tint("#0072B2")), text_colour(tint("#08519C", strength=1.0))
    ('black', 'white')
    """
    return "white" if luminance(background) < DARK else "black"


def luminance(colour: ArrayLike) -> float:
    """Return the relative luminance of red, green and blue in [0, 1].

    Examples
    --------
    >>> luminance([1.0, 1.0, 1.0]), round(luminance([0.0, 0.0, 1.0]), 3)
    (1.0, 0.072)
    """
    levels = np.asarray(colour, float)
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def confusion_colours(counts: NDArray[np.int64]) -> Colour:
    """Return the colour of each cell of a confusion matrix: correct blue, errors orange."""
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    is_correct = np.eye(len(counts), dtype=bool)
    return np.where(is_correct[..., None], _shade(share, "#08519C"), _shade(share, "#E6550D"))


def confusion_scale(is_mistaken: bool) -> Colour:
    """Return the shades of 0 to 100 % as an image: a column for errors, if any, one for hits."""
    share = np.linspace(0, 1, 101)
    shades = ["#E6550D", "#08519C"] if is_mistaken else ["#08519C"]
    return np.stack([_shade(share, each) for each in shades], axis=1)


def _shade(share: NDArray[Any], full: str) -> Colour:
    """Mix a background with a colour; the root makes an error of a few per cent visible."""
    background = _rgb("#F7F7F7")
    strength = np.where(share > 0, 0.12 + 0.88 * np.sqrt(share), 0)[..., None]
    return background + strength * (_rgb(full) - background)


def _rgb(colour: str) -> Colour:
    return np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
