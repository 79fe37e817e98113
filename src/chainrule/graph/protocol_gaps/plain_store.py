"""The message for a traced value stored into a plain array: its name and where it was made."""

from __future__ import annotations

import dis
import linecache
import re
from types import CodeType, TracebackType

__all__ = ["plain_store_message"]

_TARGET = re.compile(r"^\s*([A-Za-z_][\w.]*?)\s*(?:\[|\.(?:flat\b|fill\b|put\b|itemset\b))")


def plain_store_message(traceback: TracebackType) -> str:
    """Return the message for the store at which a traceback ends."""
    code = traceback.tb_frame.f_code
    line = linecache.getline(code.co_filename, traceback.tb_lineno)
    match = _TARGET.match(line)
    name = match[1] if match else "what is stored into"
    made = match and _line_of_assignment(code, name, traceback.tb_lineno)
    where = f" made in line {made}" if made else ""
    return (
        f"{name} is a plain array{where}, which cannot hold traced values; make it with "
        "np.zeros_like(x, shape=...) of a traced x, or collect the parts in a list and np.stack "
        "them"
    )


def _line_of_assignment(code: CodeType, name: str, before: int) -> int | None:
    """The last line above `before` that assigns to a name."""
    lines: list[int] = []
    line = 0
    for instruction in dis.get_instructions(code):
        position = instruction.positions
        line = (position.lineno if position else None) or line
        if instruction.opname.startswith("STORE") and instruction.argval == name and line < before:
            lines.append(line)
    return max(lines, default=None)
