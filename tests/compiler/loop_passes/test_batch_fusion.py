"""Where samples never look at each other, one goes through many steps before the next does."""

from dataclasses import replace

import numpy as np
import pytest

from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import nests_of
from chainrule.compiler.loop_ir.loops import Affine, Loop, Statement
from chainrule.compiler.loop_passes.memory_plan import plan_memory
from chainrule.compiler.native_program import NativeProgram
from chainrule.compiler.verify.memory_rules import verify_memory_plan
from chainrule.compiler.verify.verifier import verify_program
from chainrule.errors import GraphError
from chainrule.graph.trace import trace
from tests.compiler.programs.batch_fusion_laws import STACKS, batch_loops, training
from tests.compiler.programs.statement_mutations import mutated


def program_of(function, *arguments):
    return NativeProgram(simplify(trace(function)(*arguments))).loops


@pytest.fixture(scope="module")
def attention():
    steps, given = training(STACKS["attention"](), 16)
    return program_of(steps, *given)


def test_what_is_summed_over_the_samples_follows_their_loop(attention):
    (loop,) = batch_loops(attention.steps)
    written = {b.root for b, _, is_write in accesses(loop) if is_write}
    assert not written & {*attention.outputs}
    assert {b.kind for b in written} == {"arena", "thread_local"}


def test_what_nobody_reads_after_the_loop_is_kept_for_one_row(attention):
    (loop,) = batch_loops(attention.steps)
    outside = [nest for nest in nests_of(attention.steps) if nest not in loop.steps]
    seen = {b.root for nest in outside for b, _, _ in accesses(nest)}
    for step in loop.steps:
        for buffer, _, _ in accesses(step):
            if buffer.root.kind == "thread_local":
                assert buffer.shape[0] == 1
                assert buffer.root not in seen


def test_little_work_stays_as_it_is():
    def two(x, y):
        return np.tanh(np.exp(x) @ y) @ y

    small = program_of(two, np.ones((16, 32, 16), "f"), np.ones((16, 16), "f"))
    large = program_of(two, np.ones((64, 512, 16), "f"), np.ones((16, 16), "f"))
    assert [len(batch_loops(each.steps)) for each in (small, large)] == [0, 1]


def test_samples_that_look_at_each_other_are_not_taken_one_by_one():
    def mixed(x, y):
        x = np.exp(x) @ y
        x = np.tanh((x - np.mean(x, axis=0)) @ y)
        return np.sin(x[::-1] @ y) @ y

    program = program_of(mixed, np.ones((64, 512, 16), "f"), np.ones((16, 16), "f"))
    for loop in batch_loops(program.steps):
        for step in loop.steps:
            for _, index, is_write in accesses(step):
                assert not is_write or Affine() in index or Affine.of(loop.axis) in index
    verify_program(program)


def test_a_row_that_writes_the_place_of_all_is_refused(attention):
    (loop,) = batch_loops(attention.steps)

    def meet(part):
        if (
            not isinstance(part, Statement)
            or part.reduction
            or Affine.of(loop.axis) not in part.index
        ):
            return None
        if part.target.kind != "arena":
            return None
        return replace(
            part, index=tuple(Affine() if i == Affine.of(loop.axis) else i for i in part.index)
        )

    broken = list(mutated(attention.steps, meet))
    assert broken
    for steps in broken:
        with pytest.raises(GraphError, match=r"parallel loop .* carries a dependence"):
            verify_program(replace(attention, steps=steps))


def test_turns_in_any_order_do_not_run_backwards(attention):
    def turned(part):
        is_row = isinstance(part, Loop) and part.is_parallel
        return replace(part, is_reversed=True) if is_row else None

    (steps,) = mutated(attention.steps, turned)
    with pytest.raises(GraphError, match="runs backwards or has loops within"):
        verify_program(replace(attention, steps=steps))


def test_buffers_of_one_row_may_not_share_bytes_while_both_are_needed(attention):
    plan = plan_memory(attention.steps)
    verify_memory_plan(attention.steps, plan)
    local = [each for each in plan.offsets if each.kind == "thread_local"]
    assert local
    for buffer in local:
        moved = replace(plan, offsets=plan.offsets | {buffer: plan.thread_size})
        with pytest.raises(GraphError, match=r"invalid memory plan: .* lies at"):
            verify_memory_plan(attention.steps, moved)
    one, other = sorted(local, key=lambda each: -each.size)[:2]
    moved = replace(plan, offsets=plan.offsets | {one: plan.offsets[other]})
    with pytest.raises(GraphError, match="invalid memory plan"):
        verify_memory_plan(attention.steps, moved)
