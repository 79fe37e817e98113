"""How a graph becomes loops: every primitive an expression of its elements or a statement.

What a node means is held as an *expression* of its element at the canonical axes of its shape.
Elementwise operations combine expressions; index maps put other indices in the place of axes
(`index_map`). An expression becomes a buffer, filled by a statement, where that saves work: where
it is read several times and costs more than a load, and before it is repeated along an axis.
Reductions, contractions and loops are statements of their own (`lower_reduction`, `lower_loop`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.graph_passes.convolution_gradient import input_gradients
from chainrule.compiler.loop_ir.expressions import CHEAP, cost
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    CannotCompile,
    Expression,
    IndexValue,
    Item,
    Literal,
    Load,
    Statement,
)
from chainrule.compiler.loop_ir.rewrite import substitute
from chainrule.compiler.lowering.padding import (
    Margins,
    enlarged,
    filled,
    inside,
    reaches,
    shifted,
    wanted_margins,
)
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.ops.primitives.movement import concatenate

__all__ = ["KERNEL_WORK", "RULES", "Lowering", "Rule", "rule"]

KERNEL_WORK = 4096
"""Contractions of fewer multiplications are plain loops: they fuse, and a kernel would not pay."""

DEEPEST = 64
"""Operations within each other; what is deeper is stored (in a register, if all goes well)."""

_KINDS = "fiub"

Rule = Callable[["Lowering", Node, list[Expression]], Any]
RULES: dict[str, Rule] = {}
"""How each primitive that is not elementwise is lowered, by its name."""


def rule(name: str) -> Callable[[Rule], Rule]:
    """Register a function as the rule of a primitive."""

    def register(function: Rule) -> Rule:
        RULES[name] = function
        return function

    return register


class Lowering:
    """One graph on its way to loops.

    Parameters
    ----------
    graph : Graph
        The program or the body of a loop.
    places : dict
        Where the values of some nodes must lie, by serial number: a buffer and the first indices.
    axes, aliases : dict
        The canonical axes of each shape and other shapes of buffers, shared with bodies of loops.
    """

    def __init__(
        self,
        graph: Graph,
        places: dict[int, tuple[Buffer, tuple[Affine, ...]]],
        axes: dict[tuple[int, ...], tuple[Affine, ...]] | None = None,
        aliases: dict[tuple[int, tuple[int, ...]], Buffer] | None = None,
    ) -> None:
        self.graph = graph
        self.places = places
        self.axes = {} if axes is None else axes
        self.items: list[Item] = []
        self.aliases = {} if aliases is None else aliases
        self.uses = _count_uses(graph)
        self.gradients, self.inner = input_gradients(graph, KERNEL_WORK)
        self.inner |= _within_others(graph, self.uses) - places.keys()
        self.margins = wanted_margins(graph, self.gradients.values())
        self.copies: dict[tuple[int, Margins], Load] = {}
        self.depths: dict[int, int] = {}
        self.meaning: dict[int, Any] = {}

    def run(self, given: Sequence[Expression]) -> list[Item]:
        """Lower every equation; `given` is what stands for the inputs."""
        pairs = zip(self.graph.inputs, given, strict=True)
        self.meaning = {node.serial: value for node, value in pairs}
        for node in self.graph.nodes:
            kinds = node.type if isinstance(node.type, tuple) else (node.type,)
            if any(kind.dtype.kind not in _KINDS or kind.dtype.itemsize > 8 for kind in kinds):
                raise CannotCompile(f"numbers of type {node.type} are not compiled")
            if any(kind.dtype == np.float16 for kind in kinds):
                raise CannotCompile("half precision is not compiled")
            self._lower(node)
        for node in self.graph.outputs:
            self._place(node)
        return self.items

    def _lower(self, node: Node) -> None:
        if node.primitive is None:
            self.meaning[node.serial] = self._constant(node)
            return
        if node.serial in self.inner:
            self.meaning[node.serial] = None
            return
        inputs = [self.meaning[each.serial] for each in node.inputs]
        is_gradient = node.serial in self.gradients
        lowered = RULES.get("input gradient" if is_gradient else node.primitive.name)
        if lowered is None:
            if node.primitive.ufunc is None:
                raise CannotCompile(f"{node.primitive.name} is not compiled")
            lowered = _elementwise
        self.meaning[node.serial] = lowered(self, node, inputs)
        if isinstance(node.type, tuple):
            return
        value = self.meaning[node.serial]
        is_shared = self.uses.get(node.serial, 0) > 1 and cost(value) > CHEAP
        if is_shared or node.serial in self.places or self._depth(node, value) > DEEPEST:
            self._place(node)
            self.depths[node.serial] = 0

    def _depth(self, node: Node, value: Expression) -> int:
        """How many operations stand within each other."""
        deepest = max((self.depths.get(each.serial, 0) for each in node.inputs), default=0)
        self.depths[node.serial] = deepest + 1 if isinstance(value, Apply) else 0
        return self.depths[node.serial]

    def _place(self, node: Node) -> None:
        """Store a node's value where it must lie, or anywhere, unless it already lies there."""
        value = self.meaning[node.serial]
        wanted = self.places.get(node.serial)
        if wanted is None and isinstance(value, Load) and value.is_affine:
            return
        if wanted is not None and isinstance(value, Load) and value.buffer is wanted[0]:
            return
        self.meaning[node.serial] = self.store(node, value)

    def stored(self, node: Node) -> Load:
        """Return a node's value as a load at affine indices, storing it first where needed."""
        value = self.meaning[node.serial]
        if not (isinstance(value, Load) and value.is_affine):
            value = self.meaning[node.serial] = self.store(node, value)
        return value

    def settle(self, node: Node) -> Expression:
        """Return a node's value in a form that costs little to repeat."""
        value = self.meaning[node.serial]
        return self.stored(node) if cost(value) > CHEAP else value

    def store(self, node: Node, value: Expression) -> Load:
        """Write the statement that stores a value of the type and in the place of a node."""
        target, index = self.target(node)
        self.items.append(Statement(target, index, value, layer=node.layer))
        return Load(target, index)

    def target(self, node: Node) -> tuple[Buffer, tuple[Affine, ...]]:
        """Return the buffer for a node's value and its place in it."""
        canonical = self.canonical(node.shape)
        if node.serial in self.places:
            buffer, first = self.places[node.serial]
            return buffer, (*first, *canonical)
        if node.serial in self.margins:
            return self.amid(node, self.margins[node.serial])
        return self.scratch(node.shape, node.dtype, node), canonical

    def amid(self, node: Node, margins: Margins) -> tuple[Buffer, tuple[Affine, ...]]:
        """Return a buffer for a node's value with zeros around it, and its place in it."""
        buffer = self.scratch(enlarged(node.shape, margins), node.dtype, node)
        self.items += filled(buffer, margins, node.layer)
        return buffer, shifted(self.canonical(node.shape), margins)

    def reach(self, node: Node, margins: Margins, index: Sequence[Affine]) -> Load:
        """Return an element of a node's value; within its margins beyond the ends it is zero."""
        before = [first for first, _ in margins]
        node, margins = inside(node, margins)
        added = [first - old for (first, _), old in zip(margins, before, strict=True)]
        index = [place + Affine(-more) for place, more in zip(index, added, strict=True)]
        load = self.stored(node)
        if not any(map(any, margins)):
            moved = self.moved(load, node.shape, index)
            assert isinstance(moved, Load)
            return moved
        wide = self.margins.get(node.serial, margins)
        if load.buffer.shape != enlarged(node.shape, wide) or not reaches(wide, margins):
            wide, load = margins, self._copied(node, load, margins)
        return Load(load.buffer, shifted(index, wide))

    def _copied(self, node: Node, load: Load, margins: Margins) -> Load:
        key = node.serial, margins
        if key not in self.copies:
            self.copies[key] = Load(*self.amid(node, margins))
            made = self.copies[key]
            self.items.append(Statement(made.buffer, made.index, load, layer=node.layer))
        return self.copies[key]

    def scratch(self, shape: tuple[int, ...], dtype: Any, node: Node) -> Buffer:
        """Make an arena buffer for something computed for a node."""
        name = node.name or (node.primitive.name if node.primitive else "")
        return Buffer("arena", np.dtype(dtype), shape, name, node.layer)

    def canonical(self, shape: tuple[int, ...]) -> tuple[Affine, ...]:
        """Return the index at which expressions of a shape are written; axes of length 1 are 0."""
        if shape not in self.axes:
            self.axes[shape] = tuple(
                Affine() if n == 1 else Affine.of(Axis(n, f"i{k}")) for k, n in enumerate(shape)
            )
        return self.axes[shape]

    def moved(
        self, value: Expression, shape: tuple[int, ...], index: Sequence[Affine]
    ) -> Expression:
        """Return the element at another index of an expression of `shape`."""
        meaning = {
            old.terms[0][0]: new
            for old, new in zip(self.canonical(shape), index, strict=True)
            if old.terms and old != new
        }
        return substitute(value, meaning) if meaning else value

    def _constant(self, node: Node) -> Expression:
        value = np.ascontiguousarray(node.known_value)
        if value.size and value.tobytes() == value.flat[:1].tobytes() * value.size:
            return Literal(value.flat[0], value.dtype)
        index = self.canonical(node.shape)
        for place, length in zip(index, node.shape, strict=True):
            if (
                value.dtype.kind in "iu"
                and value.ndim == 1
                and np.array_equal(value, range(length))
            ):
                return IndexValue(place, value.dtype)
        return Load(Buffer("constant", value.dtype, node.shape, node.name, value=value), index)


def _elementwise(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    assert node.primitive is not None
    return Apply(node.primitive.name, tuple(inputs), node.dtype)


_VIEWS = frozenset(
    ["reshape", "transpose", "broadcast_to", "strided_slice", "identity", "stop_gradient"]
)


def _within_others(graph: Graph, uses: Mapping[int, int]) -> set[int]:
    """Find concatenations that are only a part of another one, which lays their parts out."""
    return {
        part.serial
        for node in graph.equations
        if node.primitive is concatenate
        for part in node.inputs
        if part.primitive is concatenate and uses[part.serial] == 1
    }


def _count_uses(graph: Graph) -> dict[int, int]:
    """How often each node is read, counting a reader that only renames as often as it is read."""
    uses: dict[int, int] = {}
    for node in graph.outputs:
        uses[node.serial] = uses.get(node.serial, 0) + 1
    for node in reversed(graph.equations):
        assert node.primitive is not None
        count = uses.get(node.serial, 0) if node.primitive.name in _VIEWS else 1
        for each in node.inputs:
            uses[each.serial] = uses.get(each.serial, 0) + count
    return uses
