"""Lowering and what fusion, layout and memory planning make of it, without running programs."""

import numpy as np
import pytest

from chainrule.autodiff.derivative import value_and_grad
from chainrule.autodiff.scan import scan
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.loops import Buffer, CannotCompile, Load, Loop
from chainrule.compiler.loop_ir.printer import format_program
from chainrule.compiler.lowering.graph_lowering import Lowering
from chainrule.compiler.native_program import NativeProgram
from chainrule.compiler.pipeline import compile_to_loops
from chainrule.graph.trace import trace


def loops_of(function, *arguments):
    lowered = compile_to_loops(trace(function)(*arguments))
    return lowered.loops, lowered.layout


def matrix(*shape):
    return np.ones(shape, np.float32)


def descend(params, x, y):
    """Return some steps of gradient descent on a small network, as one program."""

    def loss(params):
        w, b, v = params
        scores = np.tanh(x @ w + b) @ v
        scores = scores - np.max(scores, axis=1, keepdims=True)
        chances = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
        return -np.mean(chances[np.arange(len(x)), y])

    def step(params, _):
        value, gradients = value_and_grad(loss)(params)
        moved = [p - np.float32(0.1) * d for p, d in zip(params, gradients, strict=True)]
        return moved, value

    return scan(step, params, None, length=50)


MOONS = ([matrix(2, 3), matrix(3), matrix(3, 2)], matrix(200, 2), np.zeros(200, int))


def test_a_program_prints_in_its_own_syntax():
    program, _ = loops_of(lambda x, b: np.tanh(x.T + b), matrix(3, 20), matrix(3))
    assert format_program(program) == "\n".join(
        [
            "program <lambda>",
            "  input x: f32[3,20]",
            "  input b: f32[3]",
            "  output result: f32[20,3]",
            "  for i<20 vector i:",
            "    result[i, j] = tanh(add(x[j, i], b[j]))  for j<3",
        ]
    )


def test_a_training_step_on_two_features_is_one_nest_over_the_samples():
    program, _ = loops_of(descend, *MOONS)
    (loop,) = [step for step in program.steps if isinstance(step, Loop)]
    assert [[axis.extent for axis in nest.axes] for nest in loop.steps] == [[200], []]


def test_parameters_are_updated_in_place():
    program, _ = loops_of(descend, *MOONS)
    (loop,) = [step for step in program.steps if isinstance(step, Loop)]
    statements = [each for nest in loop.steps for each in nest.statements]
    copies = [each for each in statements if isinstance(each.value, Load) and not each.reduction]
    assert copies == []
    written = {each.target for each in statements}
    assert all(output in written for output in program.outputs)


def test_bias_and_relu_are_the_epilogue_of_a_contraction():
    program, _ = loops_of(
        lambda x, w, b: np.maximum(x @ w + b, 0), matrix(64, 50), matrix(50, 40), matrix(40)
    )
    (nest,) = program.steps
    assert nest.contraction is not None
    assert nest.contraction.target in nest.registers
    assert [each.target for each in nest.statements] == list(program.outputs)


def test_short_rows_are_column_major_in_the_arena_and_row_major_in_results():
    program, layout = loops_of(
        lambda x, w: np.exp(np.sin(x @ w)[::-1]), matrix(64, 50), matrix(50, 9)
    )
    narrow = {b for step in program.steps for b, _, _ in accesses(step) if b.shape == (64, 9)}
    kinds = {buffer.kind: layout.strides(buffer) for buffer in narrow}
    assert kinds == {"arena": (1, 64), "output": (9, 1)}


def test_an_unsupported_dtype_is_named():
    graph = trace(lambda x: x + 1)(np.ones(3, np.float16))
    with pytest.raises(CannotCompile, match="half precision"):
        NativeProgram(graph)


def test_a_primitive_without_a_rule_or_ufunc_is_not_compiled():
    graph = trace(lambda x: np.sin(x).T)(matrix(2, 3))
    inputs = [Load(Buffer("input", node.dtype, node.shape), ()) for node in graph.inputs]
    with pytest.raises(CannotCompile, match="transpose is not compiled"):
        Lowering(graph, {}, {}).run(inputs)


def test_simplification_of_a_body_stops_at_its_inputs():
    """A captured value has a history outside of the body, which the body must not use."""
    row = np.arange(3.0)

    def function(x):
        flat = np.reshape(x, (6,))
        return scan(lambda c, r: (c + np.reshape(flat, (2, 3)) * r, None), x * 0, row)[0]

    x = np.arange(6.0).reshape(2, 3)
    (result,) = NativeProgram(simplify(trace(function)(x)))([x])
    np.testing.assert_array_equal(result, x * 3)


WEIGHT = np.arange(32 * 32, dtype=np.float32).reshape(32, 32)
TALL = np.arange(50 * 50, dtype=np.float32).reshape(50, 50)


def rows_of(step, *starts, length=20):
    """Return the number of independent batch rows of each loop; 0 where rows are dependent."""
    program, _ = loops_of(lambda *starts: scan(step, starts, None, length=length)[0], *starts)
    return [
        each.batch_axes[0].extent if each.batch_axes else 0
        for each in program.steps
        if isinstance(each, Loop)
    ]


def test_a_loop_over_independent_rows_is_batch_parallel():
    h = matrix(50, 32)
    assert rows_of(lambda c, _: ((np.tanh(c[0] @ WEIGHT) * c[1], c[0] + 1), None), h, h) == [50]


@pytest.mark.parametrize(
    "step",
    [
        lambda h: np.tanh(TALL @ h),
        lambda h: np.tanh(h @ WEIGHT) - np.mean(h, axis=0),
        lambda h: np.tanh(h[::-1] @ WEIGHT),
        lambda h: np.tanh(h @ WEIGHT) * h[0],
        lambda h: np.tanh(h @ WEIGHT) * np.sum(h),
        lambda h: np.concatenate([h[1:], np.tanh(h[:1])]),
    ],
)
def test_a_loop_with_dependence_across_rows_is_not_batch_parallel(step):
    assert rows_of(lambda c, _: ((step(c[0]),), None), matrix(50, 32)) == [0]
