"""The page of an explanation: HTML with MathML, without a script, light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from chainrule.errors import counted
from chainrule.insight.notation.mathml import to_mathml

__all__ = ["page"]

_STYLE = """
.explanation{font:15px/1.5 system-ui,sans-serif;max-width:60rem;color-scheme:light dark}
.explanation h3{margin:1.2em 0 0.3em}.explanation h4{margin:1em 0 0.2em;font-weight:600}
.explanation .equation{display:grid;grid-template-columns:minmax(0,1fr) auto;column-gap:1.5em;
align-items:center;padding:0.3em 0;border-bottom:1px solid #8884}
.explanation .formula{overflow-x:auto;overflow-y:hidden;padding:0.25em 0}
.explanation math{display:inline math;font-size:1.1em}
.explanation .shape{font-variant-numeric:tabular-nums;white-space:nowrap;opacity:0.75}
.explanation p{margin:0.3em 0;font-size:0.9em;opacity:0.8}
.explanation small{grid-column:1/-1;opacity:0.75}
"""


def page(
    title: str,
    samples: int | None,
    parts: Sequence[tuple[str, Sequence[Any]]],
    steps: Iterable[Any] = (),
) -> str:
    """Return the page of the sections of an explanation, after the steps of a course."""
    body = [f"<style>{_STYLE}</style>", '<div class="explanation">', f"<h3>{escape(title)}</h3>"]
    proved = f"N = {counted(samples, 'sample')}."
    body.append(f"<p>{_PROOF if samples is None else f'{proved} {_PROOF}'}</p>")
    for each in steps:
        body.append(f"<h3>The derivative by {escape(str(each.by))}, step by step</h3>")
        body += [_row(to_mathml(step.formula), "", escape(step.rule)) for step in each.steps]
    for heading, sections in parts:
        body.append(f"<h3>{heading}</h3>")
        for section in sections:
            if section.title:
                body.append(f"<h4>{escape(section.title)}</h4>")
            body += map(_equation, section.equations)
    return "\n".join([*body, "</div>"])


_PROOF = (
    "Checked: each formula, evaluated by NumPy, has the value of the program, and each derivative "
    "is that of central differences, up to the relative error shown."
)
_WARNING = "<strong>NOT CONFIRMED</strong> "


def _equation(equation: Any) -> str:
    """Return an equation with its shape beside it, and beneath what was done and checked."""
    warning = _WARNING * (not equation.is_confirmed)
    notes = escape("; ".join(equation.notes))
    return _row(equation.mathml(), escape(equation.shape), f"{warning}{notes}")


def _row(formula: str, shape: str, note: str) -> str:
    return (
        f'<div class="equation"><div class="formula">{formula}</div>'
        f'<span class="shape">{shape}</span><small>{note}</small></div>'
    )
