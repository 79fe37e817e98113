"""What ``net.explain`` and ``cr.explain`` return: equations by section, printable in three ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from textwrap import wrap

from chainrule.arguments.lookup import suggestion
from chainrule.errors import ArgumentError, counted
from chainrule.insight.explanation.document import document
from chainrule.insight.explanation.equation import Equation
from chainrule.insight.explanation.page import page
from chainrule.insight.explanation.school_rules import StepByStep
from chainrule.insight.notation.expression import Name, Symbol, walk

__all__ = ["Explanation", "Section"]

_WIDTH = 100  # characters of a line of notes


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
    steps : tuple of StepByStep
        For a function of numbers: the derivative by each argument, by the rules of a calculus
        course.
    """

    title: str
    samples: int | None
    sections: tuple[Section, ...]
    gradients: tuple[Section, ...]
    steps: tuple[StepByStep, ...] = ()

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
                f"explain: no gradient by {name!r} is explained; {suggestion(name, list(found))}"
            )
        return found[name]

    def chain_to(self, parameter: str) -> Explanation:
        """Return the part that leads from the loss to the gradient by one parameter."""
        wanted = self[parameter]
        names = _symbols(wanted)
        chain: list[Section] = []
        for section in reversed(self.gradients):
            kept = [wanted] if wanted in section.equations else []
            for equation in reversed(section.equations):
                if equation.of is None and equation.name in names:
                    kept.insert(0, equation)
                    names |= _symbols(equation)
            if kept:
                chain.insert(0, Section(section.title, tuple(kept)))
        forward = [
            Section(section.title, tuple(x for x in section.equations if x.name in names))
            for section in self.sections[:-1]
        ]
        forward = [each for each in forward if each.equations]
        return replace(
            self,
            title=f"The gradient by {parameter}",
            sections=(*forward, self.sections[-1]),
            gradients=tuple(chain),
        )

    def __str__(self) -> str:
        proved = (
            "" if self.samples is None else f", proved on N = {counted(self.samples, 'sample')}"
        )
        lines = [self.title + proved, ""]
        for each in self.steps:
            lines += [f"The derivative by {each.by}, step by step"]
            lines += [*(f"  {line}" for line in str(each).splitlines()), ""]
        for heading, sections in self._parts:
            lines += [heading]
            for section in sections:
                title = [f"  {section.title}"] if section.title else []
                lines += [*title, *_rows(section), ""]
        return "\n".join(lines).rstrip()

    __repr__ = __str__

    def latex(self) -> str:
        """Return a LaTeX document with all equations."""
        return document(self.title, self._parts, self.steps)

    def html(self) -> str:
        """Return a self-contained page, with the equations as MathML."""
        return page(self.title, self.samples, self._parts, self.steps)

    @property
    def _parts(self) -> tuple[tuple[str, tuple[Section, ...]], ...]:
        return ("Forward", self.sections), ("Backward", self.gradients)

    def _repr_html_(self) -> str:
        return self.html()


def _symbols(equation: Equation) -> set[Name]:
    return {each.name for each in walk(equation.expression) if isinstance(each, Symbol)}


def _rows(section: Section) -> list[str]:
    rows: list[str] = []
    for each in section.equations:
        text, beside = each.text(), f"{each.shape:<12} {each.numbers}".rstrip()
        if len(text) > 48 or len(beside) > _WIDTH - 53:
            rows += [f"    {text}", " " * min(53, _WIDTH - len(beside)) + beside]
        else:
            rows.append(f"    {text:<48} {beside}".rstrip())
        for note in each.notes:
            if note != each.numbers:
                rows += wrap(note, _WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 10)
    return rows
