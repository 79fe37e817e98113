"""Checkpoints: a run that is killed goes on bit for bit; signals, locks, damage and full disks."""

import os
import random
import re
import signal
import time

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError, ChainruleWarning, FormatError
from tests.train.fit.test_termination import in_child

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(203, 5)).astype("float32")
Y = (X[:, 0] > 0).astype(int)


def network(optimizer="adam", metrics=("accuracy",), units=4, seed=3):
    layers = [nn.Dense(units, activation="relu"), nn.BatchNorm(), nn.Dropout(0.3), nn.Dense(2)]
    net = cr.Network(layers, seed=seed)
    net.compile("cross_entropy", optimizer, metrics=list(metrics))
    return net


class Sums(cr.Callback):
    """A callback that adds numbers to the logs and changes the learning rate."""

    def __init__(self):
        self.losses = []

    def on_epoch_end(self, net, epoch, logs):
        self.losses.append(logs["loss"])
        logs["sum"] = sum(self.losses)
        net.optimizer = type(net.optimizer)(0.05 / (1 + len(self.losses)))
        net.layers[2].rate = 0.1 * epoch
        net.layers[0].trainable = epoch != 1


PLATEAU = optim.SGD(optim.reduce_on_plateau(0.5, patience=1))
RUNS = {
    "epochs in one call": ({}, 192, {}, "7 steps"),
    "partial batch": ({}, 203, {"callbacks": lambda: [Sums()]}, "7 steps"),
    "early stopping": (
        {"metrics": ["f1"]}, 203,
        {"validation_split": 0.2, "callbacks": lambda: [cr.EarlyStopping(patience=1)]}, "5 steps",
    ),
    "plateau": ({"optimizer": PLATEAU}, 203, {"shuffle": False}, "1 epoch"),
    "lbfgs": ({"optimizer": "lbfgs"}, 203, {"batch_size": None}, "2 steps"),
}  # fmt: skip


def trained(made, count, settings, **checkpoint):
    given = {"epochs": 5, "batch_size": 32, "verbose": 0} | settings
    if "callbacks" in given:
        given["callbacks"] = given["callbacks"]()
    net = network(**made)
    return net, net.fit(X[:count], Y[:count], **given, **checkpoint)


def without_seconds(history):
    return {name: column for name, column in history.items() if name != "seconds"}


def assert_same(one, other):
    assert without_seconds(one.history) == without_seconds(other.history)
    for name, value in one.params.items():
        np.testing.assert_array_equal(value, other.params[name])


NATIVE = ["epochs in one call", "plateau", "lbfgs"]  # also a partial batch at the end of an epoch


@pytest.mark.parametrize("kind", RUNS)
def test_a_run_goes_on_from_each_checkpoint_as_if_unbroken(kind, tmp_path, request):
    if kind not in NATIVE:
        request.getfixturevalue("numpy_backend")
    made, count, settings, every = RUNS[kind]
    expected, _ = trained(made, count, settings)
    checkpoint = cr.Checkpoint(tmp_path / "all", every, keep=None)
    watched, _ = trained(made, count, settings, checkpoint=checkpoint)
    assert_same(watched, expected)
    files = sorted((tmp_path / "all").glob("checkpoint-*"))
    assert len(files) >= 3
    file = files[len(files) // 2]
    folder = tmp_path / "part"
    folder.mkdir()
    os.link(file, folder / file.name)
    net, _ = trained(made, count, settings, checkpoint=folder)
    assert_same(net, expected)
    if kind == "early stopping":
        again, _ = trained(made, count, settings, checkpoint=folder)  # which is finished
        assert_same(again, expected)
    loaded = cr.load(folder)
    assert loaded.history["loss"] == expected.history["loss"]


def killed_and_resumed(folder, kill, epochs=200):
    """Train in children that are killed until one ends; return how many there were."""

    def train():
        checkpoint = cr.Checkpoint(folder, every="13 steps")
        network().fit(X, Y, epochs=epochs, batch_size=64, checkpoint=checkpoint, verbose=0)

    for count in range(1000):
        child = os.fork()
        if child == 0:
            try:
                train()
                os._exit(0)
            finally:
                os._exit(99)
        kill(child, count)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status == 0:
            return count
        assert status == -signal.SIGKILL
    raise AssertionError("no run ended")


def steps_done(folder):
    """Return the number of steps of the newest checkpoint, -1 without one."""
    numbers = [int(each.stem.split("-")[1]) for each in folder.glob("checkpoint-*")]
    return max(numbers, default=-1)


def test_a_run_that_is_killed_at_random_instants_goes_on_bit_for_bit(tmp_path):
    expected = network()
    expected.fit(X, Y, epochs=1000, batch_size=64, verbose=0)
    generator = random.Random(0)

    def kill(child, count):
        if count < 3:
            while steps_done(tmp_path) < 50 + 300 * count:
                time.sleep(0.001)
            time.sleep(generator.uniform(0.0, 0.02))
            os.kill(child, signal.SIGKILL)

    assert killed_and_resumed(tmp_path, kill, epochs=1000) == 3
    net = network()
    net.fit(X, Y, epochs=1000, batch_size=64, checkpoint=tmp_path, verbose=0)
    assert_same(net, expected)
    assert {each.name[:11] for each in tmp_path.iterdir()} == {"checkpoint-"}
    assert len(list(tmp_path.iterdir())) == 4  # the first, and the last three


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_a_step_end_and_saves_it(tmp_path, number):
    def check():
        def press(net, epoch, logs):
            if epoch == 2:
                os.kill(os.getpid(), number)
                assert time.sleep(0.01) is None  # it waits until the epoch is ended

        expected = network()
        expected.fit(X, Y, epochs=5, batch_size=32, callbacks=[lambda *_: None], verbose=0)
        kind = KeyboardInterrupt if number == signal.SIGINT else SystemExit
        for every in ("1000 s", "1 epoch"):
            net, folder = network(), tmp_path / every
            checkpoint = cr.Checkpoint(folder, every)
            given = {"epochs": 5, "batch_size": 32, "verbose": 0, "checkpoint": checkpoint}
            with pytest.raises(kind) as ended:
                net.fit(X, Y, callbacks=[press], **given)
            assert number == signal.SIGINT or ended.value.code == 143
            assert (folder / "checkpoint-000000000021.safetensors").exists()
            assert signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)
            net.fit(X, Y, callbacks=[lambda *_: None], **given)  # of the same process
            assert without_seconds(net.history) == without_seconds(expected.history)
            assert np.array_equal(net.params["dense.weight"], expected.params["dense.weight"])

    assert in_child(check) == 0


def test_the_second_of_two_interrupts_is_raised_at_once(tmp_path):
    def check():
        def press_twice(net, epoch, logs):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            raise AssertionError("the second one ends the callback")

        with pytest.raises(KeyboardInterrupt):
            network().fit(X, Y, callbacks=[press_twice], checkpoint=tmp_path, verbose=0)
        assert [each.name for each in tmp_path.iterdir()] == ["checkpoint-000000000000.safetensors"]

    assert in_child(check) == 0


def test_a_folder_in_use_is_refused_and_that_of_a_dead_process_is_not(tmp_path, monkeypatch):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:

        def tell(net, epoch, logs):
            os.write(writing, b".")
            time.sleep(600)

        try:
            network().fit(X, Y, callbacks=[tell], checkpoint=tmp_path, verbose=0)
        finally:
            os._exit(0)
    os.read(reading, 1)
    net = network()
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("it is refused without waiting"))
    with pytest.raises(OSError, match=f"process {child} on .* writes to this folder") as refused:
        net.fit(X, Y, checkpoint=tmp_path, verbose=0)
    assert os.waitpid(child, os.WNOHANG) == (0, 0), "it is refused while the child writes"
    monkeypatch.undo()
    assert refused.value.filename == str(tmp_path)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert (tmp_path / "lock").exists()
    net.fit(X, Y, checkpoint=tmp_path, verbose=0)
    assert not (tmp_path / "lock").exists()


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_taken(tmp_path):
    expected, _ = trained({}, 192, {}, checkpoint=cr.Checkpoint(tmp_path, every="7 steps"))
    first, *_, before, last = sorted(tmp_path.glob("checkpoint-*"))
    content = bytearray(last.read_bytes())
    content[-40] ^= 1
    last.write_bytes(content)
    with pytest.warns(ChainruleWarning, match=f"{last.name} cannot be read.*checksum"):
        net, _ = trained({}, 192, {}, checkpoint=tmp_path)
    assert_same(net, expected)
    assert before.exists()
    assert cr.load(last).history.epochs == 5
    for each in tmp_path.iterdir():
        each.write_bytes(each.read_bytes()[:-1])
    with (
        pytest.warns(ChainruleWarning, match="cannot be read"),
        pytest.raises(FormatError, match="remove the folder"),
    ):
        trained({}, 192, {}, checkpoint=tmp_path)
    assert first.exists()


OTHERS = {
    "the training data are others": lambda fit: fit(y=1 - Y),
    "the number of samples is 203 there and 100 here": lambda fit: fit(X=X[:100], y=Y[:100]),
    "batch_size is 32 there and 16 here": lambda fit: fit(batch_size=16),
    "shuffle is True there and False here": lambda fit: fit(shuffle=False),
    "optimizer is 'Adam(learning_rate=0.001)' there and 'SGD": lambda fit: fit(
        {"optimizer": "sgd"}
    ),
    "validation data: none there, some here": lambda fit: fit(validation_data=(X, Y)),
    "'units': 4": lambda fit: fit({"units": 5}),
    "seed is 3 there and 4 here": lambda fit: fit({"seed": 4}),
}


def test_other_data_and_settings_are_refused_by_name(tmp_path):
    def fit(made=None, X=X, y=Y, **settings):
        given = {"batch_size": 32, "epochs": 2, "verbose": 0, "checkpoint": tmp_path} | settings
        return network(**(made or {})).fit(X, y, **given)

    fit()
    for message, change in OTHERS.items():
        with pytest.raises(ArgumentError, match=re.escape(message)):
            change(fit)
    assert fit(epochs=3).epochs == 3  # more epochs go on
    net = network()
    net.fit(X, Y, batch_size=32, verbose=0)
    with pytest.raises(ArgumentError, match="a folder of its own"):
        net.fit(X, Y, batch_size=32, verbose=0, checkpoint=tmp_path)


def test_what_cannot_be_saved_or_written_is_refused_before_training(tmp_path):
    net = network("cg")
    with pytest.raises(ArgumentError, match="optimizer='lbfgs'"):
        net.fit(X, Y, checkpoint=tmp_path / "a", verbose=0)
    with pytest.raises(ArgumentError, match="one, by checkpoint="):
        net.fit(X, Y, checkpoint=tmp_path, callbacks=[cr.Checkpoint(tmp_path)], verbose=0)
    with pytest.raises(NotADirectoryError, match="not a folder"):
        network().fit(X, Y, checkpoint="/dev/full", verbose=0)
    folder = tmp_path / "read-only"
    folder.mkdir(0o555)
    with pytest.raises(OSError, match="read-only") as refused:
        network().fit(X, Y, checkpoint=folder, verbose=0)
    assert refused.value.filename == str(folder)
    for every in ("10", "x steps", "0 epochs", "1.5 steps", 0, 2.5, "1 parsec"):
        if every != "10":
            with pytest.raises(ArgumentError, match="every"):
                cr.Checkpoint(folder, every=every)
    with pytest.raises(ArgumentError, match="mode"):
        cr.Checkpoint(folder, best="profit")


def test_the_best_epoch_is_kept(tmp_path):
    given = {"validation_data": (X[:50], Y[:50]), "epochs": 6, "verbose": 0}
    checkpoint = cr.Checkpoint(tmp_path, best="val_accuracy")
    history = network().fit(X, Y, checkpoint=checkpoint, **given)
    with pytest.raises(ArgumentError, match="monitor is 'val_loss'"):
        network().fit(X, Y, checkpoint=cr.Checkpoint(tmp_path / "a", best="val_loss"), verbose=0)
    best = cr.load(tmp_path / "best.safetensors")
    assert best.history.epochs == 1 + int(np.argmax(history["val_accuracy"]))
    assert best.evaluate(X[:50], Y[:50])["accuracy"] == max(history["val_accuracy"])


def test_a_callback_that_holds_no_data_is_warned_of(tmp_path):
    class Own(cr.Callback):
        def on_fit_start(self, net):
            self.tracker = object()

        def on_epoch_end(self, net, epoch, logs):
            return None

    with pytest.warns(ChainruleWarning, match=r"Own\.tracker holds"):
        network().fit(X, Y, checkpoint=tmp_path, callbacks=[Own()], verbose=0)


@pytest.mark.usefixtures("numpy_backend")
def test_a_machine_of_boltzmann_goes_on_too(tmp_path):
    def train(epochs, folder, **settings):
        given = {"persistent": True, "sparsity": 0.1, "batch_size": 20, "seed": 1} | settings
        machine = cr.RBM(5, **given)
        checkpoint = None if folder is None else cr.Checkpoint(folder, "7 steps")
        machine.fit(np.abs(np.sign(X)), epochs=epochs, checkpoint=checkpoint, verbose=0)
        return machine

    train(2, tmp_path)
    max(tmp_path.glob("checkpoint-*")).unlink()  # goes on within an epoch
    assert_same(train(4, tmp_path), train(4, None))
    for settings, name in (({"sparsity": 0.2}, "sparsity is 0.1 there"), ({"k": 2}, "'k': 2")):
        with pytest.raises(ArgumentError, match=name):
            train(4, tmp_path, **settings)
    loaded, expected = cr.load(tmp_path), train(4, None)
    assert repr(loaded) == repr(expected)
    assert_same(loaded, expected)
    loaded.fit(np.abs(np.sign(X)), epochs=1, verbose=0)
    for name, value in train(5, None).params.items():
        np.testing.assert_array_equal(loaded.params[name], value)


class Scaled(nn.Layer):
    """A layer with a function without a name, and with a state that callbacks change."""

    def __init__(self, function):
        self.function, self.scale = function, np.ones(4, "float32")

    def forward(self, x):
        return self.function(x * self.scale)


@pytest.mark.usefixtures("numpy_backend")
def test_layers_that_are_no_data_go_on_with_their_state(tmp_path):
    def train(epochs, **settings):
        net = cr.Network([nn.Dense(4), Scaled(lambda x: np.maximum(x, 0)), nn.Dense(2)], seed=0)
        net.compile("cross_entropy", "adam")

        def grow(net, epoch, logs):
            net.layers[1].scale = net.layers[1].scale * 1.1

        net.fit(X, Y, epochs=epochs, callbacks=[grow], verbose=0, **settings)
        return net

    train(2, checkpoint=tmp_path)
    net, expected = train(4, checkpoint=tmp_path), train(4)
    assert_same(net, expected)
    assert np.array_equal(net.predict(X), expected.predict(X))
    loaded = cr.load(tmp_path)  # by the program of the layer
    assert np.array_equal(loaded.predict(X), expected.predict(X))


def test_a_full_disk_is_named_and_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    checkpoint = cr.Checkpoint(tmp_path, every="1 epoch")
    write, full = os.write, []

    def refused(descriptor, content):
        if full:
            raise OSError(28, "No space left on device")
        return write(descriptor, content)

    monkeypatch.setattr(os, "write", refused)
    net = network()
    given = {"epochs": 4, "batch_size": 32, "verbose": 0, "checkpoint": checkpoint}
    with pytest.raises(OSError, match="No space left on device") as failed:
        net.fit(
            X, Y, callbacks=[lambda net, epoch, logs: full.append(1) if epoch else None], **given
        )
    assert "checkpoint-000000000014" in failed.value.filename
    names = sorted(each.name for each in tmp_path.iterdir())
    assert names == [f"checkpoint-{steps:012d}.safetensors" for steps in (0, 7)]
    full.clear()
    expected = network()
    expected.fit(X, Y, epochs=4, batch_size=32, verbose=0)
    net.fit(X, Y, **{**given, "checkpoint": None, "epochs": 2})  # the epochs that are left
    assert np.array_equal(net.params["dense.weight"], expected.params["dense.weight"])
    again = network()
    again.fit(X, Y, **given)
    assert_same(again, expected)
