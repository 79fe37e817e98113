"""The memory plan: disjoint bytes for buffers that are live at once, the same in every run."""

import itertools

import numpy as np

from chainrule.autodiff.derivative import grad
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.pipeline import compile_to_loops
from chainrule.graph.trace import trace


def matrix(*shape):
    return np.ones(shape, np.float32)


def test_buffers_within_one_nest_take_no_memory():
    lowered = compile_to_loops(
        trace(lambda x: np.sum(np.tanh(x) * np.exp(np.tanh(x))))(matrix(50, 40))
    )
    assert lowered.plan.arena_size == 0


def test_buffers_live_at_once_are_disjoint():
    def function(x):
        values = [x]
        for number in range(12):
            values.append(np.sin(values[-1].T @ values[number // 2]) @ values[number // 3])
        return values[-1]

    lowered = compile_to_loops(trace(function)(matrix(20, 20)))
    steps, plan = lowered.loops.steps, lowered.plan
    live_ranges = {
        buffer: [n for n, step in enumerate(steps) if buffer in {b for b, _, _ in accesses(step)}]
        for buffer in plan.offsets
    }
    for one, other in itertools.combinations(plan.offsets, 2):
        (first, *_, last), (start, *_, stop) = live_ranges[one], live_ranges[other]
        if first <= stop and start <= last:
            below, above = sorted([one, other], key=plan.offsets.__getitem__)
            assert plan.offsets[below] + 4 * below.size <= plan.offsets[above]
    assert plan.arena_size < sum(4 * buffer.size for buffer in plan.offsets)


def offsets_of(function, *arguments):
    """The arena's size and the offsets of all buffers, in program order."""
    lowered = compile_to_loops(trace(function)(*arguments))
    roots = dict.fromkeys(b.root for step in lowered.loops.steps for b, _, _ in accesses(step))
    offsets = [(root.name, lowered.plan.offsets.get(root)) for root in roots]
    return lowered.plan.arena_size, offsets


def test_offsets_do_not_depend_on_the_addresses_of_python_objects():
    """Object code from the cache was compiled for the plan of another process."""

    def loss(weights, x):
        for weight in weights:
            x = np.tanh(x @ weight) + np.max(x, axis=1, keepdims=True)
        return np.sum(x)

    def waves(x):
        parts = [np.sin(x * k) for k in range(1, 13)]  # one nest with buffers of equal size
        return sum(np.cumsum(each, axis=0) * np.cumsum(each, axis=1) for each in parts)

    draw = np.random.default_rng(0).normal
    arguments = [draw(size=(24, 24)) for _ in range(6)], draw(size=(24, 24))
    plans, retained = [], []
    for count in range(10):
        plans.append((offsets_of(grad(loss), *arguments), offsets_of(waves, np.ones((30, 40)))))
        retained.append([object() for _ in range(317 * count)])  # other addresses, other hashes
    assert all(len(offsets) > 20 for _, offsets in plans[0])
    assert all(plan == plans[0] for plan in plans)
