"""Fusion over the batch: nests over all rows become one parallel loop over its rows."""

from dataclasses import replace

import numpy as np
import pytest

from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import nests_of
from chainrule.compiler.loop_ir.loops import Affine, Loop, Statement
from chainrule.compiler.loop_passes import batch_fusion
from chainrule.compiler.loop_passes.memory_plan import plan_memory
from chainrule.compiler.pipeline import compile_to_loops
from chainrule.compiler.verify.memory_rules import verify_memory_plan
from chainrule.compiler.verify.verifier import verify_program
from chainrule.errors import GraphError
from chainrule.graph.trace import trace
from tests.compiler.programs.batch_fusion_laws import STACKS, batch_loops, training
from tests.compiler.programs.loop_text import Loops, matrix, text_of
from tests.compiler.programs.statement_mutations import mutated


def program_of(function, *arguments):
    return compile_to_loops(trace(function)(*arguments)).loops


@pytest.fixture(scope="module")
def attention():
    steps, arguments = training(STACKS["attention"](), 16)
    return program_of(steps, *arguments)


def test_sums_over_the_batch_follow_the_parallel_loop(attention):
    (loop,) = batch_loops(attention.steps)
    written = {b.root for b, _, is_write in accesses(loop) if is_write}
    assert not written & {*attention.outputs}
    assert {b.kind for b in written} == {"arena", "thread_local"}


def test_buffers_of_the_loop_alone_are_private_rows(attention):
    (loop,) = batch_loops(attention.steps)
    outside = [nest for nest in nests_of(attention.steps) if nest not in loop.steps]
    touched = {b.root for nest in outside for b, _, _ in accesses(nest)}
    for step in loop.steps:
        for buffer, _, _ in accesses(step):
            if buffer.root.kind == "thread_local":
                assert buffer.shape[0] == 1
                assert buffer.root not in touched


def test_small_buffers_are_not_fused_over_the_batch():
    def products(x, y):
        return np.tanh(np.exp(x) @ y) @ y

    small = program_of(products, np.ones((16, 32, 16), "f"), np.ones((16, 16), "f"))
    large = program_of(products, np.ones((64, 512, 16), "f"), np.ones((16, 16), "f"))
    assert [len(batch_loops(each.steps)) for each in (small, large)] == [0, 1]


def test_reductions_over_the_batch_end_the_parallel_loop():
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


def test_the_verifier_rejects_a_row_that_writes_all_rows(attention):
    (loop,) = batch_loops(attention.steps)

    def with_first_row(part):
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

    mutants = list(mutated(attention.steps, with_first_row))
    assert mutants
    for steps in mutants:
        with pytest.raises(GraphError, match=r"parallel loop .* carries a dependence"):
            verify_program(replace(attention, steps=steps))


def test_parallel_loops_do_not_run_backwards(attention):
    def backwards(part):
        is_parallel = isinstance(part, Loop) and part.is_parallel
        return replace(part, is_reversed=True) if is_parallel else None

    (steps,) = mutated(attention.steps, backwards)
    with pytest.raises(GraphError, match="runs backwards or contains loops"):
        verify_program(replace(attention, steps=steps))


def test_thread_local_buffers_have_disjoint_bytes_within_the_block_of_a_thread(attention):
    plan = plan_memory(attention.steps)
    verify_memory_plan(attention.steps, plan)
    local = [each for each in plan.offsets if each.kind == "thread_local"]
    assert local
    for buffer in local:
        invalid = replace(plan, offsets=plan.offsets | {buffer: plan.thread_size})
        with pytest.raises(GraphError, match=r"invalid memory plan: .* occupies"):
            verify_memory_plan(attention.steps, invalid)
    one, other = sorted(local, key=lambda each: -each.size)[:2]
    invalid = replace(plan, offsets=plan.offsets | {one: plan.offsets[other]})
    with pytest.raises(GraphError, match="invalid memory plan"):
        verify_memory_plan(attention.steps, invalid)


def test_nests_over_a_batch_become_one_parallel_loop(monkeypatch):
    monkeypatch.setattr(batch_fusion, "MIN_PRIVATE_BYTES", 1)
    loops = Loops(lambda x, y: np.tanh(np.exp(x) @ y) @ y, matrix(16, 64, 16), matrix(16, 16))
    before = loops.promoted()
    assert loops.text(before) == text_of("""
        for i<16 j<64 k<16 vector k:
          exp[i, j, k] = exp(x[i, j, k])
        for i<16 j<64 k<16:
          (contract[i, j, k]) = sum l<16: exp[i, j, l] * y[l, k]
          tanh[i, j, k] = tanh(contract[i, j, k])
        for i<16 j<64 k<16:
          result[i, j, k] = sum m<16: tanh[i, j, m] * y[m, k]
    """)
    assert loops.text(batch_fusion.fuse_over_batch(before, loops.layout)) == text_of("""
        loop t<16 parallel:
          for i<64 j<16 vector j:
            exp[0, i, j] = exp(x[t, i, j])
          for i<64 j<16:
            (contract[0, i, j]) = sum k<16: exp[0, i, k] * y[k, j]
            tanh[0, i, j] = tanh(contract[0, i, j])
          for i<64 j<16:
            result[t, i, j] = sum l<16: tanh[0, i, l] * y[l, j]
    """)


def test_a_dependence_between_rows_separates_two_loops(monkeypatch):
    monkeypatch.setattr(batch_fusion, "MIN_PRIVATE_BYTES", 1)
    loops = Loops(lambda x, y: np.sin(np.exp(x) @ y)[::-1] @ y, matrix(16, 64, 16), matrix(16, 16))
    after = batch_fusion.fuse_over_batch(loops.promoted(), loops.layout)
    assert loops.text(after) == text_of("""
        loop t<16 parallel:
          for i<64 j<16 vector j:
            exp[0, i, j] = exp(x[t, i, j])
          for i<64 j<16:
            contract[t, i, j] = sum k<16: exp[0, i, k] * y[k, j]
        loop l<16 parallel:
          for i<64 j<16 vector j:
            strided_slice[0, i, j] = sin(contract[-1l+15, i, j])
          for i<64 j<16:
            result[l, i, j] = sum m<16: strided_slice[0, i, m] * y[m, j]
    """)
