"""Compiler driver: choose the backend of a graph, native code or evaluation by NumPy."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.errors import CannotCompile
from chainrule.errors import ArgumentError, warn
from chainrule.graph.evaluate import prepare
from chainrule.graph.graph import Graph

if TYPE_CHECKING:
    from chainrule.compiler.native_program import NativeProgram

__all__ = ["ArrayFunction", "compile_graph", "compile_native", "load_program"]


ArrayFunction = Callable[[Sequence[Any]], list[Any]]
"""From a list of arrays to a list of arrays."""


def compile_graph(graph: Graph, in_background: bool = False) -> ArrayFunction:
    """Compile a graph by the chosen backend, or prepare its evaluation by NumPy."""
    return compile_native(graph, in_background) or prepare(simplify(graph))


def compile_native(graph: Graph, in_background: bool = False) -> NativeProgram | None:
    """Compile a graph to native code; None if there is no native backend or it lacks an operation.

    With `in_background` its machine code is generated in another thread; the first call waits.
    """
    backend = os.environ.get("CHAINRULE_BACKEND", "") or "llvm"
    if backend not in ("llvm", "numpy"):
        raise ArgumentError(f"CHAINRULE_BACKEND is {backend!r}; the backends are llvm and numpy")
    program = _native_program() if backend == "llvm" else None
    if program is None:
        return None
    try:
        return program(graph, in_background=in_background)
    except CannotCompile as reason:
        _warn_once(f"{graph.name} is run by NumPy, more slowly, because {reason}")
        return None


def load_program(function: ArrayFunction) -> None:
    """Wait for the machine code of a compiled graph, which the first call would do otherwise."""
    load = getattr(function, "load", None)  # prepared evaluation by NumPy has no code
    if load is not None:
        load()


def _native_program() -> type[NativeProgram] | None:
    """Import the native backend on first use; None where llvmlite is missing."""
    try:
        from chainrule.compiler.native_program import NativeProgram
    except ImportError as reason:
        _warn_once(
            f"programs are run by NumPy, more slowly, because of a missing package: {reason}"
        )
        return None
    return NativeProgram


_warned: set[str] = set()


def _warn_once(message: str) -> None:
    if message not in _warned:
        _warned.add(message)
        warn(message)
