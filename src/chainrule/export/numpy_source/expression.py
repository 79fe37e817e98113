"""Expressions of NumPy as text: their precedence, and what their values broadcast to."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "ATOM",
    "UNARY",
    "Expression",
    "call",
    "exact",
    "identifier",
    "infix",
    "size_text",
    "sizes_text",
]

COMPARISON, SUM, PRODUCT, UNARY, ATOM = range(5)
"""Precedences of Python, from the loosest."""

_PRECEDENCE = {
    "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "@": PRODUCT, "//": PRODUCT, "%": PRODUCT,
    "<": COMPARISON, "<=": COMPARISON, "==": COMPARISON, "!=": COMPARISON,
}  # fmt: skip


@dataclass(frozen=True)
class Expression:
    """A text, and a node of the type of its value at one number of samples.

    Parameters
    ----------
    text : str
        In Python.
    node : Node
        Its shape and dtype.
    precedence : int
        Of the outermost operator of the text.
    full_shape : str or None
        The shape that the value is broadcast to where it is used, in Python; None if it has it.
    is_literal : bool
        Whether it is a number of Python's, whose dtype adapts to that of arrays.
    parts : tuple of Expression, or None
        Of several results.
    """

    text: str
    node: Any
    precedence: int = ATOM
    full_shape: str | None = None
    is_literal: bool = False
    parts: tuple[Expression, ...] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape at one number of samples."""
        return self.node.shape

    def inside(self, precedence: int) -> str:
        """Return the text as an operand, in parentheses where necessary."""
        return self.text if self.precedence >= precedence else f"({self.text})"


def infix(operator: str, one: Expression, other: Expression) -> tuple[str, int]:
    """Return the text of an operation with two operands, and its precedence."""
    own = _PRECEDENCE[operator]
    # a - (b - c) and a / (b / c) keep their parentheses; so do comparisons, which Python chains.
    left = own + 1 if own == COMPARISON else own
    return f"{one.inside(left)} {operator} {other.inside(own + 1)}", own


def call(function: str, *arguments: str) -> str:
    """Return the text of a call."""
    return f"{function}({', '.join(arguments)})"


def exact(value: Expression) -> Expression:
    """Return an expression whose value has its full shape, and the dtype of its node."""
    if value.is_literal:
        shape = value.full_shape or "()"
        if value.text in ("0.0", "0"):
            return Expression(f"np.zeros({shape}, np.{value.node.dtype})", value.node)
        return Expression(f"np.full({shape}, {value.text}, np.{value.node.dtype})", value.node)
    if value.full_shape is None:
        return value
    return Expression(call("np.broadcast_to", value.text, value.full_shape), value.node)


def size_text(size: Any) -> str:
    """Return a size, a polynomial of the numbers of samples n and of steps.

    Examples
    --------
    >>> size_text(3), size_text({"samples": 2, "one": -1})
    ('3', '2 * n - 1')
    """
    if isinstance(size, int):
        return str(size)
    names = {"samples": "n", "steps": "steps", "product": "n * steps", "one": ""}
    terms = [_term(size[name], text) for name, text in names.items() if size.get(name)]
    return " + ".join(terms).replace("+ -", "- ") or "0"


def _term(factor: int, name: str) -> str:
    if not name:
        return str(factor)
    return name if factor == 1 else f"{factor} * {name}"


def sizes_text(sizes: Sequence[Any]) -> str:
    """Return a tuple of sizes."""
    inner = ", ".join(map(size_text, sizes))
    return f"({inner},)" if len(sizes) == 1 else f"({inner})"


def identifier(name: str) -> str:
    """Return a name of a layer as one of Python's."""
    name = re.sub(r"\W", "_", name)
    return f"{name}_" if keyword.iskeyword(name) or not name[:1].isalpha() else name
