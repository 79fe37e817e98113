"""Where the machine code of a graph comes from: the disk, or the compiler.

It is looked for by the graph. Where it is found nothing is lowered, and LLVM is not even loaded.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from chainrule.compiler.cache.graph_key import graph_text
from chainrule.compiler.cache.object_cache import program_key, read_entry, write_entry
from chainrule.compiler.runtime.executable import Executable, pack, unpack
from chainrule.errors import ArgumentError
from chainrule.graph.graph import Graph

if TYPE_CHECKING:
    from chainrule.compiler.pipeline import LoweredProgram

__all__ = ["GraphCompiler"]

STAGES = frozenset(["graph", "loops", "llvm", "asm", "check"])


class GraphCompiler:
    """One graph on its way to machine code.

    Parameters
    ----------
    graph : Graph
        The program.
    is_simple : bool
        Whether it is compiled as it is, rather than simplified first.
    """

    def __init__(self, graph: Graph, is_simple: bool) -> None:
        self.graph = graph
        self.is_simple = is_simple

    def binary(self, is_timed: bool) -> tuple[Executable, Callable[[], bytes] | None]:
        """Find the program or write it."""
        stages = _stages()
        if stages:
            self.translation = self._translated(stages)
        told = None if stages & {"llvm", "asm"} else graph_text(self.graph)
        if told is None:
            return self.translation.written(is_timed, stages)
        text, known = told
        key = program_key(f"{is_timed} {self.is_simple} {text}")
        entry = read_entry(key)
        found = None if entry is None else unpack(entry, known)
        if found is not None:
            return found, None
        outline, compiled = self.translation.written(is_timed)

        def compiled_and_kept() -> bytes:
            code = compiled()
            write_entry(key, pack(replace(outline, code=code), known))
            return code

        return outline, compiled_and_kept

    @cached_property
    def translation(self) -> LoweredProgram:
        """The program as loops, made when first asked for."""
        return self._translated(frozenset())

    def _translated(self, stages: frozenset[str]) -> LoweredProgram:
        # It loads LLVM, which takes longer than to find a program on the disk and to run it.
        from chainrule.compiler.pipeline import compile_to_loops

        return compile_to_loops(self.graph, self.is_simple, stages)


def _stages() -> frozenset[str]:
    """What the user wants to see; see `compile_to_loops`."""
    wanted = os.environ.get("CHAINRULE_DEBUG", "")
    stages = frozenset(wanted.replace(",", " ").split())
    if not STAGES.issuperset(stages):
        raise ArgumentError(
            f"CHAINRULE_DEBUG is {wanted!r}; it lists stages to show, of graph, loops, llvm and "
            "asm, or check, to verify the loops: CHAINRULE_DEBUG=graph,loops"
        )
    return stages
