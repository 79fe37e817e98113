"""Compressed Jacobians: columns that share no row are computed as one sum.

Columns with the same color have no row in common, so from the sum of the columns of a color each
entry can be read off (Curtis, Powell & Reid 1974, On the estimation of sparse Jacobian matrices).
Colors are given greedily, which for a band needs as many as it is wide (Coleman & Moré 1983,
Estimation of sparse Jacobian matrices and graph coloring problems, section 3).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.node import Node, constant
from chainrule.ops.primitives.array_update import scatter
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.gather_scatter import gather

__all__ = ["colors_of", "decompressed"]


def colors_of(pattern: Any, most: int) -> Any:
    """Color the columns of a boolean matrix greedily; None if more than `most` are needed.

    Examples
    --------
    >>> colors_of(np.eye(4, dtype=bool) | np.eye(4, k=1, dtype=bool), 3)
    array([0, 1, 0, 1])
    """
    if not pattern.size or pattern.sum(axis=1).max() > most:
        return None
    packed = np.packbits(pattern.T, axis=1)
    covered: list[int] = []  # the rows of each color
    colors: list[int] = []
    for column in packed:
        rows = int.from_bytes(column.tobytes(), "little")
        color = next((i for i, each in enumerate(covered) if not each & rows), len(covered))
        if color == len(covered):
            covered.append(0)
        if len(covered) > most:
            return None
        covered[color] |= rows
        colors.append(color)
    return np.array(colors)


def decompressed(sums: Node, pattern: Any, colors: Any, is_transposed: bool) -> Node:
    """Read the matrix off the sums of its columns, (colors, rows); it is 0 off the pattern."""
    rows, columns = map(constant, np.nonzero(pattern))
    values = gather(sums, constant(colors[columns.value]), rows)
    shape = pattern.shape[::-1] if is_transposed else pattern.shape
    zeros = broadcast_to(constant(np.zeros((), sums.dtype)), shape)
    return scatter(zeros, values, *((columns, rows) if is_transposed else (rows, columns)))
