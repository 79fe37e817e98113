"""Packs of operations on single numbers, against the programs that they are made of."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff.passes.packing import packed
from chainrule.graph.evaluate import evaluate

Y = np.random.default_rng(0).normal(size=24)


def diffusion(y: Any) -> Any:
    d = np.zeros(24)
    for i in range(24):
        left = y[i - 1] if i > 0 else 0.0
        right = y[i + 1] if i < 23 else 0.0
        d[i] = 0.3 * (left - 2 * y[i] + right)
        d[i] += y[i] * (1 - y[i])
    return d


def on_a_grid(y: Any) -> Any:
    u, d = y.reshape(4, 6), np.ones((4, 6))
    for i in range(4):
        for j in range(1, 5):
            d[i, j] = (
                np.exp(-u[i, j - 1]) + u[(i + 1) % 4, j] * i - np.where(u[i, j] > 0, u[0, 0], j)
            )
    return d


def in_another_order(y: Any) -> Any:
    flux, d = y * 2, np.zeros(24)
    for i in np.random.RandomState(0).permutation(23):
        flux[i] = np.sin(y[i + 1] - y[i]) ** 2
    for i in range(23, 0, -1):
        d[i] = flux[i] - flux[i - 1] + y[23 - i] ** 3
    flux[:] = d  # and read as a whole between stores
    flux[5] = d[3] * 2
    return np.concatenate([d, flux])


def in_a_list(y: Any) -> Any:
    return np.array([y[0] + i * np.tanh(y[i]) for i in range(24)])


@pytest.mark.parametrize(
    ("function", "most"), [(diffusion, 40), (on_a_grid, 21), (in_another_order, 40), (in_a_list, 8)]
)
def test_packs_give_the_bits_of_the_single_operations(
    function: Callable[[Any], Any], most: int
) -> None:
    graph = cr.trace(function)(Y)
    found = packed(graph)
    assert len(found.equations) <= most < len(graph.equations) // 2
    assert evaluate(found, [Y])[0].tobytes() == evaluate(graph, [Y])[0].tobytes()
    np.testing.assert_allclose(evaluate(found, [Y])[0], function(Y), 1e-14)


def test_a_recurrence_is_left_as_it_is() -> None:
    def partial_sums(y: Any) -> Any:
        s = np.zeros(24)
        for i in range(24):
            s[i] = s[i - 1] * y[i] + 1
        return s

    graph = cr.trace(partial_sums)(Y)
    assert len(packed(graph).equations) >= 24
    assert evaluate(packed(graph), [Y])[0].tobytes() == evaluate(graph, [Y])[0].tobytes()
