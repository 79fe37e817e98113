"""Class names: bytes are texts, and a name read as a number is still that name."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.data import split
from chainrule.errors import DataError, DTypeError

pytestmark = pytest.mark.usefixtures("numpy_backend")

X = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
LABELS = np.arange(30) % 2
BYTES = np.array([b"no", b"ja"])[LABELS]
BINARY = ("binary_cross_entropy", 1)


def trained(y: Any, loss: str = "cross_entropy", units: int = 2, **arguments: Any) -> cr.Network:
    net = cr.Network([nn.Dense(units)], seed=0)
    net.compile(loss=loss, learning_rate=0.1, metrics=["accuracy"])
    net.fit(X, y, epochs=3, verbose=0, **arguments)
    return net


def test_names_given_as_bytes_are_the_same_names() -> None:
    forms = [
        BYTES,
        BYTES.astype(object),
        BYTES.tolist(),
        [each.decode() if row % 3 else each for row, each in enumerate(BYTES.tolist())],
        BYTES.astype("S9"),
        BYTES[::-1][::-1],
    ]
    for loss, units in (("cross_entropy", 2), BINARY):
        expected = trained(BYTES.astype(str), loss, units)
        for y in forms:
            net = trained(y, loss, units)
            assert net.classes == ["ja", "no"]
            assert net.predict_class(X).dtype.kind == "U"
            np.testing.assert_array_equal(net.predict(X), expected.predict(X))
            assert net.evaluate(X, BYTES.astype(str)) == expected.evaluate(X, y)
    weights = {b"no": 3.0, b"ja": 1.0}
    weighted = trained(BYTES, class_weight={"no": 3.0, "ja": 1.0})
    np.testing.assert_array_equal(
        trained(BYTES, class_weight=weights).predict(X), weighted.predict(X)
    )
    trained(BYTES, validation_data=(X, BYTES.tolist()))
    (_, y), _ = split(X, BYTES, stratify=True)
    assert y.dtype == BYTES.dtype


def test_bytes_that_are_no_names_are_refused() -> None:
    for y in (np.array([b"\xff", b"no"])[LABELS], [[b"\xff", b"no"][each] for each in LABELS]):
        with pytest.raises(DataError, match=r"fit: y holds b'\\xff', bytes that are no UTF-8"):
            trained(y)
    with pytest.raises(DataError, match="no known class, first 'maybe'"):
        trained(BYTES).evaluate(X, [b"maybe"] * 30)
    with pytest.raises(DTypeError, match="predict: X has dtype"):
        trained(BYTES).predict(np.array([[b"1", b"2", b"x"]]))
    with pytest.raises(DataError, match="takes numbers"):
        trained(BYTES, "mse", 1)


def test_a_missing_name_in_a_list_is_no_class() -> None:
    names = ["ja" if each else "no" for each in LABELS]
    for hole in (None, float("nan"), np.nan):
        with pytest.raises(
            DTypeError, match=r"first (None|nan) at y\[4\]; fill in what is missing"
        ):
            trained([*names[:4], hole, *names[5:]])


@pytest.mark.parametrize(
    ("names", "label", "index"),
    [
        (["007", "012", "x1"], 7, 0),
        (["007", "012", "x1"], np.int64(12), 1),
        (["1.0", "2.0", "beta"], 2.0, 1),
        (["1.0", "2.0", "beta"], "2", 1),
        (["1", "2", "3"], 1, 0),
        (["1", "10", "2"], 10, 1),
        (["FALSE", "TRUE", "unknown"], True, 1),
        (["FALSE", "TRUE", "unknown"], "true", 1),
        (["1000", "1e4", "low"], "1e3", 0),
    ],
)
def test_labels_that_parse_otherwise_alone_are_the_same_classes(
    names: list[str], label: Any, index: int
) -> None:
    net = trained(np.array(names)[np.arange(30) % 3], units=3)
    assert net.classes == names
    expected = net.evaluate(X, np.full(30, names[index]))
    assert net.evaluate(X, [label] * 30) == expected
    assert net.evaluate(X, [names[index]] * 30) == expected


def test_numbers_are_indices_only_where_no_class_is_called_a_number() -> None:
    plain = trained(np.array(["a", "b", "c"])[np.arange(30) % 3], units=3)
    assert plain.evaluate(X, np.full(30, 2)) == plain.evaluate(X, ["c"] * 30)
    codes = trained(np.array(["007", "7", "x"])[np.arange(30) % 3], units=3)
    for label in (7, 0, 2.0, True):
        with pytest.raises(DataError, match="trained on names, some of them numbers: 007, 7, x"):
            codes.evaluate(X, np.full(30, label))
    codes.evaluate(X, ["007"] * 30)
