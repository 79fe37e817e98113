"""A saved network goes on training, in another process, as it would have without being saved."""

import dataclasses

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ChainruleWarning
from tests.prepared_python import run_program
from tests.train.files.stored_layers import NETWORKS

X = np.random.default_rng(5).normal(size=(60, 6)).astype("f4")
Y = np.sin(X[:, :2])


def plain():
    return [nn.Dense(5, "tanh", name="first"), nn.Dense(2)]


NOISY = [nn.Dense(8), nn.BatchNorm(), nn.Dropout(0.3), nn.Dense(2)]
CASES = {
    "momentum": (plain(), optim.SGD(0.05, momentum=0.9, nesterov=True)),
    "adam": (plain(), optim.Adam(0.01)),
    "schedule": (plain(), optim.Adam(optim.cosine(0.1, steps=30))),
    "schedule of epochs": (plain(), optim.SGD(optim.inverse_time(0.1, rate=0.5, epochs=1))),
    "noise and statistics": (NOISY, optim.AdamW(0.01)),
    "a changed rate": (plain(), optim.RMSprop(0.02)),
    "frozen weights": (plain(), optim.Adam(0.01)),
    "l-bfgs": (plain(), optim.LBFGS()),
    "levenberg-marquardt": (plain(), optim.LevenbergMarquardt()),
    "own layers": (NETWORKS["draws"][0](), optim.Adam(0.01)),
    "own statistics": (NETWORKS["last batch"][0](), optim.SGD(0.01, momentum=0.5)),
}

IN_ANOTHER_PROCESS = """
import sys
import numpy as np
import chainrule as cr
data = np.load(sys.argv[1] + "/data.npz")
for name in data["names"]:
    net = cr.load(f"{sys.argv[1]}/{name}.safetensors")
    for epochs in (1, 4):
        size = None if type(net.optimizer).__name__ in ("LBFGS", "LevenbergMarquardt") else 16
        net.fit(data["X"], data["Y"], epochs=epochs, batch_size=size, verbose=0)
    net.save(f"{sys.argv[1]}/{name} again.safetensors")
"""


def fit(net, epochs):
    size = None if isinstance(net.optimizer, optim.LBFGS | optim.LevenbergMarquardt) else 16
    return net.fit(X, Y, epochs=epochs, batch_size=size, verbose=0)


NATIVE = ["momentum", "a changed rate", "noise and statistics", "l-bfgs"]


@pytest.mark.parametrize("natively", [True, False])
def test_five_epochs_saved_and_five_in_another_process_are_ten(natively, tmp_path, request):
    if not natively:
        request.getfixturevalue("numpy_backend")
    names = [each for each in CASES if (each in NATIVE) == natively]
    nets = {}
    for name in names:
        layers, optimizer = CASES[name]
        nets[name] = net = cr.Network(layers, seed=2)
        net.compile("mse", optimizer, metrics=["mae"])
        fit(net, 3)
        if name == "a changed rate":
            net.optimizer = dataclasses.replace(net.optimizer, learning_rate=0.003)
        if name == "frozen weights":
            net.layers[0].trainable = False
        fit(net, 2)
        net.save(tmp_path / f"{name}.safetensors")
        if name == "frozen weights":
            net.layers[0].trainable = True
    np.savez(tmp_path / "data.npz", names=[*nets], X=X, Y=Y)
    done = run_program(["-c", IN_ANOTHER_PROCESS, str(tmp_path)])
    assert done.returncode == 0, done.stderr
    for name, net in nets.items():
        if name == "frozen weights":
            net.layers[0].trainable = False
        fit(net, 1)
        unbroken = fit(net, 4)
        other = cr.load(tmp_path / f"{name} again.safetensors")
        assert other.history["loss"] == unbroken["loss"], name
        assert other.history["mae"] == unbroken["mae"], name
        here, there = net.state(), other.state()
        for key, value in here.tensors.items():
            if not key.startswith("training:"):
                np.testing.assert_array_equal(there.tensors[key], value, err_msg=f"{name}: {key}")
        assert (here.epoch, here.steps) == (there.epoch, there.steps)


class Noise(nn.Layer):
    """Has a setting, a frozen sublayer, and an attribute that is changed after it was made."""

    def __init__(self, rate):
        self.rate, self.dense = rate, nn.Dense(6)
        self.dense.trainable, self.scale = False, np.ones(6, "f4")

    def forward(self, x):
        return self.dense(x) * self.scale

    def train_forward(self, x, random):
        return self.forward(x) * (random.uniform(x.shape) > self.rate)


def own_loss(y, p):
    return np.sqrt(np.mean((y - p) ** 2, axis=1) + 0.01)


def largest(y, p):
    return np.max(np.abs(y - p))


def own_network():
    layer = Noise(0.2)
    layer.scale = np.linspace(1, 2, 6).astype("f4")
    net = cr.Network([layer, nn.Dense(2)], seed=4)
    net.compile(own_loss, "adam", metrics=[largest])
    return net


RESUMED = """
import sys
import numpy as np
import chainrule as cr
data = np.load(sys.argv[1] + "/data.npz")
net = cr.load(sys.argv[1] + "/run")
net.fit(data["X"], data["Y"], epochs=5, batch_size=16, verbose=0, checkpoint=sys.argv[1] + "/run")
"""


def test_a_run_goes_on_without_the_code_of_its_layers_and_then_with_it(tmp_path):
    run, settings = tmp_path / "run", {"batch_size": 16, "verbose": 0}
    np.savez(tmp_path / "data.npz", X=X, Y=Y)
    own_network().fit(X, Y, epochs=3, checkpoint=run, **settings)
    done = run_program(["-c", RESUMED, str(tmp_path)])
    assert done.returncode == 0, done.stderr
    net, expected = own_network(), own_network()
    net.fit(X, Y, epochs=6, checkpoint=run, **settings)
    expected.fit(X, Y, epochs=6, **settings)
    assert net.history["loss"] == expected.history["loss"]
    assert net.history["largest"] == expected.history["largest"]
    np.testing.assert_array_equal(net.predict(X), expected.predict(X))
    custom = {"noise": Noise, "own_loss": own_loss, "largest": largest}
    with_class = cr.load(run, custom=custom)
    assert isinstance(with_class.layers[0], Noise)
    np.testing.assert_array_equal(with_class.predict(X), expected.predict(X))
    without = cr.load(run)
    without.save(tmp_path / "again")  # what the class needs is kept
    with_class = cr.load(tmp_path / "again", custom=custom)
    assert isinstance(with_class.layers[0], Noise)
    np.testing.assert_array_equal(with_class.predict(X), expected.predict(X))
    losses = [each.fit(X, Y, **settings)["loss"] for each in (with_class, without)]
    assert losses[0] == losses[1]


def test_equal_trainings_give_equal_bytes_resumed_or_not(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")
    for number, (make, data) in enumerate([(own_network, (X, Y)), (lambda: cr.RBM(4), (X > 0,))]):
        files = []
        for folder, parts in ((None, [4]), (tmp_path / f"run{number}", [2, 4])):
            for epochs in parts:
                net = make()
                net.fit(*data, epochs=epochs, checkpoint=folder, verbose=0)
            net.save(tmp_path / "net")
            files.append((tmp_path / "net").read_bytes())
        assert files[0] == files[1]


def test_a_file_holds_the_history_and_what_compile_forgets_is_not_in_it(tmp_path):
    net = cr.Network(plain(), seed=2)
    net.compile("mse", "adam")
    history = fit(net, 3)
    history.notes.append("of a run")
    net.save(tmp_path / "trained")
    loaded = cr.load(tmp_path / "trained")
    assert loaded.history == {name: each for name, each in history.items() if name != "seconds"}
    assert loaded.history.notes == history.notes
    net.compile("mse", "adam")
    net.save(tmp_path / "compiled")
    one, other = cr.load(tmp_path / "compiled"), net
    assert fit(one, 2)["loss"] == fit(other, 2)["loss"]
    assert (tmp_path / "compiled").stat().st_size < (tmp_path / "trained").stat().st_size


def test_a_rate_that_is_a_function_is_given_again(tmp_path):
    net = cr.Network(plain(), seed=2)
    net.compile("mse", optim.Adam(lambda epoch: 0.1 / (1 + epoch)))
    fit(net, 1)
    with pytest.warns(ChainruleWarning, match="give it the optimizer again"):
        net.save(tmp_path / "net")
    assert cr.load(tmp_path / "net").optimizer is None
