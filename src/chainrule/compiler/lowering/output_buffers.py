"""Where results are computed: in the arrays that are handed to the user, if need be by an alias."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.compiler.graph_passes.axis_groups import axis_groups
from chainrule.compiler.loop_ir.loops import Affine, Buffer
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.ops.primitives.contraction import contract
from chainrule.ops.primitives.movement import reshape, strided_slice
from chainrule.ops.primitives.windows import fold

__all__ = ["result_places"]

Places = dict[int, tuple[Buffer, tuple[Affine, ...]]]
Aliases = dict[tuple[int, tuple[int, ...]], Buffer]

_KERNELS = (contract, fold, strided_slice)
"""What kernels fill: the groups of a convolution, say, which are then channels again."""


def result_places(graph: Graph, outputs: Sequence[Buffer]) -> tuple[Places, Aliases]:
    """Return the buffers in which nodes are computed because they are results, or become some.

    A contraction of which axes are joined, and nothing else, fills the result itself.
    """
    places: Places = {}
    aliases: Aliases = {}
    for node, buffer in zip(graph.outputs, outputs, strict=True):
        places.setdefault(node.serial, (buffer, ()))
    for node, buffer in zip(graph.outputs, outputs, strict=True):
        source = _before_reshape(node)
        if source is not None and source.serial not in places:
            key = id(buffer), source.shape
            made = Buffer("alias", buffer.dtype, source.shape, buffer.name, base=buffer)
            places[source.serial] = aliases.setdefault(key, made), ()
    return places, aliases


def _before_reshape(node: Node) -> Node | None:
    """Return what a result joins the axes of, if a kernel computes it."""
    if node.primitive is not reshape or not node.size:
        return None
    source = node.inputs[0]
    joins = axis_groups(source.shape, node.shape)
    is_joined = all(
        len(news) == 1 and (len(olds) == 1 or all(source.shape[i] > 1 for i in olds))
        for olds, news in joins
    )
    is_other = is_joined and len(joins) < len(source.shape)
    return source if is_other and source.primitive in _KERNELS else None
