"""Random draws: the words of Philox as whole-number arithmetic on their place.

Four words come out of each scrambled counter. They are computed together, as one row of a buffer
(blocks, 4 words), so that the scrambling is done once for all of them.
"""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np

from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    Expression,
    IndexValue,
    Literal,
    Load,
    Statement,
)
from chainrule.compiler.loop_ir.rewrite import substitute
from chainrule.compiler.lowering.graph_lowering import Lowering, rule
from chainrule.compiler.lowering.reshape import alias
from chainrule.graph.node import Node
from chainrule.ops.primitives.philox import philox

__all__: list[str] = []

_WORDS = np.dtype("uint64")
_WORD = 0xFFFFFFFF


class _Word:
    """A 64-bit whole number of the program, with the arithmetic that `philox` is written in."""

    def __init__(self, expression: Expression) -> None:
        self.expression = expression

    def _with(self, operation: str, other: Any) -> _Word:
        if not isinstance(other, _Word):
            other = _Word(Literal(np.uint64(other), _WORDS))
        return _Word(Apply(operation, (self.expression, other.expression), _WORDS))

    def __mul__(self, other: Any) -> _Word:
        return self._with("multiply", other)

    def __add__(self, other: Any) -> _Word:
        return self._with("add", other)

    def __rshift__(self, other: int) -> _Word:
        return self._with("shift_right", other)

    def __xor__(self, other: Any) -> _Word:
        return self._with("bitwise_xor", other)

    def __and__(self, other: int) -> _Word:
        return self._with("bitwise_and", other)


@rule("uniform")
def _uniform(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    size, dtype = math.prod(node.shape), node.dtype
    per_block = 4 if dtype == np.float32 else 2
    blocks = -(-size // per_block)
    key, counter = (lowering.stored(each) for each in node.inputs)
    first, second = (_entry(lowering, node.inputs[0], key, i) for i in range(2))
    rest = [_entry(lowering, node.inputs[1], counter, i) for i in range(3)]
    block, lane = Axis(blocks, "block"), Axis(per_block, "word")
    place = Affine.of(block) if blocks != 1 else Affine()
    counts = cast(Any, (_Word(IndexValue(place, _WORDS)), *rest))
    words = philox(counts, cast(Any, (first, second)))
    draws = [_single(word) for word in words] if per_block == 4 else _doubles(words)
    value = draws[-1].expression
    for number in reversed(range(per_block - 1)):
        here = IndexValue(Affine.of(lane), np.dtype("int64"))
        hit = Apply("equal", (here, Literal(np.int64(number), here.dtype)), np.dtype(bool))
        value = Apply("select", (hit, draws[number].expression, value), dtype)
    target = Buffer("arena", dtype, (blocks, per_block), node.name or "uniform", node.layer)
    index = (place, Affine.of(lane))
    lowering.items.append(Statement(target, index, value, layer=node.layer))
    flat, step = Affine(), 1
    for each, length in reversed(
        list(zip(lowering.canonical(node.shape), node.shape, strict=True))
    ):
        flat, step = flat + each.scaled(step), step * length
    return Load(alias(lowering, target, (blocks * per_block,)), (flat,))


def _entry(lowering: Lowering, node: Node, value: Load, number: int) -> _Word:
    (place,) = lowering.canonical(node.shape)
    entry = substitute(value, {place.terms[0][0]: Affine(number)})
    return _Word(Apply("cast", (entry,), _WORDS)) & _WORD


def _single(word: _Word) -> _Word:
    """24 bits as a float32 in [0, 1)."""
    whole = Apply("cast", ((word >> 8).expression,), np.dtype("float32"))
    scale = Literal(np.float32(2.0**-24), np.dtype("float32"))
    return _Word(Apply("multiply", (whole, scale), np.dtype("float32")))


def _doubles(words: tuple[_Word, ...]) -> list[_Word]:
    """53 bits of two words as a float64 in [0, 1)."""
    real = np.dtype("float64")

    def number(value: float) -> Expression:
        return Literal(np.float64(value), real)

    pairs: list[_Word] = []
    for high, low in ((words[0], words[1]), (words[2], words[3])):
        upper = Apply("cast", ((high >> 5).expression,), real)
        lower = Apply("cast", ((low >> 6).expression,), real)
        total = Apply("add", (Apply("multiply", (upper, number(2.0**26)), real), lower), real)
        pairs.append(_Word(Apply("multiply", (total, number(2.0**-53)), real)))
    return pairs
