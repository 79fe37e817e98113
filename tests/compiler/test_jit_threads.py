"""Jitted functions called by several threads."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from chainrule.compiler.jit import jit

THREADS = 6


@pytest.fixture(autouse=True)
def frequent_switches() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def in_threads(work: Callable[[int], Any]) -> list[Any]:
    barrier = threading.Barrier(THREADS, timeout=600)

    def call(number: int) -> Any:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(call, range(THREADS)))


class Model:
    """An object whose methods read and write its attributes."""

    def __init__(self) -> None:
        self.total, self.scale = np.zeros(2), 2.0

    def add(self, x: Any) -> Any:
        self.total = self.total + np.sum(x)
        return self.total[0]

    def save(self, x: Any) -> Any:
        self.first = np.tanh(x)
        self.second = self.first * self.scale
        return np.sum(self.second)


def test_threads_trace_and_evict_programs_of_one_function() -> None:
    shapes = [(1 + i % 17, 1 + i % 9) for i in range(200)]
    function = jit(lambda x: np.sum(x * 2))
    sums = in_threads(lambda k: [function(np.ones(shape)) for shape in shapes[k:]])
    for number, found in enumerate(sums):
        assert found == [2 * rows * columns for rows, columns in shapes[number:]]


def test_no_write_of_a_jitted_method_is_lost() -> None:
    model = Model()
    add = jit(model.add)
    in_threads(lambda k: [add(np.ones(1 + k)) for _ in range(20)])
    assert np.array_equal(model.total, np.full(2, 20 * sum(range(1, THREADS + 1))))


def test_what_a_jitted_method_stores_is_read_by_its_own_call() -> None:
    model = Model()
    save = jit(model.save)
    found = in_threads(lambda k: [save(np.full(2 + k, float(k))) for _ in range(10)])
    for k, values in enumerate(found):
        np.testing.assert_allclose(values, 2 * (2 + k) * np.tanh(k))
    assert type(model.first) is np.ndarray
    assert np.array_equal(model.second, 2 * model.first)
