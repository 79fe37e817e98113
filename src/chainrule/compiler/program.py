"""From a graph to a function that runs natively."""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np

from chainrule.compiler.backends.loading import load_code
from chainrule.compiler.backends.object_cache import program_key, read_entry, write_entry
from chainrule.compiler.backends.threads import run_program
from chainrule.compiler.binary import Binary, pack, unpack
from chainrule.compiler.graph_text import graph_text
from chainrule.compiler.spare import Spares
from chainrule.compiler.thread_count import get_num_threads
from chainrule.errors import ArgumentError, GraphError
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph

if TYPE_CHECKING:
    from chainrule.compiler.loops import Program
    from chainrule.compiler.translate import Translation

__all__ = ["NativeProgram", "compile_native"]

STAGES = frozenset(["graph", "loops", "llvm", "asm", "check"])
FLAG, FIRST_TURN, FIRST_ARRAY = 1, 2, 4
"""Where things stand in the block that a program is given; see `backends.llvm`."""
ALL_TURNS = (0, 2**62)
PLAIN = 0x101
"""NumPy's flags of an array in rows without gaps, at an address its kind of number allows."""
ENTRY = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
"""A program for one thread reads nothing but its first argument, and each costs time to pass."""


def compile_native(graph: Graph, is_simple: bool = True) -> NativeProgram:
    """Turn a graph into native code.

    Parameters
    ----------
    graph : Graph
        The program.
    is_simple : bool
        Whether it is to be compiled as it is, rather than simplified first.

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
    return NativeProgram(graph, is_simple=is_simple)


_locks: WeakSet[Any] = WeakSet()


def _free_locks() -> None:
    """Let go of the locks that another thread held while it forked: the child has no such thread.

    ``_at_fork_reinit`` is how the standard library's own modules do it.
    """
    for lock in list(_locks):
        getattr(lock, "_at_fork_reinit", lambda: None)()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_locks)


def _stages() -> frozenset[str]:
    """What the user wants to see; see `translate`."""
    wanted = os.environ.get("CHAINRULE_DEBUG", "")
    stages = frozenset(wanted.replace(",", " ").split())
    if not STAGES.issuperset(stages):
        raise ArgumentError(
            f"CHAINRULE_DEBUG is {wanted!r}; it lists stages to show, of graph, loops, llvm and "
            "asm, or check, to verify the loops: CHAINRULE_DEBUG=graph,loops"
        )
    return stages


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
    ) -> None:
        began = time.perf_counter()
        self._graph, self._is_simple = graph, is_simple
        binary, self.is_from_cache = self._binary(is_timed)
        self._library = load_code(binary.code, ("run",))
        self.is_shared, self.is_read = binary.is_shared, binary.is_read
        most = most_threads or get_num_threads()
        self._threads = min(most, get_num_threads()) if binary.is_shared else 1
        self._entry = self._library.address("run")
        self._launch = self._launch_shared if self.is_shared else ENTRY(self._entry)
        self._lock = threading.Lock()
        _locks.add(self._lock)
        self._kinds = [(np.dtype(node.dtype.type), node.shape) for node in graph.inputs]
        self._results = [(node.dtype, node.shape) for node in graph.outputs]
        self._spares = Spares(self._results)
        self._constants = binary.constants
        self._arena = np.empty(binary.arena + self._threads * binary.scratch + 64, np.uint8)
        self._end = FIRST_ARRAY + len(graph.inputs) + len(graph.outputs)
        self._clocks = binary.clocks
        self._block = (ctypes.c_int64 * (self._end + len(self._constants) + self._clocks))()
        self._block[0] = -(-self._arena.ctypes.data // 64) * 64
        for number, each in enumerate(self._constants, self._end):
            self._block[number] = id(each)
        self._address = ctypes.addressof(self._block)
        self.compile_seconds = time.perf_counter() - began

    def _binary(self, is_timed: bool) -> tuple[Binary, bool]:
        """Return the machine code, and whether it was found on the disk.

        It is looked for by the graph: then nothing is lowered, and LLVM need not even be loaded.
        """
        stages = _stages()
        if stages:
            self._translation = self._translated(stages)
        told = None if stages & {"llvm", "asm"} else graph_text(self._graph)
        if told is None:
            return self._translation.compiled(is_timed, stages), False
        text, known = told
        key = program_key(f"{is_timed} {self._is_simple} {text}")
        entry = read_entry(key)
        found = None if entry is None else unpack(entry, known)
        if found is not None:
            return found, True
        made = self._translation.compiled(is_timed)
        write_entry(key, pack(made, known))
        return made, False

    @cached_property
    def _translation(self) -> Translation:
        return self._translated(frozenset())

    def _translated(self, stages: frozenset[str]) -> Translation:
        # It loads LLVM, which takes longer than to find a program on the disk and to run it.
        from chainrule.compiler.translate import translate

        return translate(self._graph, self._is_simple, stages)

    @property
    def loops(self) -> Program:
        """What was compiled."""
        return self._translation.loops

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
        return NativeProgram(self._graph, is_timed=True, is_simple=self._is_simple)

    def __call__(
        self,
        inputs: Sequence[Any],
        turns: tuple[int, int] = ALL_TURNS,
        places: Sequence[Any] = (),
    ) -> list[Any]:
        """Run the program; threads that share it take turns, as they share its memory.

        Parameters
        ----------
        inputs : sequence of numpy.ndarray
            One for each input of the graph.
        turns : tuple of (int, int)
            The first turn of the outermost loops, and the one before which they end. What they
            collect is defined for these turns alone.
        places : sequence of numpy.ndarray
            Where the first outputs go: arrays of their very types, each alone in its memory.

        Returns
        -------
        list of numpy.ndarray
            One for each output: the places, then new ones.
        """
        return self.run(
            [
                each
                if type(each) is np.ndarray and each.dtype is dtype and each.shape == shape
                else _plain(each, dtype, shape)
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
        """Run the program, as a call does, on arrays whose types are known to be right.

        Parameters
        ----------
        arrays : sequence of numpy.ndarray
            One for each input of the graph, of its very type, laid out in any way.
        turns, places : tuple of (int, int), and sequence of numpy.ndarray
            As for a call.

        Returns
        -------
        list of numpy.ndarray
            One for each output: the places, then new ones.
        """
        plain = [
            each if each.flags.num & PLAIN == PLAIN else _plain(each, each.dtype, each.shape)
            for each in arrays
        ]
        results = self._spares.take(places)
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


def _is_plain(array: Any, dtype: Any, shape: tuple[int, ...]) -> bool:
    is_array = type(array) is np.ndarray and array.dtype is dtype
    return is_array and array.shape == shape and array.flags.num & PLAIN == PLAIN


def _plain(array: Any, dtype: Any, shape: tuple[int, ...]) -> Any:
    """The array in rows without gaps, of the very type that the program was made for."""
    made = np.require(np.asarray(array, dtype), requirements=["C", "A"]).view(np.ndarray)
    if made.shape != shape:
        raise GraphError(f"a program for an input of shape {shape} was given one of {made.shape}")
    return made
