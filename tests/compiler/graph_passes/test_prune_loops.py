"""Dead-code elimination inside loops and branches."""

import numpy as np

import chainrule as cr
from chainrule.compiler.graph_passes.prune_loops import prune_loops
from chainrule.graph.evaluate import evaluate

X = np.array([0.5, -1.0, 2.0])


def bodies(graph):
    """The primitives of each scan's body, and the number of its results."""
    return [
        ([each.primitive.name for each in body.equations], len(body.outputs))
        for body in (n.params["body"] for n in graph.equations if n.primitive.name == "scan")
    ]


def test_results_that_are_not_read_are_not_computed():
    graph = cr.trace(lambda x: cr.scan(lambda c, _: (np.sin(c), np.cos(c)), x, length=5)[0])(X)
    assert bodies(graph) == [(["sin", "cos"], 2)]
    pruned = prune_loops(graph)
    assert bodies(pruned) == [(["sin"], 1)]
    assert evaluate(pruned, [X])[0].tobytes() == evaluate(graph, [X])[0].tobytes()


def test_a_carry_that_only_feeds_itself_is_removed():
    def function(x):
        (a, _), _ = cr.scan(lambda c, _: ((np.sin(c[0]), np.cos(c[1])), None), (x, x), length=5)
        return a

    assert bodies(prune_loops(cr.trace(function)(X))) == [(["sin"], 1)]


def test_a_carry_on_which_a_result_depends_stays():
    def function(x):
        (a, _), _ = cr.scan(
            lambda c, _: ((np.sin(c[0] * c[1]), np.cos(c[1])), None), (x, x), length=5
        )
        return a

    graph = cr.trace(function)(X)
    assert bodies(prune_loops(graph)) == bodies(graph)


def test_pruning_one_scan_prunes_the_scan_that_it_read():
    def function(x):
        _, rows = cr.scan(lambda c, _: (c, np.exp(c)), x, length=5)
        return cr.scan(lambda c, row: (np.sin(c), row), x, rows)[0]

    assert bodies(prune_loops(cr.trace(function)(X))) == [(["sin"], 1)]


def test_a_while_loop_keeps_what_its_condition_and_its_results_read():
    def function(x):
        def step(carry):
            a, b, c, i = carry
            return np.sin(a), np.cos(b) + c, c * x, i + 1

        return cr.while_loop(lambda carry: carry[3] < 5, step, (x, x, x, 0))[0]

    graph = cr.trace(function)(X)
    (loop,) = (n for n in prune_loops(graph).equations if n.primitive.name == "while_loop")
    assert [each.primitive.name for each in loop.params["body"].equations] == ["sin", "add"]
    assert loop.params["body_shared"] == 0
    assert evaluate(prune_loops(graph), [X])[0].tobytes() == evaluate(graph, [X])[0].tobytes()


def test_branches_compute_the_results_that_are_read_from_what_these_read():
    def function(x, y):
        return cr.cond(x[0] > 0, lambda: (np.sin(x), np.exp(y)), lambda: (np.cos(x), y))[0]

    graph = cr.trace(function)(X, X)
    pruned = prune_loops(graph)
    (node,) = (n for n in pruned.equations if n.primitive.name == "cond")
    assert [each.primitive.name for each in node.params["if_true"].equations] == ["sin"]
    assert len(node.inputs) == 2
    assert evaluate(pruned, [X, X])[0].tobytes() == evaluate(graph, [X, X])[0].tobytes()
