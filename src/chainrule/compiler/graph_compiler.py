"""Graph compiler: look a graph's executable up in the object cache, or else compile it.

The key is computed from the graph itself. On a hit nothing is simplified or lowered, and LLVM is
not even imported. Programs that were verified have entries of their own, so that under
``CHAINRULE_DEBUG=check`` each program is verified once.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from chainrule.compiler.backends.llvm_library import load_llvm
from chainrule.compiler.cache.graph_key import graph_text
from chainrule.compiler.cache.object_cache import program_key, read_entry, write_entry
from chainrule.compiler.routine import LAPACK_PRIMITIVES, has_lapack
from chainrule.compiler.runtime.executable import Executable, pack, unpack
from chainrule.errors import ArgumentError
from chainrule.graph.graph import Graph
from chainrule.locks import cached_property

if TYPE_CHECKING:
    from chainrule.compiler.pipeline import LoweredProgram

__all__ = ["GraphCompiler"]

STAGES = frozenset(["graph", "loops", "llvm", "asm", "check"])


class GraphCompiler:
    """Compiles one graph, with or without cycle counters."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def compile(self, is_timed: bool) -> tuple[Executable, Callable[[], bytes] | None]:
        """Return the executable and, if it was not cached, the function that generates its code.

        That function runs LLVM, without the interpreter's lock, and writes the cache entry.
        """
        stages = _debug_stages()
        if stages - {"check"}:
            vars(self)["lowered"] = self._lower(stages)
        cacheable = None if stages & {"llvm", "asm"} else graph_text(self.graph)
        if cacheable is None:
            return self.lowered.generate(is_timed, stages)
        text, constants = cacheable
        # Programs with and without calls of LAPACK are not exchangeable.
        calls_lapack = any(f"={name}(" in text for name in LAPACK_PRIMITIVES) and has_lapack()
        kind = f"{' lapack' if calls_lapack else ''}{' verified' if 'check' in stages else ''}"
        key = program_key(f"{is_timed} {text}{kind}")
        entry = read_entry(key)
        cached = None if entry is None else unpack(entry, constants, len(self.graph.inputs))
        if cached is not None:
            return cached, None
        executable, generate = self.lowered.generate(is_timed)

        def generate_and_cache() -> bytes:
            code = generate()
            write_entry(key, pack(replace(executable, code=code), constants))
            return code

        return executable, generate_and_cache

    @cached_property
    def lowered(self) -> LoweredProgram:
        """The program as loops, lowered on first use, and then verified if that is asked for."""
        return self._lower(_debug_stages() & {"check"})

    def _lower(self, stages: frozenset[str]) -> LoweredProgram:
        load_llvm()
        from chainrule.compiler.pipeline import compile_to_loops

        return compile_to_loops(self.graph, stages)


def _debug_stages() -> frozenset[str]:
    """The stages to print, from ``CHAINRULE_DEBUG``; see `pipeline`."""
    setting = os.environ.get("CHAINRULE_DEBUG", "")
    # "traceback" and a bare 1 ask for the frames of this library, see `tracebacks`.
    stages = frozenset(setting.replace(",", " ").split()) - {"traceback", "1"}
    if not STAGES.issuperset(stages):
        raise ArgumentError(
            f"CHAINRULE_DEBUG is {setting!r}; it lists stages to show, of graph, loops, llvm and "
            "asm, or check, to verify the loops, or traceback: CHAINRULE_DEBUG=graph,loops"
        )
    return stages
