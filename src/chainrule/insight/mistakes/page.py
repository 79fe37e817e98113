"""The entries of docs/mistakes.md, written from the catalogue: a heading for each code."""

from __future__ import annotations

from chainrule.insight.mistakes.catalogue import CATALOGUE

__all__ = ["entries"]


def entries() -> str:
    """Return the headings of all codes in Markdown."""
    parts: list[str] = []
    family = ""
    for each in CATALOGUE.values():
        if each.family != family:
            family = each.family
            parts.append(f"## {family.capitalize()}\n\n")
        parts.append(
            f"### {each.code}\n\n**{each.name[0].upper()}{each.name[1:]}.** {each.why}\n\n"
        )
        parts.append(f"Remedy: {each.remedy}.\n\n")
    return "".join(parts).rstrip() + "\n"
