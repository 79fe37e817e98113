"""Formulas as text, LaTeX and MathML."""

from xml.etree import ElementTree as ET

import pytest

from chainrule.insight.notation.latex import to_latex
from chainrule.insight.notation.mathml import to_mathml
from chainrule.insight.notation.text import to_text
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

A, B = Mark("a"), Mark("δ")
CASES: list[tuple[Formula, str, str]] = [
    (Scripts(A, Mark("i"), Mark("2", "number")), "a²ᵢ", "a_{i}^{2}"),
    (Row((A, Mark("⊙", "operator"), B)), "a ⊙ δ", r"a \odot  \delta "),
    (Fraction(Row((A, Mark("+", "operator"), B)), Mark("N"), (True, False)), "(a + δ)/N",
     r"\frac{a +  \delta }{N}"),
    (Root(A), "√a", r"\sqrt{a}"),
    (Fenced("(", A, ")"), "(a)", "(a)"),
    (BigOperator("Σ", Mark("n"), A), "Σₙ a", r"\sum_{n} a"),
    (Choice(((A, B), (B, None))), "{a if δ; δ otherwise}",
     r"\begin{cases}a & \text{if }  \delta  \\  \delta  & \text{otherwise}\end{cases}"),
    (Row((Mark("softmax", "function"), Fenced("(", A, ")"))), "softmax(a)",
     r"\operatorname{softmax}(a)"),
    (Scripts(Scripts(A, Mark("t")), None, Mark("2", "number")), "aₜ²", "a_{t}^{2}"),
    (Scripts(Scripts(A, None, B), None, Mark("T", "operator")), "a^δᵀ", r"a^{\delta  \top}"),
    (Scripts(Scripts(A, None, Mark("1", "number")), None, Mark("2", "number")), "a¹²",
     "(a^{1})^{2}"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "text", "latex"), CASES)
def test_each_kind_of_formula_has_three_encodings(formula: Formula, text: str, latex: str) -> None:
    assert to_text(formula) == text
    assert to_latex(formula) == latex
    assert ET.fromstring(to_mathml(formula)).tag.endswith("math")


def test_a_script_without_small_characters_has_braces() -> None:
    lower = Row((Mark("n"), Mark(",", "operator"), Row((Mark("i"), Mark("+"), Mark("m")))))
    assert to_text(Scripts(A, lower)) == "a_{n, i+m}"
