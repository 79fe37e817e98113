"""Steps of a run, repeated from the nearest checkpoint: the values are those of the run."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError
from chainrule.train.network import model_of

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(43, 5)).astype("float32")
Y = (X[:, 0] > 0).astype(int)
PLATEAU = optim.SGD(optim.reduce_on_plateau(0.5, patience=1), momentum=0.5)


def network(optimizer="adam"):
    layers = [nn.Dense(4, activation="relu", l2=0.1), nn.BatchNorm(), nn.Dropout(0.3), nn.Dense(2)]
    net = cr.Network(layers, seed=3)
    net.compile("cross_entropy", optimizer)
    return net


def halve(net, epoch, logs):
    net.params["dense.bias"][:] += 0.1
    if epoch == 1:
        net.optimizer = optim.SGD(0.01, momentum=0.5)


@pytest.mark.parametrize(
    ("optimizer", "settings"),
    [
        ("adam", {}),
        (PLATEAU, {"validation_split": 0.2}),
        (optim.SGD(0.1, momentum=0.5), {"callbacks": [halve]}),
    ],
)
def test_the_values_of_a_step_are_those_of_the_run_bit_for_bit(tmp_path, optimizer, settings):
    given = {"epochs": 4, "batch_size": 16, "verbose": 0} | settings
    net = network(optimizer)
    net.fit(X, Y, checkpoint=cr.Checkpoint(tmp_path / "few", "1000 s", keep=1), **given)
    every = cr.Checkpoint(tmp_path / "all", "1 steps", keep=None)
    network(optimizer).fit(X, Y, checkpoint=every, **given)
    assert len(list((tmp_path / "few").iterdir())) == 2
    before, history = net.params.copy(), dict(net.history)
    session = net.debug(X, Y, run=tmp_path / "few", **settings)
    assert session.run_step == 11
    for step in (7, 0, 11, 2):
        session.goto_step(step)
        saved, after = (
            cr.load(tmp_path / "all" / f"checkpoint-{number:012d}.safetensors")
            for number in (step, step + 1)
        )
        for name in ("dense.weight", "batch_norm.gain", "dense_1.bias"):
            np.testing.assert_array_equal(session.value(name), saved.params[name])
        if optimizer == "adam":  # the gradient, dropout and batch included, is what was applied
            old, new = (model_of(each).optimizer_slots for each in (saved, after))
            mean = old["dense.weight"]["mean"] if old else 0.0
            applied = (new["dense.weight"]["mean"] - 0.9 * mean) / 0.1
            found = session.gradient("dense.weight")
            np.testing.assert_allclose(found, applied, rtol=1e-4, atol=1e-6)
    assert dict(net.history) == history
    assert all(np.array_equal(net.params[name], before[name]) for name in before)


def test_steps_that_cannot_be_repeated_are_refused_with_a_remedy(tmp_path):
    net = network(PLATEAU)
    given = {"epochs": 3, "batch_size": 16, "verbose": 0, "validation_data": (X[:9], Y[:9])}
    net.fit(X, Y, checkpoint=cr.Checkpoint(tmp_path, "1000 s"), callbacks=[halve], **given)
    refusals = [
        ({"step": 9}, "has the steps 0 to 8"),
        ({"step": 5}, "called halve.*callbacks="),
        ({"step": 5, "callbacks": [halve]}, "by validation_data="),
        ({"step": 1, "validation_split": 0.5}, "training data|the number of samples"),
    ]
    for settings, message in refusals:
        with pytest.raises(ArgumentError, match=message):
            net.debug(X, Y, run=tmp_path, **settings)
    remedy = {"callbacks": [halve], "validation_data": (X[:9], Y[:9])}
    session = net.debug(X, Y, run=tmp_path, step=5, **remedy)
    assert session.run_step == 5
    session.interact(["t 2", "t 100", "q"])
    assert session.run_step == 2
    with pytest.raises(ArgumentError, match="run=folder"):
        net.debug(X, Y, step=3)
    with pytest.raises(ArgumentError, match="run=folder"):
        net.debug(X, Y).goto_step(3)
    with pytest.raises(ArgumentError, match="no checkpoint"):
        net.debug(X, Y, run=tmp_path / "none")
