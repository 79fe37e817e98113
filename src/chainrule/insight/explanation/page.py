"""The page of an explanation: HTML with MathML, without a script, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

__all__ = ["page"]

_STYLE = """
.explanation { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; color-scheme: light dark; }
.explanation h4 { margin: 1em 0 0.2em; font-weight: 600; }
.explanation table { border-collapse: collapse; width: 100%; }
.explanation td { padding: 0.25em 0.8em 0.25em 0; vertical-align: middle; text-align: left; }
.explanation math { text-align: left; margin: 0; }
.explanation small { opacity: 0.7; }
"""


def page(title: str, samples: int | None, parts: Sequence[tuple[str, Sequence[Any]]]) -> str:
    """Return the page of the sections of an explanation."""
    body = [f"<style>{_STYLE}</style>", '<div class="explanation">', f"<h3>{escape(title)}</h3>"]
    if samples is not None:
        body.append(f"<p>N = {samples} samples</p>")
    for heading, sections in parts:
        body.append(f"<h3>{heading}</h3>")
        for section in sections:
            body.append(f"<h4>{escape(section.title)}</h4><table>")
            body += [_row(each) for each in section.equations]
            body.append("</table>")
    return "\n".join([*body, "</div>"])


_WARNING = "<strong>NOT CONFIRMED</strong> "


def _row(equation: Any) -> str:
    notes = [*equation.simplifications]
    if equation.certificate is not None:
        notes.append(f"checked: {equation.certificate}")
    cells = (
        equation.mathml(),
        escape(equation.shape),
        f"{_WARNING * (not equation.is_confirmed)}<small>{escape('; '.join(notes))}</small>",
    )
    return "<tr>" + "".join(f"<td>{each}</td>" for each in cells) + "</tr>"
