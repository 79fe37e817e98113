"""Scatters of one update a row: their row sums are the updates.

::

    s = scatter_add(u, [0, 1, ..., n - 1], j, shape=(n, m))    ->    r = add(0.0, u)
    r = reduce_to(s, shape=(n, 1))

Legal as every other term is a zero. Pays in the derivative of a cross-entropy, whose scores would
be read once more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph.node import Node, constant
from chainrule.ops.primitives import broadcasting, elementwise, gather_scatter, movement

__all__ = ["RULES"]


def _reduce_to(inputs: tuple[Node, ...], params: dict[str, Any]) -> Node | None:
    """Sum the rows of a scatter, or of its negative: a sum of negatives is that of a sum."""
    (source,) = inputs
    if source.primitive is elementwise.negative:
        total = _reduce_to(source.inputs, params)
        return None if total is None else elementwise.negative(total)
    if source.primitive is not gather_scatter.scatter_add or len(source.inputs) != 3:
        return None
    updates, rows, _ = source.inputs
    count, *lengths = source.shape
    shape = (count, 1, *lengths[1:])
    if params["shape"] != shape or rows.shape != (count, *[1] * (len(rows.shape) - 1)):
        return None
    if not rows.is_constant or not np.array_equal(np.ravel(rows.known_value), range(count)):
        return None
    # 0.0 + -0.0 is 0.0, as in the scatter.
    zero = broadcasting.broadcast_to(constant(np.zeros((), source.dtype)), shape)
    return elementwise.add(zero, movement.reshape(updates, shape=shape))


RULES: dict[str, Callable[[tuple[Node, ...], dict[str, Any]], Node | None]] = {
    "reduce_to": _reduce_to
}
