"""From a graph to a function that runs natively."""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from weakref import WeakSet

import numpy as np

from chainrule.compiler import (
    index_map,
    lower_contraction,
    lower_fold,
    lower_loop,
    lower_position,
    lower_random,
    lower_reduction,
)
from chainrule.compiler.backends.llvm import Module, write_module
from chainrule.compiler.backends.object_cache import cached_object
from chainrule.compiler.backends.target import (
    Target,
    assembly_of,
    compile_module,
    host_target,
    load_object,
)
from chainrule.compiler.backends.threads import run_program
from chainrule.compiler.check import check_items, check_program
from chainrule.compiler.check_memory import check_plan
from chainrule.compiler.fuse import fuse
from chainrule.compiler.layout import choose_layout
from chainrule.compiler.listing import format_nests, format_program
from chainrule.compiler.loops import Program
from chainrule.compiler.lower import lower
from chainrule.compiler.memory import plan_memory
from chainrule.compiler.reorder import accesses
from chainrule.compiler.spare import Spares
from chainrule.compiler.thread_count import get_num_threads
from chainrule.errors import ArgumentError, GraphError
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph

__all__ = ["NativeProgram", "compile_native"]

_RULES = (
    index_map,
    lower_contraction,
    lower_fold,
    lower_loop,
    lower_position,
    lower_random,
    lower_reduction,
)
"""Imported for the rules they register."""

STAGES = frozenset(["graph", "loops", "llvm", "asm", "check"])
FLAG, FIRST_TURN, FIRST_ARRAY = 1, 2, 4
ALL_TURNS = (0, 2**62)
PLAIN = 0x101
"""NumPy's flags of an array in rows without gaps, at an address its kind of number allows."""
ENTRY = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
"""A program for one thread reads nothing but its first argument, and each costs time to pass."""


def compile_native(graph: Graph) -> NativeProgram:
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


_locks: WeakSet[Any] = WeakSet()


def _free_locks() -> None:
    """Let go of the locks that another thread held while it forked: the child has no such thread.

    ``_at_fork_reinit`` is how the standard library's own modules do it.
    """
    for lock in list(_locks):
        getattr(lock, "_at_fork_reinit", lambda: None)()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_locks)


def _is_shown(stage: str) -> bool:
    wanted = os.environ.get("CHAINRULE_DEBUG", "")
    stages = wanted.replace(",", " ").split()
    if not STAGES.issuperset(stages):
        raise ArgumentError(
            f"CHAINRULE_DEBUG is {wanted!r}; it lists stages to show, of graph, loops, llvm and "
            "asm, or check, to verify the loops: CHAINRULE_DEBUG=graph,loops"
        )
    return stage in stages


def _show(stage: str, text: Any) -> None:
    if _is_shown(stage):
        sys.stderr.write(f"--- {stage} ---\n{text}\n")


class NativeProgram:
    """A program in machine code and the memory it works in.

    Parameters
    ----------
    graph : Graph
        What it computes; evaluated by NumPy where native code finds a position outside of its
        array, for the error.
    is_timed : bool
        Whether it adds up how long its nests take; see `ticks`.
    most_threads : int or None
        On how many threads it runs at most, if that is to be limited.

    Attributes
    ----------
    loops : Program
        What was compiled.
    is_shared : bool
        Whether it is large enough to be shared among threads.
    is_from_cache : bool
        Whether its machine code was found on the disk.
    compile_seconds : float
        What it took to make, from the graph to a function that is ready.
    """

    def __init__(
        self, graph: Graph, is_timed: bool = False, most_threads: int | None = None
    ) -> None:
        began = time.perf_counter()
        _show("graph", graph)
        inputs, outputs, items = lower(graph)
        is_checked = _is_shown("check")
        if is_checked:
            check_items(items, outputs)
        layout = choose_layout(items)
        steps = fuse(items, layout)
        plan = plan_memory(steps)
        self.loops = Program(graph.name, tuple(inputs), tuple(outputs), steps)
        if is_checked:
            check_program(self.loops)
            check_plan(steps, plan)
        if _is_shown("loops"):  # a listing takes a tenth of what comes before it
            _show("loops", format_program(self.loops))
        target = host_target()
        module = write_module(self.loops, layout, plan, target, is_timed)
        sizes = module.arena, module.scratch, is_timed
        key = f"{_sources()}\n{sizes}\n{format_program(self.loops, layout)}"
        made: list[bytes] = []

        def compiled(_: str, target: Target) -> bytes:
            made.append(_compiled(module, target, self.loops))
            return made[0]

        is_shown = _is_shown("llvm") or _is_shown("asm")
        code = compiled("", target) if is_shown else cached_object(key, target, compiled)
        self.is_from_cache = not made
        self._library = load_object(code, ("run",))
        self.is_shared = module.is_shared
        most = most_threads or get_num_threads()
        self._threads = min(most, get_num_threads()) if module.is_shared else 1
        self._entry = self._library.address("run")
        self._launch = self._launch_shared if self.is_shared else ENTRY(self._entry)
        self._lock = threading.Lock()
        _locks.add(self._lock)
        self._graph = graph
        self._kinds = [(np.dtype(node.dtype.type), node.shape) for node in graph.inputs]
        self._results = [(node.dtype, node.shape) for node in graph.outputs]
        self._spares = Spares(self._results)
        self._constants = [np.ascontiguousarray(each.value) for each in module.constants]
        self._arena = np.empty(module.arena + self._threads * module.scratch + 64, np.uint8)
        self._end = FIRST_ARRAY + len(inputs) + len(outputs)
        self._clocks = module.clocks
        self._block = (ctypes.c_int64 * (self._end + len(self._constants) + self._clocks))()
        self._block[0] = -(-self._arena.ctypes.data // 64) * 64
        for number, each in enumerate(self._constants, self._end):
            self._block[number] = id(each)
        self._address = ctypes.addressof(self._block)
        self.compile_seconds = time.perf_counter() - began

    @property
    def arena_bytes(self) -> int:
        """Memory of its own: the arena, and what each thread copies operands into."""
        return self._arena.nbytes

    @property
    def threads(self) -> int:
        """How many threads it runs on now."""
        return min(get_num_threads(), self._threads)

    @property
    def ticks(self) -> list[int]:
        """For each nest and then for waiting, the time since it was made; empty if not timed."""
        return self._block[len(self._block) - self._clocks :]

    def timed(self) -> NativeProgram:
        """Return the same program with a stopwatch."""
        return NativeProgram(self._graph, is_timed=True)

    @cached_property
    def is_read(self) -> list[bool]:
        """For each input, whether its numbers count."""
        touched = {buffer.root for step in self.loops.steps for buffer, _, _ in accesses(step)}
        return [buffer in touched for buffer in self.loops.inputs]

    def __call__(self, inputs: Sequence[Any], turns: tuple[int, int] = ALL_TURNS) -> list[Any]:
        """Run the program; threads that share it take turns, as they share its memory.

        Parameters
        ----------
        inputs : sequence of numpy.ndarray
            One for each input of the graph.
        turns : tuple of (int, int)
            The first turn of the outermost loops, and the one before which they end. What they
            collect is defined for these turns alone.

        Returns
        -------
        list of numpy.ndarray
            One for each output, all of them new.
        """
        return self.run(
            [
                each
                if type(each) is np.ndarray and each.dtype is dtype and each.shape == shape
                else _plain(each, dtype, shape)
                for each, (dtype, shape) in zip(inputs, self._kinds, strict=True)
            ],
            turns,
        )

    def run(self, arrays: Sequence[Any], turns: tuple[int, int] = ALL_TURNS) -> list[Any]:
        """Run the program, as a call does, on arrays whose types are known to be right.

        Parameters
        ----------
        arrays : sequence of numpy.ndarray
            One for each input of the graph, of its very type, laid out in any way.
        turns : tuple of (int, int)
            As for a call.

        Returns
        -------
        list of numpy.ndarray
            One for each output, all of them new.
        """
        plain = [
            each if each.flags.num & PLAIN == PLAIN else _plain(each, each.dtype, each.shape)
            for each in arrays
        ]
        results = self._spares.take()
        block = self._block
        with self._lock:
            block[FIRST_TURN : self._end] = [*turns, *map(id, plain), *map(id, results)]
            self._launch(self._address)
            if not block[FLAG]:
                return results
            block[FLAG] = 0
        evaluate(self._graph, plain)
        raise IndexError("a position lies outside of its array")

    def bind(self, fixed: Sequence[Any]) -> Callable[[Any], Any]:
        """Return a program of one result as a function of its last input alone.

        It is called as often as a network is asked, so what can be is done beforehand.

        Parameters
        ----------
        fixed : sequence of numpy.ndarray
            The other inputs. What is written into them later counts.

        Returns
        -------
        callable
            From an array of the type of the last input, which is not checked, to the result.
        """
        *kinds, (dtype, shape) = self._kinds
        ((made, size),) = self._results
        if not all(_is_plain(each, *kind) for each, kind in zip(fixed, kinds, strict=True)):
            return lambda array: self([*fixed, array])[0]
        block = (ctypes.c_int64 * len(self._block))(*self._block)
        block[FIRST_TURN : FIRST_ARRAY + len(fixed)] = [*ALL_TURNS, *map(id, fixed)]
        place, address = FIRST_ARRAY + len(fixed), ctypes.addressof(block)
        empty, launch, lock = np.empty, self._launch, self._lock

        def call(array: Any) -> Any:
            if array.flags.num & PLAIN != PLAIN:
                array = _plain(array, dtype, shape)
            result = empty(size, made)
            with lock:
                block[place], block[place + 1] = id(array), id(result)
                launch(address)
                if not block[FLAG]:
                    return result
                block[FLAG] = 0
            return self([*fixed, array])[0]  # which raises

        return call

    def _launch_shared(self, address: int) -> None:
        run_program(self._entry, address, self.threads, is_limit=True)


def _compiled(written: Module, target: Target, loops: Program) -> bytes:
    text = written.write(format_nests(loops) if _is_shown("llvm") else None)
    _show("llvm", text)
    code = compile_module(text, target)
    if _is_shown("asm"):
        _show("asm", assembly_of(text, target))
    return code


@cache
def _sources() -> str:
    """A digest of the compiler itself: other sources, other code."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _is_plain(array: Any, dtype: Any, shape: tuple[int, ...]) -> bool:
    is_array = type(array) is np.ndarray and array.dtype is dtype
    return is_array and array.shape == shape and array.flags.num & PLAIN == PLAIN


def _plain(array: Any, dtype: Any, shape: tuple[int, ...]) -> Any:
    """The array in rows without gaps, of the very type that the program was made for."""
    made = np.require(np.asarray(array, dtype), requirements=["C", "A"]).view(np.ndarray)
    if made.shape != shape:
        raise GraphError(f"a program for an input of shape {shape} was given one of {made.shape}")
    return made
