"""The size of a batch as a symbol: graphs are traced for a size that no other constant has."""

from __future__ import annotations

from chainrule.insight.notation.expression import Name, Symbol

__all__ = ["BATCH_SIZE", "TRACED_BATCH", "for_batch"]

TRACED_BATCH = 1009
"""A prime, larger than the denominators that `algebra.number` looks for."""

BATCH_SIZE = Symbol(Name("N"))
"""Its value is put in where an expression is evaluated."""


def for_batch(length: int, batch_size: int) -> int:
    """Return a length, such as 4 N of merged axes, for a number of samples."""
    count, rest = divmod(length, TRACED_BATCH)
    return length if rest else count * batch_size
