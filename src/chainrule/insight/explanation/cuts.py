"""Long equations cut into several: the parts of a value that get a name of their own.

Values that are used more than once come first, then results of contractions, reductions and
functions; the largest is named, until the equation is short enough to be read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from chainrule.graph.node import Node, ancestors
from chainrule.graph.value_names import resolved
from chainrule.insight.notation.elementary import size
from chainrule.insight.notation.expression import Expression
from chainrule.insight.notation.from_graph import Names

__all__ = ["LONGEST", "cut"]

LONGEST = 42
"""Symbols and operations of an equation, at most, if it can be cut."""

_SHORTEST = 7

_REARRANGING = {
    "broadcast_to", "cast", "get_result", "identity", "pad_into", "reshape", "scan",
    "stop_gradient", "strided_slice", "transpose", "unfold", "while_loop",
}  # fmt: skip


def cut(
    node: Node,
    names: Names,
    write: Callable[[Node, bool], Expression],
    name: Callable[[Node], None],
) -> None:
    """Name parts of a value, the largest first, until `write` of it is short."""
    while size(write(node, True)) > LONGEST:
        part = _largest_part(node, names, write)
        if part is None:
            return
        cut(part, names, write, name)
        name(part)


def _largest_part(
    node: Node, names: Names, write: Callable[[Node, bool], Expression]
) -> Node | None:
    """Return the part to be named next."""

    def is_written(each: Node) -> bool:
        return each.serial in names.names or each.serial in names.bindings

    inside = ancestors([node], is_written)
    uses = Counter(operand.serial for each in inside for operand in map(resolved, each.inputs))
    parts = [each for each in inside if each is not node and _is_part(each, is_written)]
    sizes = {each.serial: size(write(each, False)) for each in parts}
    large = [each for each in parts if sizes[each.serial] >= _SHORTEST]
    repeated = [each for each in large if uses[each.serial] > 1]
    most = size(write(node, False)) - 2
    for candidates in (repeated, large):
        found = [each for each in candidates if sizes[each.serial] <= most]
        if found:
            return max(found, key=lambda each: (sizes[each.serial], each.serial))
    return None


def _is_part(node: Node, is_written: Callable[[Node], bool]) -> bool:
    primitive = node.primitive
    if primitive is None or is_written(node) or isinstance(node.type, tuple):
        return False
    return primitive.name not in _REARRANGING and node.array_type.is_float
