"""Blocks of a network: the layers that one equation of a textbook describes, ``a = f(x W + b)``.

A block computes from the output of the one before a value z, the pre-activation, and of z alone its
output. A layer that only applies a function to each output of the layer before belongs to its
block, so that ``Dense(5, activation="tanh")`` and ``Dense(5), Activation("tanh")`` read the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chainrule.graph.node import Node
from chainrule.graph.value_names import resolved
from chainrule.nn.layer import Layer

__all__ = ["Block", "find_blocks", "pre_activation"]


@dataclass
class Block:
    """Layers that one equation describes.

    Parameters
    ----------
    layers : list of Layer
        In the order of computation.
    output, before_activation : Node
        The output, and the value z that it is a function of; the same without an activation.
    """

    layers: list[Layer]
    output: Node
    before_activation: Node


def find_blocks(steps: Iterable[tuple[Layer, Node]], x: Node) -> list[Block]:
    """Group layers, given with their outputs in order, into blocks."""
    blocks: list[Block] = []
    before = resolved(x)
    for layer, output in steps:
        output = resolved(output)
        start = pre_activation(output, before)
        if output is before:  # dropout in inference, a linear activation
            if blocks:
                blocks[-1].layers.append(layer)
            continue
        if start is before and blocks and blocks[-1].output is blocks[-1].before_activation:
            blocks[-1].layers.append(layer)
            blocks[-1].output = output
        else:
            blocks.append(Block([layer], output, output if start is before else start))
        before = output
    return blocks


def pre_activation(output: Node, before: Node | None = None) -> Node:
    """Return the earliest value of the shape of the output that alone determines it.

    That is the last immediate dominator of its shape: all paths from the operands of the layer to
    its output lead through it. It is `before`, the input, for a function of that alone.
    """
    frontier = {output.serial: output}
    found = output
    while True:
        inner = [each for each in frontier.values() if each is not before and each.inputs]
        if len(frontier) == 1:
            (only,) = frontier.values()
            if only.type == output.type:
                found = only
            elif only is before:
                return output
        if not inner:
            return found
        last = max(inner, key=lambda node: node.serial)
        del frontier[last.serial]
        frontier |= {each.serial: each for each in _operands(last)}


def _operands(node: Node) -> Sequence[Node]:
    resolved_inputs = map(resolved, node.inputs)
    return [each for each in resolved_inputs if each.inputs or not each.is_constant]
