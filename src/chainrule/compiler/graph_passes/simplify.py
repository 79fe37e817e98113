"""Simplification: algebraic identities, constant folding, common subexpressions, dead code.

::

    a = multiply(x, 1)                      ->    x                       # identity
    b = exp(c), d = add(2.0, 3.0)                 b = exp(c), d = 5.0     # constant folding
    e = sin(x), f = sin(x)                        e = sin(x), f = e       # common subexpression

Legal only if every IEEE value keeps its bits: ``x * 1`` is ``x``, but ``x + 0`` is not (for
``-0.0``), nor is ``x * 0`` zero. One walk from inputs to outputs rebuilds the graph and visits
each equation once; dead code is never reached. Pays because every later stage is linear in the
number of equations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.checks import bad_argument
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.compiler.graph_passes import scatter_rules, window_rules
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, constant
from chainrule.graph.rewrite import Visit, rebuilt, rewrite
from chainrule.ops.primitives import broadcasting, contraction, elementwise, movement, selection

__all__ = ["simplify"]

Rule = Callable[[tuple[Node, ...], dict[str, Any]], Node | None]

_MAX_FOLDED = 4096
"""Elements of a folded constant, at most; broadcasts are never folded, as they cost nothing."""


@answers_foreign_names(CORE_ALIASES)
def simplify(graph: Graph) -> Graph:
    """Return a graph that computes the same values, bit for bit, with fewer equations.

    Parameters
    ----------
    graph : Graph
        A program, as from `trace`.

    Returns
    -------
    Graph
        It without identities such as ``x * 1``, constants computed, and equal expressions computed
        once: what `jit` compiles.

    Examples
    --------
    >>> import chainrule as cr
    >>> print(cr.simplify(cr.trace(cr.grad(lambda x: x * x))(3.0)))
    graph derivative of <lambda>(x: f64[]) {
      d_x: f64[] = add(x, x)
      return d_x
    }
    """
    if not isinstance(graph, Graph):  # pyright: ignore[reportUnnecessaryIsInstance]
        rule = "a graph, as from cr.trace(f)(*args)"
        raise bad_argument("simplify", "graph", graph, rule)
    known: dict[Any, Node] = {}
    own_inputs = {node.serial for node in graph.inputs}
    decided: dict[int, list[Node]] = {}  # results of loops whose condition is constant

    def visit(node: Node, inputs: tuple[Node, ...]) -> Node:
        if node.primitive is None:
            return known.setdefault(_constant_key(node), node)
        if node.primitive.name in ("cond", "while_loop"):
            results = _results_if_decided(node, inputs, visit)
            if results is not None:
                decided[node.serial] = results
                return node
        if node.primitive is selection.get_result and inputs[0].serial in decided:
            return decided[inputs[0].serial][node.params["index"]]
        # An input of a body may have a producer in the enclosing graph: identities stop there.
        if any(each.serial in own_inputs and each.primitive is not None for each in inputs):
            equation = _with_simplified_body(rebuilt(node, inputs))
            return known.setdefault(_key(equation), equation)
        return _simplified(node, inputs, known)

    return rewrite(_with_fewer_loops(graph), visit)


# The passes of loops and branches, imported where a graph has one.


def _with_fewer_loops(graph: Graph) -> Graph:
    """Merge loops and branches, and remove from them what is not read."""
    names = {node.primitive.name for node in graph.equations if node.primitive is not None}
    if names.isdisjoint(("scan", "while_loop", "cond")):
        return graph
    from chainrule.compiler.graph_passes.merge_loops import merge_loops
    from chainrule.compiler.graph_passes.prune_loops import prune_loops

    graph = merge_loops(graph)
    return prune_loops(_with_fewer_branches(graph) if "cond" in names else graph)


def _with_fewer_branches(graph: Graph) -> Graph:
    from chainrule.compiler.graph_passes.merge_branches import merge_branches

    return merge_branches(graph)


def _results_if_decided(node: Node, inputs: Sequence[Node], visit: Visit) -> list[Node] | None:
    from chainrule.compiler.graph_passes.constant_conditions import results_if_decided

    return results_if_decided(node, inputs, visit)


def _simplified(node: Node, inputs: tuple[Node, ...], known: dict[Any, Node]) -> Node:
    """Return the simplest equivalent of an equation; `known` are those computed before, by key."""
    assert node.primitive is not None
    inputs = _with_rectifier_output(node, inputs, known)
    name = node.primitive.name
    rules = (_IDENTITIES.get(name), window_rules.RULES.get(name), scatter_rules.RULES.get(name))
    results = (rule(inputs, node.params) for rule in rules if rule)
    simpler = next((each for each in results if each is not None), None)
    if simpler is None:
        simpler = _broadcast_scalar(node, inputs)
    if simpler is None and node.primitive.ufunc is not None:
        simpler = window_rules.sink_reshape(node, inputs)
    if simpler is not None and simpler.primitive is None:
        return simpler
    equation = simpler if simpler is not None else _with_simplified_body(rebuilt(node, inputs))
    equation.layer = equation.layer or node.layer
    if _is_foldable(equation):
        folded = constant(equation.value)
        return known.setdefault(_constant_key(folded), folded)
    equation = known.setdefault(_key(equation), equation)
    if _is_rectifier(node, inputs):
        known["rectified", inputs[0].serial] = equation
    return equation


def _is_rectifier(node: Node, inputs: tuple[Node, ...]) -> bool:
    """Whether an equation is ``select(x <= 0, 0, x)``."""
    if node.primitive is not selection.select:
        return False
    mask, zero, x = inputs
    is_mask = mask.primitive is elementwise.less_equal and window_rules.is_zero(mask.inputs[1])
    return is_mask and mask.inputs[0] is x and window_rules.is_zero(zero)


def _with_rectifier_output(
    node: Node, inputs: tuple[Node, ...], known: dict[Any, Node]
) -> tuple[Node, ...]:
    """Compute the mask of a rectifier's gradient from its output, so that its input is not stored.

    For ``y = select(x <= 0, 0, x)``, ``x <= 0`` is ``y <= 0``.
    """
    key = "rectified", inputs[0].serial if inputs else None
    if node.primitive is not selection.select or key not in known or _is_rectifier(node, inputs):
        return inputs
    mask = elementwise.less_equal(known[key], inputs[0].inputs[1])
    return (known.setdefault(_key(mask), mask), *inputs[1:])


def _broadcast_scalar(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    """Fold an elementwise function of broadcast scalars to a broadcast scalar."""
    primitive = node.primitive
    assert primitive is not None
    scalars = [_scalar(each) for each in inputs]
    if (primitive.ufunc is None and primitive not in _VIEWS) or any(x is None for x in scalars):
        return None
    with np.errstate(all="ignore"):
        value = primitive.evaluate(*scalars) if primitive.ufunc else scalars[0]
    return broadcasting.broadcast_to(constant(np.asarray(value, node.dtype)), node.shape)


def _scalar(node: Node) -> Any:
    """The constant scalar that a node broadcasts, or None."""
    while node.primitive is not None and node.primitive.is_broadcast:
        node = node.inputs[0]
    is_scalar = node.is_constant and node.size == 1
    return np.reshape(node.known_value, ()) if is_scalar else None


_VIEWS = (movement.reshape, movement.transpose, movement.strided_slice)


def _with_simplified_body(node: Node) -> Node:
    """Simplify the body of a loop, its condition and branches; other equations stay as they are."""
    graphs = {k: simplify(each) for k, each in node.params.items() if isinstance(each, Graph)}
    if not graphs:
        return node
    return Node(node.primitive, node.inputs, {**node.params, **graphs}, node.type, name=node.name)


def _is_foldable(node: Node) -> bool:
    return (
        node.primitive is not None
        and not node.primitive.is_broadcast
        and node.primitive.name != "uninitialized"
        and not isinstance(node.type, tuple)
        and all(each.is_constant for each in node.inputs)
        and node.size <= max(_MAX_FOLDED, *(each.size for each in node.inputs), 0)
    )


def _key(node: Node) -> Any:
    """The key of equal equations: primitive, inputs and parameters."""
    inputs = tuple(each.serial for each in node.inputs)
    return node.primitive, inputs, tuple(sorted(node.params.items()))


def _constant_key(node: Node) -> Any:
    value = np.asarray(node.known_value)
    if not node.is_constant or value.size > _MAX_FOLDED:
        return node.serial
    return value.dtype.str, value.shape, value.tobytes(), node.array_type.weak


def _is_all(node: Node, scalar: float) -> bool:
    """Whether a node is a constant, perhaps broadcast, that equals `scalar` everywhere."""
    if node.primitive is not None and node.primitive.is_broadcast:
        return _is_all(node.inputs[0], scalar)
    return node.is_constant and bool(np.all(node.known_value == scalar))


def _identity(inputs: tuple[Node, ...], params: dict[str, Any]) -> Node:
    return inputs[0]


def _multiply(inputs: tuple[Node, ...], params: dict[str, Any]) -> Node | None:
    a, b = inputs
    return b if _is_all(a, 1) else a if _is_all(b, 1) else None


def _divide(inputs: tuple[Node, ...], params: dict[str, Any]) -> Node | None:
    return inputs[0] if _is_all(inputs[1], 1) else None


def _negative(inputs: tuple[Node, ...], params: dict[str, Any]) -> Node | None:
    inner = inputs[0]
    return inner.inputs[0] if inner.primitive is elementwise.negative else None


def _cast(inputs: tuple[Node, ...], params: dict[str, Any]) -> Node | None:
    return inputs[0] if inputs[0].dtype == params["dtype"] else None


def _broadcast(inputs: tuple[Node, ...], params: dict[str, Any]) -> Node | None:
    inner = inputs[0]
    if inner.primitive is not None and inner.primitive.is_broadcast:
        return broadcasting.broadcast_to(inner.inputs[0], params["shape"])
    return inner if inner.shape == params["shape"] else None


def _reshape(inputs: tuple[Node, ...], params: dict[str, Any]) -> Node | None:
    inner = inputs[0]
    if inner.shape == params["shape"]:
        return inner
    if inner.primitive is movement.reshape:
        source = inner.inputs[0]
        same = source.shape == params["shape"]
        return source if same else movement.reshape(source, shape=params["shape"])
    return None


def _transpose(inputs: tuple[Node, ...], params: dict[str, Any]) -> Node | None:
    inner, axes = inputs[0], params["axes"]
    identity = tuple(range(len(axes)))
    if axes == identity:
        return inner
    if inner.primitive is movement.transpose:
        source, composed = inner.inputs[0], tuple(inner.params["axes"][i] for i in axes)
        return source if composed == identity else movement.transpose(source, axes=composed)
    return None


def _single(*inputs: Node) -> list[Node]:
    return [broadcasting.cast(each, "float32") for each in inputs]


def _reduce_to(inputs: tuple[Node, ...], params: dict[str, Any]) -> Node | None:
    """Add half-precision numbers up in single precision."""
    if inputs[0].dtype != np.float16:
        return None
    return broadcasting.cast(broadcasting.reduce_to(*_single(*inputs), **params), "float16")


def _contract(inputs: tuple[Node, ...], params: dict[str, Any]) -> Node | None:
    """Contract transposed operands as they are stored, by another order of their letters."""
    if inputs[0].dtype == np.float16:
        return broadcasting.cast(contraction.contract(*_single(*inputs), **params), "float16")
    letters = list(contraction.split_spec(params["spec"]))
    sources = list(inputs)
    for i, node in enumerate(inputs):
        if node.primitive is movement.transpose:
            sources[i] = node.inputs[0]
            axes = node.params["axes"]
            letters[i] = "".join(letters[i][axes.index(j)] for j in range(len(axes)))
    if all(a is b for a, b in zip(sources, inputs, strict=True)):
        return None
    return contraction.contract(*sources, spec=f"{letters[0]},{letters[1]}->{letters[2]}")


_IDENTITIES: dict[str, Rule] = {
    selection.identity.name: _identity,
    selection.stop_gradient.name: _identity,
    elementwise.multiply.name: _multiply,
    elementwise.divide.name: _divide,
    elementwise.negative.name: _negative,
    "cast": _cast,
    "broadcast_to": _broadcast,
    "reduce_to": _reduce_to,
    movement.reshape.name: _reshape,
    movement.transpose.name: _transpose,
    contraction.contract.name: _contract,
}
