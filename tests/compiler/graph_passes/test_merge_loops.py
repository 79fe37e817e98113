"""Common-subexpression elimination of scans."""

import numpy as np

import chainrule as cr
from chainrule.compiler.graph_passes.merge_loops import merge_loops
from chainrule.graph.evaluate import evaluate

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
