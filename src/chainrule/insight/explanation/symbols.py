"""Names of parameters and values in equations: W¹, b¹, a¹, δ²."""

from __future__ import annotations

import re

from chainrule.insight.notation.expression import Name

__all__ = ["parameter_name", "variable_name"]

_LETTERS = {"weight": "W", "bias": "b", "recurrent_weight": "U", "embedding": "E"}

_GREEK = {
    name: letter
    for name, letter in zip(
        "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi rho sigma tau phi chi "
        "psi omega".split(),
        "αβγδεζηθκλμνξρστφχψω",
        strict=True,
    )
}


def parameter_name(attribute: str, number: int) -> Name:
    """Return the name of a parameter of a block: ``weight`` is W, ``query.weight`` W_query."""
    *path, last = attribute.split(".")
    base = _LETTERS.get(last) or _GREEK.get(last) or last
    return Name(base, str(number), " ".join(path))


def variable_name(variable: str) -> Name:
    """Return the name of a variable of the user: ``z1`` is z with subscript 1, ``alpha`` α."""
    last = variable.rsplit(".", 1)[-1]
    match = re.fullmatch(r"([A-Za-z]+?)_?(\d+)", last)
    stem, number = match.groups() if match else (last, "")
    return Name(_GREEK.get(stem, stem), subscript=number)
