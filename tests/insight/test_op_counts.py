"""FLOP and byte counts of nests are exact; statements are assigned to passes."""

import numpy as np
import pytest

from chainrule.autodiff.control_flow.scan import scan
from chainrule.autodiff.derivative import value_and_grad
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.native_program import NativeProgram
from chainrule.compiler.pipeline import compile_to_loops
from chainrule.graph.trace import trace
from chainrule.insight.op_counts import classify_passes, count_costs, statements_of


def matrix(*shape, dtype=np.float32):
    return np.ones(shape, dtype)


def program_of(function, *arguments):
    return compile_to_loops(trace(function)(*arguments)).loops


def totals(function, *arguments):
    costs = count_costs(program_of(function, *arguments))
    return tuple(
        sum(getattr(each, name) for each in costs)
        for name in ("flops", "bytes_read", "bytes_written")
    )


@pytest.mark.parametrize(("batch", "inputs", "outputs"), [(64, 784, 100), (4, 2, 3), (256, 7, 33)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_dense_layer_has_two_flops_a_weight_and_one_a_bias_for_each_sample(
    batch, inputs, outputs, dtype
):
    arrays = matrix(batch, inputs), matrix(inputs, outputs), matrix(outputs)
    counts = totals(lambda x, w, b: x @ w + b, *(x.astype(dtype) for x in arrays))
    size = np.dtype(dtype).itemsize
    assert counts[0] == 2 * batch * inputs * outputs + batch * outputs
    assert counts[1] == size * (batch * inputs + inputs * outputs + outputs)
    assert counts[2] == size * batch * outputs


@pytest.mark.parametrize(
    ("function", "flops"),
    [
        (lambda x: x + x, 60),
        (np.tanh, 20 * 60),
        (lambda x: np.sum(x, axis=0), 60),
        (lambda x: np.sum(x * x), 2 * 60),
        (lambda x: np.maximum(x, 0), 60),
        (lambda x: x.astype(np.int64) + 1, 0),
        (lambda x: x.T[::-1], 0),
        (lambda x: np.where(x > 0, x, -x), 2 * 60),
    ],
)
def test_only_floating_point_operations_count_as_flops(function, flops):
    assert totals(function, matrix(6, 10))[0] == flops


def test_repeated_loads_and_registers_do_not_add_bytes():
    _, read, written = totals(lambda x: np.sum(np.exp(x) * np.exp(x) + x), matrix(50, 40))
    assert (read, written) == (4 * 2000, 4)


def test_overlapping_windows_read_each_element_once():
    view = np.lib.stride_tricks.sliding_window_view
    _, read, written = totals(lambda x: np.sum(view(x, 5), axis=1), matrix(100))
    assert (read, written) == (4 * 100, 4 * 96)


def test_a_gather_reads_only_its_rows():
    rows = np.zeros(3, int)
    _, read, written = totals(lambda x, rows: x[rows] + 1, matrix(1000, 20), rows)
    assert (read, written) == (4 * 60 + 8 * 3, 4 * 60)


def test_an_inner_loop_counts_each_of_its_iterations():
    def steps(x):
        def step(total, _):
            inner = scan(lambda c, r: (c + r * total, None), total, x)[0]
            return np.sin(inner), None

        return scan(step, x[0], None, length=5)[0]

    costs = count_costs(program_of(steps, matrix(7, 40)))
    inside = [each for each in costs if each.is_repeated]
    assert {each.runs for each in inside} == {1, 7}
    assert sum(each.flops for each in inside) == 7 * 2 * 40 + 20 * 40


def descend(state, samples, rate):
    def loss(w, x, y):
        return np.mean((np.tanh(x @ w) - y) ** 2)

    def step(state, rate):
        w, moment = state
        value, gradient = value_and_grad(loss)(w, *samples)
        moment = moment * np.float32(0.9) + gradient
        return (w - rate * np.sqrt(rate) * moment, moment), value

    return scan(step, state, rate)


def test_passes_follow_from_data_dependence():
    state, samples = (matrix(30, 20), matrix(30, 20)), (matrix(50, 30), matrix(50, 20))
    program = program_of(descend, state, samples, matrix(4))
    data = [buffer for buffer in program.inputs if buffer.name.startswith("samples")]
    passes = classify_passes(program, 2, data)
    names = [
        {passes[id(statement)] for statement in statements_of(each.nest)}
        for each in count_costs(program)
        if each.is_repeated
    ]
    assert [each for each in names if "update" in each][-1] >= {"update"}
    contractions = [each for each in count_costs(program) if each.nest.contraction is not None]
    assert [passes[id(each.nest.contraction)] for each in contractions] == ["forward", "backward"]
    assert set().union(*names) == {"forward", "backward", "update"}


def test_a_compiled_program_reports_its_origin_and_compile_time(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    graph = simplify(trace(lambda x: np.sin(x) @ x)(matrix(90, 90)))
    first, second = NativeProgram(graph), NativeProgram(graph)
    assert not first.is_from_cache
    assert second.is_from_cache
    assert 0 < second.compile_seconds < first.compile_seconds
    assert first.arena_bytes >= 4 * 90 * 90
