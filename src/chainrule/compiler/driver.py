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
    """Turn a graph into a function from a list of arrays to a list of arrays.

    Parameters
    ----------
    graph : Graph
        The program.
    is_awaited : bool
        Whether to wait until it is compiled; otherwise its first call does.

    Returns
    -------
    callable
        Takes one array for each input, of its type (this is not checked again), and returns one
        for each output; results may share memory with inputs and with each other.
    """
    return native(graph, is_awaited) or prepare(simplify(graph))


def compile_loop(graph: Graph) -> NativeProgram | None:
    """Turn a graph that is one loop into a program that can make some of its turns.

    Parameters
    ----------
    graph : Graph
        Its outputs are results of one ``scan``.

    Returns
    -------
    NativeProgram or None
        ``program(inputs, turns)``, whose first call waits until it is compiled. None where there
        is no native code for it, and one had better run the steps one by one.
    """
    return native(graph, is_awaited=False)


def native(graph: Graph, is_awaited: bool = True) -> NativeProgram | None:
    """Compile to native code where that can be had and is wanted.

    Parameters
    ----------
    graph : Graph
        The program.
    is_awaited : bool
        Whether to wait until it is compiled; otherwise its first call does.

    Returns
    -------
    NativeProgram or None
        None under ``CHAINRULE_BACKEND=numpy``, and for a program that the backend cannot compile;
        the reason for that is said once.

    Raises
    ------
    ArgumentError
        If CHAINRULE_BACKEND names no backend.
    """
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
