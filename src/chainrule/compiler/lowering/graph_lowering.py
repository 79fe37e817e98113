"""Lowering of a graph: an expression for each node, and the choice of what to materialise.

The value of a node is held as the *expression* of its element at the canonical index of its shape.
Elementwise primitives apply operations to expressions; movement primitives substitute other indices
for the canonical axes. A statement stores an expression in a buffer where that saves work: where it
is used several times and costs more than a load, before it is broadcast, and where operations are
nested deeply. Reductions, contractions and scans are items of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.graph_passes.convolution_gradient import input_gradients
from chainrule.compiler.loop_ir.errors import CannotCompile
from chainrule.compiler.loop_ir.expressions import CHEAP, cost
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    Expression,
    IndexValue,
    Item,
    Literal,
    Load,
    Statement,
)
from chainrule.compiler.loop_ir.rewrite import substitute
from chainrule.compiler.lowering.liveness import Liveness
from chainrule.compiler.lowering.padding import (
    Padding,
    covers,
    padded_index,
    padded_shape,
    plan_padding,
    unwrap_padding,
    zero_fill,
)
from chainrule.graph.array_type import ArrayType
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.ops.primitives.movement import concatenate

__all__ = ["INPUT_GRADIENT", "MIN_KERNEL_WORK", "OTHERS", "Aliases", "Lowering", "Rule", "Target"]

MIN_KERNEL_WORK = 4096
"""Contractions of fewer multiplications are plain loops: they fuse, and a kernel would not pay."""

MAX_DEPTH = 64
"""Operations within one another; a deeper expression is stored, in a register if it fuses."""

INPUT_GRADIENT = "input gradient"
"""The rule for a fold that is the gradient of a convolution in its input."""

OTHERS = "others"
"""The rule for primitives without one of their own, which are not elementwise."""

_KINDS = "fiub"

Rule = Callable[["Lowering", Node, list[Any]], Any]
"""Lowers a node, given the expressions of its inputs; returns its expression or expressions."""

Target = tuple[Buffer, tuple[Affine, ...]]
"""A buffer, and the index at which a value is stored in it."""

Aliases = dict[tuple[int, tuple[int, ...]], Buffer]
"""Aliases of buffers, by the identity of the buffer and their shape."""


class Lowering:
    """The lowering of one graph: of a program, or of the body of a scan.

    `targets` holds, by serial number, the buffer and first indices where a node must be stored. The
    canonical axes of shapes and the aliases of buffers are shared with the bodies of scans.
    """

    def __init__(
        self,
        graph: Graph,
        rules: Mapping[str, Rule],
        targets: dict[int, Target],
        axes: dict[tuple[int, ...], tuple[Affine, ...]] | None = None,
        aliases: Aliases | None = None,
    ) -> None:
        self.graph = graph
        self.rules = rules
        self.targets = targets
        self.axes = {} if axes is None else axes
        self.aliases = {} if aliases is None else aliases
        self.items: list[Item] = []
        self.expressions: dict[int, Any] = {}
        self.uses = _count_uses(graph)
        self.gradients, self.absorbed = input_gradients(graph, MIN_KERNEL_WORK)
        self.absorbed |= _nested_concatenations(graph, self.uses) - targets.keys()
        self.paddings = plan_padding(graph, self.gradients.values())
        self.padded_copies: dict[tuple[int, Padding], Load] = {}
        self.factors: dict[tuple[Any, Any], Any] = {}  # results of calls, for several equations
        self.depths: dict[int, int] = {}
        self.liveness = Liveness(graph, self.absorbed)

    def run(self, inputs: Sequence[Expression]) -> list[Item]:
        """Lower every node, given the expressions of the graph's inputs."""
        pairs = zip(self.graph.inputs, inputs, strict=True)
        self.expressions = {node.serial: value for node, value in pairs}
        for node in self.graph.inputs:
            _check_type(node)
            self.liveness.record(node, self.expressions[node.serial])
        for node in self.graph.nodes:
            _check_type(node)
            self._lower(node)
            self.liveness.record(node, self.expressions[node.serial])
        for node in self.graph.outputs:
            self._store_at_target(node)
        return self.items

    def _lower(self, node: Node) -> None:
        if node.primitive is None:
            self.expressions[node.serial] = self._constant(node)
            return
        if node.serial in self.absorbed:
            self.expressions[node.serial] = None
            return
        if not isinstance(node.type, tuple) and not node.type.size:
            # No element is computed: no rule needs to provide for axes without entries.
            self.expressions[node.serial] = Literal(np.zeros((), node.dtype)[()], node.dtype)
            return
        inputs = [self.expressions[each.serial] for each in node.inputs]
        is_gradient = node.serial in self.gradients
        lower = self.rules.get(INPUT_GRADIENT if is_gradient else node.primitive.name)
        if lower is None:
            lower = self.rules.get(OTHERS) if node.primitive.ufunc is None else _elementwise
        if lower is None:
            raise CannotCompile(f"{node.primitive.name} is not compiled")
        self.expressions[node.serial] = lower(self, node, inputs)
        if isinstance(node.type, tuple):
            return
        value = self.expressions[node.serial]
        is_shared = self.uses.get(node.serial, 0) > 1 and cost(value) > CHEAP
        if is_shared or node.serial in self.targets or self._depth(node, value) > MAX_DEPTH:
            self._store_at_target(node)
            self.depths[node.serial] = 0

    def _depth(self, node: Node, value: Expression) -> int:
        """How deeply operations are nested in a node's expression."""
        deepest = max((self.depths.get(each.serial, 0) for each in node.inputs), default=0)
        self.depths[node.serial] = deepest + 1 if isinstance(value, Apply) else 0
        return self.depths[node.serial]

    def _store_at_target(self, node: Node) -> None:
        """Store a node's value at its target, or in any buffer, unless it is stored there."""
        value = self.expressions[node.serial]
        target = self.targets.get(node.serial)
        if target is None and isinstance(value, Load) and value.is_affine:
            return
        if target is not None and isinstance(value, Load) and value.buffer is target[0]:
            return
        self.set_expression(node, self.materialize(node, value))

    # Materialisation.

    def set_expression(self, node: Node, value: Any) -> None:
        """Replace the expression of a node, one for each result; it reads other buffers now."""
        self.expressions[node.serial] = value
        self.liveness.record(node, value)

    def materialized(self, node: Node) -> Load:
        """Return a node's value as a load at affine indices; store it first where it is none."""
        value = self.expressions[node.serial]
        if not (isinstance(value, Load) and value.is_affine):
            value = self.materialize(node, value)
            self.set_expression(node, value)
        return value

    def materialize_if_costly(self, node: Node) -> Expression:
        """Return a node's value as an expression that is cheap to compute again."""
        value = self.expressions[node.serial]
        return self.materialized(node) if cost(value) > CHEAP else value

    def materialize(self, node: Node, value: Expression) -> Load:
        """Store an expression at the target of a node."""
        target, index = self.target(node)
        self.items.append(Statement(target, index, value, layer=node.layer))
        return Load(target, index)

    def store_in_scratch(self, type_: ArrayType, value: Expression) -> Load:
        """Store an expression in a new buffer."""
        buffer, index = Buffer("arena", type_.dtype, type_.shape), self.canonical(type_.shape)
        self.items.append(Statement(buffer, index, value))
        return Load(buffer, index)

    def target(self, node: Node) -> Target:
        """Return where a node's value is to be stored."""
        canonical = self.canonical(node.shape)
        if node.serial in self.targets:
            buffer, first = self.targets[node.serial]
            return buffer, (*first, *canonical)
        if node.serial in self.paddings:
            return self.padded_target(node, self.paddings[node.serial])
        return self.scratch(node.shape, node.dtype, node), canonical

    def scratch(self, shape: tuple[int, ...], dtype: Any, node: Node) -> Buffer:
        """Return a new arena buffer that bears a node's name and layer."""
        name = node.name or (node.primitive.name if node.primitive else "")
        return Buffer("arena", np.dtype(dtype), shape, name, node.layer)

    # Zero padding.

    def padded_target(self, node: Node, padding: Padding) -> Target:
        """Return a new buffer for a node's value, with zeros stored around it."""
        buffer = self.scratch(padded_shape(node.shape, padding), node.dtype, node)
        self.items += zero_fill(buffer, padding, node.layer)
        return buffer, padded_index(self.canonical(node.shape), padding)

    def load_padded(self, node: Node, padding: Padding, index: Sequence[Affine]) -> Load:
        """Return an element of a node's value, which is zero beyond the ends, within `padding`."""
        before = [first for first, _ in padding]
        node, padding = unwrap_padding(node, padding)
        added = [first - old for (first, _), old in zip(padding, before, strict=True)]
        index = [i + Affine(-more) for i, more in zip(index, added, strict=True)]
        load = self.materialized(node)
        if not any(map(any, padding)):
            element = self.reindexed(load, node.shape, index)
            assert isinstance(element, Load)
            return element
        stored = self.paddings.get(node.serial, padding)
        if load.buffer.shape != padded_shape(node.shape, stored) or not covers(stored, padding):
            stored, load = padding, self._padded_copy(node, load, padding)
        return Load(load.buffer, padded_index(index, stored))

    def _padded_copy(self, node: Node, load: Load, padding: Padding) -> Load:
        key = node.serial, padding
        if key not in self.padded_copies:
            buffer, index = self.padded_target(node, padding)
            self.padded_copies[key] = Load(buffer, index)
            self.items.append(Statement(buffer, index, load, layer=node.layer))
        return self.padded_copies[key]

    # Indices.

    def canonical(self, shape: tuple[int, ...]) -> tuple[Affine, ...]:
        """Return the index at which expressions of a shape are written; axes of length 1 are 0."""
        if shape not in self.axes:
            self.axes[shape] = tuple(
                Affine() if n == 1 else Affine.of(Axis(n, f"i{k}")) for k, n in enumerate(shape)
            )
        return self.axes[shape]

    def reindexed(
        self, value: Expression, shape: tuple[int, ...], index: Sequence[Affine]
    ) -> Expression:
        """Return the element at `index` of an expression of a shape."""
        substitution = {
            old.terms[0][0]: new
            for old, new in zip(self.canonical(shape), index, strict=True)
            if old.terms and old != new
        }
        return substitute(value, substitution) if substitution else value

    def _constant(self, node: Node) -> Expression:
        """A literal where all elements are equal, an index value for a range, or else a buffer."""
        value = np.ascontiguousarray(node.known_value)
        if value.size and value.tobytes() == value.flat[:1].tobytes() * value.size:
            return Literal(value.flat[0], value.dtype)
        index = self.canonical(node.shape)
        long = [position for position in index if position.terms]
        is_range = len(long) == 1 and value.dtype.kind in "iu"
        if is_range and np.array_equal(value.ravel(), range(value.size)):
            return IndexValue(long[0], value.dtype)
        return Load(Buffer("constant", value.dtype, node.shape, node.name, value=value), index)


def _elementwise(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    assert node.primitive is not None
    return Apply(node.primitive.name, tuple(inputs), node.dtype)


_VIEWS = frozenset(
    [
        "broadcast_to",
        "identity",
        "reshape",
        "stop_gradient",
        "strided_slice",
        "transpose",
        "uninitialized",
    ]
)


def _nested_concatenations(graph: Graph, uses: Mapping[int, int]) -> set[int]:
    """Find concatenations used only by another one, which stores their parts itself.

    An input of a loop's body is none, though it is one of the graph around the loop.
    """
    computed = {node.serial for node in graph.equations}
    return {
        part.serial
        for node in graph.equations
        if node.primitive is concatenate
        for part in node.inputs
        if part.primitive is concatenate and uses[part.serial] == 1 and part.serial in computed
    }


def _count_uses(graph: Graph) -> dict[int, int]:
    """Count the uses of each node; a view of it counts as often as the view is used."""
    uses: dict[int, int] = {}
    for node in graph.outputs:
        uses[node.serial] = uses.get(node.serial, 0) + 1
    for node in reversed(graph.equations):
        assert node.primitive is not None
        count = uses.get(node.serial, 0) if node.primitive.name in _VIEWS else 1
        for each in node.inputs:
            uses[each.serial] = uses.get(each.serial, 0) + count
    return uses


def _check_type(node: Node) -> None:
    types = node.type if isinstance(node.type, tuple) else (node.type,)
    if any(each.dtype.kind not in _KINDS or each.dtype.itemsize > 8 for each in types):
        raise CannotCompile(f"values of type {node.type} are not compiled")
