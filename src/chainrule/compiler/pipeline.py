"""From a graph to machine code, stage by stage, with a look at each if that is wanted.

``CHAINRULE_DEBUG`` lists the stages to show, on the standard error stream::

    graph    the program, simplified         llvm   in LLVM's words, the loops above each nest
    loops    its loops                       asm    in the processor's
    check    shows nothing: verifies what the grammar of loops promises
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from chainrule.compiler.backends.llvm.codegen import write_module
from chainrule.compiler.backends.llvm.object_code import assembly_of, compile_module
from chainrule.compiler.backends.llvm.target import host_target
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Program
from chainrule.compiler.loop_ir.printer import format_nests, format_program
from chainrule.compiler.loop_passes.fusion import fuse
from chainrule.compiler.loop_passes.layout_assignment import choose_layout
from chainrule.compiler.loop_passes.memory_plan import Plan, plan_memory
from chainrule.compiler.lowering.lower import lower
from chainrule.compiler.runtime.executable import Executable
from chainrule.compiler.verify.memory_rules import check_plan
from chainrule.compiler.verify.verifier import check_items, check_program
from chainrule.graph.graph import Graph

__all__ = ["LoweredProgram", "compile_to_loops"]


@dataclass(frozen=True)
class LoweredProgram:
    """A program as loops.

    Parameters
    ----------
    loops : Program
        The loops.
    layout : Layout
        How their buffers lie in memory.
    plan : Plan
        Where those of the arena lie.
    """

    loops: Program
    layout: Layout
    plan: Plan

    def written(
        self, is_timed: bool, stages: frozenset[str] = frozenset()
    ) -> tuple[Executable, Callable[[], bytes]]:
        """Write it in LLVM's words."""
        target = host_target()
        module = write_module(self.loops, self.layout, self.plan, target, is_timed)
        text = module.write(format_nests(self.loops) if "llvm" in stages else None)
        _show(stages, "llvm", text)
        if "asm" in stages:
            _show(stages, "asm", assembly_of(text, target))
        touched = {buffer.root for step in self.loops.steps for buffer, _, _ in accesses(step)}
        outline = Executable(
            b"",
            tuple(np.ascontiguousarray(each.value) for each in module.constants),
            module.arena,
            module.scratch,
            module.is_shared,
            module.clocks,
            tuple(buffer in touched for buffer in self.loops.inputs),
        )
        return outline, partial(compile_module, text, target)


def compile_to_loops(
    graph: Graph, is_simple: bool, stages: frozenset[str] = frozenset()
) -> LoweredProgram:
    """Turn a graph into loops."""
    graph = graph if is_simple else simplify(graph)
    _show(stages, "graph", graph)
    inputs, outputs, items = lower(graph)
    if "check" in stages:
        check_items(items, outputs)
    layout = choose_layout(items)
    steps = fuse(items, layout)
    plan = plan_memory(steps)
    loops = Program(graph.name, tuple(inputs), tuple(outputs), steps)
    if "check" in stages:
        check_program(loops)
        check_plan(steps, plan)
    if "loops" in stages:  # a listing takes a tenth of what comes before it
        _show(stages, "loops", format_program(loops))
    return LoweredProgram(loops, layout, plan)


def _show(stages: frozenset[str], stage: str, text: Any) -> None:
    if stage in stages:
        sys.stderr.write(f"--- {stage} ---\n{text}\n")
