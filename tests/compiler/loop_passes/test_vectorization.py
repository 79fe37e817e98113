"""Vectorization: the loop order and the vector axis of one statement."""

import numpy as np
import pytest

from chainrule.compiler.loop_ir.loops import Nest
from chainrule.compiler.loop_passes import vectorization
from chainrule.compiler.loop_passes.vectorization import are_unrolled, choose_loop_order
from chainrule.compiler.native_program import NativeProgram
from chainrule.graph.trace import trace
from tests.compiler.programs.loop_text import Loops, matrix


def first_nest(function, *arguments):
    """The first statement of a program in its nest, and whether others may join."""
    loops = Loops(function, *arguments)
    axes, vector_axis, is_open = choose_loop_order(loops.items[0], loops.layout)
    text = loops.text([Nest(axes, vector_axis, (loops.items[0],))])
    return [line.strip() for line in text.splitlines()], is_open


@pytest.mark.parametrize(
    ("function", "shape", "expected"),
    [
        # Contiguous accesses, of the target where those of a transposed operand are not.
        (np.exp, (64, 100), ("for i<64 j<100 vector j:", "result[i, j] = exp(x[i, j])")),
        (
            lambda x: np.exp(x.T),
            (64, 100),
            ("for i<100 j<64 vector j:", "result[i, j] = exp(x[j, i])"),
        ),
        # Short rows are summed within the lanes along the batch, long ones across lanes.
        (
            lambda x: np.sum(x, axis=1),
            (64, 10),
            ("for i<64 vector i:", "reduce_to[i, 0] = sum j<10: x[i, j]"),
        ),
        (
            lambda x: np.sum(x, axis=1),
            (64, 1000),
            ("for i<64 vector j:", "reduce_to[i, 0] = sum j<1000: x[i, j]"),
        ),
        (
            lambda x: np.sum(x),
            (64, 100),
            ("for i<64 j<100 vector j:", "result[] = sum i<64 j<100: x[i, j]"),
        ),
        # Short axes run within the nest.
        (
            lambda x: np.exp(x) * 2,
            (64, 3),
            ("for i<64 vector i:", "result[i, j] = multiply(exp(x[i, j]), 2.0)  for j<3"),
        ),
    ],
)
def test_vectors_run_along_long_contiguous_axes(function, shape, expected):
    lines, _ = first_nest(function, matrix(*shape))
    assert tuple(lines) == expected


def test_few_iterations_are_unrolled_without_a_loop():
    lines, is_open = first_nest(np.exp, matrix(2, 3))
    assert lines == ["for:", "result[i, j] = exp(x[i, j])  for i<2 j<3"]
    assert is_open


def test_argmax_is_not_vectorized_along_the_reduced_axis():
    lines, _ = first_nest(lambda x: np.argmax(x, axis=1), matrix(8, 100))
    assert lines == ["for i<8 vector i:", "result[i] = argmax j<100: x[i, j]"]


def test_prefix_sums_keep_their_order_and_their_nest():
    lines, is_open = first_nest(lambda x: np.cumsum(x, axis=1), matrix(64, 100))
    assert lines == ["for:", "result[i, j] = prefix_sum j<100: x[i, j]  for i<64"]
    assert not is_open


def test_no_statement_joins_a_nest_that_reduces_across_lanes():
    _, is_open = first_nest(lambda x: np.sum(x, axis=1), matrix(64, 1000))
    assert not is_open


def test_long_programs_of_few_iterations_run_in_vectors_with_the_same_values(monkeypatch):
    def long(x):
        y = x
        for number in range(30):
            y = np.sin(y) + number * x[::-1]
        return y * np.sum(y), np.exp(np.outer(y, x) / 200) @ x, np.cumsum(y)

    assert [are_unrolled(Loops(long, np.ones(size)).items) for size in (1, 15)] == [True, False]
    for size in (0, 2, 15):
        x = np.linspace(0, 1, size)
        graph, results = trace(long)(x), []
        for limit in (0, 10**6):
            monkeypatch.setattr(vectorization, "MAX_UNROLLED_OPERATIONS", limit)
            results.append([each.tobytes() for each in NativeProgram(graph)([x])])
        assert results[0] == results[1]
