"""Batching of derivatives written by hand: the backward function of one entry, batched too.

A backward function reads values of the forward computation, which it holds in a closure and which
are no inputs of its primitive. It is traced on the cotangents of one entry; what it has computed is
batched as the graph around it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node, as_node, variable
from chainrule.ops.primitives.broadcasting import reduce_to
from chainrule.ops.primitives.custom_derivative import custom_vjp_call
from chainrule.ops.primitives.movement import reshape
from chainrule.ops.primitives.rules import batched_alike, with_axis
from chainrule.ops.primitives.selection import get_results

__all__ = ["batched_custom", "replaced_custom"]

Rebuild = Callable[[Sequence[Node], dict[int, tuple[Node, bool]]], Sequence[tuple[Node, bool]]]
"""Batches nodes, given the cotangents of all entries by serial."""


def batched_custom(
    node: Node, size: int, is_batched: Sequence[bool], inputs: Sequence[Node], rebuild: Rebuild
) -> tuple[list[Node], list[bool]]:
    """Batch the call of a function with a backward written by hand; all its results are batched."""
    count: int = node.params["count"]
    values = batched_alike(size, is_batched[:count], inputs[:count])
    types = tuple([each.array_type for each in node.inputs[:count]])
    backward = _BatchedBackward(
        node.params["backward"], types, size, tuple(is_batched[count:]), rebuild
    )
    call = custom_vjp_call(*values, *inputs[count:], count=count, backward=backward)
    return get_results(call), [True] * count


def replaced_custom(node: Node, inputs: Sequence[Node], rebuild: Rebuild) -> Node:
    """Call a function with a backward written by hand on other inputs, none of them batched."""
    backward: Callable[[Any], Sequence[Any]] = node.params["backward"]
    types = tuple([each.array_type for each in node.inputs[: node.params["count"]]])
    replaced = _ReplacedBackward(backward, types, rebuild)
    return Node(node.primitive, tuple(inputs), {**node.params, "backward": replaced}, node.type)


@dataclass(frozen=True, eq=False)
class _ReplacedBackward:
    """A backward function, whose closure holds nodes, on what these are replaced by."""

    backward: Callable[[Any], Sequence[Any]]
    types: tuple[ArrayType, ...]
    rebuild: Rebuild

    @property
    def is_regular(self) -> bool:
        """Whether the derivative is finite wherever the inputs are."""
        return getattr(self.backward, "is_regular", True)

    def __call__(self, cotangents: Sequence[Any]) -> list[Node | None]:
        given = [variable(each) for each in self.types]
        pulled = [None if x is None else as_node(x) for x in self.backward(given)]
        pairs = zip(given, cotangents, strict=True)
        replaced = {node.serial: (as_node(each), False) for node, each in pairs}
        found = iter(self.rebuild([x for x in pulled if x is not None], replaced))
        return [None if x is None else next(found)[0] for x in pulled]


@dataclass(frozen=True, eq=False)
class _BatchedBackward:
    """The backward function of all entries: `types` are those of the results of one entry."""

    backward: Callable[[Any], Sequence[Any]]
    types: tuple[ArrayType, ...]
    size: int
    is_batched: tuple[bool, ...]
    rebuild: Rebuild

    @property
    def is_regular(self) -> bool:
        """Whether the derivative is finite wherever the inputs are."""
        return getattr(self.backward, "is_regular", True)

    def __call__(self, cotangents: Sequence[Any]) -> list[Node | None]:
        of_entry = [variable(each) for each in self.types]
        pulled = [None if x is None else as_node(x) for x in self.backward(of_entry)]
        pairs = zip(of_entry, cotangents, strict=True)
        replaced = {node.serial: (as_node(each), True) for node, each in pairs}
        found = iter(self.rebuild([x for x in pulled if x is not None], replaced))
        return [
            None if x is None else self._of_input(*next(found), has_axis)
            for x, has_axis in zip(pulled, self.is_batched, strict=True)
        ]

    def _of_input(self, cotangent: Node, has_axis: bool, is_wanted: bool) -> Node:
        """The cotangent of an input; that of one that all entries share is their sum."""
        full = with_axis(cotangent, has_axis, self.size)
        if is_wanted:
            return full
        shape = full.shape[1:]
        return reshape(reduce_to(full, (1, *shape)), shape=shape)
