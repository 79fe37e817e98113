"""The laws of the memory plan."""

import numpy as np

from chainrule.autodiff.derivative import grad
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_passes.fusion import fuse
from chainrule.compiler.loop_passes.layout_assignment import choose_layout
from chainrule.compiler.loop_passes.memory_plan import plan_memory
from chainrule.compiler.lowering import contraction, movement, reduction
from chainrule.compiler.lowering.lower import lower
from chainrule.graph.trace import trace

RULES = movement, contraction, reduction
"""Imported for the rules they register."""


def test_the_plan_is_the_same_wherever_its_buffers_lie_in_memory():
    """Code that was kept on the disk fits the arena of the process that finds it."""

    def loss(weights, x):
        for weight in weights:
            x = np.tanh(x @ weight) + np.max(x, axis=1, keepdims=True)
        return np.sum(x)

    draw = np.random.default_rng(0).normal
    weights = [draw(size=(24, 24)) for _ in range(6)]
    plans, kept = set(), []
    for count in range(12):
        graph = simplify(trace(grad(loss))(weights, draw(size=(24, 24))))
        kept.append([object() for _ in range(37 * count)])  # so that addresses differ
        _, _, items = lower(graph)
        plan = plan_memory(fuse(items, choose_layout(items)))
        plans.add((plan.size, *((each.name, at) for each, at in plan.offsets.items())))
        kept.append(items)
    assert len(plans) == 1
