"""Masked arrays, matrices, quantities and data frames: refused, or kept, never read as plain."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import chainrule as cr
from chainrule import data, nn, random
from chainrule.arguments.array_classes import is_masked
from chainrule.errors import ChainruleError, DTypeError

a = np.ma.array([1.0, 2.0, 4.0], mask=[False, True, False])
A = np.ma.array(np.arange(6.0).reshape(3, 2) / 6, mask=[[0, 1], [0, 0], [0, 0]])
X, y = np.arange(6.0).reshape(3, 2) / 6, np.array([[1.0], [2.0], [3.0]])
Y = np.ma.array(y, mask=[[0], [1], [0]])
W = np.ma.array(np.ones((2, 1)), mask=[[1], [0]])
KEY = random.key(0)


class Quantity(np.ndarray):
    """An array with operators of its own, as of a library of units."""

    def __mul__(self, other: Any) -> Any:
        return np.asarray(self) * other * 1000


def stored(x: Any, value: Any) -> Any:
    x[:] = value
    return x


@pytest.fixture(scope="module")
def net() -> cr.Network:
    network = cr.Network([nn.Dense(1)], seed=0)
    network.compile("mse")
    network(X)
    return network


DERIVATIVES: dict[str, Callable[[], Any]] = {
    "grad": lambda: cr.grad(lambda x: np.sum(x**2))(a),
    "value_and_grad": lambda: cr.value_and_grad(lambda x: np.sum(x**2))(a),
    "grad of a tree": lambda: cr.grad(lambda p: np.sum(p["w"] ** 2))({"w": [a]}),
    "another argument": lambda: cr.grad(lambda w, x: np.sum(w * x))(1.0, a),
    "reflected": lambda: cr.grad(lambda w, x: np.sum(x * w))(1.0, a),
    "product": lambda: cr.grad(lambda w, x: np.dot(x, w))(np.ones(3), a),
    "matrix product": lambda: cr.grad(lambda w, x: np.sum(x @ w))(np.ones(2), A),
    "concatenation": lambda: cr.grad(lambda w, x: np.sum(np.concatenate([w, x])))(np.ones(3), a),
    "constant in a stack": lambda: cr.grad(lambda w: np.sum(np.stack([w, a])))(np.ones(3)),
    "constant in a list": lambda: cr.grad(lambda w: np.sum(np.array([w, a])))(np.ones(3)),
    "entry in a list": lambda: cr.jit(lambda w: np.array([w, a[1]]))(1.0),
    "columns": lambda: cr.jit(lambda w: np.c_[w, a])(np.ones(3)),
    "store": lambda: cr.jit(lambda w: stored(w * 1, a))(np.ones(3)),
    "copyto": lambda: cr.grad(lambda w: np.sum(np.copyto(w := w * 1, a) or w))(np.ones(3)),
    "full_like": lambda: cr.grad(lambda w: np.sum(w * np.full_like(w, a)))(np.ones(3)),
    "choice": lambda: cr.grad(lambda w, x: np.sum(np.where(x > 0, w, x)))(1.0, a),
    "one entry": lambda: cr.grad(lambda w, x: w * x[1])(1.0, a),
    "vjp": lambda: cr.vjp(np.sum, a),
    "cotangent": lambda: cr.vjp(np.exp, np.ones(3))[1](a),
    "jit": lambda: cr.jit(np.sum)(a),
    "jit, called before": lambda: [f := cr.jit(np.sum), f(np.ones(3)), f(a)],
    "constant in jit": lambda: cr.jit(lambda w: np.sum(w * a))(1.0),
    "list in jit": lambda: cr.jit(lambda p: p[0].sum())([a]),
    "trace": lambda: cr.trace(np.sum)(a),
    "scan": lambda: cr.scan(lambda c, x: (c + x, c), 0.0, a),
    "start of a scan": lambda: cr.scan(lambda c, x: (c + x, c), a, np.ones(2)),
    "check_grads": lambda: cr.check_grads(lambda x: np.sum(x**2), (a,)),
    "random": lambda: random.normal(KEY, loc=a),
    "probabilities": lambda: random.choice(KEY, 3, p=a),
    "entries": lambda: random.choice(KEY, a),
    "logits": lambda: random.categorical(KEY, a),
}

NETWORKS: dict[str, Callable[[cr.Network], Any]] = {
    "fit": lambda net: net.fit(A, y, verbose=0),
    "targets": lambda net: net.fit(X, Y, verbose=0),
    "weights": lambda net: net.fit(X, y, sample_weight=a, verbose=0),
    "list": lambda net: net.fit(list(A), y, verbose=0),
    "validation": lambda net: net.fit(X, y, validation_data=(A, y), verbose=0),
    "predict": lambda net: net.predict(A),
    "evaluate": lambda net: net.evaluate(A, y),
    "evaluate on targets": lambda net: net.evaluate(X, Y),
    "call": lambda net: net(A),
    "layer": lambda net: nn.Dense(1)(A),
    "params": lambda net: net.params.__setitem__("dense.weight", W),
    "update": lambda net: net.params.update({"dense.weight": W}),
    "RBM": lambda net: cr.RBM(2).fit(np.ma.array(np.eye(3), mask=np.eye(3)), verbose=0),
}

DATA: dict[str, Callable[[], Any]] = {
    "split of a list": lambda: data.split(list(A), np.arange(3)),
    "stratified": lambda: data.split(X, np.ma.array([0, 1, 0], mask=[0, 0, 1]), stratify=True),
    "windows": lambda: data.windows(a, length=1),
    "windows of several": lambda: data.windows([a, X[:, 0]], length=1),
    "batch": lambda: list(data.Pipeline(A).batch(2)),
    "window": lambda: list(data.Pipeline(a).window(2)),
    "arrays": lambda: data.Pipeline(A).arrays(),
    "log_mel": lambda: data.log_mel(np.ma.array(np.ones(8000), mask=[1] + [0] * 7999), 8000),
    "write_idx": lambda: data.write_idx(Path("never written"), np.ma.array([1, 2], mask=[1, 0])),
}


def test_masked_entries_are_refused_with_a_remedy_wherever_they_would_count(
    net: cr.Network,
) -> None:
    cases: list[tuple[str, Callable[[], Any]]] = [*DERIVATIVES.items(), *DATA.items()]
    cases += [(name, lambda act=act: act(net)) for name, act in NETWORKS.items()]
    before = net.params["dense.weight"].copy()
    for name, act in cases:
        with pytest.raises(ChainruleError) as caught:
            act()
        assert "x.filled(value)" in str(caught.value), name
    assert np.array_equal(net.params["dense.weight"], before)


def test_the_remedies_give_the_values_of_what_is_not_masked() -> None:
    def square(x: Any) -> Any:
        return np.sum(x**2)

    for mended in (a.filled(0), a.compressed()):
        assert cr.jit(square)(mended) == square(a)
    weight = ~np.ma.getmaskarray(a)
    gradient = cr.grad(lambda x: np.sum(weight * x**2))(a.filled(9))
    assert gradient.tolist() == [2, 0, 8]


def test_a_mask_that_hides_nothing_is_accepted() -> None:
    plain = np.ma.array([1.0, 2.0])
    assert cr.grad(np.sum)(plain).tolist() == [1, 1]
    assert cr.jit(np.sum)(plain) == 3


def test_split_and_draws_retain_masks() -> None:
    (X_train, y_train), (X_test, y_test) = data.split(A, a)
    assert sum(map(np.ma.count_masked, (X_train, X_test))) == 1
    assert sum(map(np.ma.count_masked, (y_train, y_test))) == 1
    assert np.ma.count_masked(random.permutation(KEY, a)) == 1
    assert is_masked([a, X])
    assert not is_masked([X])


def test_masked_cells_of_a_table_are_missing() -> None:
    number = np.ma.array([1.0, 2.0, 4.0], mask=[False, False, True])
    text = np.ma.array(["a", "b", "c"], mask=[False, False, True])
    masked = data.Table("x", "t").fit_transform({"x": number, "t": text})
    given = {"x": np.array([1.0, 2.0, np.nan]), "t": np.array(["a", "b", None], object)}
    assert np.array_equal(masked, data.Table("x", "t").fit_transform(given))


OTHERS: list[tuple[Any, str]] = [
    (np.ones((2, 2)).view(np.matrix), "matrix.*write x @ y"),
    (np.ones(3).view(Quantity), "Quantity.*pass np.asarray"),
    (pd.Series([1.0, 2.0]), "Series.*pass x.to_numpy"),
    (pd.Series([1.0, None], dtype="Float64"), "Series.*pass x.to_numpy"),
    (pd.DataFrame({"a": [1.0, 2.0]}), "DataFrame.*pass x.to_numpy"),
    (np.array([(1.0, 2.0)], [("a", "f8"), ("b", "f8")]), "pass its fields as a dict"),
    (np.array(["2020-01-01"], "datetime64[D]"), "np.timedelta64"),
    (np.array(["a", "b"]), "np.unique"),
    (np.array([1.0, 2.0], object), "x.astype"),
    (np.array([1.0, None], object), "fill in what is missing"),
    (np.array([1j]), "x.real and x.imag"),
]


@pytest.mark.parametrize(("value", "message"), OTHERS, ids=[text for _, text in OTHERS])
def test_what_is_no_plain_array_of_numbers_is_refused_with_a_remedy(
    value: Any, message: str
) -> None:
    for transformed in (cr.grad(np.sum), cr.jit(lambda x: x * x)):
        with pytest.raises(DTypeError, match=message):
            transformed(value)


def test_a_subclass_that_only_adds_attributes_is_a_plain_array(tmp_path: Path) -> None:
    mapped = np.memmap(tmp_path / "x", np.float64, "w+", shape=(3,))
    mapped[:] = [1, 2, 3]
    assert cr.grad(lambda x: np.sum(x * x))(mapped).tolist() == [2, 4, 6]
    assert cr.jit(np.sum)(mapped) == 6
