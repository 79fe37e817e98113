"""Dead-code elimination inside loops: results that are not read, and carries that feed only these.

::

    a, b, c = scan[...](...)                 a = scan[...](...)       # without the body of b and c
    return a                           ->    return a

Legal where no result that is read depends on a carry that is removed; a `while_loop` reads the
carries that its condition reads. A `cond` has no carries. Pays because the derivative of a loop
gives the gradients of all that its steps read, required or not (decision 0008).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.rewrite import rebuilt, rewrite
from chainrule.ops.primitives.selection import get_result, get_results

__all__ = ["prune_loops"]

_LOOPS = ("scan", "while_loop", "cond")
"""By name: a graph that has one of them need not import the rules of the others."""


def prune_loops(graph: Graph) -> Graph:
    """Return a graph whose loops and branches compute only the results that are read."""
    read: dict[int, set[int]] = {}
    for node in graph.equations:
        if node.primitive is get_result:
            read.setdefault(node.inputs[0].serial, set()).add(node.params["index"])
    pruned: dict[int, dict[int, Node]] = {}

    def visit(node: Node, inputs: tuple[Node, ...]) -> Node:
        if _name(node) in _LOOPS:
            live = _live_results(node, read.get(node.serial, set()))
            if len(live) < len(_body(node).outputs):
                results = _run(node, inputs, live)
                pruned[node.serial] = dict(zip(live, results, strict=True))
                return node
        if node.primitive is get_result and node.inputs[0].serial in pruned:
            return pruned[node.inputs[0].serial][node.params["index"]]
        return rebuilt(node, inputs)

    smaller = rewrite(graph, visit)
    # The results of another loop that only this one read are dead now too.
    return prune_loops(smaller) if pruned else graph


def _name(node: Node) -> str:
    return "" if node.primitive is None else node.primitive.name


def _applied(node: Node, inputs: Sequence[Node], **params: Any) -> list[Node]:
    """Apply the primitive of a loop to other inputs, with some parameters changed."""
    assert node.primitive is not None
    return get_results(node.primitive(*inputs, **{**node.params, **params}))


def _body(node: Node) -> Graph:
    return node.params["if_true" if _name(node) == "cond" else "body"]


def _live_results(node: Node, read: set[int]) -> list[int]:
    """The results that are read, and the carries on which these depend."""
    if _name(node) == "cond":
        return sorted(read)
    body, live = _body(node), set(read)
    if _name(node) == "while_loop":
        first = node.params["body_shared"]
        carries = body.inputs[first:]
        condition: Graph = node.params["condition"]
        reached = _reached_inputs(condition.outputs, condition)
        tested = condition.inputs[node.params["condition_shared"] :]
        live |= {i for i, each in enumerate(tested) if each.serial in reached}
    else:
        first = node.params["shared"]
        carries = body.inputs[first : first + node.params["carries"]]
    carry_of = {each.serial: i for i, each in enumerate(carries)}
    count = -1
    while len(live) > count:
        count = len(live)
        reached = _reached_inputs([body.outputs[i] for i in live], body)
        live |= {i for serial, i in carry_of.items() if serial in reached}
    return sorted(live)


def _reached_inputs(outputs: Sequence[Node], body: Graph) -> set[int]:
    """Serial numbers of the body's inputs on which some of its outputs depend."""
    own = {each.serial for each in body.inputs}
    inner = ancestors(outputs, lambda each: each.serial in own)
    read = {each.serial for node in inner for each in node.inputs}
    return own & (read | {node.serial for node in outputs})


def _run(node: Node, inputs: Sequence[Node], live: Sequence[int]) -> list[Node]:
    """Apply the loop that computes some of the results; return these in order."""
    if _name(node) == "cond":
        return _run_branches(node, inputs, live)
    body = _body(node)
    outputs = tuple(body.outputs[i] for i in live)
    reached = _reached_inputs(outputs, body)
    used = [i for i, each in enumerate(body.inputs) if each.serial in reached]
    if _name(node) == "while_loop":
        return _run_while_loop(node, inputs, live, used)
    shared, carries = node.params["shared"], node.params["carries"]
    fixed = [i for i in used if i < shared]
    carry = [shared + i for i in live if i < carries]
    rows = [i for i in used if i >= shared + carries]
    kept = [*fixed, *carry, *rows]
    smaller = Graph(tuple(body.inputs[i] for i in kept), outputs, body.name)
    return _applied(
        node, [inputs[i] for i in kept], body=smaller, shared=len(fixed), carries=len(carry)
    )


def _run_while_loop(
    node: Node, inputs: Sequence[Node], live: Sequence[int], used: Sequence[int]
) -> list[Node]:
    """Apply a ``while_loop`` to some of its carries; the body uses some of its inputs."""
    condition: Graph = node.params["condition"]
    first, count = node.params["condition_shared"], node.params["body_shared"]
    body = _body(node)
    fixed = [i for i in used if i < count]
    tested = [*condition.inputs[:first], *(condition.inputs[first + i] for i in live)]
    variables = [body.inputs[i] for i in (*fixed, *(count + i for i in live))]
    return _applied(
        node,
        [*inputs[:first], *(inputs[first + i] for i in (*fixed, *(count + i for i in live)))],
        condition=Graph(tuple(tested), condition.outputs, condition.name),
        body=Graph(tuple(variables), tuple(body.outputs[i] for i in live), body.name),
        body_shared=len(fixed),
    )


def _run_branches(node: Node, inputs: Sequence[Node], live: Sequence[int]) -> list[Node]:
    """Apply a ``cond`` whose branches compute some of the results."""
    test, *shared = inputs
    branches: list[Graph] = [node.params["if_true"], node.params["if_false"]]
    some = [
        Graph(each.inputs, tuple(each.outputs[i] for i in live), each.name) for each in branches
    ]
    positions = [
        {i for i, x in enumerate(each.inputs) if x.serial in _reached_inputs(each.outputs, each)}
        for each in some
    ]
    used = sorted(set[int]().union(*positions))
    if_true, if_false = (
        Graph(tuple(each.inputs[i] for i in used), each.outputs, each.name) for each in some
    )
    return _applied(node, [test, *(shared[i] for i in used)], if_true=if_true, if_false=if_false)
