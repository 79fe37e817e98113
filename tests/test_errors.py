"""The classes of errors: one root, and Python's own classes that users of NumPy and Keras catch."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import data, errors, nn, optim

BASES = {
    errors.DataError: ValueError,
    errors.ShapeError: (errors.DataError, ValueError),
    errors.DTypeError: (errors.DataError, ValueError, TypeError),
    errors.ArgumentError: ValueError,
    errors.MissingKeyError: KeyError,
    errors.MissingAttributeError: AttributeError,
    errors.TraceError: TypeError,
    errors.UnsupportedError: TypeError,
    errors.GradientError: ArithmeticError,
    errors.GraphError: RuntimeError,
    errors.FormatError: ValueError,
    errors.DownloadError: OSError,
}


def test_every_error_has_the_root_and_the_bases_that_the_module_lists() -> None:
    kinds = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]
    assert {*kinds} - {errors.ChainruleError} == {*BASES}
    for kind, bases in BASES.items():
        assert issubclass(kind, errors.ChainruleError)
        for base in bases if isinstance(bases, tuple) else (bases,):
            assert issubclass(kind, base)
            assert re.search(rf"── {kind.__name__} ", errors.__doc__ or "")


X, y = np.eye(6), np.arange(6) % 2


def network() -> cr.Network:
    net = cr.Network([nn.Dense(2)], seed=0)
    net.compile("cross_entropy", "sgd")
    return net


UNFIT: list[Callable[[], Any]] = [
    lambda: network().fit(X * np.nan, y),
    lambda: network().fit(X, y + 5),
    lambda: network().fit(X, y[:3]),
    lambda: network().fit(X.astype(str), y),
    lambda: network().fit(X[:0], y[:0]),
    lambda: network().fit([[1.0], [1.0, 2.0]], [0, 1]),
    lambda: network().fit(X[0, 0], y),
    lambda: cr.Network([nn.LSTM(2)])(X),
    lambda: nn.Embedding(3, 2)(np.full((2, 2), 9)),
    lambda: data.windows(X[:, 0], 50),
    lambda: data.split(X, y[:2]),
    lambda: cr.grad(lambda w: w @ X)(np.ones((2, 2))),
    lambda: cr.RBM(2).fit(X * 5),
]


def test_data_that_do_not_fit_are_one_class_of_errors_and_a_value_error() -> None:
    for act in UNFIT:
        with pytest.raises(errors.DataError) as caught:
            act()
        assert isinstance(caught.value, ValueError)


PYTHONS: list[tuple[Callable[[], Any], type[Exception]]] = [
    (lambda: network().fit(X, y, epochs=0), ValueError),
    (lambda: optim.SGD(-1.0), ValueError),
    (lambda: network().params["x"], KeyError),
    (lambda: network().weights, AttributeError),
    (lambda: cr.load("nosuch.safetensors"), FileNotFoundError),
    (lambda: data.read_csv("nosuch.csv"), FileNotFoundError),
    (lambda: cr.grad(lambda w: float(w))(1.0), TypeError),
    (lambda: cr.grad(lambda w: np.sum(np.linalg.eig(w)[0]))(X), TypeError),
]


def test_other_errors_are_of_the_classes_that_python_programs_catch() -> None:
    for act, kind in PYTHONS:
        with pytest.raises(kind):
            act()


def test_counts_agree_with_their_nouns() -> None:
    nouns = {"row": "rows", "class": "classes", "axis": "axes", "index": "indices"}
    for one, many in nouns.items():
        assert errors.counted(1, one) == f"1 {one}"
        assert errors.counted(1000, one) == f"1,000 {many}"
    assert errors.counted(None, "output") == "any number of outputs"


@pytest.mark.parametrize("argnums", [1.0, (0, 2.5), "b", True])
def test_positions_that_are_no_integers_are_refused(argnums: Any) -> None:
    for act in (lambda: cr.grad(np.multiply, argnums=argnums)(1.0, 2.0),
                lambda: cr.jit(np.multiply, static_argnums=argnums)(1.0, 2.0)):  # fmt: skip
        with pytest.raises(errors.ArgumentError, match="number of a positional argument"):
            act()
