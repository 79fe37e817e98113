"""The memory plan is a function of the program: code found on the disk was written for it."""

import numpy as np

import chainrule.compiler.native_program  # noqa: F401, which registers how primitives are lowered
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_passes.fusion import fuse
from chainrule.compiler.loop_passes.layout_assignment import choose_layout
from chainrule.compiler.loop_passes.memory_plan import plan_memory
from chainrule.compiler.lowering.lower import lower
from chainrule.graph.trace import trace


def places() -> list[int]:
    """Where the buffers of a program lie, in its order; each time with buffers made anew."""

    def program(x):
        waves = [np.sin(x * k) for k in range(1, 13)]  # one nest, as many buffers of one size
        return sum(np.cumsum(each, axis=0) * np.cumsum(each, axis=1) for each in waves)

    items = lower(simplify(trace(program)(np.ones((30, 40)))))[2]
    steps = fuse(items, choose_layout(items))
    plan = plan_memory(steps)
    roots = dict.fromkeys(buffer.root for step in steps for buffer, _, _ in accesses(step))
    return [plan.offsets[root] for root in roots if root in plan.offsets]


def test_the_same_program_has_the_same_places_in_every_process() -> None:
    first = places()
    assert len(first) > 20
    held = []
    for count in range(10):
        held.append([object() for _ in range(1000 * count)])  # other addresses, other hashes
        assert places() == first
