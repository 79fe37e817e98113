"""Formulas in LaTeX, for a document with the package amsmath."""

from __future__ import annotations

from chainrule.insight.notation.functions import FUNCTIONS
from chainrule.insight.notation.greek import GREEK
from chainrule.insight.notation.text import SMALL_LOWERED, SMALL_RAISED
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
    is_tall,
    joined,
)

__all__ = ["text_to_latex", "to_latex"]


def to_latex(formula: Formula) -> str:
    """Return a formula in LaTeX, without dollar signs."""
    match formula:
        case Mark():
            return _mark(formula)
        case Row(parts):
            return "".join(map(to_latex, parts))
        case Scripts():
            scripts = joined(formula)
            base, lower, upper = scripts.base, scripts.lower, scripts.upper
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
            grow = (r"\left", r"\right") if is_tall(body) or opening == "|" else ("", "")
            ends = zip(grow, (_fence(opening), _fence(closing)), strict=True)
            left, right = map("".join, ends)
            return f"{left}{to_latex(body)}{right}"
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


def text_to_latex(text: str) -> str:
    """Return plain text, with the characters of formulas in it, for a paragraph of LaTeX."""
    return "".join(map(_character, text))


def _character(character: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    for table, sign in ((SMALL_RAISED, "^"), (SMALL_LOWERED, "_")):
        if character in table:
            return f"${{}}{sign}{{{_COMMANDS.get(table[character], table[character])}}}$"
    if character in _COMMANDS and not character.isascii():
        return f"${_COMMANDS[character]}$"
    return character if character.isascii() else _substitute(character)


def _substitute(character: str) -> str:
    """Return a letter that LaTeX has, else the number of the character."""
    return character if "À" <= character <= "ÿ" else f"u{ord(character):04x}"


_ESCAPED = {
    **{each: f"\\{each}" for each in "_&%#${}"},
    **{each: f"${each}$" for each in "<>|"},
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "\\": r"\textbackslash{}",
    "√": r"$\surd$",
}  # fmt: skip


def _mark(mark: Mark) -> str:
    if mark.kind == "function" and mark.text.isalnum():
        return _FUNCTIONS.get(mark.text, rf"\operatorname{{{mark.text}}}")
    if mark.text in _COMMANDS:
        return f" {_COMMANDS[mark.text]} "
    if mark.kind == "word" and not mark.text.isdigit():
        word = "".join(
            each
            if each.isascii()
            else f"{_COMMANDS[each]} "
            if each in _COMMANDS
            else rf"\text{{{_substitute(each)}}}"
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
