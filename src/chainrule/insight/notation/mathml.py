"""Formulas in MathML Core, which browsers draw without a script."""

from __future__ import annotations

from html import escape

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

__all__ = ["to_mathml"]


def to_mathml(formula: Formula) -> str:
    """Return a formula as a ``<math>`` element, displayed as a block."""
    return (
        '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">'
        f"{_element(formula)}</math>"
    )


def _element(formula: Formula) -> str:
    match formula:
        case Mark():
            return _mark(formula)
        case Row(parts):
            return f"<mrow>{''.join(map(_element, parts))}</mrow>"
        case Scripts():
            if (
                formula.upper == Mark("′", "operator") and not formula.lower
            ):  # a glyph that is raised already
                return f"<mrow>{_element(formula.base)}{_RAISED_PRIME}</mrow>"
            scripts = joined(formula)
            base, lower, upper = scripts.base, scripts.lower, scripts.upper
            tag = "msubsup" if lower and upper else "msub" if lower else "msup"
            parts = [each for each in (base, lower, upper) if each is not None]
            return f"<{tag}>{''.join(map(_element, parts))}</{tag}>"
        case Fraction(numerator, denominator):
            return f"<mfrac>{_element(numerator)}{_element(denominator)}</mfrac>"
        case Root(operand):
            return f"<msqrt>{_element(operand)}</msqrt>"
        case Fenced(opening, body, closing):
            grow = "" if is_tall(body) else ' stretchy="false"'
            left, right = (f"<mo{grow}>{escape(each)}</mo>" for each in (opening, closing))
            return f"<mrow>{left}{_element(body)}{right}</mrow>"
        case BigOperator(sign, under, body):
            symbol = '<mo largeop="true">∑</mo>' if sign == "Σ" else f"<mo>{sign}</mo>"
            operator = symbol if under is None else f"<munder>{symbol}{_element(under)}</munder>"
            return f"<mrow>{operator}{_element(body)}</mrow>"
        case Choice(rows):
            return _choice(rows)


def _choice(rows: tuple[tuple[Formula, Formula | None], ...]) -> str:
    lines: list[str] = []
    for value, condition in rows:
        words = "otherwise" if condition is None else "if\u00a0"
        then = f"<mtext>{words}</mtext>" + ("" if condition is None else _element(condition))
        cells = (_element(value), f"<mrow>{then}</mrow>")
        lines.append(f"<mtr>{''.join(_CELL.format(each) for each in cells)}</mtr>")
    return f"<mrow><mo>{{</mo><mtable>{''.join(lines)}</mtable></mrow>"


_CELL = '<mtd style="text-align:left">{}</mtd>'
_RAISED_PRIME = '<mo form="postfix" lspace="0" rspace="0">′</mo>'


def _mark(mark: Mark) -> str:
    text = escape(mark.text)
    if mark.text == "ŷ":
        return '<mover accent="true"><mi>y</mi><mo stretchy="false">^</mo></mover>'
    match mark.kind:
        case "number":
            return f"<mn>{text}</mn>"
        case "operator" if text == "T":
            return '<mi mathvariant="normal">T</mi>'
        case "operator":
            return f"<mo>{text}</mo>"
        case "space":
            return '<mspace width="0.2em"/>'
        case "function" if not mark.text.isalnum():
            return f'<mo form="prefix">{text}</mo>'
        case "word" if mark.text.isdigit():
            return f"<mn>{text}</mn>"
        case _:
            return f"<mi>{text}</mi>"
