"""What a function under grad has stored is an array afterwards, wherever it is."""

from __future__ import annotations

import gc
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.node import Node

X = np.array([1.0, 2.0])
hidden: dict[str, Any] = {"a": SimpleNamespace()}


class Slotted:
    __slots__ = ("v",)


class Trainer:
    def __init__(self) -> None:
        self.w, self.cache, self.losses = np.ones(2), dict[str, Any](), list[Any]()
        self.slotted = Slotted()

    def step(self, x: Any) -> Any:
        self.w = self.w - 0.1 * x
        self.cache["z"] = x * 2
        self.losses.append(np.sum(x))
        self.both = x, [x + 1]
        self.slotted.v = x * 3
        return np.sum(self.w * x)

    def stores(self, x: Any) -> Any:
        y = x * 1
        y[0] = 5.0
        self.whole, self.rest = y, y[1:]
        return np.sum(y * x)


def nodes() -> list[Any]:
    gc.collect()
    return [each for each in gc.get_objects() if type(each) is Node]


def test_values_replace_the_nodes_that_grad_leaves_behind() -> None:
    model, before = Trainer(), len(nodes())
    for i in range(1, 3):
        cr.grad(model.step)(X)
        np.testing.assert_allclose(model.w, 1 - 0.1 * i * X)
    cr.vjp(model.step, X)
    assert [type(each) for each in model.losses] == [np.float64] * 3
    assert type(model.cache["z"]) is type(model.both[1][0]) is type(model.slotted.v) is np.ndarray
    np.testing.assert_array_equal(model.both[1][0], X + 1)
    cr.value_and_grad(model.stores)(X)
    np.testing.assert_array_equal(model.whole, [5.0, 2.0])
    np.testing.assert_array_equal(model.rest, [2.0])
    del model
    assert len(nodes()) == before


def test_globals_cells_and_objects_that_are_only_found_at_run_time_hold_values() -> None:
    total: Any = 0.0

    def f(x: Any) -> Any:
        nonlocal total
        total = total + np.sum(x)
        vars(globals()["hid" + "den"]["a"])["v"] = x * 3
        return np.sum(x * x)

    for i in range(1, 3):
        np.testing.assert_array_equal(cr.grad(f)(X), 2 * X)
        assert total == 3.0 * i
    np.testing.assert_array_equal(hidden["a"].v, 3 * X)


def test_a_nested_derivative_and_a_function_that_raises_leave_values_behind() -> None:
    model = Trainer()
    second = cr.grad(lambda x: np.sum(cr.grad(model.step)(x) ** 2))
    np.testing.assert_allclose(second(X), 2 * (1 - 0.2 * X) * -0.2)
    assert type(model.w) is np.ndarray

    def fails(x: Any) -> Any:
        model.w = x * 7
        raise KeyError("stop")

    with pytest.raises(KeyError):
        cr.grad(fails)(X)
    np.testing.assert_array_equal(model.w, 7 * X)
    with pytest.raises(KeyError):
        cr.vjp(fails, 2 * X)
    np.testing.assert_array_equal(model.w, 14 * X)
