"""A run whose own code has changed since its checkpoint is refused by name; versions are told."""

from dataclasses import dataclass

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError, ChainruleWarning
from chainrule.train.files import description

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(60, 5)).astype("float32")
Y = GENERATOR.normal(size=(60, 2)).astype("float32")


def layer(code):
    """Return a class of a name whose ``forward`` is the code."""
    names = {"nn": nn, "np": np, "__name__": "of_user"}
    exec(
        "class Scaled(nn.Layer):\n    def __init__(self):\n        self.scale = 1.5\n"
        f"    def forward(self, x):\n        {code}\n",
        names,
    )
    return names["Scaled"]


def function(name, code):
    names = {"np": np, "__name__": "of_user"}
    exec(f"def {name}:\n    {code}\n", names)
    return names[name.split("(")[0]]


def arguments(**changed):
    given = {
        "layer": "return np.tanh(x * self.scale)",
        "loss": "return np.mean((output - target) ** 2, axis=-1)",
        "metric": "return np.mean(np.abs(output - target), axis=-1)",
        "rate": "return 0.1 / (1 + epoch)",
    } | changed
    made = layer(given["layer"])
    loss = function("own_loss(output, target)", given["loss"])
    metric = function("own_metric(output, target)", given["metric"])
    rate = function("own_rate(epoch)", given["rate"])
    net = cr.Network([nn.Dense(4), made(), nn.Dense(2)], seed=0)
    net.compile(loss, optim.SGD(rate), metrics=[metric])
    return net


def train(folder, epochs, **changed):
    net = arguments(**changed)
    net.fit(X, Y, epochs=epochs, checkpoint=folder, verbose=0)
    return net


OTHERS = {
    "the layer 'scaled' computes something else": {"layer": "return np.tanh(x * 2.0)"},
    "the loss 'own_loss' computes": {"loss": "return np.mean(np.abs(output - target), axis=-1)"},
    "the metric 'own_metric' computes": {"metric": "return np.max(abs(output - target), axis=-1)"},
    "the learning rate 'own_rate' computes": {"rate": "return 0.2 / (1 + epoch)"},
}  # fmt: skip
SAME = {
    "layer": "\n        product = x * self.scale  # renamed\n        return np.tanh(product)",
    "loss": "'Text.'\n    return np.mean((output - target) ** 2, axis=-1)",
}


def test_changed_code_is_refused_by_name_and_what_computes_the_same_goes_on(tmp_path):
    train(tmp_path, 2)
    for message, changed in OTHERS.items():
        with pytest.raises(ArgumentError, match=f"of another run: {message}.*; to go on"):
            train(tmp_path, 4, **changed)
    expected = train(tmp_path / "other", 4)
    net = train(tmp_path, 4, **SAME)
    assert net.history["loss"] == expected.history["loss"]


def test_a_layer_that_has_no_program_is_compared_by_its_instructions(tmp_path):
    code = "return np.concatenate([each[None] for each in x]) * {}"
    train(tmp_path, 2, layer=code.format(2.0))
    with pytest.raises(ArgumentError, match="the layer 'scaled' computes something else"):
        train(tmp_path, 4, layer=code.format(3.0))
    assert train(tmp_path, 4, layer=code.format(2.0)).history.epochs == 4


def test_what_a_callback_changes_in_a_layer_is_no_other_code(tmp_path):
    def fit(net, epochs):
        def grow(net, epoch, logs):
            net.layers[1].scale *= 1.1

        return net.fit(X, Y, epochs=epochs, checkpoint=tmp_path, callbacks=[grow], verbose=0)

    net = arguments()
    fit(net, 2)
    fit(net, 4)  # of the same process
    assert fit(arguments(), 6).epochs == 6


BASE = {"np": np, "cr": cr, "__name__": "of_user"}


def callback(code, **names):
    """Return callbacks of a class and of a function, both of which call another one."""
    names = BASE | {"step": 0.1} | names
    exec(
        f"def helper(epoch):\n    return {code}\n"
        "class Own(cr.Callback):\n    def on_epoch_end(self, net, epoch, logs):\n"
        "        self.value = helper(epoch) + step\n"
        "def scheduled(epoch):\n    return 0.1 + 0 * helper(epoch)\n",
        names,
    )
    own, scheduled = names["Own"], names["scheduled"]
    return [own(), cr.LearningRateSchedule(scheduled)]


def test_changed_code_of_callbacks_is_warned_of_and_their_data_may_change(tmp_path):
    def fit(epochs, callbacks):
        net = cr.Network([nn.Dense(2)], seed=0)
        net.compile("mse", "sgd")
        return net.fit(X, Y, epochs=epochs, callbacks=callbacks, checkpoint=tmp_path, verbose=0)

    fit(2, callback("1.0 + epoch"))
    fit(3, callback("1.0 + epoch", step=0.5))
    words = "the code of the callback 'Own', the callback 'LearningRateSchedule' is not that"
    with pytest.warns(ChainruleWarning, match=f"{words}.*goes on with what is here"):
        assert fit(4, callback("2.0 + epoch")).epochs == 4


def test_a_rate_is_compared_with_what_it_calls_and_reads(tmp_path):
    def fit(epochs, rate):
        net = cr.Network([nn.Dense(2)], seed=0)
        net.compile("mse", optim.SGD(rate))
        return net.fit(X, Y, epochs=epochs, checkpoint=tmp_path, verbose=0)

    def rate(base, power):
        names = {"BASE": base, "__name__": "of_user"}
        exec(
            f"def decayed(epoch):\n    return 0.9 ** (epoch * {power})\n"
            "def rate(epoch):\n    return BASE * decayed(epoch)\n",
            names,
        )
        return names["rate"]

    fit(2, rate(0.1, 1))
    for other in (rate(0.2, 1), rate(0.1, 2)):
        with pytest.raises(ArgumentError, match="the learning rate 'rate' computes something else"):
            fit(3, other)
    assert fit(3, rate(0.1, 1)).epochs == 3


def test_schedules_and_optimisers_of_ones_own_are_compared(tmp_path):
    def fit(epochs, folder, **code):
        code = {"rate": "0.1 / (1 + epoch)", "factor": "1.0"} | code
        names = {"optim": optim, "dataclass": dataclass, "__name__": "of_user"}
        exec(
            "@dataclass(frozen=True)\nclass Own(optim.Schedule):\n"
            "    def __call__(self, step, epoch):\n"
            f"        return {code['rate']}\n"
            "@dataclass(frozen=True)\nclass Scaled(optim.SGD):\n"
            "    def update_parameter(self, parameter, gradient, *others):\n"
            f"        gradient = {code['factor']} * gradient\n"
            "        return optim.SGD.update_parameter(self, parameter, gradient, *others)\n",
            names,
        )
        net = cr.Network([nn.Dense(2)], seed=0)
        own = optim.warmup(names["Own"](), epochs=1)
        optimizer = optim.SGD(own) if folder.name == "rate" else names["Scaled"](0.1)
        net.compile("mse", optimizer)
        return net.fit(X, Y, epochs=epochs, checkpoint=folder, verbose=0)

    changed = {
        "rate": ({"rate": "0.2"}, "the learning rate 'warmup' computes"),
        "optimiser": ({"factor": "2.0"}, "the optimiser 'Scaled' computes"),
    }
    for name, (code, message) in changed.items():
        fit(2, tmp_path / name)
        with pytest.raises(ArgumentError, match=message):
            fit(3, tmp_path / name, **code)
        assert fit(3, tmp_path / name).epochs == 3


def test_a_checkpoint_of_another_version_is_warned_of(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(description, "versions", lambda: {"chainrule": "0.0.1", "numpy": "1.0"})
        train(tmp_path, 2)
    with pytest.warns(ChainruleWarning, match=r"chainrule 0\.0\.1 there and .* here.*goes on"):
        assert train(tmp_path, 3).history.epochs == 3
