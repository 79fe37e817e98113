"""What ``net.explain`` and ``cr.explain`` return: equations by section, printable in three ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.insight.explanation.equation import Equation
from chainrule.insight.explanation.page import page
from chainrule.insight.explanation.school_rules import Step
from chainrule.insight.notation.expression import Expression, Name

__all__ = ["Explanation", "Section"]


@dataclass(frozen=True)
class Section:
    """The equations of one layer, or of the loss."""

    title: str
    equations: tuple[Equation, ...]


@dataclass(frozen=True)
class Explanation:
    """The equations of a function and of its derived gradient, proved on data.

    Parameters
    ----------
    title : str
        What is explained.
    samples : int or None
        The number N of samples that it was proved on; None for a function.
    sections, gradients : tuple of Section
        The equations of the forward and of the backward pass, in the order of computation.
    steps : tuple
        For a function of numbers: for each argument its name, the derivative by it, and the steps
        that lead there by the rules of a calculus course.
    """

    title: str
    samples: int | None
    sections: tuple[Section, ...]
    gradients: tuple[Section, ...]
    steps: tuple[tuple[Name, Expression, list[Step]], ...] = ()

    @property
    def equations(self) -> tuple[Equation, ...]:
        """All equations, in the order of computation."""
        return tuple(each for part in (*self.sections, *self.gradients) for each in part.equations)

    def __iter__(self) -> Iterator[Equation]:
        return iter(self.equations)

    def __getitem__(self, name: str) -> Equation:
        """Return the gradient by a parameter, such as ``explanation["dense.weight"]``."""
        found = {each.parameter: each for each in self.equations if each.parameter}
        if name not in found:
            raise ArgumentError(
                f"explain: no gradient by {name!r} is explained; there are {', '.join(found)}"
            )
        return found[name]

    def __str__(self) -> str:
        proved = "" if self.samples is None else f", proved on N = {self.samples} samples"
        lines = [self.title + proved, ""]
        for name, _, steps in self.steps:
            lines += [f"The derivative by {name}, step by step"]
            lines += [*(f"  {step}" for step in steps), ""]
        for heading, sections in (("Forward", self.sections), ("Backward", self.gradients)):
            lines += [heading]
            for section in sections:
                title = [f"  {section.title}"] if section.title else []
                lines += [*title, *_rows(section), ""]
        return "\n".join(lines).rstrip()

    __repr__ = __str__

    def latex(self) -> str:
        """Return a LaTeX document with all equations."""
        lines = [r"\documentclass{article}", r"\usepackage{amsmath}", r"\begin{document}"]
        for section in (*self.sections, *self.gradients):
            lines.append(rf"\paragraph{{{_escaped(section.title)}}}")
            for equation in section.equations:
                lines += [r"\[", equation.latex(), r"\]"]
        return "\n".join([*lines, r"\end{document}", ""])

    def html(self) -> str:
        """Return a self-contained page, with the equations as MathML."""
        return page(self.title, self.samples, [("Forward", self.sections), ("Backward", self.gradients)])

    def _repr_html_(self) -> str:
        return self.html()


def _rows(section: Section) -> list[str]:
    rows: list[str] = []
    for each in section.equations:
        text = each.text()
        rows.append(f"    {text:<48} {each.shape:<12} {_summary(each.value)}".rstrip())
        if each.simplifications:
            rows.append(f"      by: {'; '.join(each.simplifications)}")
        if each.certificate is not None:
            rows.append(f"      checked: {each.certificate}")
    return rows


def _summary(value: object) -> str:
    """Return a number, or the mean and range of an array."""
    array = np.asarray(value, "float64")
    if array.ndim == 0:
        return f"= {float(array):.4g}"
    tiny = 1e-15 * np.abs(array).max(initial=0.0)
    mean, low, high = (0.0 if abs(x) < tiny else x for x in (array.mean(), array.min(), array.max()))
    return f"mean {mean:.3g}, from {low:.3g} to {high:.3g}"


def _escaped(text: str) -> str:
    for each in "_&%#$":
        text = text.replace(each, "\\" + each)
    return text
