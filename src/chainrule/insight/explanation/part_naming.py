"""The names of the parts of long equations: of values, and of the derivatives by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chainrule.graph.node import Node, ancestors
from chainrule.graph.value_names import resolved
from chainrule.insight.explanation.cuts import is_projection
from chainrule.insight.explanation.derivation import Derivation
from chainrule.insight.explanation.symbols import gate_name, projection_name
from chainrule.insight.explanation.variables import assigned_variables
from chainrule.insight.notation.expression import Name
from chainrule.insight.notation.names import Names

__all__ = ["PartNaming"]


class PartNaming:
    """Names the parts that equations are cut into.

    Parameters
    ----------
    derivation : Derivation
        The function.
    names : Names
        The names of its values.
    """

    def __init__(self, derivation: Derivation, names: Names) -> None:
        self._pulled = derivation.pulled
        self._names = names
        self._given: dict[int, Name] = {}
        self._variables = assigned_variables(derivation.graph)
        self._parts: dict[int, Name] = {}

    def give(self, parts: Mapping[int, Name]) -> None:
        """Name parts, by serial, whether their equations are long or not."""
        self._given |= {each: name for each, name in parts.items() if each not in self._names.names}

    def is_given(self, node: Node) -> bool:
        """Whether a part has a name in any equation, its own or that of a derivative."""
        return node.serial in self._given or self.derivative(node) is not None

    def name(self, node: Node, owner: Node) -> Name | None:
        """Return the name of a part of the equation of a value; None for any."""
        return (
            self.derivative(node)
            or self._given.get(node.serial)
            or self._projection(node)
            or self._variable(node, owner)
        )

    def note(self, node: Node) -> None:
        """Note how the derivative by a part is called; that by a function of one is not printed."""
        name, given = self._names.names[node.serial], self._given.get(node.serial)
        inner = {(x.superscript, x.subscript) for x in self._given.values() if x.base == "z"}
        if given is None:
            self._parts[node.serial] = name
        elif given.base == "z" or (given.superscript, given.subscript) not in inner:
            self._parts[node.serial] = replace(name, base="")

    def derivative(self, node: Node) -> Name | None:
        """Return δ_Q for the derivative by a part Q; None for other values."""
        by = self._pulled.get(node.serial, [])
        name = next((x for each in by if (x := self._parts.get(resolved(each).serial))), None)
        if name is None:
            return None
        upper = str(int(name.superscript) + 1) if name.superscript.isdigit() else name.superscript
        return Name("δ", upper, f"{name.base}{name.subscript}")

    def _variable(self, node: Node, owner: Node) -> Name | None:
        """Return the name of the variable that the code of a layer assigns a value to."""
        variable, of = self._variables.get(node.serial), self._names.names.get(owner.serial)
        if variable is None or of is None:
            return None
        return replace(gate_name(variable), superscript=of.superscript)

    def _projection(self, node: Node) -> Name | None:
        """Return Q for ``x W_query + b_query``, and so on; None for other parts."""
        if not is_projection(node):
            return None
        inside = ancestors([node], lambda each: each.serial in self._names.names)
        leaves = (resolved(operand).serial for each in inside for operand in each.inputs)
        named = (self._names.names[each] for each in leaves if each in self._names.names)
        return next((x for each in named if (x := projection_name(each)) is not None), None)
