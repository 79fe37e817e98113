"""The flow graph of a network as a ``GraphDef``, for the graph dashboard.

References
----------
TensorBoard, ``compat/proto``: ``graph.proto``, ``node_def.proto``, ``attr_value.proto``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chainrule.interop.tensorboard.wire import bytes_field, integer

if TYPE_CHECKING:
    from chainrule.insight.flow.flow_graph import Box, FlowGraph

__all__ = ["graph_def"]

_PRODUCER = 22
"""The least version of the format whose shapes TensorBoard reads."""


def graph_def(flow: FlowGraph) -> bytes:
    """Return a flow graph as a ``GraphDef``: nodes by layer, those of derivatives apart."""
    names = _names(flow.boxes)
    operands: dict[str, list[str]] = {box.key: [] for box in flow.boxes}
    for edge in flow.edges:
        operands[edge.target].append(names[edge.source])
    nodes = [bytes_field(1, _node(names[box.key], box, operands[box.key])) for box in flow.boxes]
    return b"".join(nodes) + bytes_field(4, integer(1, _PRODUCER))


def _node(name: str, box: Box, operands: Iterable[str]) -> bytes:
    shape = bytes_field(1, "_output_shapes") + bytes_field(2, bytes_field(1, _shapes(box.shape)))
    content = bytes_field(1, name) + bytes_field(2, box.text or box.kind)
    return content + b"".join(bytes_field(3, each) for each in operands) + bytes_field(5, shape)


def _shapes(text: str) -> bytes:
    """Return the shapes of a box, such as ``f32[N,3]``; the samples of a batch are -1."""
    shapes = b""
    for lengths in re.findall(r"\[([^]]*)\]", text):
        sizes = [int(each) if each.isdigit() else -1 for each in lengths.split(",") if each]
        shapes += bytes_field(7, b"".join(bytes_field(2, integer(1, size)) for size in sizes))
    return shapes


def _names(boxes: Iterable[Box]) -> dict[str, str]:
    """Return a name for each box, in which ``/`` separates the scopes that fold."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for box in boxes:
        title = box.title.removeprefix("params.")
        if box.kind == "parameter":
            title = title.replace(".", "/")
        parts = ["gradients"] if box.kind == "derivative" else []
        if box.kind not in ("parameter", "input"):
            parts.append((box.layer or "loss").replace(".", "/"))
        name = re.sub(r"[^\w./\\-]", "_", "/".join([*parts, title]))
        number = 0
        while (unique := f"{name}_{number}" if number else name) in taken:
            number += 1
        taken.add(unique)
        names[box.key] = unique
    return names
