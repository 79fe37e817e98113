"""Arrays as small images: matrices as heat maps, weights on pixels and kernels as tiles."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.insight.pages.image import address
from chainrule.insight.pages.markup import Markup, element
from chainrule.insight.plots.image_arrays import is_square
from chainrule.insight.plots.tiles import arrange_tiles
from chainrule.insight.png import png

__all__ = ["array_image"]

Array = NDArray[Any]

_ROWS, _COLUMNS = 48, 96
"""Entries of a matrix that are shown at most, evenly spaced."""
_TILES = 16
_WIDTH, _HEIGHT, _LARGEST_ENTRY = 288, 96, 12
"""Pixels of an image on the page, and of an entry in it."""

_LEVELS = 16
_LINE, _NOT_FINITE = 2 * _LEVELS + 1, 2 * _LEVELS + 2
_NEGATIVE, _POSITIVE = np.array([0.0, 114.0, 178.0]), np.array([213.0, 94.0, 0.0])


def _colours() -> NDArray[np.uint8]:
    """Return 16 blues, white, 16 oranges, nothing for lines, and grey for what is not finite."""
    share = np.linspace(1, 0, _LEVELS, endpoint=False)[:, None]
    white = np.full(3, 255.0)
    blues, oranges = (white + share * (end - white) for end in (_NEGATIVE, _POSITIVE))
    colours = np.vstack([blues, [white], oranges[::-1], [[0.0] * 3, [110.0] * 3]])
    opacity = np.full(len(colours), 255.0)
    opacity[_LINE] = 0
    return np.rint(np.column_stack([colours, opacity])).astype(np.uint8)


_PALETTE = _colours()


def array_image(values: Array, is_first: bool = False) -> Markup | None:
    """Return a heat map: blue for negative entries, white for 0, orange for positive ones.

    Parameters
    ----------
    values : array, float
        A parameter.
    is_first : bool
        Whether its inputs may be pixels, those of a network.

    Returns
    -------
    Markup or None
        None for single numbers, and arrays of other kinds.
    """
    if values.dtype.kind not in "fiub" or values.size < 2:
        return None
    finite = np.abs(values[np.isfinite(values)].astype(float))
    limit = float(finite.max()) if finite.size else 0.0
    tiles = _tiles(values, is_first)
    if tiles is None:
        numbers, note = _matrix(values, limit)
    else:
        numbers, note = _grid(tiles, limit, "unit" if values.ndim == 2 else "kernel")
    height, width = numbers.shape
    scale = min(_WIDTH / width, _HEIGHT / height, _LARGEST_ENTRY)
    text = f"{note}, blue is negative, orange positive, up to ±{limit:.3g}"
    return element(
        "img", src=address(png(numbers, _PALETTE)), alt=text, title=text,
        width=max(1, round(scale * width)), height=max(1, round(scale * height)),
    )  # fmt: skip


def _matrix(values: Array, limit: float) -> tuple[Array, str]:
    """Return the colours of a matrix, or of evenly spaced entries, and what they are."""
    matrix = values.reshape(-1, values.shape[-1])
    rows, columns = _evenly(len(matrix), _ROWS), _evenly(matrix.shape[1], _COLUMNS)
    part = matrix[np.ix_(rows, columns)]
    whole = _times(values.shape)
    note = whole if part.size == matrix.size else f"{_times(part.shape)} entries of {whole}"
    return _numbers(part, limit), note


def _grid(tiles: Array, limit: float, noun: str) -> tuple[Array, str]:
    """Return the colours of the first tiles, twice as many in a row as in a column."""
    shown = _numbers(tiles[:_TILES], limit)
    columns = min(len(shown), math.ceil(math.sqrt(2 * len(shown))))
    first = f"the first {len(shown)} of " if len(shown) < len(tiles) else ""
    note = f"{first}{len(tiles):,} {noun}s, each on {_times(tiles.shape[1:])} inputs"
    return arrange_tiles(shown, columns, _LINE), note


def _tiles(values: Array, is_first: bool) -> Array | None:
    """Return an image for each unit of a network's square inputs, or for each kernel."""
    if values.ndim == 4 and min(values.shape[:2]) > 1:
        return values.transpose(3, 2, 0, 1).reshape(-1, *values.shape[:2])
    if is_first and values.ndim == 2 and is_square(len(values)):
        side = math.isqrt(len(values))
        return values.T.reshape(-1, side, side)
    return None


def _numbers(values: Array, limit: float) -> NDArray[np.uint8]:
    """Return the number of each entry's colour."""
    is_finite = np.isfinite(values)
    share = np.where(is_finite, values, 0.0) / (limit or 1.0)
    levels = np.rint(_LEVELS * share).astype(int) + _LEVELS
    return np.where(is_finite, levels, _NOT_FINITE).astype(np.uint8)


def _evenly(size: int, most: int) -> NDArray[np.intp]:
    return np.unique(np.linspace(0, size - 1, min(size, most)).astype(np.intp))


def _times(lengths: tuple[int, ...]) -> str:
    return " × ".join(map(str, lengths))
