"""Uniform random numbers: Philox-4x32, the counter-based generator, as integer arithmetic.

A counter is scrambled into four 32-bit words (Salmon et al. 2011). They are computed together, as
one row of a buffer (blocks, words), so that each counter is scrambled once.
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
from chainrule.compiler.lowering.graph_lowering import Lowering, Rule
from chainrule.compiler.lowering.reshape import alias, flat_index
from chainrule.graph.node import Node
from chainrule.ops.primitives.philox import philox

__all__ = ["RULES"]

_UINT64, _INT64, _BOOL = np.dtype("uint64"), np.dtype("int64"), np.dtype(bool)
_LOW_WORD = 0xFFFFFFFF


class _Word:
    """A 64-bit unsigned integer as an expression, with the operators that `philox` uses."""

    def __init__(self, expression: Expression) -> None:
        self.expression = expression

    def _apply(self, operation: str, other: Any) -> _Word:
        if not isinstance(other, _Word):
            other = _Word(Literal(np.uint64(other), _UINT64))
        return _Word(Apply(operation, (self.expression, other.expression), _UINT64))

    def __mul__(self, other: Any) -> _Word:
        return self._apply("multiply", other)

    def __add__(self, other: Any) -> _Word:
        return self._apply("add", other)

    def __rshift__(self, other: int) -> _Word:
        return self._apply("shift_right", other)

    def __xor__(self, other: Any) -> _Word:
        return self._apply("bitwise_xor", other)

    def __and__(self, other: int) -> _Word:
        return self._apply("bitwise_and", other)


def _uniform(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    shape, dtype = node.params["shape"], node.dtype
    entries = node.shape[: len(node.shape) - len(shape)]
    size = math.prod(shape)
    per_block = 4 if dtype == np.float32 else 2
    blocks = -(-size // per_block)
    key, counter = (lowering.materialized(each) for each in node.inputs)
    entry = tuple(Affine.of(Axis(n, "entry")) if n != 1 else Affine() for n in entries)
    first, second = (_element(lowering, node.inputs[0], key, entry, i) for i in range(2))
    rest = [_element(lowering, node.inputs[1], counter, entry, i) for i in range(3)]
    block, word = Axis(blocks, "block"), Axis(per_block, "word")
    block_index = Affine.of(block) if blocks != 1 else Affine()
    counters = cast(Any, (_Word(IndexValue(block_index, _UINT64)), *rest))
    words = philox(counters, cast(Any, (first, second)))
    draws = _float32s(words) if per_block == 4 else _float64s(words)
    value = _selected(draws, word, dtype)
    drawn = (*entries, blocks, per_block)
    target = Buffer("arena", dtype, drawn, node.name or "uniform", node.layer)
    index = (*entry, block_index, Affine.of(word))
    lowering.items.append(Statement(target, index, value, layer=node.layer))
    canonical, count = lowering.canonical(node.shape), len(entries)
    flat = flat_index(list(zip(canonical[count:], shape, strict=True)))
    buffer = alias(lowering, target, (*entries, blocks * per_block))
    return Load(buffer, (*canonical[:count], flat))


def _element(
    lowering: Lowering, node: Node, value: Load, entry: tuple[Affine, ...], number: int
) -> _Word:
    """A word of the key or counter of an entry; axes of entries broadcast."""
    own = entry[len(entry) - (len(node.shape) - 1) :]
    element = lowering.reindexed(value, node.shape, (*own, Affine(number)))
    return _Word(Apply("cast", (element,), _UINT64)) & _LOW_WORD


def _selected(draws: list[Expression], word: Axis, dtype: np.dtype[Any]) -> Expression:
    """The draw that the index along `word` selects."""
    value = draws[-1]
    for number in reversed(range(len(draws) - 1)):
        position = IndexValue(Affine.of(word), _INT64)
        is_selected = Apply("equal", (position, Literal(np.int64(number), _INT64)), _BOOL)
        value = Apply("select", (is_selected, draws[number], value), dtype)
    return value


def _float32s(words: tuple[_Word, ...]) -> list[Expression]:
    """The upper 24 bits of each word as a float32 in [0, 1)."""
    single = np.dtype("float32")
    scale = Literal(np.float32(2.0**-24), single)
    return [
        Apply("multiply", (Apply("cast", ((word >> 8).expression,), single), scale), single)
        for word in words
    ]


def _float64s(words: tuple[_Word, ...]) -> list[Expression]:
    """53 bits of each pair of words as a float64 in [0, 1)."""
    double = np.dtype("float64")

    def literal(value: float) -> Expression:
        return Literal(np.float64(value), double)

    draws: list[Expression] = []
    for high, low in ((words[0], words[1]), (words[2], words[3])):
        upper = Apply("cast", ((high >> 5).expression,), double)
        lower = Apply("cast", ((low >> 6).expression,), double)
        shifted = Apply("multiply", (upper, literal(2.0**26)), double)
        total = Apply("add", (shifted, lower), double)
        draws.append(Apply("multiply", (total, literal(2.0**-53)), double))
    return draws


RULES: dict[str, Rule] = {"uniform": _uniform}
