"""The outputs of the layers within a layer, which are parts of its equation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from chainrule.graph.node import Node
from chainrule.graph.value_names import resolved
from chainrule.insight.explanation.blocks import pre_activation
from chainrule.insight.explanation.symbols import label_of
from chainrule.insight.notation.expression import Name

__all__ = ["sublayer_values"]


def sublayer_values(nodes: Sequence[Node], number: int, layers: Sequence[str]) -> dict[int, Name]:
    """Return the outputs, and pre-activations, of layers within others, with names, by serial.

    Parameters
    ----------
    nodes : sequence of Node
        The nodes of the function.
    number : int
        The number of the block, the superscript of the names.
    layers : sequence of str
        The names of the layers of the block.
    """
    readers: defaultdict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        for each in map(resolved, node.inputs):
            readers[each.serial].append(node)
    found: dict[int, Name] = {}
    labels: set[str] = set()
    for node in nodes:
        within = next((each for each in layers if node.layer.startswith(f"{each}.")), None)
        if within is None or resolved(node) is not node or not _is_value(node):
            continue
        if all(_is_in(each.layer, node.layer) for each in readers[node.serial]):
            continue
        label = label_of(node.layer[len(within) + 1 :])
        labels.add(label)
        inner = pre_activation(node)
        if inner is not node and inner.layer == node.layer and inner.inputs:
            found[inner.serial] = Name("z", str(number), label)
        found[node.serial] = Name("a", str(number), label)
    return found if len(labels) > 1 else {}


def _is_in(layer: str, outer: str) -> bool:
    return f"{layer}.".startswith(f"{outer}.")


def _is_value(node: Node) -> bool:
    """Whether a node is an array of floats that no loop returns: its sequences have names."""
    if isinstance(node.type, tuple) or node.dtype.kind != "f":
        return False
    while node.primitive is not None and node.primitive.name in ("reshape", "transpose"):
        node = resolved(node.inputs[0])
    return node.primitive is not None and node.primitive.name not in ("get_result", "strided_slice")
