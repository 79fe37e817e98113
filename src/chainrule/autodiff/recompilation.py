"""Transformations of compiled functions: the result is compiled, too.

``grad(jit(f))`` is ``jit(grad(f))``. A compiler, which stands above this room, notes in what it
compiles from which function that was made, and by what; transformations ask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import ReferenceType, ref

__all__ = ["note_compiled", "recompiled"]

Function = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class _Compiled:
    """A note in the function `owner`; wrappers that copy its attributes are not compiled."""

    owner: ReferenceType[Function]
    source: Function
    compiler: Callable[[Function], Function]


def note_compiled(
    compiled: Function, source: Function, compiler: Callable[[Function], Function]
) -> None:
    """Note that `compiled` is ``compiler(source)``."""
    vars(compiled)["compiled"] = _Compiled(ref(compiled), source, compiler)


def recompiled(function: Any, transformation: Callable[[Function], Function]) -> Function | None:
    """Return the compiled transformation of a compiled function; None for any other function."""
    note = getattr(function, "compiled", None)
    if not isinstance(note, _Compiled) or note.owner() is not function:
        return None
    return note.compiler(transformation(note.source))
