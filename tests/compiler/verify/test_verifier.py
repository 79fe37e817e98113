"""The verifier enforces every rule of the loop language; messages show the statement."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from chainrule.autodiff.control_flow.cond import cond
from chainrule.autodiff.control_flow.scan import scan
from chainrule.autodiff.control_flow.while_loop import while_loop
from chainrule.autodiff.derivative import grad, value_and_grad
from chainrule.compiler import pipeline as pipeline_module
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Axis,
    Buffer,
    Load,
    Loop,
    Nest,
    Statement,
)
from chainrule.compiler.loop_passes.memory_plan import MemoryPlan, plan_memory
from chainrule.compiler.lowering.lower import lower
from chainrule.compiler.pipeline import compile_to_loops
from chainrule.compiler.verify.memory_rules import verify_memory_plan
from chainrule.compiler.verify.verifier import verify_items, verify_program
from chainrule.errors import GraphError
from chainrule.graph.trace import trace
from tests.compiler.programs import program_mutations  # noqa: F401 - registers its mutations
from tests.compiler.programs.statement_mutations import MUTATIONS, mutated


def matrix(*shape):
    return np.ones(shape, np.float32)


def descend(params, x, y, rows):
    """Gradient descent of a classifier on batches of rows, with prefix sums and argmax."""

    def loss(params, x, y):
        w, b, v = params
        scores = np.maximum(x @ w + b, 0) @ v
        scores = scores - np.max(scores, axis=1, keepdims=True)
        log_probabilities = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
        hits = np.argmax(log_probabilities, axis=1) == y
        return -np.mean(log_probabilities[np.arange(len(x)), y]) + np.mean(np.cumsum(hits)) * 0

    def step(params, rows):
        value, gradients = value_and_grad(loss)(params, x[rows], y[rows])
        updated = [p - np.float32(0.1) * g for p, g in zip(params, gradients, strict=True)]
        return updated, value

    return scan(step, params, rows)


def lowered(function, *arguments):
    graph = simplify(trace(function)(*arguments))
    return lower(graph)


def program_of(function, *arguments):
    return compile_to_loops(trace(function)(*arguments)).loops


def classifier(inputs, hidden, classes, samples, batch):
    params = [matrix(inputs, hidden), matrix(hidden), matrix(hidden, classes)]
    x, y, rows = matrix(samples, inputs), np.zeros(samples, int), np.zeros((5, batch), int)
    return descend, params, x, y, rows


def convolved(x, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))
    return np.einsum("nxycij,ijco->nxyo", windows, kernel)


def search(test, x, limit):
    """Branches in a loop that ends by a condition."""

    def step(carry):
        x, i = carry
        return cond(test, lambda: np.sin(x @ x) * x, lambda: np.cos(x)) + x, i + 1

    return while_loop(lambda c: c[1] < limit, step, (x, np.int64(0)))


ARGUMENTS = {
    "small": classifier(2, 3, 2, 40, 20),
    "large": classifier(50, 40, 30, 90, 30),
    "reverse": (
        lambda x: scan(lambda c, r: (np.sin(c) + r, c), x[0], x, reverse=True),
        matrix(6, 7),
    ),
    "convolution": (
        lambda x, kernel: grad(lambda x: np.sum(np.tanh(convolved(x, kernel))))(x),
        matrix(9, 8, 7, 16),
        matrix(3, 3, 16, 20),
    ),
    "conditional": (search, np.bool_(True), matrix(40), np.int64(9)),
    "reshaped": (lambda x: np.tanh(np.reshape(np.sin(x) @ x.T, (20, 45)))[::-1], matrix(30, 8)),
}
PROGRAMS = {name: program_of(*arguments) for name, arguments in ARGUMENTS.items()}


@pytest.mark.parametrize("name", PROGRAMS)
def test_compiled_programs_pass_the_verifier(name):
    _, outputs, items = lowered(*ARGUMENTS[name])
    verify_items(items, outputs)
    verify_program(PROGRAMS[name])
    verify_memory_plan(PROGRAMS[name].steps, plan_memory(PROGRAMS[name].steps))


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_verifier_rejects(name):
    change, message = MUTATIONS[name]
    mutants = [
        replace(program, steps=steps)
        for program in PROGRAMS.values()
        for steps in mutated(program.steps, change)
    ]
    assert mutants
    for mutant in mutants:
        with pytest.raises(GraphError, match=rf"invalid loops after fuse: .*({message})"):
            verify_program(mutant)


def test_the_message_shows_the_rule_and_the_statement():
    axis = Axis(7)
    x, y = Buffer("input", np.dtype("f4"), (7,), "x"), Buffer("output", np.dtype("f4"), (7,), "y")
    i = Affine.of(axis)
    item = Statement(y, (i,), Load(x, (i + Affine(1),)), layer="dense")
    with pytest.raises(GraphError) as caught:
        verify_items([item], [y])
    message = "index i+1 ranges from 1 to 7, out of bounds for an axis of x of length 7"
    assert str(caught.value).splitlines() == [
        f"invalid loops after lower: {message}",
        "    y[i] = x[i+1]  for i<7  # dense",
    ]


def flat(steps):
    for step in steps:
        yield from flat(step.steps) if isinstance(step, Loop) else [step]


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_output_must_be_written(name):
    program = PROGRAMS[name]
    extra = Buffer("output", np.dtype("f4"), (3,))
    with pytest.raises(GraphError, match=r"the output .* is never written"):
        verify_program(replace(program, outputs=(*program.outputs, extra)))


def test_undeclared_arguments_are_rejected():
    program = PROGRAMS["reshaped"]
    with pytest.raises(GraphError, match="is input memory that the program does not declare"):
        verify_program(replace(program, inputs=()))


@pytest.mark.parametrize("name", PROGRAMS)
def test_buffers_of_several_nests_are_not_in_registers(name):
    program = PROGRAMS[name]
    users = {}
    for number, nest in enumerate(flat(program.steps)):
        for buffer, _, _ in accesses(nest):
            users.setdefault(buffer.root, set()).add(number)

    def promote(part):
        if not isinstance(part, Nest):
            return None
        own = {s.target for s in part.statements if s.target.kind == "arena"}
        shared = {buffer for buffer in own if len(users[buffer]) > 1}
        return replace(part, registers=part.registers | shared) if shared else None

    for steps in mutated(program.steps, promote):
        with pytest.raises(GraphError, match="and another nest touches it"):
            verify_program(replace(program, steps=steps))


@pytest.mark.parametrize("name", ["large", "small"])
def test_buffers_of_one_nest_have_disjoint_bytes(name):
    steps = PROGRAMS[name].steps
    plan, count = plan_memory(steps), 0
    for nest in flat(steps):
        touched = list(accesses(nest))
        written = {buffer.root for buffer, _, is_write in touched if is_write}
        own = sorted(
            {b.root for b, _, _ in touched} & {*plan.offsets}, key=plan.offsets.__getitem__
        )
        for one, other in itertools.permutations(own, 2):
            if one not in written and other not in written:
                continue
            count += 1
            overlapping = MemoryPlan(plan.offsets | {one: plan.offsets[other]}, 2 * plan.arena_size)
            with pytest.raises(GraphError, match=r"invalid memory plan: .* (overwrote|share)"):
                verify_memory_plan(steps, overlapping)
    assert count > 3


def test_loop_carries_are_live_through_the_whole_iteration():
    program = program_of(
        lambda x, y: scan(lambda c, _: ((c[1] @ y, c[0] @ y), None), (x, x), None, length=3)[0][1],
        matrix(40, 40),
        matrix(40, 40),
    )
    plan = plan_memory(program.steps)
    verify_memory_plan(program.steps, plan)
    for one, other in itertools.permutations(plan.offsets, 2):
        overlapping = MemoryPlan(plan.offsets | {one: plan.offsets[other]}, plan.arena_size)
        if plan.offsets[one] != plan.offsets[other]:
            with pytest.raises(GraphError, match="invalid memory plan"):
                verify_memory_plan(program.steps, overlapping)


def test_the_condition_of_a_loop_is_live_until_its_last_test():
    steps = PROGRAMS["conditional"].steps
    plan = plan_memory(steps)
    (tested,) = (b for b in plan.offsets if b.name == "continues")
    others = [b for b in plan.offsets if b is not tested]
    assert others
    for other in others:
        overlapping = MemoryPlan(plan.offsets | {tested: plan.offsets[other]}, plan.arena_size)
        with pytest.raises(GraphError, match=r"invalid memory plan: .* (overwrote|share)"):
            verify_memory_plan(steps, overlapping)


@pytest.mark.parametrize(
    ("offset", "message"),
    [(None, "not allocated"), (1, "occupies"), (-64, "occupies"), (10**6, "occupies")],
)
def test_buffers_are_aligned_and_within_the_arena(offset, message):
    steps = PROGRAMS["large"].steps
    plan = plan_memory(steps)
    buffer = next(iter(plan.offsets))
    offsets = {b: o for b, o in plan.offsets.items() if b is not buffer}
    if offset is not None:
        offsets[buffer] = offset
    with pytest.raises(GraphError, match=f"invalid memory plan: .*{message}"):
        verify_memory_plan(steps, MemoryPlan(offsets, plan.arena_size))


CHECK = frozenset(["check"])


def without_first_nest(steps, *_):
    return tuple(steps)[1:]


@pytest.mark.parametrize(
    "name", ["fuse", "promote_to_registers", "mark_batch_parallel", "fuse_over_batch"]
)
def test_the_pipeline_names_the_pass_after_which_verification_failed(monkeypatch, name):
    graph = simplify(trace(np.sin)(matrix(3)))
    monkeypatch.setattr(pipeline_module, name, without_first_nest)
    with pytest.raises(GraphError, match=f"invalid loops after {name}: the output .* is never"):
        compile_to_loops(graph, stages=CHECK)


def test_the_pipeline_verifies_lowering_and_the_memory_plan(monkeypatch):
    graph = simplify(trace(lambda x: np.sin(x @ x) @ x)(matrix(30, 30)))
    with monkeypatch.context() as patch:
        patch.setattr(pipeline_module, "plan_memory", lambda steps: MemoryPlan({}, 0))
        with pytest.raises(GraphError, match=r"invalid memory plan: .* is not allocated"):
            compile_to_loops(graph, stages=CHECK)
    monkeypatch.setattr(pipeline_module, "lower", lambda graph: (*lower(graph)[:2], []))
    with pytest.raises(GraphError, match=r"invalid loops after lower: the output .* is never"):
        compile_to_loops(graph, stages=CHECK)
