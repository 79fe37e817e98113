"""Choice of the backend: a graph as a native program, or run by the evaluator."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.loops import CannotCompile
from chainrule.errors import ArgumentError, ChainruleWarning
from chainrule.graph.evaluate import prepare
from chainrule.graph.graph import Graph

if TYPE_CHECKING:
    from chainrule.compiler.native_program import NativeProgram

__all__ = ["Program", "compile_graph", "compile_loop", "native"]


Program = Callable[[Sequence[Any]], list[Any]]


def compile_graph(graph: Graph, is_awaited: bool = True) -> Program:
    """Turn a graph into a function from a list of arrays to a list of arrays."""
    return native(graph, is_awaited) or prepare(simplify(graph))


def compile_loop(graph: Graph) -> NativeProgram | None:
    """Turn a graph that is one loop into a program that can make some of its turns."""
    return native(graph, is_awaited=False)


def native(graph: Graph, is_awaited: bool = True) -> NativeProgram | None:
    """Compile to native code where that can be had and is wanted."""
    wanted = os.environ.get("CHAINRULE_BACKEND", "") or "llvm"
    if wanted not in ("llvm", "numpy"):
        raise ArgumentError(f"CHAINRULE_BACKEND is {wanted!r}; the backends are llvm and numpy")
    compile_native = _llvm() if wanted == "llvm" else None
    if compile_native is None:
        return None
    try:
        return compile_native(graph, False, is_awaited)
    except CannotCompile as reason:
        _say_once(f"{graph.name} is run by NumPy, more slowly, because {reason}")
        return None


def _llvm() -> Callable[[Graph, bool, bool], NativeProgram] | None:
    """Load the native backend, on first use: LLVM takes longer to load than all the rest."""
    try:
        from chainrule.compiler.native_program import compile_native
    except ImportError as reason:
        _say_once(f"programs are run by NumPy, more slowly, because of a missing package: {reason}")
        return None
    return compile_native


_said: set[str] = set()


def _say_once(note: str) -> None:
    if note not in _said:
        _said.add(note)
        warnings.warn(note, ChainruleWarning, stacklevel=4)
