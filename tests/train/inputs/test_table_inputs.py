"""Networks whose first layer is a table of columns."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import data, nn
from chainrule.errors import ArgumentError, DataError, DTypeError, ShapeError

pytestmark = pytest.mark.usefixtures("numpy_backend")

RANDOM = np.random.default_rng(0)
ROWS: dict[str, Any] = {
    "size": RANDOM.normal(50, 20, 80),
    "rooms": RANDOM.integers(1, 6, 80),
    "town": RANDOM.choice(["Bonn", "Ulm", "Köln"], 80),
}
PRICE = (ROWS["size"] / 20 + (ROWS["town"] == "Ulm"))[:, None]


def network(table: data.Table | None = None) -> cr.Network:
    net = cr.Network([table or data.Table(), nn.Dense(8, activation="tanh"), nn.Dense(1)], seed=0)
    net.compile(loss="mse", optimizer="adam", learning_rate=0.01)
    return net


def test_a_table_network_equals_its_layers_on_the_tables_features() -> None:
    net = network()
    history = net.fit(ROWS, PRICE, epochs=3, verbose=0)
    table = data.Table().fit(ROWS)
    features = table.transform(ROWS)
    plain = cr.Network([nn.Dense(8, activation="tanh"), nn.Dense(1)], seed=0)
    plain.compile(loss="mse", optimizer="adam", learning_rate=0.01)
    assert plain.fit(features, PRICE, epochs=3, verbose=0)["loss"] == history["loss"]
    np.testing.assert_array_equal(net.predict(ROWS), plain.predict(features))
    np.testing.assert_array_equal(net.predict(features), plain.predict(features))
    assert net.evaluate(ROWS, PRICE) == plain.evaluate(features, PRICE)


def test_validation_rows_do_not_fit_the_table() -> None:
    net = network()
    net.fit(ROWS, PRICE, validation_split=0.25, verbose=0)
    first = {name: column[:60] for name, column in ROWS.items()}
    assert net.table is not None
    assert net.table.fitted == data.Table().fit(first).fitted
    before = net.table.fitted
    net.fit(ROWS, PRICE, verbose=0)
    assert net.table.fitted == before, "further training retains the fitted table"


def test_validation_data_may_be_a_table() -> None:
    net = network()
    history = net.fit(ROWS, PRICE, validation_data=(ROWS, PRICE), verbose=0)
    assert history["val_loss"] == [net.evaluate(ROWS, PRICE)["loss"]]


def test_networks_that_share_a_table_fit_it_separately() -> None:
    table = data.Table()
    first, second = network(table), network(table)
    first.fit(ROWS, PRICE, verbose=0)
    assert not table.is_fitted
    half = {name: column[:40] for name, column in ROWS.items()}
    second.fit(half, PRICE[:40], verbose=0)
    assert first.table is not None
    assert second.table is not None
    assert first.table.fitted != second.table.fitted


def test_refused_data_do_not_fit_the_table() -> None:
    net = network()
    with pytest.raises(DataError):
        net.fit(ROWS, PRICE[:3], verbose=0)
    assert net.table is not None
    assert not net.table.is_fitted


def test_a_loaded_network_accepts_the_same_rows(tmp_path: Path) -> None:
    net = network(data.Table("size", data.Category("rooms", encoding="integer"), "town"))
    net.fit(ROWS, PRICE, epochs=2, verbose=0)
    net.save(tmp_path / "model.safetensors")
    other = cr.load(tmp_path / "model.safetensors")
    assert other.table is not None
    assert net.table is not None
    assert other.table.fitted == net.table.fitted
    np.testing.assert_array_equal(other.predict(ROWS), net.predict(ROWS))
    one = {"size": 60, "rooms": 3, "town": "Rome"}
    np.testing.assert_array_equal(other.predict(one), net.predict(one))
    other.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (
        tmp_path / "model.safetensors"
    ).read_bytes()


def test_the_summary_shows_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    net = network()
    net.fit(ROWS, PRICE, verbose=0)
    net.summary()
    assert "<table: 2 numbers and 1 category as 5 features>" in capsys.readouterr().out


def test_misuse_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ArgumentError, match="the table that the network begins with is not fitted"):
        network().predict(ROWS)
    with pytest.raises(DataError, match="X has no named columns; give a DataFrame"):
        network().fit(np.zeros((80, 5)), PRICE, verbose=0)
    with pytest.raises(ArgumentError, match="a table must come first"):
        cr.Network([nn.Dense(1), data.Table()])
    net = network()
    net.fit(ROWS, PRICE, verbose=0)
    with pytest.raises(DataError, match="there is no column 'town'"):
        net.predict({"size": [1], "rooms": [2]})
    with pytest.raises(ShapeError):
        net.predict(np.zeros((2, 3)))


def test_a_data_frame_with_its_columns_in_another_order_is_read_by_their_names(
    tmp_path: Path,
) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.random.default_rng(0).normal(size=(20, 3)), columns=list("abc"))
    other = frame.assign(d=9.0)[["b", "a", "d", "c"]]
    y = frame[["a"]]
    net = cr.Network([nn.Dense(1)], seed=0)
    net.compile(loss="mse")
    assert net.columns is None
    net.fit(frame, y, verbose=0)
    net.save(tmp_path / "net.safetensors")
    for trained in (net, cr.load(tmp_path / "net.safetensors")):
        trained.compile(loss="mse")
        assert trained.columns == ["a", "b", "c"]
        calls: tuple[Callable[[Any, Any], Any], ...] = (
            lambda net, X: net.predict(X),
            lambda net, X: net(X),
            lambda net, X: list(net.evaluate(X, y)),
            lambda net, X: net.fit(X, y, verbose=0)["loss"],
            lambda net, X: net.fit(frame, y, validation_data=(X, y), verbose=0)["val_loss"],
        )
        for call in calls:
            expected = call(copy.deepcopy(trained), frame)
            for X in (other, frame.to_numpy()):
                np.testing.assert_array_equal(call(copy.deepcopy(trained), X), expected)
            with pytest.raises(
                DataError, match="X lacks 3 columns of those in training, first 'a'"
            ):
                call(trained, frame.set_axis(["x", "y", "z"], axis=1))


def test_a_frame_of_numbers_and_truth_values_is_one_of_numbers() -> None:
    """As ``pandas.get_dummies`` gives it; a frame with texts needs a Table, which is told."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0, 3.0], "t": ["x", "y", "x"]})
    net = cr.Network([nn.Dense(2)], seed=0)
    net.compile(loss="cross_entropy")
    with pytest.raises(DTypeError, match=r"first 'x' at X\[0, 1\] .*begin .* data.Table\(\)"):
        net.fit(frame, [0, 1, 0], epochs=1, verbose=0)
    dummies = pandas.get_dummies(frame)
    net.fit(dummies, [0, 1, 0], epochs=1, verbose=0)
    np.testing.assert_array_equal(net.predict(dummies), net.predict(dummies.to_numpy(float)))
