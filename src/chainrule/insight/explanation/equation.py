"""One equation of an explanation: its formula, what simplified it, its value and its proof."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.insight.explanation.certificate import Certificate
from chainrule.insight.notation import layout
from chainrule.insight.notation.batch import TRACED_BATCH
from chainrule.insight.notation.expression import Expression, Name
from chainrule.insight.notation.index import Axis, Index
from chainrule.insight.notation.latex import to_latex
from chainrule.insight.notation.mathml import to_mathml
from chainrule.insight.notation.text import to_text
from chainrule.insight.notation.typeset import Formula, Fraction, Mark, Row

__all__ = ["Equation", "derivative_by"]


@dataclass(frozen=True)
class Equation:
    """``name = expression``, or ``∂L/∂name = expression``.

    Parameters
    ----------
    name : Name
        The value that the equation defines, or the one that it is the derivative by.
    axes : tuple of Axis
        Its axes.
    expression : Expression
        The right-hand side.
    of : Name or None
        What the derivative is of, such as L; None if the equation defines `name`.
    simplifications : tuple of str
        The identities that led to this form, beyond those of arithmetic.
    value : numpy.ndarray or None
        The value on the data explained, float64.
    certificate : Certificate or None
        What the equation was compared with.
    parameter : str
        The full name of the parameter that the derivative is by, such as ``dense.weight``.
    places : tuple of Index or None
        The indices of the left-hand side, if they are not its axes.
    constants : tuple of str
        The array constants that it mentions, with their values.
    """

    name: Name
    axes: tuple[Axis, ...]
    expression: Expression
    of: Name | None = None
    simplifications: tuple[str, ...] = ()
    value: Any = None
    certificate: Certificate | None = None
    parameter: str = ""
    places: tuple[Index, ...] | None = None
    constants: tuple[str, ...] = ()

    @property
    def formula(self) -> Formula:
        """The equation as a formula, to be encoded as text, LaTeX or MathML."""
        left = layout.name_of(self.name)
        left = left if self.of is None else derivative_by(self.of, self.name)
        return layout.equation(left, self.expression, self.axes, self.places)

    @property
    def shape(self) -> str:
        """The shape of the value, with N for the samples of a batch."""
        places = self.places if self.places is not None else tuple(map(Index.of, self.axes))
        spans = (math.prod(axis.length for axis in each.axes) for each in places if each.axes)
        lengths = list(map(_length, spans))
        return f"({', '.join(lengths)}{',' * (len(lengths) == 1)})" if lengths else ""

    @property
    def is_confirmed(self) -> bool:
        """Whether its certificate, if it has one, is good."""
        return self.certificate is None or self.certificate.is_confirmed

    @property
    def numbers(self) -> str:
        """The value, if it is a number, or the mean and range of its entries."""
        if self.value is None:
            return ""
        array = np.asarray(self.value, "float64")
        if array.ndim == 0:
            return f"= {float(array):.4g}"
        tiny = 1e-15 * np.abs(array).max(initial=0.0)
        mean, low, high = (
            0.0 if abs(x) < tiny else x for x in (array.mean(), array.min(), array.max())
        )
        return f"mean {mean:.3g}, from {low:.3g} to {high:.3g}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What stands beneath the equation: value, simplifications, certificate."""
        checked = [] if self.certificate is None else [f"checked: {self.certificate}"]
        numbers = [self.numbers] if self.numbers else []
        named = [f"by: {'; '.join(self.simplifications)}"] if self.simplifications else []
        named += [f"with: {'; '.join(self.constants)}"] if self.constants else []
        return *numbers, *named, *checked

    def text(self) -> str:
        """Return the equation as one line of Unicode text."""
        return to_text(self.formula).strip()

    def latex(self) -> str:
        """Return the equation in LaTeX, without dollar signs."""
        return to_latex(self.formula).strip()

    def mathml(self) -> str:
        """Return the equation as a MathML element."""
        return to_mathml(self.formula)

    def __str__(self) -> str:
        return self.text()


def _length(length: int) -> str:
    count, rest = divmod(length, TRACED_BATCH)
    return str(length) if rest or not count else f"{count} N" if count > 1 else "N"


def derivative_by(of: Name, name: Name) -> Formula:
    """Return ∂of/∂name."""
    over, under = (Row((Mark("∂", "function"), layout.name_of(each))) for each in (of, name))
    return Fraction(over, under)
