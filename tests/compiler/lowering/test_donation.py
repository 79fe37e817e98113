from dataclasses import replace

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.native_program import NativeProgram
from chainrule.compiler.pipeline import compile_to_loops
from chainrule.graph.evaluate import evaluate
from chainrule.graph.trace import trace

STEPS = np.arange(1.0, 6.0)


def halved(state, steps):
    return cr.scan(lambda carry, step: (carry * 0.5 + step, carry.sum()), state, steps)


def halved_and_first(state, steps):
    last, sums = halved(state, steps)
    return last, sums, state + last


def shifted(state, steps):
    return cr.scan(lambda carry, step: (state[::-1] * step + carry, step), state, steps)


def unchanged(state, steps):
    return cr.scan(lambda carry, step: (carry, carry.sum() * step), state, steps)


def replaced(state, steps):
    return np.full(state.shape, 2.0) * steps[0], steps


@pytest.mark.parametrize("length", [4, 4000])  # in registers, and in memory
@pytest.mark.parametrize(
    ("function", "is_in_place"),
    [
        (halved, True),
        (halved_and_first, False),
        (shifted, False),
        (unchanged, True),
        (replaced, False),
    ],
)
def test_a_donated_input_is_updated_in_place_or_copied_where_it_is_read_later(
    function, is_in_place, length
):
    state = np.linspace(0, 1, length)
    graph = replace(trace(function)(state, STEPS), donated=1)
    expected = evaluate(graph, [state, STEPS])
    assert bool(compile_to_loops(graph).loops.in_place) == is_in_place
    program, apart = NativeProgram(graph), np.full(length, np.nan)
    kept = state.copy()
    for own, destination in ((state, apart), (state, state)):
        results = program([own, STEPS], destinations=[destination])
        assert results[0] is destination
        for result, value in zip(results, expected, strict=True):
            np.testing.assert_allclose(result, value, rtol=1e-12)
        if own is not destination:
            np.testing.assert_array_equal(own, kept)


def test_some_iterations_go_on_from_the_state_in_place():
    state = np.linspace(-1, 1, 300)
    graph = replace(trace(halved)(state, STEPS), donated=1)
    (expected, _), program = evaluate(graph, [state, STEPS]), NativeProgram(graph)
    for first in range(5):
        program([state, STEPS], (first, first + 1), [state])
    np.testing.assert_array_equal(state, expected)


def in_branches(table, steps):
    def body(table, step):
        def even(table):
            new = table.copy()
            new[np.array([0, 2])] = table[np.array([2, 0])] * 0.5
            return new, table[1].sum()

        def odd(table):
            new = table.copy()
            new[np.array([1])] = table[:1] + step
            return new, table.sum()

        first = table[:3].max()
        new, total = cr.cond(step % 2 < 1, even, odd, table)
        return new, first + total

    return cr.scan(body, table, steps)


def left_in_a_branch(table, steps):
    def body(table, step):
        def set_row(table):
            new = table.copy()
            new[np.array([1])] = step
            return new

        new = cr.cond(step < 3, set_row, lambda table: table, table)
        return new, new.sum() - table.sum()

    return cr.scan(body, table, steps)


@pytest.mark.parametrize("function", [in_branches, left_in_a_branch])
def test_branches_update_the_rows_of_a_table_in_place(function):
    table = np.linspace(0, 1, 4000).reshape(4, 1000)
    graph = replace(trace(function)(table, STEPS), donated=1)
    assert all(buffer.size < table.size for buffer in compile_to_loops(graph).plan.offsets)
    expected = evaluate(graph, [table, STEPS])
    results = NativeProgram(graph)([table, STEPS], destinations=[table])
    assert results[0] is table
    for result, value in zip(results, expected, strict=True):
        np.testing.assert_allclose(result, value, rtol=1e-12)
