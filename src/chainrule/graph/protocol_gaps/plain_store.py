"""Stores of traced values into plain arrays: how they are noticed, and their message.

A trace that fails by one is repeated with arrays that can hold traced values (`filled_arrays`).
"""

from __future__ import annotations

import dis
import linecache
import re
from contextvars import ContextVar
from functools import lru_cache
from types import CodeType, FrameType

from chainrule.errors import LIBRARY_FOLDERS
from chainrule.graph.protocol_gaps.call_site import called_name

__all__ = [
    "cached_codes", "fillable_kinds", "plain_store_message", "plain_stores", "plain_target_message",
    "stores_item", "update_message",
]  # fmt: skip

fillable_kinds: ContextVar[str] = ContextVar("fillable_kinds", default="")
"""The kinds of dtypes, as in "fiub", of which user's code that is traced makes traced arrays."""

cached_codes: ContextVar[frozenset[CodeType]] = ContextVar("cached_codes", default=frozenset())
"""The code of functions whose results are kept by ``functools.cache``."""

plain_stores: ContextVar[list[str] | None] = ContextVar("plain_stores", default=None)
"""What the trace in progress has refused as a store into a plain array; None outside."""


def plain_target_message(target: str) -> str:
    """Note the refusal of a store into a plain array, and return its message."""
    noted = plain_stores.get()
    if noted is not None:
        noted.append(target)
    return f"{target} is a plain array, which cannot hold traced values; {_REMEDY}"


_REMEDY = (
    "an array of real numbers can, if a function of NumPy makes it within the traced function: "
    "np.zeros(n), or np.array(a) for a copy of a"
)


_TARGET = re.compile(r"([A-Za-z_][\w.]*?)\s*(?:\[|[^\w\s.]+=|\.(?:flat|fill|put)\b)")


def stores_item(frame: FrameType) -> bool:
    """Whether a frame is at ``array[index] = value`` or ``array.put(indices, value)``."""
    is_item = _instruction(frame.f_code, frame.f_lasti).opname in ("STORE_SUBSCR", "STORE_SLICE")
    return is_item or called_name(frame)[-1:] == (".put",)


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
    """Note the refusal of the store at an offset of a code object, and return its message."""
    position = _instruction(code, offset).positions
    line = (position and position.lineno) or 0
    text = linecache.getline(code.co_filename, line).encode()
    match = _TARGET.match(text[(position and position.col_offset) or 0 :].decode())
    name = match[1] if match else "what is stored into"
    made = match and _line_of_assignment(code, name, offset)
    where = f" made in line {made}" if made else ""
    message = plain_target_message(name)
    if name.startswith("self.") and not made:  # as of a layer, created elsewhere
        return (
            f"{name} is a plain array, which cannot hold traced values; the weights and the state "
            f'of a layer are created in build, as {name} = self.parameter("{name[5:]}", ...)'
        )
    return message.replace("plain array", f"plain array{where}", 1)


@lru_cache(maxsize=256)
def _instruction(code: CodeType, offset: int) -> dis.Instruction:
    return next(each for each in dis.get_instructions(code) if each.offset == offset)


@lru_cache(maxsize=256)
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
