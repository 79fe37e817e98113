"""Tiles: images of one size, side by side on one axes, each with a label."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["arrange_tiles", "label_corners"]


def arrange_tiles(tiles: NDArray[Any], columns: int = 0, between: float = math.nan) -> NDArray[Any]:
    """Arrange images (n, height, width, ...) in a grid, near-square, with lines between."""
    count, height, width = tiles.shape[:3]
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    rest = tiles.shape[3:]
    grid = np.full((rows * columns, height + 1, width + 1, *rest), between, tiles.dtype)
    grid[:count, :height, :width] = tiles
    cells = grid.reshape(rows, columns, height + 1, width + 1, *rest).swapaxes(1, 2)
    return cells.reshape(rows * (height + 1), columns * (width + 1), *rest)[:-1, :-1]


def label_corners(axes: Axes, labels: list[str], height: int, width: int, size: float) -> None:
    """Write a label into the upper left corner of each tile, on a light ground."""
    columns = math.ceil(math.sqrt(len(labels)))
    ground: dict[str, Any] = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 0.8}
    for place, label in enumerate(labels):
        row, column = divmod(place, columns)
        axes.text(
            column * (width + 1) - 0.3, row * (height + 1) - 0.3, label, ha="left", va="top",
            fontsize=size, color="#111111", bbox=ground,
        )  # fmt: skip
