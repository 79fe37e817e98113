"""Functions of SciPy that are written in Python: their names, for errors that arise inside them."""

from __future__ import annotations

import sys
from itertools import takewhile
from types import FrameType, TracebackType
from typing import Any

from chainrule.errors import (
    LIBRARY_FOLDERS,
    ChainruleError,
    DTypeError,
    TraceError,
    UnsupportedError,
)
from chainrule.graph.protocol_gaps.numpy_namespace import namespaces
from chainrule.graph.remedies import remedy_for

__all__ = ["outside_function_message"]


def outside_function_message(error: BaseException, traceback: TracebackType | None) -> str:
    """Return the message for a traced value inside a function of SciPy; empty for other errors.

    The function is the first one of SciPy that is called by the last line that is neither SciPy's
    nor this package's: SciPy may call functions of the user's.
    """
    called: list[FrameType] = []
    while traceback is not None:
        frame = traceback.tb_frame
        if not frame.f_code.co_filename.startswith(LIBRARY_FOLDERS):
            called = [*called, frame] if _module(frame).startswith("scipy.") else []
        traceback = traceback.tb_next
    is_refusal = isinstance(error, TraceError | UnsupportedError | DTypeError)
    if not is_refusal and (isinstance(error, ChainruleError) or not any(map(_is_traced, called))):
        return ""
    name = next(filter(None, map(_public_name, called)), "")
    if namespaces.has_operation(name):
        return (
            f"{name} is traced where it is called by its name, and was taken here from a list, a "
            f"default value or an attribute; write {name}(...)"
        )
    return f"{name} cannot be traced; {remedy_for(name)}" if name else ""


def _is_traced(frame: FrameType) -> bool:
    """Whether a variable of a frame is a traced value, whose class is that of its value."""
    return any(type(each).__name__ == "Node" for each in frame.f_locals.values())


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _public_name(frame: FrameType) -> str:
    """The name under which a user knows a function, or the method of an object, of SciPy."""
    parts = _module(frame).split(".")
    package = ".".join(takewhile(lambda part: not part.startswith("_"), parts))
    function = frame.f_code.co_name
    owner: Any = frame.f_locals.get("self")
    if owner is None:
        return f"{package}.{function}" if hasattr(sys.modules.get(package), function) else ""
    name: Any = getattr(getattr(owner, "dist", owner), "name", None)
    if not isinstance(name, str):
        name = type(owner).__name__.removesuffix("_gen").removesuffix("_frozen")
    is_public = hasattr(sys.modules.get(package), name)
    return f"{package}.{name}" + f".{function}" * (function != "__call__") if is_public else ""
