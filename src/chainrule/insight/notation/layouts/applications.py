"""What is printed of primitives of whole arrays: their options, and solutions of linear systems."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.insight.notation.expression import (
    Application,
    Place,
    Relation,
    Symbol,
)
from chainrule.insight.notation.layouts.boxes import MATRIX, POWER, SPACE, Box
from chainrule.insight.notation.typeset import Fenced, Formula, Mark, Row, Scripts

__all__ = ["options_of", "solution"]

ONE = Mark("1", "number")


def solution(application: Application, arguments: Sequence[Formula]) -> Box:
    """Return the solution of A X = B as ``A⁻¹ B``, the inverse where B is the identity."""
    is_transposed = application.node.params["is_transposed"]
    (a, _), (b, axes) = application.arguments
    base = arguments[0] if isinstance(a, Symbol) else Fenced("(", arguments[0], ")")
    power = Row((Mark("−", "function"), Mark("T", "operator") if is_transposed else ONE))
    inverse = Scripts(base, None, power)
    match b:
        case Relation("=", Place(row), Place(column)) if (row.axis, column.axis) == axes:
            return Box(inverse, POWER)
        case _:
            right = arguments[1]
            right = right if isinstance(right, Mark | Scripts) else Fenced("(", right, ")")
            return Box(Row((inverse, SPACE, right)), MATRIX)


def options_of(application: Application) -> list[str]:
    """Return the static parameters that say what a function does."""
    params = application.node.params
    if application.primitive.name == "concatenate":
        is_last = params["axis"] == len(application.node.shape) - 1
        return [] if is_last else [f"axis={params['axis']}"]
    flags = [name for name, value in params.items() if value is True]
    axes = [f"{name}={value}" for name, value in params.items() if name in ("axis", "axes", "k")]
    return [*flags, *axes]
