"""Simplification: the same program with fewer equations, and the same numbers bit for bit.

One walk from inputs to outputs rebuilds the graph. Each equation is looked at once: is it a no-op,
does a law shorten it, are all its inputs constants, has the same been computed before? Only laws
that hold for every IEEE number are used: ``x · 1`` is ``x``, but ``x + 0`` is not (for ``-0.0``),
nor is ``x · 0`` zero. What nobody reads is never reached.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.compiler.graph_passes import window_rules
from chainrule.compiler.graph_passes.merge_scans import merge_loops
from chainrule.compiler.graph_passes.prune_scans import prune_loops
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, constant
from chainrule.graph.rewrite import rebuilt, rewrite
from chainrule.ops.primitives import broadcasting, contraction, elementwise, movement, selection

__all__ = ["simplify"]

Law = Callable[[tuple[Node, ...], dict[str, Any]], Node | None]

_LARGEST_FOLDED = 4096
"""Larger constants are not computed beforehand; broadcasts never are, being free as they are."""


def simplify(graph: Graph) -> Graph:
    """Return a graph that computes the same with fewer equations."""
    seen: dict[Any, Node] = {}
    given = {node.serial for node in graph.inputs}

    def visit(node: Node, inputs: tuple[Node, ...]) -> Node:
        if node.primitive is None:
            return seen.setdefault(_constant_key(node), node)
        # What lies behind an input is another graph's, though the input may know its producer.
        if any(each.serial in given and each.primitive is not None for each in inputs):
            made = _within(rebuilt(node, inputs))
            return seen.setdefault(_key(made), made)
        return _simplified(node, inputs, seen)

    return rewrite(prune_loops(merge_loops(graph)), visit)


def _simplified(node: Node, inputs: tuple[Node, ...], seen: dict[Any, Node]) -> Node:
    assert node.primitive is not None
    inputs = _with_known_gate(node, inputs, seen)
    laws = (_LAWS.get(node.primitive.name), window_rules.LAWS.get(node.primitive.name))
    results = (law(inputs, node.params) for law in laws if law)
    shorter = next((made for made in results if made is not None), None)
    if shorter is None:
        shorter = _of_one_number(node, inputs)
    if shorter is None and node.primitive.ufunc is not None:
        shorter = window_rules.sink_reshape(node, inputs)
    if shorter is not None and shorter.primitive is None:
        return shorter
    made = shorter if shorter is not None else _within(rebuilt(node, inputs))
    made.layer = made.layer or node.layer
    if _is_foldable(made):
        folded = constant(made.value)
        return seen.setdefault(_constant_key(folded), folded)
    made = seen.setdefault(_key(made), made)
    if _is_rectifier(node, inputs):
        seen["rectified", inputs[0].serial] = made
    return made


def _is_rectifier(node: Node, inputs: tuple[Node, ...]) -> bool:
    """Whether it is ``0 if x <= 0 else x``."""
    if node.primitive is not selection.select:
        return False
    gate, closed, opened = inputs
    is_gate = gate.primitive is elementwise.less_equal and window_rules.is_zero(gate.inputs[1])
    return is_gate and gate.inputs[0] is opened and window_rules.is_zero(closed)


def _with_known_gate(
    node: Node, inputs: tuple[Node, ...], seen: dict[Any, Node]
) -> tuple[Node, ...]:
    """Ask of a rectifier's result, instead of its input, where it was closed.

    For ``y = 0 if x <= 0 else x`` both are at most zero together. Then nobody else reads x.
    """
    key = "rectified", inputs[0].serial if inputs else None
    if node.primitive is not selection.select or key not in seen or _is_rectifier(node, inputs):
        return inputs
    asked = elementwise.less_equal(seen[key], inputs[0].inputs[1])
    return (seen.setdefault(_key(asked), asked), *inputs[1:])


def _of_one_number(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    """A function of numbers repeated over an array is one number, repeated."""
    primitive = node.primitive
    assert primitive is not None
    numbers = [_number(each) for each in inputs]
    if (primitive.ufunc is None and primitive not in _MAPS) or any(n is None for n in numbers):
        return None
    with np.errstate(all="ignore"):
        value = primitive.evaluate(*numbers) if primitive.ufunc else numbers[0]
    return broadcasting.broadcast_to(constant(np.asarray(value, node.dtype)), node.shape)


def _number(node: Node) -> Any:
    """The number that a node repeats, or None."""
    while node.primitive is not None and node.primitive.is_broadcast:
        node = node.inputs[0]
    is_number = node.is_constant and node.size == 1
    return np.reshape(node.known_value, ()) if is_number else None


_MAPS = (movement.reshape, movement.transpose, movement.strided_slice)


def _within(node: Node) -> Node:
    """Simplify the body of a loop."""
    if "body" not in node.params:
        return node
    made = Node(node.primitive, node.inputs, {**node.params}, node.type, name=node.name)
    made.params["body"] = simplify(node.params["body"])
    return made


def _is_foldable(node: Node) -> bool:
    return (
        node.primitive is not None
        and not node.primitive.is_broadcast
        and not isinstance(node.type, tuple)
        and all(each.is_constant for each in node.inputs)
        and node.size <= max(_LARGEST_FOLDED, *(each.size for each in node.inputs), 0)
    )


def _key(node: Node) -> Any:
    """What makes two equations the same: primitive, inputs and parameters."""
    inputs = tuple(each.serial for each in node.inputs)
    return node.primitive, inputs, tuple(sorted(node.params.items()))


def _constant_key(node: Node) -> Any:
    value = np.asarray(node.known_value)
    if not node.is_constant or value.size > _LARGEST_FOLDED:
        return node.serial
    return value.dtype.str, value.shape, value.tobytes(), node.array_type.weak


def _is_all(node: Node, number: float) -> bool:
    """Whether a node is a constant, perhaps repeated, that equals `number` everywhere."""
    if node.primitive is not None and node.primitive.is_broadcast:
        return _is_all(node.inputs[0], number)
    return node.is_constant and bool(np.all(node.known_value == number))


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
    if axes == tuple(range(len(axes))):
        return inner
    if inner.primitive is movement.transpose:
        composed = tuple(inner.params["axes"][i] for i in axes)
        undone = composed == tuple(range(len(axes)))
        return inner.inputs[0] if undone else movement.transpose(inner.inputs[0], axes=composed)
    return None


def _contract(inputs: tuple[Node, ...], params: dict[str, Any]) -> Node | None:
    """Read through transposes: the letters are put in the order of what lies behind."""
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


_LAWS: dict[str, Law] = {
    selection.identity.name: _identity,
    selection.stop_gradient.name: _identity,
    elementwise.multiply.name: _multiply,
    elementwise.divide.name: _divide,
    elementwise.negative.name: _negative,
    "cast": _cast,
    "broadcast_to": _broadcast,
    movement.reshape.name: _reshape,
    movement.transpose.name: _transpose,
    contraction.contract.name: _contract,
}
