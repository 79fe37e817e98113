"""How long the nests of a program take, and how fast this machine could be at most."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from chainrule.autodiff.scan import scan
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.native_program import NativeProgram
from chainrule.graph.trace import trace

__all__ = ["MachinePeak", "Times", "measure_peak", "profile"]

LONG_ENOUGH = 0.1
"""Seconds that a call of many turns should take, so that calling it does not count."""
REPETITIONS = 5
EDGE = 1024
"""Of the square matrices whose contraction shows how fast a machine can calculate."""
SMALLEST, LARGEST = 2**14, 2**27


@dataclass(frozen=True)
class Times:
    """Seconds.

    Parameters
    ----------
    turn : float
        Of one turn of the outermost loop.
    nests : tuple of float
        Of each nest, the first thread's share: in one turn, or in a call for those that stand
        outside of the loop.
    waiting : float
        In one turn, of the first thread for the others.
    """

    turn: float
    nests: tuple[float, ...]
    waiting: float


@dataclass(frozen=True)
class MachinePeak:
    """What a machine can do at most.

    Parameters
    ----------
    flops : float
        Operations a second: those of a contraction of large square matrices on one thread, times
        threads.
    bytes : float
        Bytes a second, read and written: of changing every number of an array in place that is as
        large as what the program touches.
    """

    flops: float
    bytes: float


def profile(
    program: NativeProgram, inputs: Sequence[Any], capacity: int, is_repeated: Sequence[bool]
) -> Times:
    """Measure a program whose outermost loop makes up to `capacity` turns.

    The program itself is timed as a whole; a second one, with a stopwatch, shows how that time is
    divided. The best of some repetitions counts.
    """
    turns = _turns(program, inputs, capacity)
    turn = min(_seconds(program, inputs, turns) for _ in range(REPETITIONS)) / turns
    timed = program.timed()
    timed(inputs, (0, turns))
    best = min((_ticks(timed, inputs, turns) for _ in range(REPETITIONS)), key=sum)
    *nests, waiting = best
    repeated = waiting + sum(t for t, inside in zip(nests, is_repeated, strict=True) if inside)
    tick = turn * turns / max(repeated, 1)
    counts = [turns if inside else 1 for inside in is_repeated]
    seconds = tuple(tick * t / n for t, n in zip(nests, counts, strict=True))
    return Times(turn, seconds, tick * waiting / turns)


def _turns(program: NativeProgram, inputs: Sequence[Any], capacity: int) -> int:
    """Find how many turns take long enough."""
    turns = 1
    while turns < capacity and _seconds(program, inputs, turns) < LONG_ENOUGH:
        turns *= 2
    return min(turns, capacity)


def _seconds(program: NativeProgram, inputs: Sequence[Any], turns: int) -> float:
    began = time.perf_counter()
    program(inputs, (0, turns))
    return time.perf_counter() - began


def _ticks(program: NativeProgram, inputs: Sequence[Any], turns: int) -> list[int]:
    before = program.ticks
    program(inputs, (0, turns))
    return [late - early for late, early in zip(program.ticks, before, strict=True)]


def measure_peak(dtype: Any, touched: int, threads: int) -> MachinePeak:
    """Measure what this machine can do at most."""
    # The next power of two, so that similar programs are held against one and the same figure.
    size = 1 << (max(SMALLEST, min(touched, LARGEST)) - 1).bit_length()
    kind = np.dtype(dtype).name
    return MachinePeak(threads * _flops_of_a_thread(kind), _bytes_of_all(kind, size))


@lru_cache
def _flops_of_a_thread(dtype: str) -> float:
    matrix = np.ones((EDGE, EDGE), dtype)
    program = _native(np.matmul, (matrix, matrix), most_threads=1)
    best = min(_seconds(program, [matrix, matrix], 1) for _ in range(4 * REPETITIONS))
    return 2 * EDGE**3 / best


@lru_cache
def _bytes_of_all(dtype: str, size: int) -> float:
    """Change every number of an array in place, again and again; the first time does not count."""
    turns = max(8, 2 * LARGEST // size)

    def change(array: Any) -> Any:
        return scan(lambda x, _: (-x, None), array, length=turns)[0]

    array = np.ones(size // np.dtype(dtype).itemsize, dtype)
    program = _native(change, (array,))
    rates = [
        2 * size * (turns - 1) / (_seconds(program, [array], turns) - _seconds(program, [array], 1))
        for _ in range(REPETITIONS)
    ]
    return max(rates)


def _native(
    function: Callable[..., Any], arguments: tuple[Any, ...], most_threads: int | None = None
) -> NativeProgram:
    return NativeProgram(simplify(trace(function)(*arguments)), most_threads=most_threads)
