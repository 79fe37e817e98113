"""Assignment of output buffers: results are computed in the memory of the output itself."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.compiler.graph_passes.axis_groups import axis_groups
from chainrule.compiler.loop_ir.loops import Buffer
from chainrule.compiler.lowering.graph_lowering import Aliases, Target
from chainrule.compiler.lowering.liveness import UPDATES
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.ops.primitives.contraction import contract
from chainrule.ops.primitives.movement import reshape, strided_slice
from chainrule.ops.primitives.windows import fold

__all__ = ["assign_output_buffers"]

_KERNELS = (contract, fold, strided_slice)
"""What kernels compute; a reshape then merges, say, the groups of a convolution into channels."""


def assign_output_buffers(
    graph: Graph, outputs: Sequence[Buffer]
) -> tuple[dict[int, Target], Aliases]:
    """Return the targets of results, by serial number, and the aliases of output buffers.

    An array that is updated to be a result is stored in it at once. A contraction that is only
    reshaped to a result, by merging axes, is stored in an alias of it.
    """
    targets: dict[int, Target] = {}
    aliases: Aliases = {}
    for node, buffer in zip(graph.outputs, outputs, strict=True):
        targets.setdefault(node.serial, (buffer, ()))
    inputs = {node.serial for node in graph.inputs}
    for node, buffer in zip(graph.outputs, outputs, strict=True):
        # An array and its updates share the memory of the result; live values are moved away.
        while node.primitive in UPDATES and node.serial not in inputs:
            node = node.inputs[0]
            if node.primitive is None or node.serial in inputs or node.serial in targets:
                break
            targets[node.serial] = buffer, ()
    for node, buffer in zip(graph.outputs, outputs, strict=True):
        source = _before_merge(node)
        if source is not None and source.serial not in targets:
            key = id(buffer), source.shape
            alias = Buffer("alias", buffer.dtype, source.shape, buffer.name, base=buffer)
            targets[source.serial] = aliases.setdefault(key, alias), ()
    return targets, aliases


def _before_merge(node: Node) -> Node | None:
    """Return the value whose axes a result merges, if a kernel computes it."""
    if node.primitive is not reshape or not node.size:
        return None
    source = node.inputs[0]
    groups = axis_groups(source.shape, node.shape)
    is_merged = all(
        len(news) == 1 and (len(olds) == 1 or all(source.shape[i] > 1 for i in olds))
        for olds, news in groups
    )
    is_other = is_merged and len(groups) < len(source.shape)
    return source if is_other and source.primitive in _KERNELS else None
