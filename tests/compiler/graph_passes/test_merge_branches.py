"""Fusion of branches with the same test."""

import numpy as np

import chainrule as cr
from chainrule.compiler.graph_passes.merge_branches import merge_branches
from chainrule.graph.evaluate import evaluate

X = np.array([0.5, -1.0, 2.0])


def chosen(x):
    return cr.cond(x[0] > 0, lambda: np.sin(x) * np.exp(x), lambda: np.cos(x))


def branches(graph):
    return [n.params["if_true"] for n in graph.equations if n.primitive.name == "cond"]


def test_the_branches_of_values_and_tangents_become_one():
    graph = cr.trace(lambda x: cr.jvp(chosen, (x,), (2 * x,)))(X)
    merged = merge_branches(graph)
    assert [len(each.outputs) for each in branches(graph)] == [1, 1]
    (branch,) = branches(merged)
    assert len(branch.outputs) == 2
    assert [n.primitive.name for n in branch.equations].count("exp") == 1
    for x in (X, -X):
        for one, other in zip(evaluate(merged, [x]), evaluate(graph, [x]), strict=True):
            assert one.tobytes() == other.tobytes()


def test_branches_of_other_tests_or_of_results_stay_apart():
    def dependent(x):
        y = cr.cond(x[0] > 0, np.sin, np.cos, x)
        return cr.cond(x[0] > 0, np.exp, np.tanh, y)

    for function in (dependent, lambda x: (chosen(x), chosen(x + 1))):
        assert len(branches(merge_branches(cr.trace(function)(X)))) == 2
