"""The laws of the memory plan."""

import numpy as np

from chainrule.autodiff.derivative import grad
from chainrule.compiler import index_map, lower_contraction, lower_reduction
from chainrule.compiler.fuse import fuse
from chainrule.compiler.layout import choose_layout
from chainrule.compiler.lower import lower
from chainrule.compiler.memory import plan_memory
from chainrule.compiler.simplify import simplify
from chainrule.graph.trace import trace

RULES = index_map, lower_contraction, lower_reduction
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
