"""Selections that are max(x, 0), found in the nodes of a program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["positive_parts"]


def positive_parts(nodes: Sequence[Any], first: int, uses: Any) -> dict[int, int]:
    """Return the selections that are max(x, 0), each with x; the derivative at 0 is not wanted."""
    found: dict[int, int] = {}

    def is_zero(index: int) -> bool:
        if index < first:
            return False
        name, operands, parameters = nodes[index - first]
        if name == "broadcast_to":
            return is_zero(operands[0])
        return name == "constant" and parameters["value"].get("number") == 0

    for number, (name, operands, _) in enumerate(nodes):
        if name == "select" and operands[0] >= first:
            test, compared, _ = nodes[operands[0] - first]
            is_same = test == "less_equal" and compared[0] == operands[2]
            is_same = is_same and uses[operands[0]] == 1
            if is_same and is_zero(operands[1]) and is_zero(compared[1]):
                found[first + number] = operands[2]
    return found
