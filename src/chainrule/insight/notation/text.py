"""Formulas as lines of Unicode text: ``δ² = (1 − a¹²) ⊙ (δ³ W²ᵀ)``."""

from __future__ import annotations

from chainrule.insight.notation.typeset import (
    BigOperator,
    Choice,
    Fenced,
    Formula,
    Fraction,
    Mark,
    Root,
    Row,
    Scripts,
)

__all__ = ["SMALL_LOWERED", "SMALL_RAISED", "to_text"]

_UPPER = str.maketrans("0123456789+-−()nijkTlx′", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿⁱʲᵏᵀˡˣ′")
_LOWER = str.maketrans("0123456789+-−()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")

SMALL_RAISED = {chr(small): chr(plain) for plain, small in _UPPER.items()}
SMALL_LOWERED = {chr(small): chr(plain) for plain, small in _LOWER.items()}
"""The characters that small ones stand for."""


def to_text(formula: Formula) -> str:
    """Return a formula as one line of text."""
    match formula:
        case Mark(text, kind):
            return f" {text} " if kind == "operator" and text != "," else text.replace(",", ", ")
        case Row(parts):
            return "".join(map(to_text, parts))
        case Scripts(base, lower, upper):
            return to_text(base) + _script(upper, _UPPER, "^") + _script(lower, _LOWER, "_")
        case Fraction(numerator, denominator, is_bracketed, is_fenced):
            parts = zip((numerator, denominator), is_bracketed, strict=True)
            joined = "/".join(_bracketed(to_text(part), brackets) for part, brackets in parts)
            return _bracketed(joined, is_fenced)
        case Root(operand, is_bracketed):
            return "√" + _bracketed(to_text(operand), is_bracketed)
        case Fenced(opening, body, closing):
            return opening + to_text(body) + closing
        case BigOperator(sign, under, body):
            beneath = "" if under is None else _script(under, _LOWER, "_")
            return f"{sign}{beneath} {to_text(body)}"
        case Choice(rows):
            parts = [
                f"{to_text(value)} " + ("otherwise" if when is None else f"if {to_text(when)}")
                for value, when in rows
            ]
            return "{" + "; ".join(parts) + "}"


def _script(script: Formula | None, table: dict[int, int], sign: str) -> str:
    """Return a script in small characters if there are such, else after its sign in brackets."""
    if script is None:
        return ""
    text = to_text(script).replace(" ", "").replace(",", "")
    is_list = isinstance(script, Row) and any(isinstance(each, Row) for each in script.parts)
    is_list = is_list or any(len(each) > 2 for each in _words(script))
    if all(ord(each) in table for each in text) and not is_list:
        return text.translate(table)
    plain = to_text(script).strip()
    is_word = plain.isalnum() and (plain.isascii() or plain.isalpha())
    return f"{sign}{plain}" if len(plain) == 1 or is_word else f"{sign}{{{plain}}}"


def _words(script: Formula) -> list[str]:
    """Return the words of a script, of which small letters cannot be read."""
    parts = script.parts if isinstance(script, Row) else (script,)
    return [each.text for each in parts if isinstance(each, Mark) and each.kind == "word"]


def _bracketed(text: str, brackets: bool) -> str:
    return f"({text})" if brackets else text
