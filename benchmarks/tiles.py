"""The register tiles that the cost model chooses, against a search of all that the unit allows.

    python -m benchmarks.tiles

For each matrix product, one kernel of each tile shape is compiled and timed, in turns, on one
thread. The fastest few are timed again, in turns with the chosen one; the figure is the time
of the chosen one over that of the fastest. Times are the least of the rounds, of the processor.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from benchmarks.workloads.products import Operands

__all__ = ["SHAPES", "Search", "search"]

SECONDS = 0.002
"""Of a timed run of calls."""
ROUNDS, FINAL_ROUNDS, FINALISTS = 3, 15, 4


Tile = tuple[int, int]
"""Rows of a tile and vectors of a panel."""
Trips = tuple[int, int, int]
"""Batch, row tiles and panels."""


Repeat = Callable[[int], None]
"""A kernel, given how often it shall run."""


class Kernels(NamedTuple):
    """Kernels of one product."""

    chosen: Tile
    calls: dict[Tile, Repeat]


@dataclass(frozen=True)
class Search:
    """The result of a search.

    Parameters
    ----------
    chosen, best : tuple of int
    ratio : float
        Time of the chosen over that of the best, at least 1.
    seconds : float
        Of a product with the chosen tiles.
    """

    chosen: Tile
    best: Tile
    ratio: float
    seconds: float


def search(operands: Operands) -> Search:
    """Time every tile shape of a product."""
    kernels = compiled_kernels(operands)
    chosen = kernels.chosen
    first = timed_rounds(kernels, list(kernels.calls), ROUNDS)
    least = {tile: min(times[tile] for times in first) for tile in kernels.calls}
    finalists = {chosen, *sorted(least, key=least.__getitem__)[:FINALISTS]}
    rounds = timed_rounds(kernels, sorted(finalists), FINAL_ROUNDS)
    least = {tile: min(times[tile] for times in rounds) for tile in finalists}
    best = min(least, key=least.__getitem__)
    return Search(chosen, best, least[chosen] / least[best], least[chosen])


def timed_rounds(kernels: Kernels, tiles: Sequence[Tile], rounds: int) -> list[dict[Tile, float]]:
    """Time kernels in turns, each many times in a call; return the seconds of a product."""
    counts = {tile: repeats(kernels.calls[tile]) for tile in tiles}
    return [
        {tile: seconds_of(kernels.calls[tile], counts[tile]) / counts[tile] for tile in tiles}
        for _ in range(rounds)
    ]


def repeats(kernel: Repeat) -> int:
    """Return how many repetitions take about `SECONDS`."""
    count = 1
    while (seconds := seconds_of(kernel, count)) < SECONDS / 2:
        count = round(count * min(10, max(2, SECONDS / seconds)))
    return count


def seconds_of(kernel: Repeat, count: int) -> float:
    """Time some repetitions."""
    begin = time.thread_time()
    kernel(count)
    return time.thread_time() - begin


def compiled_kernels(operands: Operands) -> Kernels:
    """Compile a kernel of each tile shape."""
    from chainrule.compiler.backends.llvm import ir
    from chainrule.compiler.backends.llvm.contraction.kernel import emit_kernel, scratch_size
    from chainrule.compiler.backends.llvm.contraction.loop_roles import assign_roles
    from chainrule.compiler.backends.llvm.contraction.tile_cost import tile_shapes
    from chainrule.compiler.backends.llvm.contraction.tiling import choose_tiling, tiling_of
    from chainrule.compiler.backends.llvm.object_code import compile_module, load_object
    from chainrule.compiler.backends.llvm.target import host_target

    shape, target = kernel_shape(operands), host_target()
    roles = assign_roles(shape)
    tilings = {
        (tiling.row_tile, max(group.vectors for group in tiling.groups)): tiling
        for choice in tile_shapes(roles, roles.tileable_rows[0], target)
        for tiling in (tiling_of(roles, choice, target),)
    }
    module = ir.Module()
    module.triple = target.triple
    trips: dict[Tile, Trips] = {}
    for (rows, vectors), tiling in tilings.items():
        kernel = emit_kernel(module, f"tile{rows}x{vectors}", shape, target, tiling=tiling)
        kernel.function.linkage = ""
        trips[rows, vectors] = kernel.trip_counts
    names = tuple(f"tile{rows}x{vectors}" for rows, vectors in tilings)
    library = load_object(compile_module(str(module), target), names)
    left, right = operands.draw()
    out = np.empty((operands.rows, operands.columns), operands.dtype)
    scratch = np.empty(max(scratch_size(shape, target, each) for each in tilings.values()) + 16)
    start = -scratch.ctypes.data % 64
    addresses = [each.ctypes.data for each in (out, left, right)]
    kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5, *[ctypes.c_int64] * 6)

    def repeated(name: str, trips: Trips) -> Repeat:
        ranges = [bound for count in trips[1:] for bound in (0, count)]
        function, kept = kind(library.address(name)), (library, out, left, right, scratch)

        def run(count: int) -> None:
            assert kept
            # A product has no batch: each iteration over it is the same product.
            function(*addresses, scratch.ctypes.data + start, 0, 0, count, *ranges)

        return run

    chosen = choose_tiling(roles, target)
    calls = {tile: repeated(name, trips[tile]) for tile, name in zip(tilings, names, strict=True)}
    best = (chosen.row_tile, max(group.vectors for group in chosen.groups))
    return Kernels(best, calls)


def kernel_shape(operands: Operands):
    """Return the loops of a product, with the strides of the operands as they lie in memory."""
    from chainrule.compiler.backends.llvm.contraction.kernel_shape import KernelLoop, KernelShape

    rows, depth, columns = operands.rows, operands.depth, operands.columns
    is_left, is_right = (operands.transposed in (side, "both") for side in ("left", "right"))
    left = (1, rows) if is_left else (depth, 1)
    right = (1, depth) if is_right else (columns, 1)
    loops = (
        KernelLoop(rows, left[0], 0, columns),
        KernelLoop(columns, 0, right[1], 1),
        KernelLoop(depth, left[1], right[0]),
    )
    return KernelShape(operands.dtype, loops)


_SINGLE = (
    # Small, narrow, deep, wide and square; forward products, and both gradients.
    Operands(8, 16, 12),
    Operands(32, 32, 32),
    Operands(20, 50, 30),
    Operands(64, 784, 100),
    Operands(784, 100, 128, "left"),
    Operands(100, 128, 784, "right"),
    Operands(64, 100, 10),
    Operands(64, 128, 1000),
    Operands(128, 64, 1000, "left"),
    Operands(16, 4000, 24, "left"),
    Operands(40, 2000, 40),
    Operands(1000, 20, 50),
    Operands(192, 768, 768),
    Operands(256, 1024, 256, "right"),
    Operands(512, 512, 512),
)
SHAPES = (*_SINGLE, *(replace(each, dtype="float64") for each in _SINGLE))


def main() -> None:
    """Search for each product and print a line."""
    for operands in SHAPES:
        result = search(operands)
        print(
            f"{operands.name:28}chosen {result.chosen} fastest {result.best} "
            f"{result.ratio:.3f} {1e6 * result.seconds:10.1f} µs",
            flush=True,
        )


if __name__ == "__main__":
    main()
