"""Print graphs: in the grammar that ``graph`` opens with, and as mathematical formulas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.source_location import Origin
from chainrule.graph.value_names import resolved, value_names

if TYPE_CHECKING:
    from chainrule.graph.graph import Graph

__all__ = ["format_graph", "formula"]


def format_graph(graph: Graph) -> str:
    """Print a graph in the grammar of ``graph``."""
    return _format(graph, value_names(graph, caller=graph.origin), graph.origin, "")


def formula(node: Node, stop: Iterable[Node] = (), depth: int = 12) -> str:
    """Write the formula of a node in mathematical notation, down to the nodes in `stop`."""
    return _formula(node, {each.serial for each in stop}, depth)


def _format(graph: Graph, names: dict[int, str], caller: Origin | None, indent: str) -> str:
    inputs = ", ".join(f"{names[node.serial]}: {node.type}" for node in graph.inputs)
    lines = [f"{indent}graph {graph.name}({inputs}) {{"]
    for node in graph.equations:
        if resolved(node) is node:
            lines.append(_equation(node, names, indent + "  "))
            for key, body in _bodies(node).items():
                operands = zip(body.inputs, _shared(node, key), strict=False)
                outer = {x.serial: names[y.serial] for x, y in operands if y.serial in names}
                inner = value_names(body, outer, caller)
                lines.append(_format(body, inner, caller, indent + "    "))
    results = ", ".join(_operand(node, names) for node in graph.outputs)
    return "\n".join([*lines, f"{indent}  return {results}".rstrip(), f"{indent}}}"])


def _equation(node: Node, names: dict[int, str], indent: str) -> str:
    assert node.primitive is not None
    operands = ", ".join(_operand(each, names) for each in node.inputs)
    bodies = _bodies(node)
    params = ", ".join(
        f"{key}={_parameter(value)}" for key, value in node.params.items() if key not in bodies
    )
    comment = f"  # {node.layer}" if node.layer else ""
    call = f"{node.primitive.name}({'; '.join(filter(None, [operands, params]))})"
    return f"{indent}{names[node.serial]}: {_type(node)} = {call}{comment}"


def _bodies(node: Node) -> dict[str, Graph]:
    return {key: value for key, value in node.params.items() if hasattr(value, "equations")}


def _shared(node: Node, key: str) -> tuple[Node, ...]:
    """The operands that a body shares with the graph around it, its first inputs."""
    if key in ("if_true", "if_false"):
        return node.inputs[1:]
    first = node.params.get("condition_shared", 0)
    if key == "condition":
        return node.inputs[:first]
    return node.inputs[first : first + node.params.get("body_shared", node.params.get("shared", 0))]


def _type(node: Node) -> str:
    types = node.type if isinstance(node.type, tuple) else (node.type,)
    text = ", ".join(map(repr, types))
    return f"({text})" if isinstance(node.type, tuple) else text


def _operand(node: Node, names: dict[int, str]) -> str:
    return names[node.serial] if node.serial in names else _constant(resolved(node))


def _constant(node: Node) -> str:
    """A scalar, or an array of equal elements, as its literal; any other array by its type."""
    value = np.asarray(node.known_value)
    if value.size and (value == value.flat[0]).all():
        return str(
            value.flat[0]
        )  # shortest digits that round-trip in its dtype, 0.1 for float32 too
    return f"<{node.type}>"


def _parameter(value: Any) -> str:
    if isinstance(value, np.dtype):
        return str(value)
    if callable(value) and hasattr(value, "__name__"):
        return value.__name__
    return f'"{value}"' if isinstance(value, str) else str(value).replace(" ", "")


def _formula(node: Node, stop: set[int], depth: int) -> str:
    if node.name and (node.primitive is None or node.serial in stop):
        return node.name
    if node.primitive is None:
        return _constant(node) if node.is_constant else repr(node.type)
    if depth == 0:
        return "…"
    if node.primitive.name == "reshape" and _drop_ones(node) == _drop_ones(node.inputs[0]):
        return _formula(node.inputs[0], stop, depth)
    parts = [_formula(each, stop, depth - 1) for each in node.inputs]
    template = node.primitive.formula
    if any(pattern in template for pattern in _INFIX):
        parts = [f"({part})" if _needs_brackets(part) else part for part in parts]
    if "spec" in node.params:
        parts = _with_transposes(parts, node.params["spec"])
    return template.format(*parts, **node.params)


def _drop_ones(node: Node) -> list[int]:
    """The shape without unit axes, which a formula does not show."""
    return [length for length in node.shape if length != 1]


def _with_transposes(parts: list[str], spec: str) -> list[str]:
    """Mark the transposed factors of a matrix product, as in ``xᵀ y``."""
    left, right, result = spec.replace("->", ",").split(",")
    if not len(left) == len(right) == len(result) == 2 or result[0] not in left:
        return parts
    return [
        parts[0] + ("" if result[0] == left[0] else "ᵀ"),
        parts[1] + ("" if result[1] == right[1] else "ᵀ"),
    ]


# Templates in which an operand binds to its neighbours, so that a compound one needs brackets.
_INFIX = ("{0} ", " {1}", "-{0}", "√{0}", "{0}ᵀ", "{0}[")


def _needs_brackets(text: str) -> bool:
    """Whether a blank is outside all brackets, as in ``a + b``."""
    level = 0
    for character in text:
        level += (character in "([{") - (character in ")]}")
        if character == " " and level == 0:
            return True
    return False
