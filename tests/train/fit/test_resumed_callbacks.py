"""Callbacks of a killed run: what they remember and write is that of the unbroken one."""

import csv
import os
import signal
from collections import deque

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ChainruleWarning, FormatError
from chainrule.train.fit.callback_state import CallbackStates
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


def network():
    net = cr.Network([nn.Dense(4, activation="relu"), nn.Dropout(0.3), nn.Dense(2)], seed=3)
    net.compile("cross_entropy", "adam")
    return net


class Latest(cr.Callback):
    """Remembers what is no data, by methods for checkpoints."""

    def __init__(self):
        self.losses = deque(maxlen=3)

    def on_step_end(self, net, step, logs):
        self.losses.append(logs["loss"])

    def state(self):
        return list(self.losses)

    def restore(self, state):
        self.losses = deque(state, maxlen=3)


class Named(cr.Callback):
    """Has attributes of the names of these methods."""

    state = "none"

    def on_epoch_end(self, net, epoch, logs):
        self.restore, self.state = epoch, f"after {epoch}"


def test_what_callbacks_return_and_record_goes_on(tmp_path):
    def train(epochs, checkpoint):
        recorded = [Latest(), cr.LayerHistograms(X, Y), cr.ParameterPath(), Named()]
        network().fit(X, Y, epochs=epochs, callbacks=recorded, checkpoint=checkpoint, verbose=0)
        return recorded

    train(2, cr.Checkpoint(tmp_path, every="3 steps"))
    max(tmp_path.glob("checkpoint-*")).unlink()  # goes on within an epoch
    latest, histograms, path, named = train(4, tmp_path)
    others = train(4, None)
    assert latest.losses == others[0].losses
    assert latest.losses.maxlen == 3
    assert histograms.epochs == others[1].epochs == [0, 1, 2, 3, 4]
    assert repr(histograms.state()) == repr(others[1].state())
    for one, other in zip(path.points, others[2].points, strict=True):
        assert all(np.array_equal(one[name], other[name]) for name in other)
    assert (named.state, named.restore) == ("after 3", 3)
    for state in (3, {"epochs": [1]}, {"epochs": [], "activations": {"a": [1]}, "gradients": {}}):
        with pytest.raises(FormatError, match="no record of it"):
            histograms.restore(state)
    assert histograms.epochs == [0, 1, 2, 3, 4]


def test_attributes_that_no_training_has_written_are_refused(tmp_path):
    stopper = cr.EarlyStopping("loss", mode="min")
    states = CallbackStates([stopper, Latest()])
    for title, attributes in (
        ("EarlyStopping", {"best_epoch": "3"}),
        ("EarlyStopping", {"_best_params": [1]}),
        ("Latest", {"on_step_end": 3}),
    ):
        with pytest.raises(FormatError, match=f"for {title}.* what is none of its values"):
            states.restore([(title, attributes, None)])
    states.restore([("EarlyStopping", {"best": 3, "best_epoch": np.int64(2)}, None)])
    assert (stopper.best, stopper.best_epoch) == (3, 2)


def test_a_state_without_the_method_that_takes_it_up_is_warned_of(tmp_path):
    def fit(epochs, callback):
        network().fit(X, Y, epochs=epochs, callbacks=callback, checkpoint=tmp_path, verbose=0)

    fit(1, Latest())
    other = type("Latest", (cr.Callback,), {"on_epoch_end": Latest.on_epoch_end})()
    with pytest.warns(ChainruleWarning) as warned:
        fit(2, other)
    assert any("has no restore(self, state) now; write one" in str(each.message) for each in warned)
    unkept = type("Latest", (Latest,), {"state": lambda self: object()})()
    with pytest.warns(ChainruleWarning, match=r"Latest\.state\(\) holds an object"):
        network().fit(X, Y, callbacks=unkept, checkpoint=tmp_path / "other", verbose=0)
