"""Updates of arrays: values as the evaluator's, also of old arrays read later; stores in place."""

import numpy as np

from chainrule.autodiff.control_flow.scan import scan
from chainrule.autodiff.derivative import grad
from chainrule.compiler.native_program import NativeProgram
from chainrule.compiler.pipeline import compile_to_loops
from chainrule.graph.evaluate import evaluate
from chainrule.graph.node import as_node
from chainrule.graph.trace import trace
from chainrule.ops.primitives.array_update import scatter, update_slice
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.gather_scatter import gather

X = np.arange(12.0).reshape(3, 4) + 1
INDEX = np.array([2, 0, 2])


def put(x, u, start):
    return update_slice(x, u, slices=((start, u.shape[0], 1), (0, 4, 1)))


def old_array_is_used_later(x):
    y = np.exp(x)
    z = put(y, y[:1] * 2, 1)
    return z + y, z


def a_view_of_it_is_used_later(x):
    y = np.exp(x)
    row = y[1] * 2
    z = put(y, y[:1], 1)
    return z * row


def overlapping_regions(x):
    y = np.exp(x)
    return put(put(y, y[:2], 1), y[1:], 0)


def regions_shifted_along_the_array(x):
    y = np.exp(x)
    y = update_slice(y, y[:, :-1], slices=((0, 3, 1), (1, 3, 1)))
    return update_slice(y, y[::-1, 1:3], slices=((2, 3, -1), (3, 2, -2)))


def one_array_updated_twice(x):
    y = np.exp(x)
    return put(y, x[:1], 0), put(y, x[:1], 2), np.sum(y)


def rows_of_repeated_indices(x):
    y = np.exp(x)
    return scatter(y, x * 2, INDEX), scatter(y.T, y.T[:3] * 2, INDEX)


def indices_read_from_the_array(x):
    y = np.exp(x) * 0 + np.array([2.0, 0, 1, 3])
    y = scatter(y, y[:, 0] * x[:, 1], y[:, 1].astype(int), y[:, 2].astype(int))
    return y * x


def a_constant_is_gathered_from_then_written_then_read(x):
    y = broadcast_to(as_node(0.5), shape=(3, 4))
    z = scatter(y, x + gather(y, INDEX), INDEX)
    return np.sin(z), scatter(x * 2, y, INDEX)


def a_loop_fills_a_carry(x):
    def step(carry, row):
        table, count = carry
        table = put(table, row[np.newaxis] + table[0] + count, 1)
        return (scatter(table, row, np.array(0)), count + 1), table[1]

    return scan(step, (x * 1.0, np.float64(0)), x)


def a_loop_exchanges_its_carries(x):
    def step(carry, row):
        a, b = carry
        return (put(b, a[:1], 1), put(a, row[np.newaxis] + b[:1], 2)), None

    return scan(step, (x * 1.0, x * 2.0), x)[0]


def a_stored_array_is_updated_in_a_loop(x):
    y = np.exp(x)
    rows = scan(lambda c, row: (c, put(y, row[np.newaxis] + c, 1)), np.float64(1), x)[1]
    return rows, y


PROGRAMS = [
    old_array_is_used_later,
    a_view_of_it_is_used_later,
    overlapping_regions,
    regions_shifted_along_the_array,
    one_array_updated_twice,
    rows_of_repeated_indices,
    indices_read_from_the_array,
    a_constant_is_gathered_from_then_written_then_read,
    a_loop_fills_a_carry,
    a_loop_exchanges_its_carries,
    a_stored_array_is_updated_in_a_loop,
]


def total(function):
    def value(x):
        results = function(x)
        results = results if isinstance(results, tuple) else (results,)
        flat = [each for r in results for each in (r if isinstance(r, tuple) else (r,))]
        return sum(np.sum(np.sin(each)) for each in flat)

    return value


def test_compiled_updates_give_the_values_of_the_evaluator(monkeypatch):
    monkeypatch.setenv("CHAINRULE_DEBUG", "check")
    for function in PROGRAMS:
        for program in (function, grad(total(function))):
            graph = trace(program)(X)
            for got, expected in zip(NativeProgram(graph)([X]), evaluate(graph, [X]), strict=True):
                np.testing.assert_allclose(got, expected, rtol=1e-13, err_msg=function.__name__)


def test_successive_updates_store_in_the_memory_of_the_result():
    def fill(x):
        out = np.zeros_like(x)
        for i in range(20):
            out = put(out, x[i : i + 1] * (out[i - 1 : i] if i else 1.0), i)
        return out

    loops = compile_to_loops(trace(fill)(np.ones((20, 4)))).loops
    statements = [each for step in loops.steps for each in step.statements]
    assert {each.target for each in statements} == {*loops.outputs}
    assert len(statements) == 21


def test_a_loop_updates_its_carry_in_place():
    def fill(x):
        def step(table, row):
            return put(table, row[np.newaxis], 1), None

        return scan(step, x * 1.0, x)[0]

    loop = compile_to_loops(trace(fill)(np.ones((20, 4)))).loops.steps[-1]
    assert sum(len(nest.statements) for nest in loop.steps) == 1
