"""What a step of training draws: the masks of dropout, and noise, as named constants of a graph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chainrule.graph.node import Node
from chainrule.insight.notation import algebra, layout
from chainrule.insight.notation.expression import (
    Cases,
    Expression,
    Name,
    Reduction,
    Relation,
    Symbol,
)
from chainrule.insight.notation.identities.rule import Rule
from chainrule.insight.notation.text import to_text
from chainrule.nn.random_stream import RandomStream

__all__ = ["DrawsOfTraining", "drawn_constants", "mask_rules"]


class DrawsOfTraining:
    """A random stream that draws in the dtype of a network, as `fit` does, for one in float64."""

    def __init__(self, stream: RandomStream, dtype: Any) -> None:
        self.stream, self.dtype = stream, dtype

    def uniform(self, shape: tuple[int, ...], dtype: Any = "float32") -> Any:
        """Draw from the uniform distribution on [0, 1)."""
        return self.stream.uniform(shape, self.dtype).astype(dtype)

    def normal(self, shape: tuple[int, ...], dtype: Any = "float32") -> Any:
        """Draw from the standard normal distribution."""
        return self.stream.normal(shape, self.dtype).astype(dtype)

    def reserve(self, count: int) -> int:
        """Reserve draw numbers for a loop."""
        return self.stream.reserve(count)

    def at(self, number: Any) -> DrawsOfTraining:
        """Return a copy of the stream, positioned at a draw number."""
        return DrawsOfTraining(self.stream.at(number), self.dtype)


def drawn_constants(nodes: Iterable[Node], batch_size: int) -> list[Node]:
    """Return the arrays among the constants of a graph in training that hold draws.

    They are masks, or have a row for each sample.
    """
    constants = (x for x in nodes if x.is_constant and x.shape)
    return [x for x in constants if x.dtype.kind == "b" or batch_size in x.shape]


def mask_rules(name: Name) -> list[Rule]:
    """Return the rules ``v if m, else 0 = m v`` of a mask m of zeros and ones."""

    def is_mask(expression: Expression) -> bool:
        return isinstance(expression, Symbol) and expression.name == name

    def product(expression: Expression) -> Expression | None:
        match expression:
            case Cases(condition, if_true, if_false) if (
                is_mask(condition) and if_false == algebra.ZERO
            ):
                return algebra.multiply(condition, if_true)
            case Relation("≠", condition, if_false) if (
                is_mask(condition) and if_false == algebra.ZERO
            ):
                return condition
            case _:
                return None

    def some(expression: Expression) -> Expression | None:
        match expression:
            case Relation("≠", Reduction("Σ", _, body), right) if (
                is_mask(body) and right == algebra.ZERO
            ):
                return algebra.ONE
            case _:
                return None

    text = to_text(layout.name_of(name))
    return [Rule(f"{text} is 0 or 1", product), Rule(f"some entry of {text} is 1", some)]
