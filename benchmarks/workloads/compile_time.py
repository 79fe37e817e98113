"""Compile time over depth: what the first training call of equal layers costs, with empty caches.

As W9, cold: each repetition has a process of its own, in which frameworks are imported before the
clock starts. The report prints the slope of log time over log depth.
"""

from collections.abc import Iterable
from dataclasses import replace

from benchmarks.benchmark import Benchmark
from benchmarks.workloads import w9_first_call
from benchmarks.workloads.growth import dense

__all__ = ["BENCHMARKS"]

DEPTHS, WIDTH, BATCH = (4, 16, 64), 64, 64
CONTESTANTS = ("jax", "chainrule")


def benchmarks() -> Iterable[Benchmark]:
    """Yield the first calls of networks of more and more equal layers."""
    for depth in DEPTHS:
        network = dense(f"compile-{depth}", (WIDTH,) * (depth + 1) + (10,), BATCH)
        first_call = w9_first_call.benchmark(network, cached=False)
        yield replace(first_call, name=network.name, contestants=CONTESTANTS, on_request=True)


BENCHMARKS = tuple(benchmarks())
