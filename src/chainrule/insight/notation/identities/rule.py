"""The record of an identity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chainrule.insight.notation.expression import Expression, Name

__all__ = ["Rule"]


@dataclass(frozen=True)
class Rule:
    """An identity: `apply` returns the simpler expression, or None where it does not hold.

    One that follows from the definition of a value has the name of that in `defines`.
    """

    name: str
    apply: Callable[[Expression], Expression | None]
    defines: Name | None = None
