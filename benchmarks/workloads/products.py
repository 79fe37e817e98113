"""Products of matrices against the BLAS of NumPy and of PyTorch, each as its users call it.

The shapes are those of training steps, large squares, for which BLAS is optimised, and extremes:
vectors, a handful of elements, transposed operands, float64, a batch of small matrices. The figure
includes the cost of the call, which dominates the smallest products.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.rivals import rival
from benchmarks.workload import FloatArray

__all__ = ["BENCHMARKS"]

WARM_SECONDS = 0.02
SECONDS = 0.05
MICROSECONDS = Quantity("µs a product", 1e6)


@dataclass(frozen=True)
class Operands:
    """The shape and layout of a product.

    Parameters
    ----------
    rows, depth, columns : int
    transposed : str
        Which operands lie in memory as their transpose: "", "left", "right" or "both".
    dtype : {"float32", "float64"}
    batch : int
        How many such products in one; 0 for matrices.
    """

    rows: int
    depth: int
    columns: int
    transposed: str = ""
    dtype: str = "float32"
    batch: int = 0

    @property
    def name(self) -> str:
        """A name such as ``64x784x100-left``."""
        shape = [self.batch] * bool(self.batch) + [self.rows, self.depth, self.columns]
        kind = "" if self.dtype == "float32" else self.dtype
        return "-".join(filter(None, ["x".join(map(str, shape)), self.transposed, kind]))

    @property
    def flops(self) -> float:
        """Multiplications and additions, those in float64 counted twice as they take two lanes."""
        lanes = 2 if self.dtype == "float64" else 1
        return 2.0 * lanes * max(self.batch, 1) * self.rows * self.depth * self.columns

    def draw(self) -> list[FloatArray]:
        """Draw the arrays in their memory layout."""
        generator = np.random.default_rng(0)
        shapes = [(self.rows, self.depth), (self.depth, self.columns)]
        for number, side in enumerate(("left", "right")):
            if self.transposed in (side, "both"):
                shapes[number] = shapes[number][::-1]
        batch = (self.batch,) if self.batch else ()
        return [generator.random((*batch, *shape)).astype(self.dtype) for shape in shapes]


def multiply(transposed: str, left: Any, right: Any) -> Any:
    """Multiply the arrays of any framework."""
    left = left.T if transposed in ("left", "both") else left
    right = right.T if transposed in ("right", "both") else right
    return left @ right


def start(operands: Operands, contestant: str, _scratch: Path) -> Session:
    """Multiply the same two arrays repeatedly."""
    call = rival(contestant).prepare_call(partial(multiply, operands.transposed), operands.draw())
    return Session(partial(repetition, call), "evenly spread numbers")


def repetition(call: Callable[[], Any]) -> Figure:
    """Time as many calls as fit the time."""
    calls = max(1, round(calls_within(call, WARM_SECONDS) * SECONDS / WARM_SECONDS))
    begin = time.perf_counter()
    for _ in range(calls):
        output = call()
    seconds = (time.perf_counter() - begin) / calls
    return Figure(seconds, float(np.sum(np.asarray(output), dtype=np.float64)))


def calls_within(call: Callable[[], Any], seconds: float) -> int:
    """Count the calls until the time is over."""
    end, calls = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        call()
        calls += 1
    return calls


SHAPES = (
    # Forward products, and what their derivatives multiply.
    Operands(64, 784, 100),
    Operands(784, 64, 100, "left"),
    Operands(64, 100, 10),
    Operands(64, 10, 100, "right"),
    Operands(100, 64, 10, "left"),
    Operands(64, 20, 64),
    Operands(64, 128, 1000),
    Operands(64, 1000, 128, "right"),
    Operands(128, 64, 1000, "left"),
    Operands(256, 784, 1024),
    Operands(256, 1024, 1024),
    Operands(256, 1024, 1024, "right"),
    Operands(1024, 256, 1024, "left"),
    # Squares.
    Operands(512, 512, 512),
    Operands(1024, 1024, 1024),
    Operands(1024, 1024, 1024, "left"),
    Operands(1024, 1024, 1024, "both"),
    # Few elements, and vectors.
    Operands(7, 13, 5),
    Operands(1, 20, 64),
    Operands(1, 1024, 1024),
    Operands(1, 1024, 1024, "right"),
    Operands(1024, 1024, 1),
    Operands(1024, 1024, 1, "left"),
    Operands(1, 10000, 1),
    Operands(1000, 1, 1000),
    # Another dtype, and a batch.
    Operands(64, 784, 100, dtype="float64"),
    Operands(64, 128, 1000, dtype="float64"),
    Operands(1024, 1024, 1024, dtype="float64"),
    Operands(512, 512, 512, dtype="float64"),
    Operands(64, 64, 64, batch=32),
)

BENCHMARKS = tuple(
    Benchmark(
        name=f"products-{operands.name}",
        title=f"{operands.rows} × {operands.depth} × {operands.columns} product, {operands.name}",
        quantity=MICROSECONDS,
        contestants=("numpy", "torch", "chainrule-jit"),
        start=partial(start, operands),
        flops=operands.flops,
        tolerance=1e-4,
        on_request=True,
    )
    for operands in SHAPES
)
