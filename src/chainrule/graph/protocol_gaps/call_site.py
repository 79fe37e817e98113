"""The name of the function that a frame is calling, from its bytecode: ``exp``, ``math.exp``.

``math.exp(x)`` calls ``x.__float__`` as ``float(x)`` does, and ``array.dot(x)`` calls
``x.__array__`` as ``np.asarray(x)`` does. The names loaded for the call distinguish them. Where the
bytecode does not determine a name, the result is empty, and the conversion is taken as explicit.
"""

from __future__ import annotations

import builtins
import dis
from functools import lru_cache
from itertools import pairwise
from types import BuiltinFunctionType, CodeType, FrameType
from typing import Any, cast

import numpy as np

__all__ = [
    "called_function", "called_name", "calls", "draws_random_numbers", "formats_text", "takes_item",
]  # fmt: skip

_LOADS_NAME = {
    "LOAD_CLASSDEREF", "LOAD_DEREF", "LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_GLOBAL", "LOAD_NAME",
}  # fmt: skip
_LOADS_ATTRIBUTE = {"LOAD_ATTR", "LOAD_METHOD"}


def called_name(frame: FrameType) -> tuple[str, ...]:
    """Return the names loaded for the function being called, as in ``("math", ".exp")``."""
    return _names(frame.f_code, frame.f_lasti)


def called_function(frame: FrameType) -> BuiltinFunctionType | None:
    """Return the built-in function that a frame is calling by name, or None."""
    names = called_name(frame)
    if not names or names[0].startswith("."):
        return None
    value: Any = _value_of(names[0], frame)
    for attribute in names[1:]:
        # Only through ``__dict__``: attribute access could run the user's code.
        value = getattr(value, "__dict__", {}).get(attribute[1:])
    return value if isinstance(value, BuiltinFunctionType) else None


def calls(frame: FrameType, function: Any) -> bool:
    """Whether the current instruction calls a function, or a method of it, by a name."""
    names = called_name(frame)
    if not names or names[0].startswith("."):
        return False
    value: Any = _value_of(names[0], frame)
    for attribute in names[1:]:
        if type(value) is type(function):  # np.add.outer
            return getattr(value, attribute[1:], None) == function
        value = getattr(value, "__dict__", {}).get(attribute[1:])
    return value is function


def takes_item(frame: FrameType, names: frozenset[str]) -> bool:
    """Whether the current instruction is ``x[index]``, in code that uses one of some names."""
    if names.isdisjoint(frame.f_code.co_names):
        return False
    return _operation(frame.f_code, frame.f_lasti).startswith("BINARY_")


@lru_cache(maxsize=256)
def _operation(code: CodeType, offset: int) -> str:
    # Python 3.12 calls `__getitem__` from behind the instruction, among its cache entries.
    return [each.opname for each in dis.get_instructions(code) if each.offset <= offset][-1]


def draws_random_numbers(frame: FrameType) -> bool:
    """Whether a frame is calling a function or method of a random number generator."""
    names = called_name(frame)
    if not names or names[0].startswith("."):
        return False
    value: Any = _value_of(names[0], frame)
    for attribute in names[1:]:
        if isinstance(value, np.random.Generator | np.random.RandomState):
            return True
        value = getattr(value, "__dict__", {}).get(attribute[1:])
    owner = getattr(value, "__self__", None)
    return isinstance(owner, np.random.Generator | np.random.RandomState)


def formats_text(frame: FrameType) -> bool:
    """Whether the current instruction is ``text % value``, which calls ``value.__float__``."""
    return _is_remainder(frame.f_code, frame.f_lasti)


@lru_cache(maxsize=256)
def _is_remainder(code: CodeType, offset: int) -> bool:
    # A number or an array leaves its % to the traced value: the left operand can only be text.
    current = next(each for each in dis.get_instructions(code) if each.offset == offset)
    return current.opname == "BINARY_OP" and current.argrepr in ("%", "%=")


def _value_of(name: str, frame: FrameType) -> Any:
    scopes: tuple[Any, ...] = (frame.f_locals, frame.f_globals, vars(builtins))
    return next((scope[name] for scope in scopes if name in scope), None)


@lru_cache(maxsize=256)
def _names(code: CodeType, offset: int) -> tuple[str, ...]:
    """Names of the callee, whose source range starts with the call's and ends before it."""
    instructions = list(dis.get_instructions(code))
    call = next(each for each in instructions if each.offset == offset)
    if not call.opname.startswith(("CALL", "PRECALL")) or _start(call) is None:
        return ()
    names: list[str] = []
    is_part = False
    for before, each in pairwise(instructions):
        is_attribute = each.opname in _LOADS_ATTRIBUTE
        # An attribute on a line of its own starts elsewhere, but follows its object.
        starts_well = _start(each) == _start(call) or (is_part and is_attribute)
        is_load = is_attribute or each.opname in _LOADS_NAME
        is_part = is_load and starts_well and _end(each) < _end(call)
        if is_part:
            names.append("." * is_attribute + str(each.argval))
        elif each.opname == "PUSH_NULL" and starts_well and isinstance(before.argval, tuple):
            # Python 3.13 fuses two loads into one instruction; PUSH_NULL follows the function's.
            names.append(str(cast(Any, before.argval)[-1]))
    return tuple(names)


def _start(instruction: dis.Instruction) -> tuple[int, int] | None:
    location = instruction.positions
    if location is None or location.lineno is None or location.col_offset is None:
        return None
    return location.lineno, location.col_offset


def _end(instruction: dis.Instruction) -> tuple[int, int]:
    location = instruction.positions
    return (location.end_lineno or 0, location.end_col_offset or 0) if location else (0, 0)
