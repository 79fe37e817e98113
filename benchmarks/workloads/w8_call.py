"""W8: what one call costs: ``predict`` of one row on 20-64-3, and a compiled a·b + c.

Every contestant starts from the same weights; the check of ``predict`` is the logit of the first
class less that of the last, which is equal for logits and log-probabilities.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.rivals import rival
from benchmarks.training import enter
from benchmarks.workload import FloatArray, Parameters
from benchmarks.workloads import w3_small

__all__ = ["BENCHMARKS", "forward"]

CALLS = 1000
WARM_CALLS = 20
MICROSECONDS_A_CALL = Quantity("µs a call", 1e6)


def forward(parameters: Parameters, x: FloatArray) -> FloatArray:
    """Compute the logits by hand, in the fewest calls of NumPy."""
    weight_1, bias_1, weight_2, bias_2 = parameters
    return np.maximum(x @ weight_1 + bias_1, 0) @ weight_2 + bias_2


def multiply_add(a: Any, b: Any, c: Any) -> Any:
    """Compute a·b + c for the arrays of any framework."""
    return a * b + c


def start_predicting(contestant: str, _scratch: Path) -> Session:
    """Build the network and predict one row repeatedly."""
    workload = replace(w3_small.WORKLOAD, forward=forward)
    dataset = workload.load()
    predict = partial(enter(workload, dataset, contestant).predict, dataset.x[:1])
    return Session(partial(repetition, predict, log_odds), "one Gaussian row")


def start_calling(contestant: str, _scratch: Path) -> Session:
    """Compile the function for three arrays of three elements."""
    arrays = [np.arange(3, dtype=np.float32) + shift for shift in range(3)]
    call = rival(contestant).prepare_call(multiply_add, arrays)
    return Session(partial(repetition, call, total), "three arrays of three numbers")


def log_odds(output: FloatArray) -> float:
    """Return the first class's logit less the last one's."""
    return float(output[0, 0] - output[0, -1])


def total(output: Any) -> float:
    """Return the sum of an array of any framework."""
    return float(np.sum(np.asarray(output)))


def repetition(call: Callable[[], Any], check: Callable[[Any], float]) -> Figure:
    """Time many calls, one after the other."""
    for _ in range(WARM_CALLS):
        output = call()
    begin = time.perf_counter()
    for _ in range(CALLS):
        output = call()
    return Figure((time.perf_counter() - begin) / CALLS, check(output))


BENCHMARKS = (
    Benchmark(
        name="W8",
        title="predict of one row on 20-64-3 ReLU",
        quantity=MICROSECONDS_A_CALL,
        contestants=(
            *("numpy", "torch", "torch-compiled", "jax", "sklearn", "keras"),
            *("chainrule", "chainrule-jit"),
        ),
        start=start_predicting,
    ),
    Benchmark(
        name="W8-jit",
        title="call of a compiled a·b + c",
        quantity=MICROSECONDS_A_CALL,
        contestants=("numpy", "torch", "torch-compiled", "jax", "chainrule-jit"),
        start=start_calling,
    ),
)
