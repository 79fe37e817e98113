"""What users change after the first call of fit, predict or evaluate counts at the next one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import TraceError

X = np.random.default_rng(0).normal(size=(32, 4)).astype(np.float32)
factor = 1.0


class Scale(nn.Layer):
    gain: float = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.table, self.settings = np.ones(4, np.float32), SimpleNamespace(power=1)
        self.offsets: list[Any] = [0.0, {"last": 0.0}]

    def shifted(self, x: Any) -> Any:
        return x + self.offsets[0] + self.offsets[1]["last"]

    def forward(self, x: Any) -> Any:
        return self.shifted(x * factor * self.gain * self.table) ** self.settings.power


def trained(*layers: Any, loss: Any = "mse") -> cr.Network:
    net = cr.Network([*layers, nn.Dense(1)], seed=0)
    net.compile(loss=loss, optimizer="sgd", learning_rate=1e-9)
    net.fit(X, X[:, :1], epochs=1, verbose=0)
    return net


def test_predict_evaluate_and_a_call_agree_after_each_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")  # compiles at once
    monkeypatch.setitem(globals(), "factor", 1.0)
    layer = Scale()
    net = trained(layer)
    offsets = layer.offsets
    changes: list[Any] = [
        lambda: setattr(layer, "gain", 3.0),
        lambda: globals().update(factor=2.0),
        lambda: layer.table.__setitem__(0, 5.0),
        lambda: setattr(layer, "table", np.full(4, 0.5, np.float32)),
        lambda: setattr(layer.settings, "power", 2),
        lambda: offsets.__setitem__(0, 0.25),
        lambda: offsets[1].__setitem__("last", 0.5),
        lambda: setattr(layer, "shifted", lambda x: x - 1),
    ]
    outputs = net.predict(X)
    for change in changes:
        change()
        before, outputs = outputs, net.predict(X)
        assert not np.allclose(before, outputs)
        np.testing.assert_allclose(outputs, net(X), rtol=1e-5)
        expected = np.mean((net(X) - X[:, :1]) ** 2)
        assert net.evaluate(X, X[:, :1])["loss"] == pytest.approx(expected, rel=1e-5)


def test_an_annealed_loss_and_a_metric_are_read_at_each_epoch() -> None:
    weight, scale = [0.0], SimpleNamespace(by=1.0)
    net = cr.Network([nn.Dense(1)], seed=0)

    def scaled(y: Any, p: Any) -> Any:
        return scale.by * np.mean(np.abs(y - p))

    net.compile(
        loss=lambda y, p: weight[0] * np.mean((y - p) ** 2) + 0 * np.mean(p),
        optimizer="sgd",
        learning_rate=1e-9,
        metrics=[scaled],
    )

    def anneal(net: Any, epoch: int, logs: Any) -> None:
        weight[0], scale.by = epoch + 1.0, 2.0 * scale.by

    history = net.fit(X, X[:, :1], epochs=4, batch_size=8, verbose=0, callbacks=anneal)
    losses, metrics = np.array(history["loss"]), np.array(history["scaled"])
    np.testing.assert_allclose(losses / losses[1], [0, 1, 2, 3], rtol=1e-4)
    np.testing.assert_allclose(metrics / metrics[0], [1, 2, 4, 8], rtol=1e-4)


def test_settings_of_the_librarys_layers_count_at_the_next_call() -> None:
    drop, norm = nn.Dropout(0.5), nn.GaussianNoise(0.5)
    net = trained(drop, norm)
    drop.rate = norm.stddev = 0.0
    losses = net.fit(X, X[:, :1], epochs=2, verbose=0, shuffle=False)["loss"]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_a_traced_value_stored_outside_by_a_loss_is_refused() -> None:
    kept: list[Any] = []

    def loss(y: Any, p: Any) -> Any:
        kept.append(p)
        return np.mean((y - p) ** 2)

    with pytest.raises(TraceError, match=r"fit: a traced value is stored in kept\[0\]"):
        trained(loss=loss)
    assert kept == []
