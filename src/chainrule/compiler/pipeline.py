"""The pipeline: the stages from a graph to machine code, one call a line.

::

    graph -> simplify -> lower -> update_in_place -> assign_layout -> fuse -> promote_to_registers
          -> mark_batch_parallel -> fuse_over_batch -> fuse_over_rows -> plan_memory
          -> code generation

``CHAINRULE_DEBUG`` lists the stages to print on the standard error stream, and whether to verify::

    graph    the simplified graph            llvm   LLVM IR, with the loops as comments
    loops    the loops                       asm    assembly
    check    prints nothing: verifies the loops after each pass, and the memory plan
    traceback, 1   prints nothing: errors keep the frames of this library
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from chainrule.compiler.backends.llvm.codegen import emit_module
from chainrule.compiler.backends.llvm.object_code import assembly_of, compile_module
from chainrule.compiler.backends.llvm.target import host_target
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Program, Step
from chainrule.compiler.loop_ir.printer import format_nests, format_program
from chainrule.compiler.loop_passes.batch_fusion import fuse_over_batch
from chainrule.compiler.loop_passes.batch_parallel import mark_batch_parallel
from chainrule.compiler.loop_passes.fusion import fuse
from chainrule.compiler.loop_passes.layout_assignment import assign_layout
from chainrule.compiler.loop_passes.memory_plan import MemoryPlan, plan_memory
from chainrule.compiler.loop_passes.register_promotion import promote_to_registers
from chainrule.compiler.loop_passes.row_fusion import fuse_over_rows
from chainrule.compiler.lowering.donation import update_in_place
from chainrule.compiler.lowering.lower import lower
from chainrule.compiler.runtime.executable import Executable
from chainrule.compiler.verify.memory_rules import verify_memory_plan
from chainrule.compiler.verify.verifier import verify_items, verify_program
from chainrule.graph.graph import Graph

__all__ = ["LoweredProgram", "compile_to_loops"]


@dataclass(frozen=True)
class LoweredProgram:
    """The input of code generation: loops, the strides of their buffers, and the memory plan."""

    loops: Program
    layout: Layout
    plan: MemoryPlan

    def generate(
        self, is_timed: bool, stages: frozenset[str] = frozenset()
    ) -> tuple[Executable, Callable[[], bytes]]:
        """Generate LLVM IR; return the executable without machine code, and what compiles it."""
        target = host_target()
        module = emit_module(self.loops, self.layout, self.plan, target, is_timed)
        text = module.emit(format_nests(self.loops) if "llvm" in stages else None)
        _show(stages, "llvm", text)
        if "asm" in stages:
            _show(stages, "asm", assembly_of(text, target))
        touched = {buffer.root for step in self.loops.steps for buffer, _, _ in accesses(step)}
        executable = Executable(
            b"",
            tuple(np.ascontiguousarray(each.value) for each in module.constants),
            module.arena,
            module.scratch,
            module.is_multithreaded,
            module.cycle_counters,
            tuple(buffer in touched for buffer in self.loops.inputs),
            module.routines,
        )
        return executable, partial(compile_module, text, target)


def compile_to_loops(graph: Graph, stages: frozenset[str] = frozenset()) -> LoweredProgram:
    """Run all stages before code generation."""
    graph = simplify(graph)
    _show(stages, "graph", graph)
    inputs, outputs, items = lower(graph)
    items, in_place = update_in_place(items, inputs, outputs, graph.donated)
    if "check" in stages:
        verify_items(items, outputs, in_place, "lower")
    program = Program(graph.name, tuple(inputs), tuple(outputs), (), in_place)

    def verified(steps: tuple[Step, ...], stage: str) -> tuple[Step, ...]:
        if "check" in stages:
            verify_program(replace(program, steps=steps), stage)
        return steps

    layout = assign_layout(items)
    steps = verified(fuse(items, layout), "fuse")
    steps = verified(promote_to_registers(steps, layout), "promote_to_registers")
    steps = verified(mark_batch_parallel(steps), "mark_batch_parallel")
    steps = verified(fuse_over_batch(steps, layout), "fuse_over_batch")
    steps = verified(fuse_over_rows(steps, layout), "fuse_over_rows")
    plan = plan_memory(steps)
    if "check" in stages:
        verify_memory_plan(steps, plan)
    loops = replace(program, steps=steps)
    if "loops" in stages:  # printing takes a tenth of the time of all stages before it
        _show(stages, "loops", format_program(loops))
    return LoweredProgram(loops, layout, plan)


def _show(stages: frozenset[str], stage: str, text: Any) -> None:
    if stage in stages:
        sys.stderr.write(f"--- {stage} ---\n{text}\n")
