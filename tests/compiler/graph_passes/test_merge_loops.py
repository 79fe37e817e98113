"""Common-subexpression elimination of loops."""

import numpy as np

import chainrule as cr
from chainrule.autodiff.control_flow.while_loop_primitive import apply_while_loop
from chainrule.compiler.graph_passes.merge_loops import merge_loops
from chainrule.graph.array_type import type_of
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import as_node, variable

X = np.array([0.5, -1.0, 2.0])


def final(x):
    return cr.scan(lambda c, _: (np.sin(c), None), x, None, length=5)[0]


def scans(graph):
    return [node for node in graph.equations if node.primitive.name == "scan"]


def test_the_forward_scan_and_its_run_with_residuals_become_one():
    graph = cr.trace(cr.value_and_grad(lambda x: np.sum(final(x))))(X)
    merged = merge_loops(graph)
    assert [len(node.params["body"].outputs) for node in scans(graph)] == [1, 2, 1]
    assert [len(node.params["body"].outputs) for node in scans(merged)] == [2, 1]
    lines = str(merged).splitlines()
    assert [line.strip() for line in lines if "return" in line] == [
        "return a, c",
        "return d",
        "return value, d_x",
    ]
    for one, other in zip(evaluate(merged, [X]), evaluate(graph, [X]), strict=True):
        assert one.tobytes() == other.tobytes()


def test_scans_of_other_inputs_or_bodies_stay_apart():
    for function in (
        lambda x: (final(x), final(x + 1)),
        lambda x: (final(x), cr.scan(lambda c, _: (np.cos(c), None), x, None, length=5)[0]),
    ):
        graph = cr.trace(function)(X)
        assert len(scans(merge_loops(graph))) == 2


def test_the_loop_of_values_is_part_of_the_one_of_values_and_tangents():
    graph = cr.trace(lambda x: cr.jvp(final, (x,), (np.ones(3),)))(X)
    merged = merge_loops(graph)
    assert [len(node.params["body"].outputs) for node in scans(graph)] == [1, 2]
    assert [len(node.params["body"].outputs) for node in scans(merged)] == [2]
    for one, other in zip(evaluate(merged, [X]), evaluate(graph, [X]), strict=True):
        assert one.tobytes() == other.tobytes()


def while_loops(graph):
    return [node for node in graph.equations if node.primitive.name == "while_loop"]


def test_a_while_loop_with_more_carries_computes_those_of_the_other_one():
    def function(x):
        a, i, zero = variable(type_of(X)), variable(type_of(0)), as_node(0)
        b = variable(type_of(X))
        test, step = i < 5, (np.sin(a), i + 1)
        shorter = apply_while_loop(
            Graph((a, i), (test,)), Graph((a, i), step), [], [], [x, zero], 9
        )
        longer = apply_while_loop(
            Graph((a, b, i), (test,)), Graph((a, b, i), (step[0], b + a, step[1])), [], [],
            [x, x, zero], 9,
        )  # fmt: skip
        of_result = apply_while_loop(
            Graph((a, b, i), (test,)), Graph((a, b, i), (step[0], b * a, step[1])), [], [],
            [x, shorter[0], zero], 9,
        )  # fmt: skip
        return shorter[0], longer[1], of_result[1]

    graph = cr.trace(function)(X)
    merged = merge_loops(graph)
    assert [len(node.params["body"].outputs) for node in while_loops(graph)] == [2, 3, 3]
    assert [len(node.params["body"].outputs) for node in while_loops(merged)] == [3, 3]
    for one, other in zip(evaluate(merged, [X]), evaluate(graph, [X]), strict=True):
        assert one.tobytes() == other.tobytes()
