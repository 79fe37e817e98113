"""From a graph to a function that runs natively."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.compiler.backends.calling_convention import (
    ALIGNMENT,
    ARENA,
    FIRST_ARRAY,
    FIRST_ITERATION,
    OUT_OF_BOUNDS,
)
from chainrule.compiler.graph_compiler import GraphCompiler
from chainrule.compiler.runtime.background import BackgroundTask
from chainrule.compiler.runtime.code_loader import load_code
from chainrule.compiler.runtime.contiguous import PLAIN, contiguous_array, is_plain
from chainrule.compiler.runtime.fork_lock import fork_lock
from chainrule.compiler.runtime.result_pool import ResultPool
from chainrule.compiler.runtime.thread_count import get_num_threads
from chainrule.compiler.runtime.thread_pool import allowed_threads, prepare_threads, run_program
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph

if TYPE_CHECKING:
    from chainrule.compiler.loop_ir.loops import Program

__all__ = ["NativeProgram", "compile_native"]

ALL_TURNS = (0, 2**62)
ENTRY = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
"""A program for one thread reads nothing but its first argument, and each costs time to pass."""


def compile_native(graph: Graph, is_simple: bool = True, is_awaited: bool = True) -> NativeProgram:
    """Turn a graph into native code."""
    return NativeProgram(graph, is_simple=is_simple, is_awaited=is_awaited)


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
    is_simple : bool
        Whether the graph is compiled as it is, rather than simplified first.
    is_awaited : bool
        Whether its machine code is made at once, rather than by a thread until its first call.

    Attributes
    ----------
    is_shared : bool
        Whether it is large enough to be shared among threads.
    is_read : tuple of bool
        For each input, whether its numbers count.
    is_from_cache : bool
        Whether its machine code was found on the disk.
    compile_seconds : float
        What it took to make, from the graph to a function that is ready.
    """

    def __init__(
        self,
        graph: Graph,
        is_timed: bool = False,
        most_threads: int | None = None,
        is_simple: bool = True,
        is_awaited: bool = True,
    ) -> None:
        self._began, self.compile_seconds = time.perf_counter(), 0.0
        self._graph, self._making = graph, GraphCompiler(graph, is_simple)
        binary, compiled = self._making.binary(is_timed)
        self.is_from_cache = compiled is None
        self.is_shared, self.is_read = binary.is_shared, binary.is_read
        most = most_threads or get_num_threads()
        self._threads = min(most, get_num_threads()) if binary.is_shared else 1
        self._lock = fork_lock()
        self._kinds = [(np.dtype(node.dtype.type), node.shape) for node in graph.inputs]
        self._results = [(node.dtype, node.shape) for node in graph.outputs]
        self._spares = ResultPool(self._results)
        self._constants = binary.constants
        self._arena = np.empty(binary.arena + self._threads * binary.scratch + ALIGNMENT, np.uint8)
        self._end = FIRST_ARRAY + len(graph.inputs) + len(graph.outputs)
        self._clocks = binary.clocks
        self._block = (ctypes.c_int64 * (self._end + len(self._constants) + self._clocks))()
        self._block[ARENA] = -(-self._arena.ctypes.data // ALIGNMENT) * ALIGNMENT
        for number, each in enumerate(self._constants, self._end):
            self._block[number] = id(each)
        self._address = ctypes.addressof(self._block)
        self._launch: Callable[[int], None] = self._launch_first
        self._code = BackgroundTask(compiled) if compiled and not is_awaited else None
        if self._code is None:
            self._load(compiled() if compiled else binary.code)
        elif self.is_shared:
            prepare_threads()

    def _load(self, code: bytes) -> None:
        self._library = load_code(code, ("run",))
        self._entry = self._library.address("run")
        self._launch = self._launch_shared if self.is_shared else ENTRY(self._entry)
        self.compile_seconds = time.perf_counter() - self._began

    def _wait(self) -> None:
        """Wait for the machine code, if a thread is still making it."""
        code, self._code = self._code, None
        if code is not None:
            try:
                self._load(code.result())
            except BaseException:  # an interrupt, say: the next call waits again
                self._code = code
                raise

    def _launch_first(self, address: int) -> None:
        self._wait()
        self._launch(address)

    @property
    def loops(self) -> Program:
        """What was compiled."""
        return self._making.translation.loops

    @property
    def arena_bytes(self) -> int:
        """Memory of its own: the arena, and what each thread copies operands into."""
        return self._arena.nbytes

    @property
    def threads(self) -> int:
        """How many threads it runs on where it has the cores for itself."""
        return min(get_num_threads(), self._threads)

    @property
    def threads_now(self) -> int:
        """On how many it would run at this moment: fewer while other processes hold cores."""
        return allowed_threads(self.threads) if self.is_shared else 1

    @property
    def ticks(self) -> list[int]:
        """For each nest and then for waiting, the time since it was made; empty if not timed."""
        return self._block[len(self._block) - self._clocks :]

    def timed(self) -> NativeProgram:
        """Return the same program with a stopwatch."""
        return NativeProgram(self._graph, is_timed=True, is_simple=self._making.is_simple)

    def __call__(
        self,
        inputs: Sequence[Any],
        turns: tuple[int, int] = ALL_TURNS,
        places: Sequence[Any] = (),
    ) -> list[Any]:
        """Run the program; threads that share it take turns, as they share its memory."""
        return self.run(
            [
                each
                if type(each) is np.ndarray and each.dtype is dtype and each.shape == shape
                else contiguous_array(each, dtype, shape)
                for each, (dtype, shape) in zip(inputs, self._kinds, strict=True)
            ],
            turns,
            places,
        )

    def run(
        self,
        arrays: Sequence[Any],
        turns: tuple[int, int] = ALL_TURNS,
        places: Sequence[Any] = (),
    ) -> list[Any]:
        """Run the program, as a call does, on arrays whose types are known to be right."""
        plain = [
            each
            if each.flags.num & PLAIN == PLAIN
            else contiguous_array(each, each.dtype, each.shape)
            for each in arrays
        ]
        results = self._spares.take(places)
        block = self._block
        with self._lock:
            block[FIRST_ITERATION : self._end] = [*turns, *map(id, plain), *map(id, results)]
            self._launch(self._address)
            if not block[OUT_OF_BOUNDS]:
                return results
            block[OUT_OF_BOUNDS] = 0
        evaluate(self._graph, plain)
        raise IndexError("a position lies outside of its array")

    def bind(self, fixed: Sequence[Any]) -> Callable[[Any], Any]:
        """Return a program of one result as a function of its last input alone.

        It is called as often as a network is asked, so what can be is done beforehand.
        """
        self._wait()
        *kinds, (dtype, shape) = self._kinds
        ((made, size),) = self._results
        if not all(is_plain(each, *kind) for each, kind in zip(fixed, kinds, strict=True)):
            return lambda array: self([*fixed, array])[0]
        block = (ctypes.c_int64 * len(self._block))(*self._block)
        block[FIRST_ITERATION : FIRST_ARRAY + len(fixed)] = [*ALL_TURNS, *map(id, fixed)]
        place, address = FIRST_ARRAY + len(fixed), ctypes.addressof(block)
        empty, launch, lock = np.empty, self._launch, self._lock

        def call(array: Any) -> Any:
            if array.flags.num & PLAIN != PLAIN:
                array = contiguous_array(array, dtype, shape)
            result = empty(size, made)
            with lock:
                block[place], block[place + 1] = id(array), id(result)
                launch(address)
                if not block[OUT_OF_BOUNDS]:
                    return result
                block[OUT_OF_BOUNDS] = 0
            return self([*fixed, array])[0]  # which raises

        return call

    def _launch_shared(self, address: int) -> None:
        run_program(self._entry, address, self.threads, is_limit=True)
