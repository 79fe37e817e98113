"""Source locations: the instruction of the user's code that created a node.

An `Origin` holds code objects and offsets of instructions; the line and the name of the variable
that the result is assigned to are read from them when they are printed, not for each node.
"""

from __future__ import annotations

import dis
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

from chainrule.errors import LIBRARY_FOLDERS

__all__ = [
    "Origin",
    "as_user_code",
    "assigned_names",
    "frame_at",
    "is_library_class",
    "is_library_file",
    "line_of",
    "user_instruction",
    "user_line",
]

frame_at = sys._getframe  # pyright: ignore[reportPrivateUsage]
"""``frame_at(n)``: the n-th calling frame."""

Origin = tuple[Any, ...]
"""Code and offset of an instruction, then those of up to two callers in the user's code."""


class _IsLibrary(dict[str, bool]):
    """Whether a file belongs to this package or to NumPy, but for one folder."""

    shown: str | None = None

    def __missing__(self, file: str) -> bool:
        is_shown = self.shown is not None and file.startswith(self.shown)
        self[file] = file.startswith(LIBRARY_FOLDERS) and not is_shown
        return self[file]


_is_library = _IsLibrary()


@contextmanager
def as_user_code(folder: str) -> Generator[None]:
    """Locate nodes in a folder of this package too, so that its variables name them."""
    before = _is_library.shown
    _is_library.shown = folder
    _is_library.clear()
    try:
        yield
    finally:
        _is_library.shown = before
        _is_library.clear()


def user_instruction(frame: FrameType | None) -> Origin | None:
    """Return the instruction of the innermost frame outside this package and NumPy."""
    while frame is not None:
        code = frame.f_code
        if not _is_library[code.co_filename]:
            caller = frame.f_back
            if caller is None or _is_library[caller.f_code.co_filename]:
                return code, frame.f_lasti
            outer = caller.f_back
            inner = code, frame.f_lasti, caller.f_code, caller.f_lasti
            if outer is None or _is_library[outer.f_code.co_filename]:
                return inner
            return *inner, outer.f_code, outer.f_lasti
        frame = frame.f_back
    return None


def user_line(frame: FrameType | None) -> tuple[str, int] | None:
    """Return file and line of the innermost frame outside this package and NumPy."""
    origin = user_instruction(frame)
    return None if origin is None else line_of(origin)


def line_of(origin: Origin) -> tuple[str, int]:
    """Return file and line of an instruction."""
    code, offset = origin[:2]
    lines = (line for start, end, line in code.co_lines() if start <= offset < end and line)
    return code.co_filename, next(lines, code.co_firstlineno)


def assigned_names(origin: Origin | None) -> tuple[str, ...]:
    """Return the variables that the result of an instruction is assigned to, in order.

    One for ``y = f(x)``, two for ``a, b = f(x)``, none where it is part of an expression. A value
    that a function returns is named by its caller.
    """
    if origin is None:
        return ()
    code, offset, *callers = origin
    names = _names_after(code, offset)
    return assigned_names(tuple(callers)) if names is None and callers else names or ()


@lru_cache(maxsize=1024)
def _names_after(code: CodeType, offset: int) -> tuple[str, ...] | None:
    """The names that the instruction after `offset` stores; None for ``return``."""
    following = [each for each in dis.get_instructions(code) if each.offset > offset]
    count = 1
    names: list[str] = []
    for each, after in zip(following, [*following[1:], None], strict=True):
        kind = each.opname
        if kind == "RETURN_VALUE":
            return None
        if kind == "UNPACK_SEQUENCE" and not names:
            count = int(each.arg or 0)
        elif kind.startswith("STORE_") and isinstance(each.argval, str | tuple):
            # Python 3.13 fuses two stores, or a store and a load, into one instruction.
            stored = each.argval if isinstance(each.argval, tuple) else (each.argval,)
            names += map(str, stored[: max(1, kind.count("STORE_FAST"))])
        elif after is not None and after.opname == "STORE_ATTR" and kind.startswith("LOAD_"):
            continue  # the object of ``self.y = f(x)``
        elif kind not in ("COPY", "NOP", "EXTENDED_ARG"):
            break
        if len(names) >= count:
            break
    return tuple(names[:count]) if len(names) >= count else ()


_STANDARD_LIBRARY = os.path.dirname(os.__file__)
_STANDARD_MODULES = sys.stdlib_module_names - {"__main__"}


@lru_cache(8192)
def is_library_file(filename: str) -> bool:
    """Whether code is part of this package, of Python or of an installed package."""
    return filename.startswith((*LIBRARY_FOLDERS, _STANDARD_LIBRARY, "<frozen ")) or (
        "site-packages" in filename or "dist-packages" in filename
    )


def is_library_class(kind: type) -> bool:
    """Whether a class is built in, or defined at the top of a module of such code."""
    if str(kind.__module__).partition(".")[0] in _STANDARD_MODULES:
        return True
    module = sys.modules.get(kind.__module__)
    outermost = kind.__qualname__.partition(".")[0]
    is_there = getattr(module, outermost, None) is not None
    return is_there and is_library_file(getattr(module, "__file__", None) or "")
