"""jit and what is outside of the function: captured values are read, and rebound ones written."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import TraceError

X = np.array([1.0, 2.0])

weight = np.array([1.0, 2.0])
rate: Any = 2.0
rows = np.array([0, 1])


def scaled(x: Any) -> Any:
    return x * rate


def through(x: Any, w: Any) -> Any:
    return scaled(x) @ w + np.dot(w, x)


class Model:
    gain: Any = 1.0

    def __init__(self) -> None:
        self.w = np.ones(2)
        self.blocks = [np.ones(2), np.full(2, 3.0)]
        self.settings = SimpleNamespace(mode="a", inner=SimpleNamespace(rate=0.5))

    @property
    def product(self) -> Any:
        return self.w * self.gain

    def block(self, x: Any) -> Any:
        for each in self.blocks:
            x = x * each
        return x

    def __call__(self, x: Any) -> Any:
        settings = self.settings
        return self.block(x) * settings.inner.rate + (self.product if settings.mode == "a" else 0)


def setting(**values: Any) -> Callable[[], None]:
    return lambda: globals().update(values)


Case = tuple[Callable[..., Any], list[Callable[[], Any]]]


def of_globals() -> list[Case]:
    setting(weight=np.array([1.0, 2.0]), rate=2.0, rows=np.array([0, 1]))()
    changes: list[Callable[[], Any]] = [
        lambda: weight.__setitem__(0, 5.0),
        setting(weight=np.array([3.0, 4.0])),
        lambda: weight.__setitem__(0, -7.0),
        setting(weight=np.array([3, 4])),
        setting(weight=np.ones((2, 2))),
        setting(weight=np.array([1.0, 2.0]), rate=-0.0),
        setting(rate=np.float32(3)),
        lambda: rows.__setitem__(0, 1),
    ]
    functions: list[Callable[..., Any]] = [
        lambda x: x @ weight + rate,
        lambda x: x @ (weight * 2),
        lambda x: x * weight[0],
        lambda x: x * 2 if weight.sum() > 0 else x * 3,
        lambda x: through(x, weight) + x[rows],
        lambda x: cr.scan(lambda c, r: (c * weight.sum() + r, c), 0.0, x)[1],
        cr.grad(lambda x: np.sum(np.tanh(x @ weight / 9) * rate)),
        functools.partial(lambda x, w, k: x @ w * k["rate"], w=weight, k={"rate": 2.0}),
    ]
    return [(each, changes) for each in functions]


def of_closures() -> list[Case]:
    w, s = np.ones(2), 1.0
    table: dict[str, Any] = {"a": np.ones(2), "b": [0.5], "c": {1.0, 2.0}}

    values = np.full(2, 2.0), {"n": 1}

    def f(x: Any, k: Any = values) -> Any:
        total = sum(table["b"]) + sum(table["c"])
        return x * w * s + k[0] * k[1]["n"] + table["a"] * total

    def rebind(new_w: Any, new_s: Any) -> None:
        nonlocal w, s
        w, s = new_w, new_s

    changes: list[Callable[[], Any]] = [
        lambda: w.__setitem__(0, 5.0),
        lambda: rebind(np.array([3.0, 4.0]), 2.0),
        lambda: rebind(np.array(3.0), 2.0),
        lambda: values[0].__setitem__(1, 9.0),
        lambda: values[1].__setitem__("n", 4),
        lambda: table["a"].__setitem__(0, 3.0),
        lambda: table["b"].append(1.0),
        lambda: table["c"].add(7.0),
        lambda: table.__setitem__("a", np.zeros(2)),
    ]
    return [(f, changes)]


def of_objects() -> list[Case]:
    model = Model()
    changes: list[Callable[[], Any]] = [
        lambda: model.w.__setitem__(0, 5.0),
        lambda: setattr(model, "w", np.array([3.0, 4.0])),
        lambda: setattr(model, "gain", 3.0),
        lambda: setattr(model.settings.inner, "rate", 2.0),
        lambda: setattr(model.settings, "mode", "b"),
        lambda: setattr(model, "settings", SimpleNamespace(mode="a", inner=model.settings.inner)),
        lambda: model.blocks[1].__setitem__(0, 0.5),
        lambda: model.blocks.append(np.full(2, 5.0)),
        lambda: setattr(model, "block", lambda x: x),
    ]
    later = SimpleNamespace()
    held: Any = functools.partial(lambda: None).func
    held.offset = 1.0
    cls: Any = type("Cls", (), {"scaled": staticmethod(lambda x: x)})

    def f(x: Any) -> Any:
        return cls.scaled(x) * getattr(later, "k", 1.0) + hasattr(later, "flag") + held.offset

    absent: list[Callable[[], Any]] = [
        lambda: setattr(later, "k", 3.0),
        lambda: setattr(later, "flag", True),
        lambda: delattr(later, "k"),
        lambda: setattr(held, "offset", 2.0),
        lambda: setattr(cls, "scaled", staticmethod(lambda x: 7 * x)),
    ]
    return [
        (f, absent),
        (model, changes),
        (model.__call__, changes),
        (lambda x: model(x) * 2, changes),
    ]


@pytest.mark.parametrize("family", [of_globals, of_closures, of_objects])
def test_a_change_of_what_a_function_reads_counts_at_the_next_call(
    family: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")  # compiles at once
    for number in range(len(family())):
        f, changes = family()[number]
        fast = cr.jit(f)
        for change in (lambda: None, *changes, lambda: None):
            change()
            np.testing.assert_allclose(fast(X), f(X), rtol=1e-12)


def test_classes_object_arrays_and_long_lists_are_read_at_each_call() -> None:
    class Settings:
        rate: Any = 2.0

        @classmethod
        def scaled(cls, x: Any) -> Any:
            return x * cls.rate

    ragged, long = np.array([np.ones(2), 2.0], object), [1.0] * 200
    fast = cr.jit(f := lambda x: Settings.scaled(x) * ragged[0] * ragged[1] + sum(long))
    changes: list[Callable[[], Any]] = [
        lambda: setattr(Settings, "rate", 5.0),
        lambda: ragged.__setitem__(1, 7.0),
        lambda: ragged[0].__setitem__(0, 3.0),
        lambda: long.__setitem__(150, 9.0),
    ]
    for change in (lambda: None, *changes):
        change()
        np.testing.assert_allclose(fast(X), f(X))


def test_objects_passed_as_arguments_are_read_at_each_call() -> None:
    fast, model = cr.jit(lambda model, x: model(x)), Model()
    fast(model, X)
    model.w[0], model.settings.mode = 4.0, "b"
    np.testing.assert_allclose(fast(model, X), model(X))


def test_a_network_under_jit_reads_its_parameters_and_settings_at_each_call() -> None:
    net = cr.Network([nn.Dense(3), nn.Dropout(0.5), nn.Dense(1)], seed=0)
    net(X[None])
    fast = cr.jit(lambda x: net(x) * 2)
    for change in (
        lambda: net.params["dense.weight"].fill(0.5),
        lambda: net.params.__setitem__("dense_1.bias", np.ones(1, np.float32)),
        lambda: None,
    ):
        change()
        np.testing.assert_allclose(fast(X[None]), net(X[None]) * 2, rtol=1e-6)


def test_captured_arrays_that_operations_alone_read_change_without_a_new_trace() -> None:
    calls: list[int] = []
    held = SimpleNamespace(table=np.arange(6.0).reshape(3, 2))

    def f(x: Any) -> Any:
        alias = held.table
        return np.sum(alias @ x) * through(x, weight) + np.sum(held.table * x)

    globals().update(weight=np.ones(2), rate=2.0)
    fast = cr.jit(lambda x: calls.append(1) or f(x))
    for i in range(5):
        weight[0] = i
        held.table = np.full((3, 2), i + 0.5)
        np.testing.assert_allclose(fast(X), f(X))
    assert len(calls) == 1


class Trainer:
    """Steps as tutorials write them: what they store is read again by the next call."""

    def __init__(self) -> None:
        self.w, self.m, self.total = np.array([1.0, 2.0]), np.zeros(2), 0.0
        self.steps, self.cache = 0, dict[str, Any]()
        self.blocks = [np.ones(2), np.ones(2)]

    def sgd(self, x: Any) -> Any:
        self.w = self.w - 0.1 * x
        return np.sum(self.w)

    def adam(self, x: Any) -> Any:
        self.steps += 1
        self.m = 0.9 * self.m + 0.1 * x
        self.w = self.w - 0.1 * self.m / (1 - 0.9**self.steps)
        return np.sum(self.w)

    def forward(self, x: Any) -> Any:
        self.z = np.tanh(x * self.w)
        self.cache["a"] = self.z * 2
        self.both = self.z, [x + 1]
        return self.z

    def backprop(self, x: Any) -> Any:
        error = self.forward(x) - 1
        self.w = self.w - 0.1 * error * self.cache["a"] + self.both[1][0]
        return error

    def accumulate(self, x: Any) -> Any:
        self.total = self.total + np.sum(x)
        self.blocks[1] = self.blocks[1] + x
        return self.total

    def first_time(self, x: Any) -> Any:
        if not hasattr(self, "velocity"):
            self.velocity = x * 0
        self.velocity = self.velocity + x
        return self.velocity


def assert_alike(found: Any, expected: Any) -> None:
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        found, expected = [found[key] for key in expected], list(expected.values())
    if isinstance(expected, list | tuple):
        assert type(found) is type(expected)
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            assert_alike(a, b)
    else:
        assert type(found) is type(expected)
        np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize(
    "method", ["sgd", "adam", "forward", "backprop", "accumulate", "first_time"]
)
def test_what_a_method_stores_is_right_after_each_call(method: str) -> None:
    plain, traced = Trainer(), Trainer()
    f, fast = getattr(plain, method), cr.jit(getattr(traced, method))
    for i in range(4):
        x = X * (i + 1) / 4
        np.testing.assert_allclose(fast(x), f(x), rtol=1e-14)
        assert_alike(vars(traced), vars(plain))


kept: list[Any] = []
stored: Any = None


def test_globals_cells_slots_and_entries_are_written_back_at_each_call() -> None:
    class Slotted:
        __slots__ = ("w",)

        def __init__(self) -> None:
            self.w = np.zeros(2)

        def add(self, x: Any) -> Any:
            self.w = self.w + x
            return x

    class Shared:
        w = np.zeros(2)

    total, entries, slotted = np.zeros(2), {"n": np.zeros(2)}, Slotted()

    def add(x: Any) -> Any:
        nonlocal total
        global stored
        total = total + x
        Shared.w = Shared.w + x
        stored = x * 3
        entries["n"] = entries["n"] + total
        return slotted.add(x)

    fast = cr.jit(add)
    for _ in range(3):
        fast(X)
    for found, factor in (
        (total, 3),
        (stored, 3),
        (entries["n"], 6),
        (slotted.w, 3),
        (Shared.w, 3),
    ):
        assert type(found) is np.ndarray
        np.testing.assert_allclose(found, factor * X)


def test_what_cannot_be_stored_again_is_refused_by_name_and_nothing_is_left_behind() -> None:
    values, members, queue, holder = [1, 2], {1}, deque([0]), SimpleNamespace()
    functions: dict[str, Callable[[Any], Any]] = {
        r"kept\[0\]": lambda x: kept.append(x * 2) or x,
        r"holder\.w\.v": lambda x: setattr(holder, "w", SimpleNamespace(v=x)) or x,
        r"values\[2\] and values\[3\]": lambda x: values.extend([x, x + 1]) or x,
        "members": lambda x: members.add(x) or x,
        r"queue\[1\]": lambda x: queue.append(x) or x,
        r"holder\.inner\.v": lambda x: (
            setattr(holder, "inner", SimpleNamespace(v=x)) or holder.inner.v
        ),
    }
    for name, function in functions.items():
        with pytest.raises(TraceError, match=f"jit: a traced value is stored in {name}, which"):
            cr.jit(function)(X)
    assert (kept, values, members, list(queue), vars(holder)) == ([], [1, 2], {1}, [0], {})


def test_a_function_that_raises_leaves_no_traced_value_behind() -> None:
    model = Trainer()

    def f(x: Any) -> Any:
        model.w = model.w + x
        kept.append(x)
        raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        cr.jit(f)(X)
    assert kept == []
    np.testing.assert_array_equal(model.w, [1.0, 2.0])


def test_functions_that_count_their_calls_are_not_traced_again() -> None:
    count, counts, model = 0, [0], SimpleNamespace(n=0)

    def f(x: Any) -> Any:
        nonlocal count
        count += 1
        counts[0] += 1
        model.n += 1
        return x

    fast = cr.jit(f)
    for _ in range(3):
        fast(X)
    assert (count, counts, model.n) == (1, [1], 1)
