"""Which captured arrays are read by traced operations alone: these need no guard of their content.

An operation that reads a captured array gets it as an input of the program, whose content at each
call is right. Plain NumPy reads it unseen, as in ``w.sum() * x`` or ``if w[0] > 0``. An array is
read by operations alone if each instruction of the user's code that loads it pushes it for one
during which it arrived at an operation; or for a call, or a local variable, that passes it on to
instructions of which the same is true.
"""

from __future__ import annotations

import dis
from collections.abc import Iterable
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

from chainrule.graph.place import Place
from chainrule.graph.source_location import is_library_file

__all__ = ["ArrayReads", "is_only_counted"]


class ArrayReads:
    """The instructions during which an array arrived at operations, and the locals that held it."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self._consumers: set[tuple[CodeType, int]] = set()
        self._locals: set[tuple[CodeType, str]] = set()

    def note_arrival(self, frame: FrameType | None) -> None:
        """Note the running instruction of each frame, and its local variables of the array."""
        while frame is not None:
            code = frame.f_code
            if not is_library_file(code.co_filename):
                self._consumers.add((code, frame.f_lasti))
                holders = (k for k, value in frame.f_locals.items() if value is self._array)
                own = code.co_varnames + code.co_cellvars
                self._locals |= {(code, name) for name in holders if name in own}
            frame = frame.f_back

    def are_all(self, place: Place, codes: Iterable[CodeType]) -> bool:
        """Whether the array of this place is read in no other way by the given functions."""
        if place.key == "cell_contents":
            loads, name = ("LOAD_DEREF", "LOAD_CLASSDEREF"), place.label
        elif place.kind == "attribute":
            loads, name = ("LOAD_ATTR", "LOAD_METHOD"), place.key
        elif place.label == place.key:
            loads, name = ("LOAD_GLOBAL", "LOAD_NAME"), place.key
        else:  # an item, which a loop may read too
            return False
        codes = list(codes)
        if place.kind == "attribute" and any(name in code.co_consts for code in codes):
            return False  # perhaps by getattr
        sites = [(code, each) for code in codes for each in _sites(code, loads, name)]
        for code, local in self._locals:
            if local in code.co_cellvars:
                return False
            sites += [(code, each) for each in _sites(code, _LOCAL_LOADS, local)]
        starts = {(code, _start(code, offset)) for code, offset in self._consumers}
        return all(
            (code, consumer) in (self._locals if isinstance(consumer, str) else starts)
            for code, index in sites
            for consumer in [_consumer(code, index)]
        )


def is_only_counted(place: Place, codes: Iterable[CodeType]) -> bool:
    """Whether every load of a place is part of an assignment to it, as in ``self.calls += 1``."""
    name = place.label.partition("[")[0].rpartition(".")[2]
    loads = ("LOAD_DEREF", "LOAD_GLOBAL", "LOAD_NAME", "LOAD_ATTR")
    sites = [(code, each) for code in codes for each in _sites(code, loads, name)]
    return all(_is_counted(_instructions(code)[position + 1 :], name) for code, position in sites)


def _is_counted(following: Iterable[dis.Instruction], name: str) -> bool:
    """Whether the instructions after a load add a constant to it and store it again."""
    steps = (each for each in following if each.opname not in (*_WITHOUT_EFFECT, "COPY", "SWAP"))
    for each in steps:
        if each.opname == "BINARY_OP":
            stored = next(steps)
            return stored.opname == "STORE_SUBSCR" or (
                stored.opname.startswith("STORE_") and stored.argval == name
            )
        if each.opname not in ("LOAD_CONST", "LOAD_SMALL_INT", "BINARY_SUBSCR"):
            return False
    return False


_LOCAL_LOADS = ("LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW", "LOAD_FAST_LOAD_FAST",
                "LOAD_FAST_BORROW_LOAD_FAST_BORROW", "STORE_FAST_LOAD_FAST")  # fmt: skip
_WITHOUT_EFFECT = ("CACHE", "NOP", "PRECALL", "KW_NAMES", "EXTENDED_ARG", "RESUME")


@lru_cache(1024)
def _instructions(code: CodeType) -> tuple[dis.Instruction, ...]:
    return tuple(dis.get_instructions(code))


def _start(code: CodeType, offset: int) -> int:
    """Offset of the instruction that holds an offset, perhaps in the caches that follow it."""
    return max(each.offset for each in _instructions(code) if each.offset <= max(offset, 0))


def _sites(code: CodeType, loads: tuple[str, ...], name: str) -> list[int]:
    """Positions of the instructions that load a name."""
    return [
        position
        for position, each in enumerate(_instructions(code))
        if each.opname in loads and (each.argval == name or name in _pair(each.argval))
    ]


def _pair(argument: Any) -> tuple[str, ...]:
    """The names of an instruction that loads two local variables."""
    return argument if isinstance(argument, tuple) else ()


def _consumer(code: CodeType, position: int) -> int | str | None:
    """Offset of the instruction that pops what another pushed, or the variable that it stores.

    None where this takes more than straight-line code, and where the load itself is of two values.
    """
    instructions = _instructions(code)
    if _pair(instructions[position].argval):
        return None
    above = 0  # values on the stack above it
    for each in instructions[position + 1 :]:
        name, count = each.opname, each.arg or 0
        if each.is_jump_target:
            return None
        if name in _WITHOUT_EFFECT:
            continue
        if name == "STORE_FAST":
            if not above:
                return each.argval
            above -= 1
            continue
        popped = _popped(name, count)
        if popped is None:
            return None
        if popped > above:
            return each.offset
        above += dis.stack_effect(each.opcode, each.arg)
    return None


def _popped(name: str, count: int) -> int | None:
    """How many values an instruction pops; None if unknown here."""
    if name in ("BINARY_OP", "COMPARE_OP", "BINARY_SUBSCR"):
        return 2
    if name in ("LOAD_ATTR", "LOAD_METHOD"):
        return 1
    if name in ("CALL", "CALL_KW"):
        return count + (2 if name == "CALL" else 3)
    is_push = (name.startswith("LOAD_") and "SUPER" not in name) or name == "PUSH_NULL"
    return 0 if is_push else None
