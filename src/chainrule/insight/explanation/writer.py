"""Writes equations of named values and cotangents, simplifies them, and proves them on data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chainrule.graph.node import Node
from chainrule.graph.value_names import resolved
from chainrule.insight.explanation.cuts import LONGEST, cut, is_softmax
from chainrule.insight.explanation.derivation import Derivation
from chainrule.insight.explanation.equation import Equation
from chainrule.insight.explanation.instance import Instance
from chainrule.insight.explanation.loop_equations import definitions_of_steps, loop_equations
from chainrule.insight.explanation.loops import Loops
from chainrule.insight.explanation.part_naming import PartNaming
from chainrule.insight.explanation.proofs import Proofs
from chainrule.insight.explanation.recurrence import Recurrence
from chainrule.insight.notation import rules
from chainrule.insight.notation.elementary import size, softmax_parts
from chainrule.insight.notation.expression import Expression, Function, Name, names_in
from chainrule.insight.notation.from_graph import express_array
from chainrule.insight.notation.identities import definitions
from chainrule.insight.notation.identities.rule import Rule
from chainrule.insight.notation.names import Names

__all__ = ["Writer"]


class Writer:
    """Writes the equations of a derivation.

    Parameters
    ----------
    symbolic, actual : Derivation
        The function traced for a batch of `TRACED_BATCH` samples, from which equations are written,
        and for the batch given, by which they are proved; they correspond node by node.
    inputs : sequence of array
        The inputs of the graph: parameters and batch.
    loss : Name
        The name of what is differentiated.
    """

    def __init__(
        self, symbolic: Derivation, actual: Derivation, inputs: Sequence[Any], loss: Name
    ) -> None:
        self.symbolic = symbolic
        self.instance = Instance(symbolic, actual, inputs)
        self.loss = loss
        self.names = Names()
        self._rules: list[Rule] = []
        self.proofs = Proofs(self.instance, self.names)
        self._taken = {loss}
        self._mentioned: set[Name] = set()
        self._forward = {each.serial for each in symbolic.graph.nodes}
        self._kept: dict[int, tuple[object, Equation, Expression]] = {}
        self._naming = PartNaming(symbolic, self.names)
        self._parts: dict[int, list[Node]] = {}
        self._owners: dict[str, tuple[Node, Callable[[], Name]]] = {}
        self.loops = Loops(symbolic, self.names, self.unique)

    def name(self, node: Node, name: Name) -> Name:
        """Name a value; where it occurs in the equations of others, they stop at its name.

        Returns
        -------
        Name
            `name`, with a prime if another value has it.
        """
        node = resolved(node)
        if name != self.loss or node is not resolved(self.symbolic.graph.outputs[0]):
            name = name if self.proofs.nodes.get(name) is node else self.unique(name)
        self.names.names[node.serial] = name
        self.proofs.nodes[name] = node
        return name

    def unique(self, name: Name) -> Name:
        """Return a name with primes that no other value has, and take it."""
        while name in self._taken:
            name = Name(name.base, f"{name.superscript}′", name.subscript)
        self._taken.add(name)
        return name

    def assume(self, rule: Rule) -> None:
        """Use an identity that holds of the data."""
        self._rules.append(rule)

    def define(self, node: Node) -> None:
        """Write a named value for its definition wherever that occurs, as p for softmax(z)."""
        name = self.names.names[resolved(node).serial]
        equation, _ = self._written(node, name)
        axes, expression = equation.axes, equation.expression
        if equation.places is not None:
            return
        found = [
            definitions.definition(name, axes, expression),
            definitions.softmax_numerator(name, axes, expression),
            definitions.log_of_sigmoid(name, axes, expression),
        ]
        self._rules += [each for each in found if each is not None]
        if any(softmax_parts(expression)):
            self._rules.append(definitions.rows_sum_to_one(name))

    def define_function(self, node: Node) -> None:
        """Write a named value for its definition, if that is softmax or a function of another."""
        name = self.names.names[resolved(node).serial]
        expression = self._written(node, name)[0].expression
        if isinstance(expression, Function) or any(softmax_parts(expression)):
            self.define(node)

    def bind_loops(self, number: Callable[[Node], int | None]) -> list[Recurrence]:
        """Write all loops as recurrences; `number` returns that of the layer of a loop."""
        found = self.loops.bind(number)
        for each in found:
            if not each.outer:  # the values of those within it are computed with it
                arrays = self.instance.values(each.scan.inputs)
                sequences = each.values(self.instance.counterpart(each.scan), arrays)
                self.proofs.add_sequences(sequences)
            self._rules += definitions_of_steps(each)
        return found

    def recurrence(self, loop: Recurrence) -> list[Equation]:
        """Return the equations of the steps of a loop, after the carries before the first step."""
        equations = loop_equations(loop, self._rules, self.proofs)
        for each in equations:
            self._mention(each.expression)
        return equations

    def definition(self, node: Node, name: Name, inline: Node | None = None) -> Equation:
        """Return the equation that defines a named value; `inline` is written out within it."""
        hidden = None if inline is None else self.names.names.pop(inline.serial, None)
        own = [each for each in self._rules if each.defines != name]
        equation, raw = self._written(node, name, own)
        proved = self._proved(equation, raw, node)
        if inline is not None and hidden is not None:
            self.names.names[inline.serial] = hidden
        return proved

    def own(self, layers: Iterable[str], owner: Node, part: Callable[[], Name]) -> None:
        """Say which equation the parts of long ones belong to that layers of these names compute.

        `part` gives their names. Those of the layer "" belong to no layer, as the loss.
        """
        for layer in layers:
            self._owners[layer] = resolved(owner), part

    def divide(self, parts: Mapping[int, Name]) -> None:
        """Name parts of equations, by serial, whether these are long or not."""
        self._naming.give(parts)

    def cut(self, node: Node, part: Callable[[], Name] | None = None) -> None:
        """Name parts of a value whose equation is long.

        Values of the forward pass are defined there, derivatives with the one that is cut.
        """
        node = resolved(node)

        def name(each: Node, letter: str) -> None:
            owner, new_name = node, part
            if each.serial in self._forward or part is None:
                owner, new_name = self._owner(each.layer)
            assert new_name is not None
            given = self._naming.name(each, owner)
            if letter and each.serial in self._forward:
                given = Name(letter, self.names.names[owner.serial].superscript)
            self.name(each, given or new_name())
            if each.serial in self._forward:
                self._naming.note(each)
            if is_softmax(each):
                self.define(each)
            self._parts.setdefault(owner.serial, []).append(each)
            if (by := self.symbolic.pulled.get(each.serial)) is not None:
                self.instance.verify(by[0], each)

        cut(
            node, self.names, lambda each: self._written(each, self.loss)[0].expression, name,
            self._naming.is_given,
        )  # fmt: skip

    def _owner(self, layer: str) -> tuple[Node, Callable[[], Name]]:
        """Return the owner of a layer, or of the one that contains it."""
        while layer and layer not in self._owners:
            layer = layer.rpartition(".")[0]
        return self._owners[layer]

    def definitions(self, inner: Node, output: Node) -> list[Equation]:
        """Return the equation of an output, after that of an inner value if others mention it."""
        inner, output = resolved(inner), resolved(output)
        name, inner_name = (self.names.names[each.serial] for each in (output, inner))
        if inner is not output and inner_name not in self._mentioned:
            whole = self.definition(output, name, inline=inner)
            if size(whole.expression) <= LONGEST:
                parts = [*self._parts_of(inner), *self._parts_of(output)]
                return [*parts, whole]
        equations: list[Equation] = []
        for node in dict.fromkeys((inner, output)):
            own = self.definition(node, self.names.names[node.serial])
            equations += [*self._parts_of(node), own]
        return equations

    def _parts_of(self, node: Node) -> list[Equation]:
        """Return the equations of the parts that the equation of a value was cut into."""
        parts = sorted(self._parts.get(resolved(node).serial, []), key=lambda each: each.serial)
        return [self._part(each) for each in parts]

    def _part(self, node: Node) -> Equation:
        equation = self.definition(node, self.names.names[node.serial])
        by = self.symbolic.pulled.get(node.serial)
        if by is None or equation.certificate is None:
            return equation
        difference = self.instance.difference(by[0], node)
        certificate = replace(equation.certificate, difference_error=difference)
        return replace(equation, certificate=certificate)

    def cotangent(self, position: int, name: Name, part: Callable[[], Name]) -> list[Equation]:
        """Return the equation of the derivative by one of the named values, and name it."""
        node = self.symbolic.cotangents[position]
        if node is None:
            return []
        self.cut(node, part)
        equation, raw = self._written(node, self.unique(name))
        name = equation.name
        proved = self._proved(equation, raw, node, self.symbolic.named[position])
        self._mention(proved.expression)
        parts = self._parts_of(node)
        is_masked = resolved(node).serial in self.symbolic.pulled  # others have it under a mask
        if not is_masked:
            rule = definitions.definition(
                name, proved.axes, proved.expression, places=proved.places
            )
            self._rules.append(rule)
        self.names.names[node.serial] = name
        self.proofs.nodes[name] = resolved(node)
        return [*parts, proved]

    def gradient(
        self, position: int, by: Name, parameter: str, part: Callable[[], Name]
    ) -> list[Equation]:
        """Return the equation of the derivative by an input."""
        node = self.symbolic.gradients[position]
        if node is None:
            return []
        self.cut(node, part)
        equation, raw = self._written(node, by)
        equation = replace(equation, of=self.loss, parameter=parameter)
        proved = self._proved(equation, raw, node, self.symbolic.sources[position])
        self._mention(proved.expression)
        return [*self._parts_of(node), proved]

    def _written(
        self, node: Node, name: Name, known: Sequence[Rule] | None = None
    ) -> tuple[Equation, Expression]:
        """Return the equation of a value, and its expression before it is simplified.

        Kept until a further value has a name, as it is asked for while the value is cut.
        """
        state = len(self.names.names), len(self._rules), node.serial in self.names.names
        if known is None and self._kept.get(node.serial, (None,))[0] == state:
            _, equation, raw = self._kept[node.serial]
            return replace(equation, name=name), raw
        axes, places, raw = express_array(node, self.names, is_root=True)
        expression, used = rules.simplify(raw, self._rules if known is None else known)
        own = None if axes == tuple(each.axis for each in places) else places
        equation = Equation(name, axes, expression, simplifications=tuple(used), places=own)
        if known is None:
            self._kept[node.serial] = state, equation, raw
        return equation, raw

    def _mention(self, expression: Expression) -> None:
        self._mentioned |= names_in(expression)

    def _proved(
        self, equation: Equation, raw: Expression, node: Node, by: Node | None = None
    ) -> Equation:
        """Return an equation with its value and certificate."""
        difference = None if by is None else self.instance.difference(by, resolved(node))
        return self.proofs.checked(equation, raw, self.instance.value(node), difference)
