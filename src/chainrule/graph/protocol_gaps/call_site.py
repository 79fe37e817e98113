"""Which function a frame is calling, as far as it is written as a name: ``exp``, ``math.exp``.

Some calls never reach a traced value as what they are: ``math.exp(x)`` asks it for a float, and
``array.dot(x)`` for an array, as ``float(x)`` and ``np.asarray(x)`` do. They are told apart by what
stands in the caller's line. Where that cannot be told, the answer is that it is none of them.
"""

from __future__ import annotations

import builtins
import dis
from functools import lru_cache
from itertools import pairwise
from types import BuiltinFunctionType, CodeType, FrameType
from typing import Any, cast

__all__ = ["called_function", "called_name"]

_LOADS_NAME = {
    "LOAD_CLASSDEREF", "LOAD_DEREF", "LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_GLOBAL", "LOAD_NAME",
}  # fmt: skip
_LOADS_ATTRIBUTE = {"LOAD_ATTR", "LOAD_METHOD"}


def called_name(frame: FrameType) -> tuple[str, ...]:
    """Return the names that lead to the function a frame is calling."""
    return _names(frame.f_code, frame.f_lasti)


def called_function(frame: FrameType) -> BuiltinFunctionType | None:
    """Return the function of C that a frame is calling by its name, or None."""
    names = called_name(frame)
    if not names or names[0].startswith("."):
        return None
    found: Any = _value_of(names[0], frame)
    for attribute in names[1:]:
        # Only what an object simply holds: looking must not run the user's code.
        found = getattr(found, "__dict__", {}).get(attribute[1:])
    return found if isinstance(found, BuiltinFunctionType) else None


def _value_of(name: str, frame: FrameType) -> Any:
    spaces: tuple[Any, ...] = (frame.f_locals, frame.f_globals, vars(builtins))
    return next((space[name] for space in spaces if name in space), None)


@lru_cache(maxsize=256)
def _names(code: CodeType, offset: int) -> tuple[str, ...]:
    """Find what is called: it starts where the call starts, and ends before it."""
    instructions = list(dis.get_instructions(code))
    call = next(each for each in instructions if each.offset == offset)
    if not call.opname.startswith(("CALL", "PRECALL")) or _start(call) is None:
        return ()
    found: list[str] = []
    is_part = False
    for before, each in pairwise(instructions):
        is_attribute = each.opname in _LOADS_ATTRIBUTE
        # One that stands on a line of its own starts elsewhere, but follows what it belongs to.
        starts_well = _start(each) == _start(call) or (is_part and is_attribute)
        is_load = is_attribute or each.opname in _LOADS_NAME
        is_part = is_load and starts_well and _end(each) < _end(call)
        if is_part:
            found.append("." * is_attribute + str(each.argval))
        elif each.opname == "PUSH_NULL" and starts_well and isinstance(before.argval, tuple):
            # Python 3.13 joins a load with what stands before it; this comes after the function.
            found.append(str(cast(Any, before.argval)[-1]))
    return tuple(found)


def _start(instruction: dis.Instruction) -> tuple[int, int] | None:
    place = instruction.positions
    if place is None or place.lineno is None or place.col_offset is None:
        return None
    return place.lineno, place.col_offset


def _end(instruction: dis.Instruction) -> tuple[int, int]:
    place = instruction.positions
    return (place.end_lineno or 0, place.end_col_offset or 0) if place else (0, 0)
