"""Loops that break a rule are refused wherever they break it, with the rule and the statement."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from chainrule.autodiff.derivative import grad, value_and_grad
from chainrule.autodiff.scan import scan
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
from chainrule.compiler.native_program import NativeProgram
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
    """Steps of a classifier on some rows of its data, with running sums and the best class."""

    def loss(params, x, y):
        w, b, v = params
        scores = np.maximum(x @ w + b, 0) @ v
        scores = scores - np.max(scores, axis=1, keepdims=True)
        chances = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
        hits = np.argmax(chances, axis=1) == y
        return -np.mean(chances[np.arange(len(x)), y]) + np.mean(np.cumsum(hits)) * 0

    def step(params, rows):
        value, slopes = value_and_grad(loss)(params, x[rows], y[rows])
        moved = [p - np.float32(0.1) * d for p, d in zip(params, slopes, strict=True)]
        return moved, value

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


def slid(x, kernel):
    """The slope of a convolution in its input."""
    seen = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))
    return np.einsum("nxycij,ijco->nxyo", seen, kernel)


ARGUMENTS = {
    "small": classifier(2, 3, 2, 40, 20),
    "large": classifier(50, 40, 30, 90, 30),
    "reverse": (
        lambda x: scan(lambda c, r: (np.sin(c) + r, c), x[0], x, reverse=True),
        matrix(6, 7),
    ),
    "slid": (
        lambda x, kernel: grad(lambda x: np.sum(np.tanh(slid(x, kernel))))(x),
        matrix(9, 8, 7, 16),
        matrix(3, 3, 16, 20),
    ),
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


def test_the_message_shows_the_statement():
    axis = Axis(7)
    x, y = Buffer("input", np.dtype("f4"), (7,), "x"), Buffer("output", np.dtype("f4"), (7,), "y")
    place = Affine.of(axis)
    item = Statement(y, (place,), Load(x, (place + Affine(1),)), layer="dense")
    with pytest.raises(GraphError) as caught:
        verify_items([item], [y])
    told = "index i+1 runs from 1 to 7, outside of an axis of x with 7 entries"
    assert str(caught.value).splitlines() == [
        f"invalid loops after lower: {told}",
        "    y[i] = x[i+1]  for i<7  # dense",
    ]


def flat(steps):
    for step in steps:
        yield from flat(step.steps) if isinstance(step, Loop) else [step]


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_output_that_nobody_fills_is_missed(name):
    program = PROGRAMS[name]
    extra = Buffer("output", np.dtype("f4"), (3,))
    with pytest.raises(GraphError, match="nothing is stored in the output"):
        verify_program(replace(program, outputs=(*program.outputs, extra)))


def test_memory_that_is_not_an_argument_is_refused():
    program = PROGRAMS["reshaped"]
    with pytest.raises(GraphError, match="is input memory that the program does not name"):
        verify_program(replace(program, inputs=()))


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_another_nest_reads_is_not_kept_in_registers(name):
    program = PROGRAMS[name]
    owners = {}
    for number, nest in enumerate(flat(program.steps)):
        for buffer, _, _ in accesses(nest):
            owners.setdefault(buffer.root, set()).add(number)

    def keep(part):
        if not isinstance(part, Nest):
            return None
        own = {s.target for s in part.statements if s.target.kind == "arena"}
        shared = {buffer for buffer in own if len(owners[buffer]) > 1}
        return replace(part, registers=part.registers | shared) if shared else None

    for steps in mutated(program.steps, keep):
        with pytest.raises(GraphError, match="and another nest touches it too"):
            verify_program(replace(program, steps=steps))


@pytest.mark.parametrize("name", ["large", "small"])
def test_buffers_of_one_nest_may_not_share_bytes(name):
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
            moved = MemoryPlan(plan.offsets | {one: plan.offsets[other]}, 2 * plan.arena_size)
            with pytest.raises(GraphError, match=r"invalid memory plan: .* (over|share)"):
                verify_memory_plan(steps, moved)
    assert count > 3


def test_what_the_next_turn_reads_may_not_be_overwritten_in_this_one():
    """A carry is read at the start of each turn; what is used at the end may not lie there."""
    program = program_of(
        lambda x, y: scan(lambda c, _: ((c[1] @ y, c[0] @ y), None), (x, x), None, length=3)[0][1],
        matrix(40, 40),
        matrix(40, 40),
    )
    plan = plan_memory(program.steps)
    verify_memory_plan(program.steps, plan)
    for one, other in itertools.permutations(plan.offsets, 2):
        moved = MemoryPlan(plan.offsets | {one: plan.offsets[other]}, plan.arena_size)
        if plan.offsets[one] != plan.offsets[other]:
            with pytest.raises(GraphError, match="invalid memory plan"):
                verify_memory_plan(program.steps, moved)


@pytest.mark.parametrize(
    ("place", "message"), [(None, "no place"), (1, "lies at"), (-64, "lies at"), (10**6, "lies at")]
)
def test_buffers_lie_inside_of_the_arena_on_cache_lines(place, message):
    steps = PROGRAMS["large"].steps
    plan = plan_memory(steps)
    buffer = next(iter(plan.offsets))
    offsets = {b: o for b, o in plan.offsets.items() if b is not buffer}
    if place is not None:
        offsets[buffer] = place
    with pytest.raises(GraphError, match=f"invalid memory plan: .*{message}"):
        verify_memory_plan(steps, MemoryPlan(offsets, plan.arena_size))


def test_compiling_checks_what_it_made_where_that_is_asked_for(monkeypatch):
    graph = simplify(trace(np.sin)(matrix(3)))
    monkeypatch.setattr(pipeline_module, "fuse", lambda items, layout: ())
    monkeypatch.setenv("CHAINRULE_DEBUG", "check")
    with pytest.raises(GraphError, match="nothing is stored in the output"):
        NativeProgram(graph)
