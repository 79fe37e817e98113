"""Images sampled at arbitrary pixel coordinates: gather and bilinear interpolation."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.ops.numpy_api.indexing import get_item

__all__ = ["gather_pixels", "sample_bilinear"]


def gather_pixels(x: Any, rows: Any, columns: Any, fill: float = 0.0) -> Any:
    """Return the pixels of each image at integer coordinates; `fill` beyond its borders.

    Examples
    --------
    >>> x = np.arange(4.0).reshape(1, 2, 2, 1)
    >>> gather_pixels(x, np.array([[[0], [1]]]), np.array([[[1, 2]]]), fill=-1.0)[0, :, :, 0]
    array([[ 1., -1.],
           [ 3., -1.]])
    """
    height, width = x.shape[1:3]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    samples: Any = np.arange(x.shape[0])[:, None, None]
    clipped = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    pixels = get_item(x, (samples, *clipped))
    return np.where(inside[..., None], pixels, x.dtype.type(fill))


def sample_bilinear(x: Any, rows: Any, columns: Any, fill: float = 0.0) -> Any:
    """Interpolate each image bilinearly at real coordinates, between the four nearest pixels.

    Examples
    --------
    >>> x = np.arange(4.0).reshape(1, 2, 2, 1)
    >>> sample_bilinear(x, np.array([[[0.5]]]), np.array([[[0.25]]])).ravel()
    array([1.25])
    """
    top, left = np.floor(rows), np.floor(columns)
    below, right = (rows - top)[..., None], (columns - left)[..., None]
    row, column = top.astype(np.int64), left.astype(np.int64)
    upper = gather_pixels(x, row, column, fill) * (1 - right)
    upper = upper + gather_pixels(x, row, column + 1, fill) * right
    lower = gather_pixels(x, row + 1, column, fill) * (1 - right)
    lower = lower + gather_pixels(x, row + 1, column + 1, fill) * right
    return upper * (1 - below) + lower * below
