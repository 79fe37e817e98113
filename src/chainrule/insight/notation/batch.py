"""The size of a batch as a symbol: graphs are traced for a size that no other constant has."""

from __future__ import annotations

from chainrule.insight.notation.expression import Name, Symbol

__all__ = ["BATCH_SIZE", "TRACED_BATCH"]

TRACED_BATCH = 1009
"""A prime, larger than the denominators that `algebra.number` looks for."""

BATCH_SIZE = Symbol(Name("N"))
"""Its value is put in where an expression is evaluated."""
