"""Native program: a compiled graph as a function from arrays to arrays."""

from __future__ import annotations

import ctypes
import time
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.compiler.backends.calling_convention import (
    FAILED_ROUTINE,
    FAILURE,
    FIRST_ARRAY,
    FIRST_ITERATION,
    INTERRUPTED,
)
from chainrule.compiler.graph_compiler import GraphCompiler
from chainrule.compiler.runtime.contiguous import CONTIGUOUS, contiguous_array, is_contiguous
from chainrule.compiler.runtime.launcher import Launcher, MachineCode
from chainrule.compiler.runtime.program_memory import ProgramMemory
from chainrule.compiler.runtime.result_pool import ResultPool
from chainrule.compiler.runtime.routines import Routines
from chainrule.compiler.runtime.signals import raise_handler_error
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.locks import cached_property

if TYPE_CHECKING:
    from chainrule.compiler.loop_ir.loops import Program

__all__ = ["NativeProgram", "ProgramCode"]

ALL_ITERATIONS = (0, 2**62)


class ProgramCode:
    """Compile a graph, unless it is cached: what the copies of a program share.

    With `is_timed` the code counts the cycles of each nest.
    """

    def __init__(self, graph: Graph, is_timed: bool = False) -> None:
        began = time.perf_counter()
        self.graph, self.compiler = graph, GraphCompiler(graph)
        executable, generate = self.compiler.compile(is_timed)
        self.executable, self.is_from_cache = executable, generate is None
        self.machine_code = MachineCode(generate or (lambda: executable.code), began)
        self.input_types = [(np.dtype(node.dtype.type), node.shape) for node in graph.inputs]
        self.output_types = [(node.dtype, node.shape) for node in graph.outputs]


class NativeProgram:
    """Compile a graph, unless it is cached, and allocate the memory it works in.

    With `is_timed` the code counts the cycles of each nest. With `in_background` machine code is
    generated in another thread, for which the first call waits.
    """

    def __init__(
        self,
        graph: Graph,
        is_timed: bool = False,
        max_threads: int | None = None,
        in_background: bool = False,
    ) -> None:
        self._prepare(ProgramCode(graph, is_timed), max_threads, in_background)

    @classmethod
    def of(cls, code: ProgramCode, graph: Callable[[], Graph]) -> NativeProgram:
        """Return a program of code that is there, with memory of its own.

        `graph` returns its graph, which may have other names than that of the code.
        """
        program = cls.__new__(cls)
        program._prepare(code, None, in_background=True)
        program._make_graph, program.is_from_cache = graph, True
        del vars(program)["_compiler"]
        return program

    def _prepare(self, code: ProgramCode, max_threads: int | None, in_background: bool) -> None:
        self.code, executable = code, code.executable
        self._make_graph: Callable[[], Graph] = lambda: code.graph
        vars(self)["_compiler"], self._code = code.compiler, code.machine_code
        self.is_from_cache = code.is_from_cache
        self.is_multithreaded = executable.is_multithreaded
        self.is_read = executable.is_read  # for each input, whether its values are read
        self._donated = code.graph.donated
        self._routines = Routines(executable.routines) if executable.routines else None
        blas, addresses = None, ()
        if self._routines is not None:
            blas, addresses = self._routines.threads, self._routines.addresses
        self._launcher = Launcher(self._code, self.is_multithreaded, max_threads, blas)
        self._input_types, self._output_types = code.input_types, code.output_types
        arrays = len(self._input_types) + len(self._output_types)
        self._memory = ProgramMemory(executable, arrays, self._launcher.max_threads, addresses)
        self._result_pool = ResultPool(self._output_types)
        if not in_background or self.is_from_cache:
            self._launcher.load()
        else:
            self._launcher.prepare_in_background()

    @cached_property
    def _graph(self) -> Graph:
        return self._make_graph()

    @cached_property
    def _compiler(self) -> GraphCompiler:
        return GraphCompiler(self._graph)

    @property
    def graph(self) -> Graph:
        """The graph that was compiled."""
        return self._graph

    @property
    def loops(self) -> Program:
        """The program as loops."""
        return self._compiler.lowered.loops

    @property
    def arena_bytes(self) -> int:
        """Size of the arena and of the scratch memory of all threads."""
        return self._memory.arena.nbytes

    @property
    def compile_seconds(self) -> float:
        """Time from the graph to loaded code; 0 until then."""
        return self._code.seconds

    @property
    def threads(self) -> int:
        """How many threads it runs on, unless cores are oversubscribed."""
        return self._launcher.threads

    @property
    def threads_now(self) -> int:
        """How many threads it would run on at this moment."""
        return self._launcher.threads_now

    @property
    def cycle_counts(self) -> list[int]:
        """For each nest, then for the barrier, cycles in all calls so far; empty if not timed."""
        return self._memory.cycle_counts

    def load(self) -> None:
        """Load the machine code, waiting until it has been generated."""
        with self._launcher.lock:
            self._launcher.load()

    def timed(self) -> NativeProgram:
        """Return the same program with cycle counters."""
        return NativeProgram(self._graph, is_timed=True)

    def __call__(
        self,
        inputs: Sequence[Any],
        iterations: tuple[int, int] = ALL_ITERATIONS,
        destinations: Sequence[Any] = (),
    ) -> list[Any]:
        """Run the program on inputs of any layout, converted where necessary.

        `iterations` are the first and the end of its outermost loop, if it is one loop.
        `destinations` are arrays for its first results; one may be the donated input in its place,
        which is then updated in place. Calls from several threads run one after the other.
        """
        return self.run(
            [
                each
                if type(each) is np.ndarray and each.dtype is dtype and each.shape == shape
                else contiguous_array(each, dtype, shape)
                for each, (dtype, shape) in zip(inputs, self._input_types, strict=True)
            ],
            iterations,
            destinations,
        )

    def run(
        self,
        arrays: Sequence[Any],
        iterations: tuple[int, int] = ALL_ITERATIONS,
        destinations: Sequence[Any] = (),
    ) -> list[Any]:
        """Run the program, as a call does, on arrays of the right types."""
        inputs = [
            each
            if each.flags.num & CONTIGUOUS == CONTIGUOUS
            else contiguous_array(each, each.dtype, each.shape)
            for each in arrays
        ]
        results = self._result_pool.take(destinations)
        if self._donated:
            self._start_in_place(inputs, results)
        launcher, memory = self._launcher, self._memory
        block = memory.block
        with launcher.lock:
            # An error that was raised as the latest run ended may have left its failure there.
            block[FAILURE : memory.first_constant] = [
                0,
                *iterations,
                *map(id, inputs),
                *map(id, results),
            ]
            launcher.launch(memory.address)
            failure = block[FAILURE]
            if not failure:
                return results
            block[FAILURE] = 0
            if failure >= INTERRUPTED:
                raise_handler_error(block)
            if self._routines is not None and failure >= FAILED_ROUTINE:
                raise self._routines.error(failure)
        evaluate(self._graph, inputs)  # raises what NumPy raises
        raise IndexError("an index is out of bounds")

    def _start_in_place(self, inputs: list[Any], results: Sequence[Any]) -> None:
        """Store donated inputs in the memory of their results; copy one that is read after that."""
        for number in range(self._donated):
            value, result = inputs[number], results[number]
            if not self.is_read[number]:
                if value is not result:
                    np.copyto(result, value)
            elif value is result:
                inputs[number] = value.copy()

    def bind(self, fixed: Sequence[Any]) -> Callable[[Any], Any]:
        """Return a program of one result as a function of its last input alone.

        Checks and look-ups of the other inputs are done once, here, rather than in each call.
        """
        *fixed_types, (dtype, shape) = self._input_types
        ((output_dtype, output_shape),) = self._output_types
        if not all(is_contiguous(x, *t) for x, t in zip(fixed, fixed_types, strict=True)):
            return lambda array: self([*fixed, array])[0]
        lock = self._launcher.lock
        self.load()
        launch, empty = self._launcher.launch, np.empty
        block, slot = self._memory.copy_block(), FIRST_ARRAY + len(fixed)
        block[FIRST_ITERATION:slot] = [*ALL_ITERATIONS, *map(id, fixed)]
        address = ctypes.addressof(block)
        # NumPy refuses to resize an array with weak references, which would free memory in use.
        references = [weakref.ref(each) for each in fixed]

        def call(array: Any, _: Any = references) -> Any:
            if array.flags.num & CONTIGUOUS != CONTIGUOUS:
                array = contiguous_array(array, dtype, shape)
            result = empty(output_shape, output_dtype)
            with lock:
                block[slot], block[slot + 1] = id(array), id(result)
                launch(address)
                failure = block[FAILURE]
                if not failure:
                    return result
                block[FAILURE] = 0
                if failure >= INTERRUPTED:
                    raise_handler_error(block)
            return self([*fixed, array])[0]  # raises

        return call
