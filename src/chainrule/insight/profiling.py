"""Profile of a program's nests, and the machine's peak for a roofline model.

The roofline bound of a nest is max(FLOPs / peak FLOP rate, bytes / memory bandwidth) (Williams,
Waterman & Patterson 2009).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from chainrule.autodiff.control_flow.scan import scan
from chainrule.compiler.native_program import NativeProgram
from chainrule.graph.trace import trace

__all__ = [
    "BRIEF",
    "THOROUGH",
    "Effort",
    "MachinePeak",
    "Profile",
    "measure_peak",
    "profile",
    "time_step",
]

MIN_BYTES = 2**14
"""Of the array that measures the memory bandwidth."""


@dataclass(frozen=True)
class Effort:
    """How long is measured."""

    # Duration of a measured call, long enough that its overhead does not count.
    seconds: float
    # Of each call; the shortest counts.
    repetitions: int
    # Rows and columns of the matrix product that measures the peak FLOP rate.
    matrix_size: int
    # What the measurement of the bandwidth moves at least.
    moved_bytes: int
    # Of the array that measures the bandwidth, in bytes.
    largest: int


THOROUGH = Effort(0.1, 5, 1024, 2**29, 2**27)
BRIEF = Effort(0.01, 3, 512, 2**25, 2**26)
"""Some hundredths of a second in all; the first call after another process may be slow."""


@dataclass(frozen=True)
class Profile:
    """Measured times in seconds, of the first thread."""

    # One iteration of the outermost loop.
    iteration: float
    # Each nest: in one iteration, or in a call for a nest outside of the loop.
    nests: tuple[float, ...]
    # Waiting at barriers in one iteration.
    barrier: float


@dataclass(frozen=True)
class MachinePeak:
    """The roofline of this machine.

    Parameters
    ----------
    flops : float
        Peak FLOP/s: that of a product of large square matrices on one thread, times the threads.
    bytes : float
        Bandwidth in bytes/s, read and written: that of an in-place update of an array as large as
        the memory which the program accesses.
    """

    flops: float
    bytes: float


def profile(
    program: NativeProgram, inputs: Sequence[Any], capacity: int, is_repeated: Sequence[bool]
) -> Profile:
    """Profile a program whose outermost loop has a trip count of up to `capacity`.

    The whole is timed without instrumentation; a copy instrumented with cycle counters divides that
    time among the nests. Both are the best of some repetitions.
    """
    iteration, iterations = _timed(program, inputs, capacity, THOROUGH)
    timed = program.timed()
    timed(inputs, (0, iterations))
    *nests, barrier = min(
        (_cycles(timed, inputs, iterations) for _ in range(THOROUGH.repetitions)), key=sum
    )
    repeated = barrier + sum(c for c, inside in zip(nests, is_repeated, strict=True) if inside)
    cycle = iteration * iterations / max(repeated, 1)
    counts = [iterations if inside else 1 for inside in is_repeated]
    seconds = tuple(cycle * c / n for c, n in zip(nests, counts, strict=True))
    return Profile(iteration, seconds, cycle * barrier / iterations)


def time_step(program: NativeProgram, inputs: Sequence[Any], capacity: int) -> float:
    """Measure the time of an iteration of the outermost loop, briefly."""
    return _timed(program, inputs, capacity, BRIEF)[0]


def _timed(
    program: NativeProgram, inputs: Sequence[Any], capacity: int, effort: Effort
) -> tuple[float, int]:
    """Return the time of an iteration, and the trip count with which it was measured."""
    iterations, shortest = 0, 0.0
    while iterations < capacity and shortest < effort.seconds:
        iterations = min(capacity, max(1, 2 * iterations))
        shortest = _shortest(program, inputs, iterations, effort, count=2)
    if shortest < 10 * effort.seconds:
        shortest = min(shortest, _shortest(program, inputs, iterations, effort))
    return shortest / iterations, iterations


def _shortest(
    program: NativeProgram,
    inputs: Sequence[Any],
    iterations: int,
    effort: Effort,
    count: int | None = None,
) -> float:
    """Return the shortest of some calls, as one may wait for threads; long calls are few."""
    calls: list[float] = []
    while len(calls) < (count or effort.repetitions) and sum(calls) < 10 * effort.seconds:
        calls.append(_seconds(program, inputs, iterations))
    return min(calls)


def _seconds(program: NativeProgram, inputs: Sequence[Any], iterations: int) -> float:
    start = time.perf_counter()
    program(inputs, (0, iterations))
    return time.perf_counter() - start


def _cycles(program: NativeProgram, inputs: Sequence[Any], iterations: int) -> list[int]:
    before = program.cycle_counts
    program(inputs, (0, iterations))
    return [late - early for late, early in zip(program.cycle_counts, before, strict=True)]


def measure_peak(
    dtype: Any, accessed_bytes: int, threads: int, effort: Effort = THOROUGH
) -> MachinePeak:
    """Measure peak FLOP/s and bandwidth for a dtype and a working set."""
    # The next power of two, so that similar programs are compared with the same measurement.
    size = 1 << (max(MIN_BYTES, min(accessed_bytes, effort.largest)) - 1).bit_length()
    dtype_name = np.dtype(dtype).name
    flops = _flops_of_a_thread(dtype_name, effort)
    return MachinePeak(threads * flops, _bandwidth(dtype_name, size, effort))


@lru_cache
def _flops_of_a_thread(dtype: str, effort: Effort) -> float:
    matrix = np.ones((effort.matrix_size, effort.matrix_size), dtype)
    program = _native(np.matmul, (matrix, matrix), max_threads=1)
    best = min(_seconds(program, [matrix, matrix], 1) for _ in range(4 * effort.repetitions))
    return 2 * effort.matrix_size**3 / best


@lru_cache
def _bandwidth(dtype: str, size: int, effort: Effort) -> float:
    """Time the in-place negation of an array, less its first iteration, on all threads."""
    iterations = max(4, effort.moved_bytes // (2 * size))

    def negate(array: Any) -> Any:
        return scan(lambda x, _: (-x, None), array, length=iterations)[0]

    array = np.ones(size // np.dtype(dtype).itemsize, dtype)
    program = _native(negate, (array,))
    first, all_iterations = (
        _shortest(program, [array], count, effort) for count in (1, iterations)
    )
    if 2 * first > all_iterations:  # it was interrupted
        return 2 * size * iterations / all_iterations
    return 2 * size * (iterations - 1) / (all_iterations - first)


def _native(
    function: Callable[..., Any], arguments: tuple[Any, ...], max_threads: int | None = None
) -> NativeProgram:
    return NativeProgram(trace(function)(*arguments), max_threads=max_threads)
