"""Equations proved on data: their values, and the differences of formulas from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.insight.explanation.certificate import FORMULA, Certificate, relative_error
from chainrule.insight.explanation.equation import Equation
from chainrule.insight.explanation.instance import Instance
from chainrule.insight.notation.evaluation import evaluate
from chainrule.insight.notation.expression import Expression, Name, Symbol, names_in, walk
from chainrule.insight.notation.names import Names

__all__ = ["Proofs"]


class Proofs:
    """Proves equations on the data of an instance.

    Parameters
    ----------
    instance : Instance
        The derivation for the data.
    names : Names
        The names of its values, and the array constants.
    """

    def __init__(self, instance: Instance, names: Names) -> None:
        self.instance = instance
        self.names = names
        self.nodes: dict[Name, Node] = {}
        self._values: dict[Name, Any] = {}

    def add_sequences(self, values: Mapping[Name, Any]) -> None:
        """Add the values of the steps of a loop."""
        self._values |= values

    def value(self, name: Name) -> Any:
        """Return the value of a symbol."""
        if name not in self._values:
            self._values[name] = self.instance.value(self.nodes[name])
        return self._values[name]

    def checked(
        self, equation: Equation, raw: Expression, value: Any, difference: float | None = None
    ) -> Equation:
        """Return an equation with its certificate; not simplified where that is not confirmed.

        An identity may hold but for some data: a tie, or a value beyond a bound.
        """
        certificate = Certificate(self._error(equation, value), difference)
        if certificate.formula_error > FORMULA:
            plain = replace(equation, expression=raw, simplifications=())
            error = self._error(plain, value)
            if error <= FORMULA:
                equation, certificate = plain, Certificate(error, difference)
        constants = self._constants(equation.expression)
        return replace(equation, value=value, certificate=certificate, constants=constants)

    def _constants(self, expression: Expression) -> tuple[str, ...]:
        """Return the constants of an expression with their values: ``C_1 = [0, 0.5, 1]``."""
        mentioned = names_in(expression) & set(self.names.constants)
        return tuple(
            f"{name} = {_shown(self.instance.counterpart(self.names.constants[name]).known_value)}"
            for name in sorted(mentioned, key=str)
        )

    @np.errstate(all="ignore")
    def _error(self, equation: Equation, value: Any) -> float:
        """Return the difference of a formula, evaluated, from the value of the program."""
        expression, axes = equation.expression, equation.axes
        instance, scope = self.instance, self._scope(expression)
        try:
            found = evaluate(expression, axes, scope, instance.batch_size, instance.counterpart)
            expected = np.reshape(value, found.shape)  # joined axes are several in a formula
        except (IndexError, ValueError):
            return math.inf
        return relative_error(found, expected)

    def _scope(self, expression: Expression) -> dict[Name, Any]:
        """Return the values of the symbols of an expression."""
        names = {each.name for each in walk(expression) if isinstance(each, Symbol)}
        known = {each for each in names if each in self.nodes or each in self._values}
        scope = {each: self.value(each) for each in known}
        return scope | {
            each: self.instance.counterpart(node).known_value
            for each, node in self.names.constants.items()
        }


def _shown(array: Any) -> str:
    """Return a small array with its values, a large one with its shape."""
    array = np.asarray(array)
    if array.size > _MOST_SHOWN:
        return f"a constant of shape {array.shape}"
    numbers = array.tolist()
    return np.array2string(np.array(numbers), separator=", ", precision=6).replace("\n", "")


_MOST_SHOWN = 16
