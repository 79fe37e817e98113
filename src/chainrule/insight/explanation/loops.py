"""The loops of a derivation as recurrences, and the names of their sequences.

A value of a step has the name of the variable that the code assigns it to; the derivative by it is
δ with that name as subscript. Of a function of one value, as a gate ``i = σ(z)``, the derivative is
that by z, its pre-activation, as in the equations of layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.value_names import resolved
from chainrule.insight.explanation.blocks import pre_activation
from chainrule.insight.explanation.derivation import Derivation
from chainrule.insight.explanation.recurrence import Naming, Recurrence, bind
from chainrule.insight.explanation.symbols import (
    derivative_name,
    direction_of,
    gate_name,
    variable_name,
)
from chainrule.insight.explanation.variables import assigned_variables
from chainrule.insight.notation.expression import Expression, Name, substitute
from chainrule.insight.notation.index import Axis, Index
from chainrule.insight.notation.names import Indices, Names

__all__ = ["Loops"]

_Number = Callable[[Node], int | None]


@dataclass(frozen=True)
class _Level:
    """A graph with loops: its names, the steps around it, and the numbers of its layers."""

    names: Names
    outer: tuple[Axis, ...]
    is_forward: bool
    number: _Number


class Loops:
    """Binds the loops of a derivation.

    Parameters
    ----------
    derivation : Derivation
        The function.
    names : Names
        The names of its values.
    unique : callable
        Returns a name that no other value has.
    """

    def __init__(
        self, derivation: Derivation, names: Names, unique: Callable[[Name], Name]
    ) -> None:
        self.derivation = derivation
        self.names = names
        self.unique = unique
        self._forward_keys: set[object] = set()
        self._bound: dict[object, Recurrence] = {}
        self._sequences: dict[int, Name] = {}
        self._inner: dict[int, Name] = {}

    def bind(self, number: _Number) -> list[Recurrence]:
        """Write all loops as recurrences, those of the function first, each after those within it.

        The reverse pass runs a loop again, to return more of the values of its steps: the two are
        one recurrence. `number` returns that of the layer of a loop, None outside of layers.
        """
        graph = self.derivation.graph
        self._forward_keys = {_key(each) for each in _scans(graph.nodes)}
        level = _Level(self.names, (), True, number)
        return self._bind_level(_all_nodes(self.derivation), level)

    def _bind_level(self, nodes: Sequence[Node], level: _Level) -> list[Recurrence]:
        """Bind the loops among the nodes of a graph."""
        every: dict[object, list[Node]] = {}
        for scan in _scans(nodes):
            every.setdefault(_key(scan), []).append(scan)
        found: list[Recurrence] = []
        for key, same in sorted(every.items(), key=lambda item: item[0] not in self._forward_keys):
            if key not in self._bound:
                scan = max(same, key=lambda each: len(each.params["body"].outputs))
                found += self._bind_loop(scan, level)
            for each in same:
                self.names.loops[each.serial] = _results(self._bound[key], each, level.outer)
        return found

    def _bind_loop(self, scan: Node, level: _Level) -> list[Recurrence]:
        is_forward = level.is_forward and (level.outer != () or self.is_known(scan))
        number, within = level.number(scan), list[Recurrence]()

        def bind_inner(loop: Recurrence) -> list[Recurrence]:
            inner = _Level(loop.names, loop.steps, is_forward, lambda _: number)
            if is_forward:
                self._note(loop)
            within.extend(self._bind_level(loop.body.nodes, inner))
            return [each for each in within if each.outer == loop.steps]

        naming = (self._forward if is_forward else self._backward)(scan, number)
        loop = bind(scan, level.names, naming, level.outer, bind_inner)
        self._bound[_key(scan)] = loop
        if is_forward:
            self._forward_keys.add(_key(scan))
            self._note(loop)
        return [*within, loop]

    def is_forward(self, loop: Recurrence) -> bool:
        """Whether a loop is one of the function, not of the reverse pass alone."""
        return self.is_known(loop.scan)

    def is_known(self, scan: Node) -> bool:
        """Whether the function has a loop, perhaps with other results."""
        return _key(scan) in self._forward_keys

    def _forward(self, scan: Node, number: int | None) -> Naming:
        body, upper = scan.params["body"], "" if number is None else str(number)
        variables, direction = assigned_variables(body), direction_of(scan.layer)

        def name_of(variable: str) -> Name:
            name = variable_name(variable) if number is None else gate_name(variable)
            return replace(name, superscript=upper, subscript=name.subscript + direction)

        carries: list[Name] = []
        outputs = [resolved(x) for x in body.outputs[: scan.params["carries"]]]
        for i, output in enumerate(outputs):
            given = body.inputs[scan.params["shared"] + i].name
            plain = "" if "[" in given else given
            letter = "hc"[i] if i < 2 else f"s{i}"
            variable = variables.pop(output.serial, "")
            carries.append(self.unique(name_of(variable or plain or letter)))
        for serial in _renamed(body, variables):
            del variables[serial]
        floats = {
            x.serial for x in body.nodes if not isinstance(x.type, tuple) and x.dtype.kind == "f"
        }
        inputs = {each.serial for each in body.inputs}
        values = {
            serial: self.unique(name_of(variable))
            for serial, variable in variables.items()
            if serial in floats and serial not in inputs
        }
        named = dict(zip((x.serial for x in outputs), carries, strict=True)) | values
        self.names.parts |= _part_names(body, named)
        return Naming(carries, values, self._others("s", upper), False, number, {})

    def _note(self, loop: Recurrence) -> None:
        """Note the names of the values of a loop, for those of the derivatives by them."""
        for name, node in loop.rows.items():
            self._sequences[node.serial] = name
        for name, node in loop.rows.items():
            inner = pre_activation(node)
            if inner is not node and inner.serial not in self._sequences:
                self._inner[inner.serial] = (
                    replace(name, base="z") if name in loop.carries else name
                )

    def _backward(self, scan: Node, number: int | None) -> Naming:
        body, upper = scan.params["body"], "" if number is None else str(number + 1)
        shared, carries = scan.params["shared"], scan.params["carries"]
        variables = body.inputs[shared : shared + carries]
        by = {
            each.serial: resolved(self.derivation.pulled[each.serial][0])
            for each in body.nodes
            if each.serial in self.derivation.pulled
        }
        sums: dict[int, int] = {}
        names: list[Name] = []
        values: dict[int, Name] = {}
        for i, variable in enumerate(variables):
            source = resolved(variable.role) if isinstance(variable.role, Node) else variable
            known = self._sequences.get(source.serial) or self.names.names.get(source.serial)
            name = self.unique(derivative_name(known or Name(variable.name or "v"), upper))
            names.append(name)
            total = _only_sum(body, variable)
            is_total = total is not None and by.get(total.serial) is source
            if total is not None and is_total and _is_zero(scan.inputs[shared + i]):
                sums[i] = total.serial
                values[total.serial] = name
        for node in body.nodes:
            source = by.get(node.serial)
            name = None if source is None else self._derivative(source)
            if name is not None and node.serial not in values:
                values[node.serial] = self.unique(derivative_name(name, upper))
        return Naming(names, values, self._others("g", upper), True, number, sums)

    def _derivative(self, source: Node) -> Name | None:
        """Return the name of what a derivative is by; None for what is not printed."""
        if source.serial in self._inner:
            return self._inner[source.serial]
        name = self._sequences.get(source.serial)
        return None if name is None or name in self._inner.values() else name

    def _others(self, letter: str, upper: str) -> Callable[[], Name]:
        numbers = iter(range(1, 1000))
        return lambda: self.unique(Name(letter, upper, str(next(numbers))))


def _results(
    loop: Recurrence, scan: Node, outer: tuple[Axis, ...]
) -> Callable[[int, Indices], Expression]:
    """Return what writes the results of a scan, a loop that is known, within steps `outer`."""
    steps = {one: Index.of(other) for one, other in zip(loop.outer, outer, strict=False)}
    return lambda number, indices: substitute(loop.result(scan, number, indices), steps)


def _renamed(body: Graph, variables: dict[int, str]) -> list[int]:
    """Return the values whose variable is later assigned a function of them: ``i = σ(i)``."""
    found: list[int] = []
    for node in body.nodes:
        if node.serial in variables:
            inner = pre_activation(node)
            if inner is not node and variables.get(inner.serial) == variables[node.serial]:
                found.append(inner.serial)
    return found


def _part_names(body: Graph, named: dict[int, Name]) -> dict[int, str]:
    """Return for slices the name of the value that is computed with each."""
    found: dict[int, str] = {}
    for node in body.nodes:
        if node.serial in named:
            inside = ancestors(
                [node], lambda each, own=node: each.serial in named and each is not own
            )
            for each in inside:
                if each.primitive is not None and each.primitive.name == "strided_slice":
                    found.setdefault(each.serial, named[node.serial].base)
    return found


def _only_sum(body: Graph, variable: Node) -> Node | None:
    """Return the sum that is the only use of a carry, if there is one."""
    uses = [node for node in body.nodes if any(resolved(x) is variable for x in node.inputs)]
    if len(uses) != 1 or any(resolved(each) is variable for each in body.outputs):
        return None
    primitive = uses[0].primitive
    return uses[0] if primitive is not None and primitive.name == "add" else None


def _is_zero(node: Node) -> bool:
    while node.primitive is not None and node.primitive.name in ("broadcast_to", "identity"):
        node = node.inputs[0]
    value = node.known_value
    return node.is_constant and value is not None and not np.any(value)


def _scans(nodes: Iterable[Node]) -> list[Node]:
    """Return the loops among nodes."""
    return [x for x in nodes if x.primitive is not None and x.primitive.name == "scan"]


def _key(scan: Node) -> object:
    """Return what a loop shares with one that returns more of the values of its steps."""
    operands = tuple(resolved(each).serial for each in scan.inputs)
    return operands, tuple(each.serial for each in scan.params["body"].inputs)


def _all_nodes(derivation: Derivation) -> list[Node]:
    """Return the nodes of a function and of its derivatives."""
    graph = derivation.graph
    return [*graph.inputs, *Graph(graph.inputs, (*graph.outputs, *derivation.derived)).nodes]
