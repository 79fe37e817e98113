"""The bodies of ``scan``, ``while_loop`` and ``cond``: functions traced once, on variables.

Values of outer traces that a function captures are inputs of its graph, the shared values.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import numpy as np

from chainrule import tree
from chainrule.autodiff.results import unaliased
from chainrule.errors import ArgumentError, DTypeError, ShapeError
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.environment import Environment
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.kept_trace import traced_once
from chainrule.graph.node import Node, ancestors, as_node, next_serial

__all__ = [
    "captured_nodes", "check_arity", "check_carry", "converted", "name_of", "named_variables",
    "nodes_before", "plain_results", "settled_carry", "traced_body", "type_of_leaf",
]  # fmt: skip

_Result = TypeVar("_Result")
_Traced = TypeVar("_Traced", bound=tuple[Any, ...])


def traced_body(
    operation: str,
    function: Callable[..., Any],
    arguments: Sequence[Any],
    own: Sequence[Node],
    finish: Callable[[Any], _Result],
    argument_stores: Literal["refuse", "allow"] = "allow",
) -> _Result:
    """Run a function on its variables, `own`, and `finish` on its result, in a trace of its own."""
    named = {node.serial: node.name for node in own}

    def run() -> _Result:
        environment = Environment(function, next_serial(), True, named, argument_stores)
        given = tree.map_leaves(lambda leaf: leaf, tuple(arguments))  # in containers of their own
        with traced_once(operation, function), environment:
            return finish(environment.function(*given))

    return with_filled_arrays(run, function)


def check_arity(operation: str, function: Callable[..., Any], count: int, rule: str) -> None:
    """Raise for a function that does not take so many arguments."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        name = getattr(function, "__name__", "the function")
        raise ArgumentError(f"{operation}: {name} {inspect.signature(function)} {rule}") from None
    except ValueError:  # no signature is known
        return


def named_variables(
    function: Callable[..., Any], arguments: Sequence[Any], default: Sequence[str]
) -> list[str]:
    """Name the leaves of arguments after the parameters of a function."""
    try:
        names = list(inspect.signature(function).parameters)[: len(arguments)]
    except (TypeError, ValueError):
        names = []
    names = names if len(names) == len(arguments) else default
    return [
        path for name, each in zip(names, arguments, strict=True) for path in tree.paths(each, name)
    ]


def name_of(function: Callable[..., Any], role: str) -> str:
    """The name of a function, or its role if it has none of its own."""
    name = getattr(function, "__name__", "<lambda>")
    return role if name == "<lambda>" else name


def type_of_leaf(value: Any, operation: str) -> ArrayType:
    """The type of a leaf, of a node by its content."""
    return value.array_type if type(value) is Node else type_of(value, f"{operation}: an argument")


def settled_carry(
    types: list[ArrayType], trace: Callable[[list[ArrayType]], _Traced]
) -> tuple[list[ArrayType], _Traced]:
    """Trace a body until its carry has the types that it starts with; return those and the trace.

    A Python scalar as first carry adopts the dtype of the carry that the body returns. Where that
    is another such scalar, as in ``lambda s: (f(s[0]), s[0])``, it adopts the dtype of that one.
    """
    traced = trace(types)
    while (promoted := list(map(_promoted, types, traced[1]))) != types:
        types, traced = promoted, trace(promoted)
    settled = [ArrayType(each.dtype, each.shape) for each in types]
    return (types, traced) if settled == types else (settled, trace(settled))


def _promoted(start: ArrayType, end: Node) -> ArrayType:
    if not start.weak:
        return start
    if not end.array_type.weak:
        return ArrayType(end.dtype, start.shape)
    return ArrayType(np.promote_types(start.dtype, end.dtype), start.shape, True)


def converted(value: Any, type_: ArrayType) -> Any:
    """A leaf as an array or node of a dtype."""
    if type(value) is Node:
        node = as_node(value)
        return node if node.dtype == type_.dtype else node.astype(type_.dtype)
    return np.asarray(value, type_.dtype)


def check_carry(
    operation: str,
    function: str,
    names: Sequence[str],
    starts: Sequence[ArrayType],
    ends: Sequence[Node],
) -> None:
    """Raise where a carry changes its shape or dtype."""
    for name, start, end in zip(names, starts, ends, strict=False):
        if start.shape == end.shape and start.dtype == end.dtype:
            continue
        change = (
            f"{operation}: {name} goes into the {function} as {start} and comes out as {end.type}"
        )
        if start.shape != end.shape:
            raise ShapeError(f"{change}; a carry keeps its shape")
        raise DTypeError(
            f"{change}; give init that dtype, or convert in the {function} with "
            f".astype({start.dtype.name!r})"
        )


def captured_nodes(outputs: Sequence[Node], own: Sequence[Node]) -> list[Node]:
    """The free variables of a loop's body: loop-invariant values, which its steps share.

    What the body computes from values of outer traces alone is computed once, before the loop, but
    for broadcasts: these cost nothing, and the sum of cotangents over steps has the smaller shape.
    """
    inside = {node.serial for node in own}
    outside: dict[int, Node] = {}
    read: dict[int, Node] = {}
    for node in ancestors(outputs, lambda each: each.serial in inside):
        if any(each.serial in inside for each in node.inputs):
            inside.add(node.serial)
            read |= {n.serial: n for n in node.inputs if n.serial in outside}
        elif any(each.serial in outside for each in node.inputs) or _is_variable(node):
            outside[node.serial] = node
    read |= {node.serial: node for node in outputs if node.serial in outside}
    captured = [_without_broadcast(node) for node in read.values()]
    return list({node.serial: node for node in captured}.values())


def _without_broadcast(node: Node) -> Node:
    while node.primitive is not None and node.primitive.is_broadcast:
        (node,) = node.inputs
    return node


def nodes_before(outputs: Sequence[Node], own: Sequence[Node], start: int) -> list[Node]:
    """The free variables of a branch: values made before it, those since `start` being its own.

    Nothing is moved out of a branch, since what it computes may be invalid in the other one.
    """
    inside = {node.serial for node in own}

    def is_before(node: Node) -> bool:
        if node.primitive is None:  # a captured array is a variable, whenever it is made
            return node.serial in inside or not node.is_constant
        return node.serial < start

    computed = ancestors(outputs, is_before)
    reads = [*outputs, *(each for node in computed for each in node.inputs)]
    return list({n.serial: n for n in reads if is_before(n) and n.serial not in inside}.values())


def _is_variable(node: Node) -> bool:
    return node.primitive is None and not node.is_constant


def plain_results(results: Sequence[Any], operands: Sequence[Any]) -> list[Any]:
    """Return values computed at once: scalars for shape (), and arrays that alias no operand."""
    shared = {id(each) for each in operands}
    return [each if type(each) is Node else unaliased(np.asarray(each), shared) for each in results]
