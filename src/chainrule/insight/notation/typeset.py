"""Typeset formulas, of which text, LaTeX and MathML are three encodings.

::

    formula ::= Mark | Row(formula, ...) | Scripts(base, lower, upper) | Fraction(formula, formula)
              | Root(formula) | Fenced(open, formula, close) | BigOperator(sign, under, formula)
              | Choice((formula, formula), ...)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "BigOperator",
    "Choice",
    "Fenced",
    "Formula",
    "Fraction",
    "Mark",
    "Root",
    "Row",
    "Scripts",
    "is_tall",
    "joined",
]


@dataclass(frozen=True)
class Mark:
    """A letter, word, number, operator or blank."""

    text: str
    kind: Literal["letter", "word", "number", "operator", "function", "space"] = "letter"


@dataclass(frozen=True)
class Row:
    """Formulas side by side; operators among them bring their own blanks."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class Scripts:
    """A base with a subscript, a superscript, or both."""

    base: Formula
    lower: Formula | None = None
    upper: Formula | None = None


@dataclass(frozen=True)
class Fraction:
    """A quotient; in text its parts and the whole have brackets where it is said so."""

    numerator: Formula
    denominator: Formula
    is_bracketed: tuple[bool, bool] = (False, False)
    is_fenced: bool = False


@dataclass(frozen=True)
class Root:
    """A square root; in text its operand has brackets if it is not a single mark."""

    operand: Formula
    is_bracketed: bool = False


@dataclass(frozen=True)
class Fenced:
    """A formula in brackets, which grow with it."""

    opening: str
    body: Formula
    closing: str


@dataclass(frozen=True)
class BigOperator:
    """A sum, or a maximum, of all that follows it, with its axes beneath."""

    sign: str
    under: Formula | None
    body: Formula


@dataclass(frozen=True)
class Choice:
    """Values by cases: ``value if condition`` line by line; the last condition may be None."""

    rows: tuple[tuple[Formula, Formula | None], ...]


Formula = Mark | Row | Scripts | Fraction | Root | Fenced | BigOperator | Choice


def is_tall(formula: Formula) -> bool:
    """Whether brackets around a formula have to grow with it."""
    match formula:
        case Fraction() | BigOperator() | Choice():
            return True
        case Row(parts):
            return any(map(is_tall, parts))
        case Fenced(_, body) | Root(body):
            return is_tall(body)
        case Scripts(base):
            return is_tall(base)
        case _:
            return False


def joined(scripts: Scripts) -> Scripts:
    """Return a script of a script as TeX would be written: ``a_i^1``, ``a^{1 T}``, ``(a^1)^2``."""
    match scripts:
        case Scripts(Scripts(base, None, upper), lower, None):
            return Scripts(base, lower, upper)
        case Scripts(Scripts(base, lower, None), None, upper):
            return Scripts(base, lower, upper)
        case Scripts(Scripts(base, lower, inner), None, Mark("T", _) as transposed) if inner:
            return Scripts(base, lower, Row((inner, transposed)))
        case Scripts(Scripts(_, _, inner) as base, None, upper) if inner:
            return Scripts(Fenced("(", base, ")"), None, upper)
        case _:
            return scripts
