"""From a graph to a function that runs natively."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.compiler import index_map, lower_loop, lower_random, lower_reduction
from chainrule.compiler.fuse import fuse
from chainrule.compiler.layout import choose_layout
from chainrule.compiler.listing import format_program
from chainrule.compiler.loops import Program
from chainrule.compiler.lower import lower
from chainrule.compiler.memory import plan_memory
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph

__all__ = ["NativeProgram", "compile_native"]

_RULES = (index_map, lower_loop, lower_random, lower_reduction)
"""Imported for the rules they register."""

FIRST_POINTER = 3
EVERY_TURN = 2**62
ENTRY = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p
)


def thread_count() -> int:
    """Return how many threads a large program uses: CHAINRULE_NUM_THREADS, or all cores up to 8."""
    wanted = os.environ.get("CHAINRULE_NUM_THREADS", "")
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    from chainrule.compiler.backends.threads import available_cores

    return min(available_cores(), 8)


def compile_native(graph: Graph) -> Callable[[Sequence[Any]], list[Any]]:
    """Turn a graph into native code.

    Parameters
    ----------
    graph : Graph
        The program, simplified.

    Returns
    -------
    callable
        Takes one array for each input, of its type, and returns one for each output, all of them
        new.

    Raises
    ------
    CannotCompile
        If the program uses what this backend cannot do.
    """
    return NativeProgram(graph)


def _show(stage: str, text: Any) -> None:
    if stage in os.environ.get("CHAINRULE_DEBUG", "").split(","):
        print(f"--- {stage} ---\n{text}", file=sys.stderr)


class NativeProgram:
    """A program in machine code and the memory it works in.

    Parameters
    ----------
    graph : Graph
        What it computes; evaluated by NumPy where native code finds a position outside of its
        array, for the error.
    """

    def __init__(self, graph: Graph) -> None:
        from chainrule.compiler.backends.llvm import write_module
        from chainrule.compiler.backends.target import compile_module, host_target, load_object

        from chainrule.compiler.backends.threads import run_program

        self._share = run_program
        _show("graph", graph)
        inputs, outputs, items = lower(graph)
        layout = choose_layout(items)
        steps = fuse(items, layout)
        plan = plan_memory(steps)
        self.loops = Program(graph.name, tuple(inputs), tuple(outputs), steps)
        _show("loops", format_program(self.loops))
        target = host_target()
        module = write_module(self.loops, layout, plan, target)
        _show("llvm", module.text)
        code = compile_module(module.text, target)
        self._library = load_object(code, ("run",))
        self._is_shared = module.is_shared
        self._threads = thread_count() if module.is_shared else 1
        self._entry = self._library.address("run")
        self._run = ENTRY(self._entry)
        self._graph = graph
        self._kinds = [(node.dtype, node.shape) for node in graph.inputs]
        self._results = [(node.shape, node.dtype) for node in graph.outputs]
        self._constants = [np.ascontiguousarray(each.value) for each in module.constants]
        self._arena = np.empty(module.arena + self._threads * module.scratch + 64, np.uint8)
        count = FIRST_POINTER + len(inputs) + len(outputs) + len(self._constants)
        self._block = (ctypes.c_int64 * count)()
        self._block[0] = -(-self._arena.ctypes.data // 64) * 64
        for number, each in enumerate(self._constants, count - len(self._constants)):
            self._block[number] = each.ctypes.data
        self._address = ctypes.addressof(self._block)

    def __call__(self, inputs: Sequence[Any], turns: int = EVERY_TURN) -> list[Any]:
        """Run; with `turns`, the outermost loops make at most so many.

        What a loop collects is then filled so far only, and no more rows of its sequences are read,
        so these may be shorter than the graph says.
        """
        block, number = self._block, FIRST_POINTER
        held: list[Any] = []
        for each, (dtype, shape) in zip(inputs, self._kinds, strict=True):
            if type(each) is not np.ndarray or each.dtype != dtype or not each.flags.c_contiguous:
                each = np.ascontiguousarray(each, dtype).reshape(shape)
            held.append(each)
            block[number] = each.__array_interface__["data"][0]
            number += 1
        results: list[Any] = []
        for shape, dtype in self._results:
            made = np.empty(shape, dtype)
            results.append(made)
            block[number] = made.__array_interface__["data"][0]
            number += 1
        block[1], block[2] = 0, turns
        if not self._is_shared:
            self._run(self._address, 0, 1, None)
        else:
            self._share(self._entry, self._address, self._threads)
        if block[1]:
            evaluate(self._graph, held)
            raise IndexError("a position lies outside of its array")
        return results
