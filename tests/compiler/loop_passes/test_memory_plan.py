"""The memory plan: disjoint bytes for buffers that are live at once, the same in every run."""

import itertools

import numpy as np

from chainrule.autodiff.derivative import grad
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    Load,
    Loop,
    Nest,
    Statement,
)
from chainrule.compiler.loop_passes.memory_plan import ALIGNMENT, plan_memory
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


def plan_of(steps):
    """The offsets by name, in cache lines, and the sizes of arena and thread block."""
    plan = plan_memory(steps)
    offsets = {buffer.name: offset // ALIGNMENT for buffer, offset in plan.offsets.items()}
    return offsets, plan.arena_size // ALIGNMENT, plan.thread_size // ALIGNMENT


AXIS, F4 = Axis(32), np.dtype("f4")


def buffer(name, kind="arena"):
    """Two cache lines; with the padding, three."""
    return Buffer(kind, F4, (32,), name)


def copy(target, *sources):
    """A nest that adds up some buffers."""
    at = (Affine.of(AXIS),)
    value = Load(sources[0], at)
    for each in sources[1:]:
        value = Apply("add", (value, Load(each, at)), F4)
    return Nest((AXIS,), AXIS, (Statement(target, at, value),))


X, Y = buffer("x", "input"), buffer("y", "output")


def test_a_buffer_takes_the_bytes_of_one_that_is_dead():
    a, b, c = map(buffer, "abc")
    steps = [copy(a, X), copy(b, a), copy(c, b), copy(Y, c)]
    assert plan_of(steps) == ({"a": 0, "b": 3, "c": 0}, 6, 0)


def test_interfering_buffers_are_disjoint():
    a, b, c = map(buffer, "abc")
    steps = [copy(a, X), copy(b, a), copy(c, b), copy(Y, a, c)]
    assert plan_of(steps) == ({"a": 0, "b": 3, "c": 6}, 9, 0)


def test_a_carried_buffer_is_live_in_all_iterations():
    a, b, c = map(buffer, "abc")
    body = (copy(b, a), copy(a, b), copy(c, a), copy(Y, c))
    loop = Loop(Axis(5, "t", is_loop_index=True), False, body)
    assert plan_of([copy(a, X), loop]) == ({"a": 0, "b": 3, "c": 3}, 6, 0)


def test_threads_of_a_parallel_loop_reuse_no_bytes_of_the_arena():
    a, b, c = map(buffer, "abc")
    body = (copy(a, X), copy(b, a), copy(c, b), copy(Y, c))
    loop = Loop(Axis(5, "t", is_loop_index=True), False, body, is_parallel=True)
    assert plan_of([loop]) == ({"a": 0, "b": 3, "c": 6}, 9, 0)


def test_thread_local_buffers_are_planned_in_a_block_of_their_own():
    a, b = buffer("a"), buffer("b", "thread_local")
    loop = Loop(Axis(5, "t", is_loop_index=True), False, (copy(b, a), copy(Y, b)), is_parallel=True)
    assert plan_of([copy(a, X), loop]) == ({"a": 0, "b": 0}, 3, 3)
