"""Arrays and tables of other libraries train a network to the bits of the NumPy array."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import zarr

import chainrule as cr
from chainrule import data, nn
from chainrule.data import stored_rows
from chainrule.errors import DataError
from chainrule.train.inputs import samples

X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
Y = (X.sum(axis=1) > 0).astype(int)
NAMES = ["a", "b", "c"]
TEXTS = np.array(["no", "yes"])[Y]


def trained(X: Any, y: Any, **arguments: Any) -> cr.Network:
    net = cr.Network([nn.Dense(4, activation="tanh"), nn.Dense(2)], seed=0)
    net.compile("cross_entropy", "adam")
    net.fit(X, y, epochs=2, batch_size=16, verbose=0, **arguments)
    return net


@pytest.fixture(scope="module")
def weights() -> dict[str, Any]:
    return trained(X, Y).params.copy()


class Tensor:
    """What PyTorch, JAX and CuPy have in common: DLPack."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


def frame(convert: Callable[[Any], Any]) -> pd.DataFrame:
    return pd.DataFrame({name: convert(X[:, i]) for i, name in enumerate(NAMES)})


INPUTS: dict[str, Callable[[], Any]] = {
    "dlpack": lambda: Tensor(X),
    "pandas": lambda: pd.DataFrame(X, columns=NAMES),
    "pandas with gaps": lambda: frame(lambda column: pd.array(column, dtype="Float32")),
    "pandas of arrow": lambda: frame(
        lambda column: pd.array(pa.array(column), dtype=pd.ArrowDtype(pa.float32()))
    ),
    "polars": lambda: pl.DataFrame(dict(zip(NAMES, X.T, strict=True))),
    "arrow": lambda: pa.table(dict(zip(NAMES, X.T, strict=True))),
}
TARGETS: dict[str, Callable[[], Any]] = {
    "dlpack": lambda: Tensor(Y),
    "pandas with gaps": lambda: pd.Series(Y, dtype="Int64"),
    "pandas of arrow": lambda: pd.Series(pd.array(pa.array(Y), dtype=pd.ArrowDtype(pa.int64()))),
    "pandas categories": lambda: pd.Series(TEXTS).astype("category"),
    "pandas texts": lambda: pd.Series(TEXTS, dtype="string"),
    "polars": lambda: pl.Series(Y),
    "polars categories": lambda: pl.Series(TEXTS.tolist(), dtype=pl.Categorical),
    "arrow": lambda: pa.array(Y),
    "arrow in chunks": lambda: pa.chunked_array([Y[:20], Y[20:]]),
    "arrow dictionary": lambda: pa.array(TEXTS.tolist()).dictionary_encode(),
}


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_give_the_bits_of_the_array(name: str, weights: dict[str, Any]) -> None:
    net = trained(INPUTS[name](), Y)
    for each, array in weights.items():
        np.testing.assert_array_equal(net.params[each], array)
    np.testing.assert_array_equal(net.predict(INPUTS[name]()), net.predict(X))
    assert net.columns == (None if name == "dlpack" else NAMES)


@pytest.mark.parametrize("name", TARGETS)
def test_targets_give_the_bits_of_the_array(name: str, weights: dict[str, Any]) -> None:
    net = trained(X, TARGETS[name]())
    for each, array in weights.items():
        np.testing.assert_array_equal(net.params[each], array)
    assert net.classes in (None, ["no", "yes"])


def test_arrays_that_numpy_and_dlpack_share_are_not_copied() -> None:
    net = trained(X, Y)
    result = net.predict(X)
    assert np.shares_memory(np.from_dlpack(result), result)
    assert np.from_dlpack(net.params["dense.weight"]).shape == (3, 4)


def test_columns_are_checked_by_name_when_predicting() -> None:
    net = trained(pl.DataFrame(dict(zip(NAMES, X.T, strict=True))), Y)
    other = pd.DataFrame(X, columns=["a", "b", "d"])
    with pytest.raises(DataError, match="lacks 1 column of those in training, first 'c', and has"):
        net.predict(other)
    columns = dict(zip(NAMES, X.T, strict=True)) | {"d": X[:, 0]}
    order = ["d", "b", "a", "c"]
    for each in (
        pd.DataFrame(columns)[order], pl.DataFrame(columns)[order], pa.table(columns).select(order),
        pd.DataFrame(X, columns=NAMES)[["c", "a", "b"]],
    ):  # fmt: skip
        np.testing.assert_array_equal(net.predict(each), net.predict(X))
        assert net.evaluate(each, Y) == net.evaluate(X, Y)
    with pytest.raises(DataError, match=r"rows are not computed yet; pass its .collect\(\)"):
        net.predict(pl.LazyFrame({"a": [1.0]}))  # type: ignore[arg-type]


def test_tables_of_arrow_and_polars_begin_a_network() -> None:
    towns = [("Rome", "Oslo", None)[i % 3] for i in range(40)]
    kinds = [3, 5] * 20
    columns = {"a": X[:, 0], "town": pa.array(towns), "kind": pa.array(kinds).dictionary_encode()}
    results: list[Any] = []
    for table in (
        pa.table(columns),
        pl.DataFrame({"a": X[:, 0], "town": towns, "kind": list(map(str, kinds))}),
        pd.DataFrame({"a": X[:, 0], "town": towns, "kind": pd.Categorical(kinds)}),
    ):
        net = cr.Network([data.Table(), nn.Dense(2)], seed=0)
        net.compile("cross_entropy", "adam")
        net.fit(table, Y, epochs=1, verbose=0)
        results.append(net.predict(table))
        if isinstance(table, pd.DataFrame):  # columns are found by their names
            table = table.assign(other=0)[["other", "kind", "a", "town"]]
            np.testing.assert_array_equal(net.predict(table), results[-1])
        assert net.table is not None
        assert "kind=3" in net.table.feature_names
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


@pytest.mark.parametrize("kind", ["h5", "zarr", "memmap"])
@pytest.mark.parametrize("shuffle", [True, False])
def test_stored_arrays_give_the_bits_of_the_array(
    kind: str,
    shuffle: bool,
    weights: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stored_rows, "_SMALL", 0)
    monkeypatch.setattr(samples, "_READ_AHEAD", 300)  # 25 rows
    expected = weights if shuffle else trained(X, Y, shuffle=False).params.copy()
    if kind == "h5":
        with h5py.File(tmp_path / "x.h5", "w") as file:
            stored: Any = file.create_dataset("X", data=X, chunks=(7, 3))
            _compare(trained(stored, Y, shuffle=shuffle), stored, expected)
        return
    if kind == "zarr":
        stored = zarr.create_array(tmp_path / "x.zarr", data=X, chunks=(7, 3))
    else:
        stored = np.memmap(tmp_path / "x.bin", np.float32, "w+", shape=X.shape)
        stored[:] = X
    _compare(trained(stored, Y, shuffle=shuffle), stored, expected)


def _compare(net: cr.Network, stored: Any, expected: dict[str, Any]) -> None:
    for each, array in expected.items():
        np.testing.assert_array_equal(net.params[each], array)
    np.testing.assert_array_equal(net.predict(stored, batch_size=9), net.predict(X))
    assert net.evaluate(stored, Y) == net.evaluate(X, Y)
    np.testing.assert_array_equal(net(stored), net(X))
