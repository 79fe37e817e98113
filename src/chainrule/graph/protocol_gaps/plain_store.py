"""The message for a traced value stored into a plain array: its name and where it was made."""

from __future__ import annotations

import dis
import linecache
import re
from types import CodeType, FrameType

from chainrule.errors import LIBRARY_FOLDERS

__all__ = ["plain_store_message", "stores_item", "update_message"]

_TARGET = re.compile(r"([A-Za-z_][\w.]*?)\s*(?:\[|[^\w\s.]+=|\.(?:flat|fill|put)\b)")


def stores_item(frame: FrameType) -> bool:
    """Whether the current instruction of a frame is ``array[index] = value``."""
    return _instruction(frame.f_code, frame.f_lasti).opname == "STORE_SUBSCR"


def update_message(frame: FrameType | None) -> str | None:
    """Return the message if the user's code that calls a frame is at ``array += value``."""
    while frame is not None and frame.f_code.co_filename.startswith(LIBRARY_FOLDERS):
        frame = frame.f_back
    if frame is None:
        return None
    current = _instruction(frame.f_code, frame.f_lasti)
    if current.opname != "BINARY_OP" or not current.argrepr.endswith("="):
        return None
    return plain_store_message(frame.f_code, frame.f_lasti)


def plain_store_message(code: CodeType, offset: int) -> str:
    """Return the message for the store, or the call that stores, at an offset of a code object."""
    position = _instruction(code, offset).positions
    line = (position and position.lineno) or 0
    text = linecache.getline(code.co_filename, line).encode()
    match = _TARGET.match(text[(position and position.col_offset) or 0 :].decode())
    name = match[1] if match else "what is stored into"
    made = match and _line_of_assignment(code, name, offset)
    where = f" made in line {made}" if made else ""
    if name.startswith("self.") and not made:  # as of a layer, created elsewhere
        return (
            f"{name} is a plain array, which cannot hold traced values; the weights and the state "
            f'of a layer are created in build, as {name} = self.parameter("{name[5:]}", ...)'
        )
    return (
        f"{name} is a plain array{where}, which cannot hold traced values; make it with "
        "np.zeros_like(x, shape=...) of a traced x, or collect the parts in a list and np.stack "
        "them"
    )


def _instruction(code: CodeType, offset: int) -> dis.Instruction:
    return next(each for each in dis.get_instructions(code) if each.offset == offset)


def _line_of_assignment(code: CodeType, name: str, before: int) -> int | None:
    """The line of the last instruction before an offset that assigns to a name or an attribute."""
    made = None
    line, attribute = None, name.rpartition(".")[2]
    for instruction in dis.get_instructions(code):
        if instruction.offset >= before:
            break
        position = instruction.positions
        line = (position.lineno if position else None) or line
        if instruction.opname.startswith("STORE") and instruction.argval == attribute:
            made = line
    return made
