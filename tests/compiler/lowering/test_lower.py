"""Lowering: statements, in-place updates, and what is left to the evaluator."""

import numpy as np
import pytest

from chainrule.autodiff.control_flow.scan import scan
from chainrule.autodiff.derivative import value_and_grad
from chainrule.compiler.jit import jit
from chainrule.compiler.loop_ir.errors import CannotCompile
from chainrule.compiler.loop_ir.loops import Buffer, Load, Loop
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


def test_an_unsupported_dtype_is_named():
    graph = trace(lambda x, i: x[i])(np.ones(3), np.arange(2, dtype=np.uint64))
    with pytest.raises(CannotCompile, match="indices of type u64"):
        NativeProgram(graph)


def test_a_primitive_without_a_rule_or_ufunc_is_not_compiled():
    graph = trace(lambda x: np.sin(x).T)(matrix(2, 3))
    inputs = [Load(Buffer("input", node.dtype, node.shape), ()) for node in graph.inputs]
    with pytest.raises(CannotCompile, match="transpose is not compiled"):
        Lowering(graph, {}, {}).run(inputs)


def test_entries_of_a_diagonal_are_loaded_from_both_axes():
    """Its axis stands twice in the index, and a gather replaces it in both places."""
    x = np.random.default_rng(0).normal(size=(3, 3))
    some = np.array([0, -1, 1])

    def function(x):
        diagonal = np.diagonal(x * 2)
        stacked = np.diagonal(np.stack([x, x + 1]), axis1=1, axis2=2)
        return np.sum(np.sin(diagonal[some])) + np.sum(diagonal) + np.sum(stacked[:, some] ** 2)

    np.testing.assert_allclose(jit(function)(x), function(x))
