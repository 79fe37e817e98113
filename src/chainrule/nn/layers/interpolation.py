"""Pictures read at other places than their own pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.ops.numpy_api.indexing import get_item

__all__ = ["pixels_at", "values_at"]


def pixels_at(x: Any, rows: Any, columns: Any, fill: float = 0.0) -> Any:
    """Read each picture at pixels of its own.

    Examples
    --------
    >>> x = np.arange(4.0).reshape(1, 2, 2, 1)
    >>> pixels_at(x, np.array([[[0], [1]]]), np.array([[[1, 2]]]), fill=-1.0)[0, :, :, 0]
    array([[ 1., -1.],
           [ 3., -1.]])
    """
    height, width = x.shape[1:3]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    pictures: Any = np.arange(x.shape[0])[:, None, None]
    nearest = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    found = get_item(x, (pictures, *nearest))
    return np.where(inside[..., None], found, x.dtype.type(fill))


def values_at(x: Any, rows: Any, columns: Any, fill: float = 0.0) -> Any:
    """Read each picture between its pixels, by the four around a place (bilinearly).

    Examples
    --------
    >>> x = np.arange(4.0).reshape(1, 2, 2, 1)
    >>> values_at(x, np.array([[[0.5]]]), np.array([[[0.25]]])).ravel()
    array([1.25])
    """
    top, left = np.floor(rows), np.floor(columns)
    below, right = (rows - top)[..., None], (columns - left)[..., None]
    row, column = top.astype(np.int64), left.astype(np.int64)
    upper = pixels_at(x, row, column, fill) * (1 - right)
    upper = upper + pixels_at(x, row, column + 1, fill) * right
    lower = pixels_at(x, row + 1, column, fill) * (1 - right)
    lower = lower + pixels_at(x, row + 1, column + 1, fill) * right
    return upper * (1 - below) + lower * below
