"""Laws of the callback that writes the history as a CSV file."""

import csv
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, DataError

pytestmark = pytest.mark.usefixtures("numpy_backend")

X = np.random.default_rng(0).normal(size=(20, 3))
Y = X[:, :1] ** 2


def network() -> cr.Network:
    net = cr.Network([nn.Dense(4, activation="tanh"), nn.Dense(1)], seed=0)
    net.compile("mse", "sgd", metrics=["mae"])
    return net


def rows(path: Path, separator: str = ",") -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=separator))


def test_the_file_is_the_history_to_the_last_bit(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    log = cr.CSVLog(path, separator=";")
    history = network().fit(X, Y, epochs=3, validation_split=0.5, callbacks=log, verbose=0)
    table = rows(path, ";")
    assert list(table[0]) == ["epoch", *history]
    assert [row["epoch"] for row in table] == ["0", "1", "2"]
    for name, values in history.items():
        assert [float(row[name]) for row in table] == values


def test_another_call_of_fit_adds_rows_and_a_new_run_replaces_them(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    net = network()
    for _ in range(2):
        net.fit(X, Y, epochs=2, callbacks=cr.CSVLog(path), verbose=0)
    assert [row["epoch"] for row in rows(path)] == ["0", "1", "2", "3"]
    network().fit(X, Y, epochs=1, callbacks=cr.CSVLog(path), verbose=0)
    assert [row["epoch"] for row in rows(path)] == ["0"]


def test_a_resumed_run_has_the_rows_of_the_unbroken_one(tmp_path: Path) -> None:
    class Kill(cr.Callback):
        def on_epoch_end(self, net, epoch, logs):
            if epoch == 2:
                raise RuntimeError

    def train(folder: Path, *callbacks: cr.Callback) -> None:
        checkpoint = cr.Checkpoint(folder / "run", every="2 epochs")
        network().fit(
            X, Y, epochs=5, callbacks=[cr.CSVLog(folder / "log.csv"), *callbacks],
            checkpoint=checkpoint, verbose=0,
        )  # fmt: skip

    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
    train(whole)
    with pytest.raises(RuntimeError):
        train(broken, Kill())
    assert len(rows(broken / "log.csv")) == 3
    train(broken)
    for a, b in zip(rows(whole / "log.csv"), rows(broken / "log.csv"), strict=True):
        assert a | {"seconds": ""} == b | {"seconds": ""}


def test_an_empty_file_becomes_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.touch()
    network().fit(X, Y, epochs=1, callbacks=cr.CSVLog(path), verbose=0)
    assert len(rows(path)) == 1


def test_other_files_and_other_columns_are_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n")
    with pytest.raises(DataError, match="is no log"):
        network().fit(X, Y, epochs=1, callbacks=cr.CSVLog(path), verbose=0)
    assert path.read_text() == "my notes\n"
    path = tmp_path / "log.csv"
    net = network()
    net.fit(X, Y, epochs=1, callbacks=cr.CSVLog(path), verbose=0)
    before = path.read_bytes()
    with pytest.raises(DataError, match="has the columns epoch, loss, mae"):
        net.fit(X, Y, epochs=1, validation_split=0.5, callbacks=cr.CSVLog(path), verbose=0)
    assert path.read_bytes() == before
    with pytest.raises(OSError, match="missing"):
        network().fit(X, Y, callbacks=cr.CSVLog(tmp_path / "missing" / "log.csv"), verbose=0)
    with pytest.raises(ArgumentError, match="separator"):
        cr.CSVLog("log.csv", separator=", ")


def test_quantities_of_a_later_epoch_alone_are_warned_of(tmp_path: Path) -> None:
    def add(net, epoch, logs):
        if epoch == 1:
            logs["extra"] = 1.0

    path = tmp_path / "log.csv"
    with pytest.warns(cr.ChainruleWarning, match="epoch 1 have extra"):
        network().fit(X, Y, epochs=3, callbacks=[add, cr.CSVLog(path)], verbose=0)
    assert len(rows(path)) == 3
