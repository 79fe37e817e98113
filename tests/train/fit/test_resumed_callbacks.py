"""Callbacks of a killed run: what they remember and write is that of the unbroken one."""

import csv
import os
import signal

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from tests.storage.system_faults import forked

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(203, 5)).astype("float32")
Y = (X[:, 0] > 0).astype(int)


def trained(folder, killed_after=None):
    """Train with callbacks of every kind, in a folder with checkpoints; return the network."""
    layers = [nn.Dense(8, activation="relu"), nn.BatchNorm(), nn.Dropout(0.3), nn.Dense(2)]
    net = cr.Network(layers, seed=3)
    net.compile("cross_entropy", optim.SGD(0.1, momentum=0.9), metrics=["accuracy"])

    def kill(net, epoch, logs):
        if epoch == killed_after:
            os.kill(os.getpid(), signal.SIGKILL)

    callbacks = [
        cr.ReduceOnPlateau(patience=1, factor=0.7), cr.EarlyStopping(patience=8),
        cr.CSVLog(folder / "log.csv"), cr.TensorBoard(folder / "board", graph=False), kill,
    ]  # fmt: skip
    net.fit(
        X, Y, epochs=30, batch_size=50, validation_split=0.2, callbacks=callbacks, verbose=0,
        checkpoint=cr.Checkpoint(folder / "run", every="3 steps"),
    )  # fmt: skip
    return net


def rows_of(folder):
    with (folder / "log.csv").open() as file:
        return [row | {"seconds": ""} for row in csv.DictReader(file)]


def scalars_of(folder):
    """Return the scalars of a run by TensorBoard's own reader."""
    event_accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator"
    )
    read = {}
    for run in ("train", "validation"):
        events = event_accumulator.EventAccumulator(str(folder / "board" / run))
        events.Reload()
        for tag in events.Tags()["scalars"]:
            read[run, tag] = [(each.step, each.value) for each in events.Scalars(tag)]
    return read


def test_callbacks_of_a_killed_run_go_on_as_if_unbroken(tmp_path):
    expected_in, folder = tmp_path / "unbroken", tmp_path / "killed"
    expected_in.mkdir()
    folder.mkdir()
    expected = trained(expected_in)
    assert expected.history is not None
    assert 12 < expected.history.epochs < 30  # stopped early
    for epoch in (4, 11, 12):
        assert forked(lambda at=epoch: str(trained(folder, at))).code == -signal.SIGKILL
    net = trained(folder)
    assert net.history is not None
    assert net.history | {"seconds": []} == expected.history | {"seconds": []}
    for name, value in expected.params.items():
        np.testing.assert_array_equal(net.params[name], value)
    assert rows_of(folder) == rows_of(expected_in)
    assert scalars_of(folder) == scalars_of(expected_in)
