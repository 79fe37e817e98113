"""Long equations cut into several: the parts of a value that get a name of their own.

Projections ``x W + b`` come first, then softmax, values that are used more than once, and results
of contractions, reductions and functions, the largest first, until the equation can be read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from chainrule.graph.node import Node, ancestors
from chainrule.graph.value_names import resolved
from chainrule.insight.notation.elementary import size
from chainrule.insight.notation.expression import Expression
from chainrule.insight.notation.names import Names

__all__ = ["LONGEST", "cut", "is_projection", "is_softmax"]

LONGEST = 42
"""Symbols and operations of an equation, at most, if it can be cut."""

_Condition = Callable[[Node], bool]

_FAR_TOO_LONG = 400
"""A size that no simplification brings below `LONGEST`: trying takes long."""

_SHORTEST = 7

_REARRANGING = {
    "broadcast_to", "cast", "get_result", "identity", "pad_into", "reshape", "scan",
    "stop_gradient", "strided_slice", "transpose", "unfold", "while_loop",
}  # fmt: skip


def cut(
    node: Node,
    names: Names,
    write: Callable[[Node], Expression],
    name: Callable[[Node, str], None],
    is_named: Callable[[Node], bool],
) -> None:
    """Name parts of a value, the largest first, until `write` of it is short.

    Derivatives by values that have a name have one too, in any equation. `name` is called with a
    part and its letter, which is that of Vaswani et al. (2017) for softmax and its scores.
    """

    def is_written(each: Node) -> bool:
        is_named = each.serial in names.names or each.serial in names.bindings
        return is_named and each is not node

    def is_short() -> bool:
        if _written_size(node, is_written) >= _FAR_TOO_LONG:
            return False
        return size(write(node)) <= LONGEST

    while (part := _largest_part(node, is_written, is_named)) is not None:
        if not is_named(part) and is_short():
            return
        letter = "A" if is_softmax(part) else ""
        scores = _scores(part) if letter else part
        if scores is not part and _is_part(scores, is_written):
            part, letter = scores, "S"
        cut(part, names, write, name, is_named)
        name(part, letter)


def _written_size(node: Node, is_written: Callable[[Node], bool]) -> int:
    """Return the size of the expression of a node, before it is simplified."""
    return _sizes(ancestors([node], is_written), is_written)[node.serial]


def _largest_part(node: Node, is_written: _Condition, is_named: _Condition) -> Node | None:
    """Return the part to be named next."""
    inside = ancestors([node], is_written)
    uses = Counter(operand.serial for each in inside for operand in map(resolved, each.inputs))
    parts = [each for each in inside if each is not node and _is_part(each, is_written)]
    sizes = _sizes(inside, is_written)
    large = [each for each in parts if sizes[each.serial] >= _SHORTEST]
    repeated = [each for each in large if uses[each.serial] > 1]
    derivatives = [each for each in inside if each is not node and is_named(each)]
    if derivatives := [each for each in derivatives if resolved(each) is each]:
        return derivatives[0]
    for is_preferred in (is_projection, is_softmax):
        found = [each for each in parts if is_preferred(each)]
        if found:
            return found[0]
    most = sizes[node.serial] - 2
    for candidates in (repeated, large):
        found = [each for each in candidates if sizes[each.serial] <= most]
        if found:
            return max(found, key=lambda each: (sizes[each.serial], each.serial))
    return None


def is_projection(node: Node) -> bool:
    """Whether a value is ``x W + b``, a function of the values before that is linear."""
    if node.primitive is None or node.primitive.name != "add":
        return False
    kinds = [_kind(each) for each in map(resolved, node.inputs)]
    return "contract" in kinds and "leaf" in kinds


def _kind(node: Node) -> str:
    node = _source(node)
    return "leaf" if node.primitive is None else node.primitive.name


def _source(node: Node) -> Node:
    """Return the value whose entries a node rearranges."""
    node = resolved(node)
    while node.primitive is not None and node.primitive.name in _REARRANGING:
        node = resolved(node.inputs[0])
    return node


def is_softmax(node: Node) -> bool:
    """Whether a value is a quotient of exp(z) and its sum."""
    if node.primitive is None or node.primitive.name != "divide":
        return False
    return [_kind(each) for each in map(resolved, node.inputs)] == ["exp", "reduce_to"]


def _scores(softmax: Node) -> Node:
    """Return the value z of which a quotient of exp(z - max z) and its sum is the softmax."""
    node = _source(softmax.inputs[0])
    while node.primitive is not None and node.primitive.name in ("exp", "subtract"):
        node = _source(node.inputs[0])
    return node


def _sizes(nodes: Iterable[Node], is_written: Callable[[Node], bool]) -> dict[int, int]:
    """Return how many operations and symbols each node would be written with, by serial."""
    sizes: dict[int, int] = {}
    for node in sorted(nodes, key=lambda each: each.serial):
        operands = [sizes.get(each.serial, 1) for each in map(resolved, node.inputs)]
        is_silent = node.primitive is None or node.primitive.name in _REARRANGING
        sizes[node.serial] = 1 if is_written(node) else sum(operands) + (not is_silent)
    return sizes


def _is_part(node: Node, is_written: Callable[[Node], bool]) -> bool:
    primitive = node.primitive
    if primitive is None or is_written(node) or isinstance(node.type, tuple):
        return False
    return primitive.name not in _REARRANGING and node.array_type.is_float
