"""Formulas in LaTeX, for a document with the package amsmath."""

from __future__ import annotations

from chainrule.insight.notation.functions import FUNCTIONS
from chainrule.insight.notation.greek import GREEK
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

__all__ = ["to_latex"]


def to_latex(formula: Formula) -> str:
    """Return a formula in LaTeX, without dollar signs."""
    match formula:
        case Mark():
            return _mark(formula)
        case Row(parts):
            return "".join(map(to_latex, parts))
        case Scripts(base, lower, upper):
            inner = to_latex(base)
            inner = f"{{{inner}}}" if isinstance(base, Scripts) else inner
            below = "" if lower is None else f"_{{{to_latex(lower)}}}"
            above = "" if upper is None else f"^{{{to_latex(upper).strip()}}}"
            return inner + below + above
        case Fraction(numerator, denominator):
            return rf"\frac{{{to_latex(numerator)}}}{{{to_latex(denominator)}}}"
        case Root(operand):
            return rf"\sqrt{{{to_latex(operand)}}}"
        case Fenced(opening, body, closing):
            return rf"\left{_fence(opening)}{to_latex(body)}\right{_fence(closing)}"
        case BigOperator(sign, under, body):
            operator = _OPERATORS.get(sign, rf"\{sign}")
            beneath = "" if under is None else f"_{{{to_latex(under)}}}"
            return f"{operator}{beneath} {to_latex(body)}"
        case Choice(rows):
            lines = [
                rf"{to_latex(value)} & \text{{otherwise}}"
                if condition is None
                else rf"{to_latex(value)} & \text{{if }} {to_latex(condition)}"
                for value, condition in rows
            ]
            return r"\begin{cases}" + r" \\ ".join(lines) + r"\end{cases}"


def _mark(mark: Mark) -> str:
    if mark.kind == "function" and mark.text.isalnum():
        return _FUNCTIONS.get(mark.text, rf"\operatorname{{{mark.text}}}")
    if mark.text in _COMMANDS:
        return f" {_COMMANDS[mark.text]} "
    if mark.kind == "word" and not mark.text.isdigit():
        word = "".join(
            f"{_COMMANDS[each]} " if not each.isascii() and each in _COMMANDS else each
            for each in mark.text.replace("_", r"\_")
        )
        return rf"\mathrm{{{word}}}"
    if mark.kind == "operator":
        return f" {mark.text} " if mark.text != "," else ", "
    return r"\," if mark.kind == "space" else mark.text


def _fence(bracket: str) -> str:
    return {"⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil "}.get(
        bracket, bracket
    )


_OPERATORS = {"Σ": r"\sum", "argmax": r"\operatorname*{arg\,max}"}

_FUNCTIONS = {each.text: each.latex for each in FUNCTIONS.values() if "{0}" not in each.text}

_COMMANDS = {
    "−": "-",
    "⊙": r"\odot",
    "≤": r"\le",
    "≥": r"\ge",
    "≠": r"\ne",
    "∂": r"\partial",
    "→": r"\rightarrow",
    "←": r"\leftarrow",
    "·": r"\cdot",
    "T": r"\top",
    "ŷ": r"\hat{y}",
    "′": r"\prime",
    "∞": r"\infty",
    "ε": r"\epsilon",
    "φ": r"\phi",
    **{letter: rf"\{name}" for name, letter in GREEK.items()},
}
