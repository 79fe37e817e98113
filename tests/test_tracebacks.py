"""Errors show the lines of the user's code and the message, and no frame of this library."""

import os
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import data, nn, optim
from chainrule.errors import GraphError
from chainrule.tracebacks import boundary

X = np.random.default_rng(0).normal(size=(16, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


class Divided(nn.Layer):
    def forward(self, x):
        return x / (1 / 0)


class Misfit(nn.Layer):
    def build(self, input_shape):
        self.W = self.parameter("W", (3, 3))

    def forward(self, x):
        return x @ self.W


class Reader(cr.Callback):
    def on_epoch_end(self, net, epoch, logs):
        return logs["nothing"]


def branching(x):
    return x if x > 0 else -x


def singular(x):
    return np.sum(np.linalg.eig(x)[0])


def warned() -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return network().fit(1000 * X, Y, verbose=0)  # unscaled


def network(*layers: nn.Layer) -> cr.Network:
    net = cr.Network([*layers, nn.Dense(2)])
    net.compile(loss="cross_entropy")
    return net


@cache
def trained() -> cr.Network:
    net = network()
    net.fit(X, Y, verbose=0)
    return net


# By mistake: the functions of this file whose lines are shown below that of the call.
MISTAKES: list[tuple[Callable[[], object], list[str]]] = [
    (lambda: network().fit(X, Y + 5, verbose=0), []),
    (lambda: network().fit(X, Y[:3], verbose=0), []),
    (lambda: network().fit(X, Y, epoch=3), []),
    (lambda: trained().predict(X[:, :3]), []),
    (lambda: trained().predict_classes(X), []),
    (lambda: trained().params["x"], []),
    (lambda: trained().params.update({"dense.bias": np.ones(9)}), []),
    (lambda: setattr(trained(), "metrics", 4), []),
    (lambda: trained()["foo"], []),
    (lambda: trained().history["x"], []),
    (lambda: trained().evaluate(X, Y)["acc"], []),
    (lambda: trained().apply({}, X), []),
    (lambda: nn.Dense(-3), []),
    (lambda: nn.Dense(3, activaton="relu"), []),
    (lambda: nn.Linear, []),
    (lambda: optim.Adam(-1), []),
    (lambda: optim.SGD().update([1.0], optim.SGD().init([2.0]), [2.0, 3.0]), []),
    (lambda: data.read_csv("/nonexistent.csv"), []),
    (lambda: cr.load("/nonexistent.safetensors"), []),
    (lambda: cr.grad(np.sin)(np.ones(3)), []),
    (lambda: cr.vjp(np.sin, 1.0)[1](np.ones(3)), []),
    (lambda: cr.jit(branching)(1.0), ["branching"]),
    (lambda: cr.grad(singular)(np.eye(2)), ["singular"]),
    (lambda: cr.trace(singular)(np.eye(2)), ["singular"]),
    (lambda: network(Misfit())(X), []),
    (lambda: network(Misfit()).fit(X, Y, verbose=0), []),
    (warned, ["warned"]),
    (lambda: network(Divided()).fit(X, Y, verbose=0), ["forward"]),
    (lambda: network().fit(X, Y, callbacks=[Reader()], verbose=0), ["on_epoch_end"]),
]


def shown(error: BaseException) -> list[traceback.FrameSummary]:
    return [each for each in traceback.extract_tb(error.__traceback__) if each.name != "<module>"]


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_only_lines_of_the_user_are_shown(number: int) -> None:
    mistake, below = MISTAKES[number]
    with pytest.raises(Exception, match=r".") as caught:
        mistake()
    assert not isinstance(caught.value, AssertionError)
    _, *frames = shown(caught.value)  # that of this test first
    assert [frame.name for frame in frames if frame.name != "<lambda>"] == below
    assert {frame.filename for frame in frames} == {__file__}
    cause = caught.value.__cause__
    assert cause is None or {frame.filename for frame in shown(cause)} <= {__file__}


def test_a_script_shows_its_line_and_the_message_and_all_frames_when_debugging(
    tmp_path: Path,
) -> None:
    script = tmp_path / "script.py"
    script.write_text("import chainrule as cr\ncr.Network([]).fit([[1.0]], [1])\n")
    frames = []
    for setting in ("check", "traceback"):
        environment = os.environ | {"CHAINRULE_DEBUG": setting}
        run = subprocess.run(
            [sys.executable, str(script)], env=environment, capture_output=True, text=True,
            timeout=600, check=False,
        )  # fmt: skip
        lines = run.stderr.splitlines()
        assert lines[-1].startswith("chainrule.errors.ArgumentError: fit: the network does not")
        frames.append(sum(line.startswith("  File ") for line in lines))
    assert frames[0] == 1
    assert frames[1] > 3


def test_errors_that_were_not_foreseen_keep_all_frames() -> None:
    own = {"__name__": "chainrule.somewhere", "GraphError": GraphError}
    source = (
        "def index(): return [][0]\ndef bug(): raise GraphError('x')\ndef told(): raise KeyError"
    )
    exec(source, own)
    for name, is_kept in [("index", True), ("bug", True), ("told", False)]:
        for called in (boundary(own[name]), boundary(lambda name=name: boundary(own[name])())):
            with pytest.raises((IndexError, GraphError, KeyError)) as caught:
                called()
            found = [each.name for each in shown(caught.value)]
            assert found.count(name) == is_kept, name
