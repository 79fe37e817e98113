"""Tracebacks of errors as users read them: the lines of their own code, then the message.

An error that this library raises on purpose has passed through a dozen of its frames, which say
nothing to who typed the line that is wrong; so has an error of a user's function that the library
calls. Public functions are boundaries, at which those frames are cut out. Errors that were not
foreseen keep them, and all do under ``CHAINRULE_DEBUG=traceback``.
"""

from __future__ import annotations

import dis
import os
from collections.abc import Callable
from functools import wraps
from types import FunctionType, TracebackType
from typing import Any, TypeVar, cast

from chainrule.errors import ChainruleError, ChainruleWarning, GraphError

__all__ = ["SPECIAL_METHODS", "boundary", "cut_frames", "reached_body", "with_boundaries"]

Function = TypeVar("Function", bound=Callable[..., Any])
Kind = TypeVar("Kind", bound=type)

SPECIAL_METHODS = (
    "__call__", "__delitem__", "__getattr__", "__getitem__", "__missing__", "__new__",
    "__setattr__", "__setitem__",
)  # fmt: skip
"""Methods that users call by operators."""

_RAISE = dis.opmap["RAISE_VARARGS"]
_CUT = "_chainrule_frames_are_cut"


def boundary(function: Function) -> Function:
    """Cut the frames of this library out of errors that leave a function.

    Examples
    --------
    >>> @boundary
    ... def half(x):
    ...     raise ChainruleError("half: x is odd")
    >>> half(3)
    Traceback (most recent call last):
    chainrule.errors.ChainruleError: half: x is odd
    """

    @wraps(function)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            cut_frames(error)
            raise

    return cast(Function, bounded)


def with_boundaries(kind: Kind) -> Kind:
    """Make boundaries of the special methods of a class, and of its subclasses' constructors.

    These are the subclasses in this library.
    """
    for name in SPECIAL_METHODS:
        member = vars(kind).get(name)
        if isinstance(member, FunctionType):
            setattr(kind, name, boundary(member))
        elif isinstance(member, staticmethod):  # __new__
            setattr(kind, name, staticmethod(boundary(member.__func__)))

    def init_subclass(cls: type, **options: Any) -> None:
        super(kind, cls).__init_subclass__(**options)
        if "__init__" in vars(cls) and cls.__module__.startswith("chainrule."):
            setattr(cls, "__init__", boundary(vars(cls)["__init__"]))  # noqa: B010

    setattr(kind, "__init_subclass__", classmethod(init_subclass))  # noqa: B010
    return kind


def cut_frames(error: Exception) -> None:
    """Cut the frames of this library out of an error; to be followed by a bare ``raise``.

    That adds no frame of its own, since the frame that raises again is in the traceback already.
    """
    if isinstance(error, AttributeError) and str(error.name).startswith("_"):
        return  # a probe, as pickle and copy make of each object
    if os.environ.get("CHAINRULE_DEBUG", "") not in ("", "check") or not _is_foreseen(error):
        return
    setattr(error, _CUT, True)
    packages = ("chainrule", "numpy") if isinstance(error, ChainruleError) else ("chainrule",)
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        each = pending.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        each.__traceback__ = _without(each.__traceback__, packages)
        pending += [each.__cause__, None if each.__suppress_context__ else each.__context__]


def reached_body(error: Exception) -> bool:
    """Whether a call that raised an error, in the ``try`` block of a frame, ran the called body.

    If it did not fit the signature, the traceback ends in that frame.
    """
    traceback = error.__traceback__
    return hasattr(error, _CUT) or traceback is None or traceback.tb_next is not None


def _is_foreseen(error: Exception) -> bool:
    """Whether an error was raised by the user's code, or on purpose by that of this library."""
    if isinstance(error, GraphError | AssertionError):  # bugs of ours
        return False
    if isinstance(error, ChainruleError | ChainruleWarning) or hasattr(error, _CUT):
        return True
    innermost = error.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    if innermost is None or not _is_in(innermost, ("chainrule",)):
        return True
    return innermost.tb_frame.f_code.co_code[innermost.tb_lasti] == _RAISE


def _without(traceback: TracebackType | None, packages: tuple[str, ...]) -> TracebackType | None:
    """Return a traceback without the frames of code in some packages."""
    kept: list[TracebackType] = []
    while traceback is not None:
        if not _is_in(traceback, packages):
            kept.append(traceback)
        traceback = traceback.tb_next
    result = None
    for each in reversed(kept):
        result = TracebackType(result, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return result


def _is_in(traceback: TracebackType, packages: tuple[str, ...]) -> bool:
    # By the module, as the methods that a dataclass generates have no file.
    return str(traceback.tb_frame.f_globals.get("__name__")).partition(".")[0] in packages
