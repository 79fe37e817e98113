"""The LaTeX document of an explanation; a long equation is made as narrow as the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chainrule.insight.notation.latex import text_to_latex, to_latex

__all__ = ["document"]

_PREAMBLE = r"""\documentclass{article}
\usepackage[margin=2.5cm]{geometry}
\usepackage{amsmath,graphicx}
\setlength{\parindent}{0pt}
\newcommand{\fitted}[1]{\[\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{$
\displaystyle #1$}\]}
\newcommand{\note}[1]{{\footnotesize #1\par}}
\begin{document}"""


def document(
    title: str,
    parts: Sequence[tuple[str, Sequence[Any]]],
    steps: Iterable[Any] = (),
) -> str:
    """Return the document of the sections of an explanation, after the steps of a course."""
    lines = [_PREAMBLE, rf"\section*{{{text_to_latex(title)}}}"]
    for each in steps:
        lines.append(rf"\subsection*{{The derivative by ${to_latex(each.symbol).strip()}$}}")
        for step in each.steps:
            lines += _equation(to_latex(step.formula), step.rule)
    for heading, sections in parts:
        lines.append(rf"\subsection*{{{heading}}}")
        for section in sections:
            lines += [rf"\paragraph{{{text_to_latex(section.title)}}}"] if section.title else []
            for equation in section.equations:
                mark = "" if equation.is_confirmed else r" \qquad \textbf{not confirmed}"
                lines += _equation(equation.latex() + mark, "; ".join(equation.notes))
    return "\n".join([*lines, r"\end{document}", ""])


def _equation(formula: str, note: str) -> list[str]:
    return [rf"\fitted{{{formula}}}", rf"\note{{{text_to_latex(note)}}}"]
