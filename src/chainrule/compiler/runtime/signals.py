"""Errors that signal handlers raise while a program runs, such as `KeyboardInterrupt`."""

from __future__ import annotations

import ctypes
from typing import Any

from chainrule.compiler.backends.calling_convention import HANDLER_ERROR

__all__ = ["raise_handler_error"]


def raise_handler_error(block: Any) -> None:
    """Raise the error that the argument block holds, and forget it there."""
    words = slice(HANDLER_ERROR, HANDLER_ERROR + 3)
    error = [ctypes.c_void_p(each or None) for each in block[words]]
    block[words] = [0, 0, 0]
    ctypes.pythonapi.PyErr_Restore(*error)
