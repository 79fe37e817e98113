"""Predictors in NumPy alone: every layer, checked against the network, in text and in files."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import data, nn
from chainrule.errors import ArgumentError, UnsupportedError
from chainrule.export.numpy_source import predictor


class Scale(nn.Layer):
    """A layer of one's own: a sum over the batch axis' length, a selection, a sine."""

    def build(self, input_shape: Any) -> None:
        self.gain = self.parameter("gain", input_shape[-1:], "ones")

    def forward(self, x: Any) -> Any:
        curved = np.where(x > 0, x, np.sin(x)) * self.gain
        return curved + np.sum(x**2, axis=-1, keepdims=True) / x.shape[0]


NETWORKS: dict[str, tuple[Callable[[], list[nn.Layer]], tuple[int, ...]]] = {
    "images": (
        lambda: [
            nn.Conv2D(4, 3, activation="relu", padding="same"), nn.BatchNorm(), nn.MaxPool2D(),
            nn.DepthwiseConv2D(2), nn.UpSampling2D(2), nn.Cropping2D(1), nn.AvgPool2D(2),
            nn.Flatten(), nn.Dropout(0.1), nn.Dense(9, activation="leaky_relu"),
            nn.Reshape((3, 3, 1)), nn.ConvTranspose2D(2, 2, strides=2), nn.GlobalMaxPool2D(),
        ],
        (2, 8, 8, 2),
    ),
    "sequences": (
        lambda: [
            nn.Conv1D(4, 3, strides=2, groups=2), nn.LSTM(4, return_sequences=True),
            nn.Bidirectional(nn.GRU(3, return_sequences=True)), nn.RNN(3, return_sequences=True),
            nn.TimeDistributed(nn.Dense(4)), nn.PositionEmbedding(),
            nn.Residual([nn.LayerNorm(), nn.MultiHeadAttention(2, causal=True)]),
            nn.GlobalAvgPool1D(), nn.Dense(2, activation="gelu"),
        ],
        (2, 13, 2),
    ),
    "own": (lambda: [Scale(), nn.Dense(2, activation="mish")], (2, 5)),
    "volumes": (lambda: [nn.Conv3D(2, 2), nn.Flatten(), nn.Dense(1, activation="sigmoid")],
                (2, 3, 3, 3, 1)),
    "columns": (
        lambda: [
            nn.Normalization(mean=[0.0, 1.0, 2.0], variance=[1.0, 2.0, 3.0]),
            nn.Dense(4, activation="selu"), nn.PReLU(), nn.RepeatVector(3), nn.Permute((2, 1)),
            nn.Flatten(), nn.Concatenate([nn.Dense(2, activation="softplus"), nn.ELU()]),
            nn.Lambda(lambda x: np.cumsum(x, axis=1)), nn.Softmax(),
        ],
        (2, 3),
    ),
    "masked": (lambda: [nn.Masking(0.0), nn.GRU(3), nn.Dense(2)], (2, 5, 3)),
    "ode": (lambda: [nn.ODE(nn.Dense(3, activation="tanh")), nn.Dense(1)], (2, 3)),
}  # fmt: skip


def run(text: str, x: Any) -> Any:
    names: dict[str, Any] = {}
    exec(compile(text, "predictor", "exec"), names)  # the text that was written here
    return names["predict"](x)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_predictor_gives_the_outputs_of_the_network(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictor, "_check", lambda *arguments: None)  # it is tested once, below
    layers, shape = NETWORKS[name]
    net = cr.Network(layers(), seed=1, dtype="float64")
    X = np.random.default_rng(0).normal(size=(7, *shape[1:]))
    net(X[:2])
    for each in net.params.values():
        each += 0.1 * np.random.default_rng(1).normal(size=each.shape) ** 2
    if name == "masked":
        X[3, 2:] = 0
    np.testing.assert_allclose(run(net.to_numpy(), X), net(X), rtol=1e-9, atol=1e-9)


def test_embeddings_take_indices_and_padding() -> None:
    net = cr.Network([nn.Embedding(9, 4, mask_zero=True), nn.LSTM(3), nn.Dense(2)])
    X = np.array([[3, 4, 0, 0], [1, 8, 2, 5]])
    net(X)
    np.testing.assert_allclose(run(net.to_numpy(), X), net(X), atol=1e-6)


def test_a_dense_network_is_about_twenty_lines() -> None:
    net = cr.Network([nn.Dense(30, activation="relu"), nn.Dense(3, activation="softmax")])
    net(np.ones((1, 40)))
    text = net.to_numpy()
    code = [each for each in text.splitlines() if not each.startswith("eJ") and len(each) < 96]
    assert len(code) < 30  # blank ones and imports included
    assert "    # dense: relu(x W + b)" in code
    assert '    dense = np.maximum(x @ W["dense.weight"] + W["dense.bias"], 0)' in code


def test_a_predictor_in_a_file_has_its_weights_beside_it(tmp_path: Path) -> None:
    net = cr.Network([nn.Dense(2, activation="tanh")])
    X = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    net(X)
    text = net.to_numpy(tmp_path / "predict.py")
    assert (tmp_path / "predict.py").read_text() == text
    program = f"import predict; print(predict.predict({X.tolist()}).tolist())"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    np.testing.assert_allclose(json.loads(done.stdout), net(X), atol=1e-6)
    with np.load(tmp_path / "predict.npz") as archive:
        np.testing.assert_array_equal(archive["dense.weight"], net.params["dense.weight"])


def test_a_predictor_that_differs_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    net = cr.Network([nn.Dense(2, activation="tanh")])
    with pytest.raises(ArgumentError, match="not built yet"):
        net.to_numpy()
    net(np.ones((1, 2)))
    with pytest.raises(ArgumentError, match=r"the name of a file \*.py"):
        net.to_numpy("net.txt")
    monkeypatch.setattr(predictor, "written_layers", lambda *_: "def predict(x):\n    return x\n")
    with pytest.raises(UnsupportedError, match="gives other outputs than the network"):
        net.to_numpy()
    net.params["dense.weight"] *= 1e-9  # of small outputs a small difference is one
    wrong = 'def predict(x):\n    return np.tanh(x @ W["dense.weight"] * 1.001)\n'
    monkeypatch.setattr(predictor, "written_layers", lambda *_: wrong)
    with pytest.raises(UnsupportedError, match="gives other outputs than the network"):
        net.to_numpy()
    monkeypatch.setattr(predictor, "written_layers", lambda *_: "def predict(x):\n    return y\n")
    with pytest.raises(UnsupportedError, match="does not run: NameError"):
        net.to_numpy()


def test_large_values_that_cancel_are_no_difference() -> None:
    net = cr.Network([nn.Dense(300), nn.Dense(300), nn.Dense(1)], seed=0)
    net(np.ones((1, 4)))
    for name in ("dense.bias", "dense_1.bias"):
        net.params[name] += np.float32(1000)
    outputs = net(np.zeros((1, 4), np.float32))
    net.params["dense_2.bias"] -= np.asarray(outputs)[0]  # what is left is rounding
    assert "def predict" in net.to_numpy()


class Blend(nn.Layer):
    """A layer over every axis, whose mean depends on the number of steps."""

    def build(self, input_shape: Any) -> None:
        self.gain = self.parameter("gain", input_shape[-1:], "ones")

    def forward(self, x: Any) -> Any:
        return np.cumsum(x[:, 1::2], axis=1) * self.gain + np.mean(x, axis=1, keepdims=True)


@pytest.mark.parametrize("shape", [(7, 9, 2), (7, 6, 5, 2)])
def test_a_layer_of_a_file_has_the_steps_of_its_network(
    shape: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictor, "_check", lambda *arguments: None)
    net = cr.Network([Blend(), Blend(), nn.Flatten(), nn.Dense(2)], seed=0)
    X = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    expected = net(X)
    net.save(tmp_path / "net.safetensors")
    again = cr.load(tmp_path / "net.safetensors")
    assert type(again.layers[0]) is not Blend
    np.testing.assert_allclose(run(again.to_numpy(), X), expected, atol=1e-5)


def test_features_of_a_table_and_classes_are_named() -> None:
    net = cr.Network([data.Table(), nn.Dense(2)], seed=0)
    net.compile("cross_entropy", "sgd")
    rows = {"age": [1.0, 3.0, np.nan, 2.0], 'a"""\n\\b': ["u", "v\0", "u", "u"]}
    net.fit(rows, ["no", "yes", "no", "no"], epochs=1, verbose=0)
    text = net.to_numpy()
    assert net.table is not None
    np.testing.assert_allclose(run(text, net.table.transform(rows)), net.predict(rows), atol=1e-6)
    documentation = ast.get_docstring(ast.parse(text)) or ""
    mean = net.table.fitted[0].mean  # type: ignore[union-attr]
    assert f"    age: (x - {mean!r}) / " in documentation
    assert "    a''' \\b=v : 0 or 1\n" in documentation
    assert documentation.endswith("The classes are no, yes, in this order.")


def test_all_operations_without_a_text_are_named() -> None:
    net = cr.Network([nn.Lambda(lambda x: np.linalg.svd(x[:, :, None] * np.ones(3))[1])])
    net(np.ones((2, 3)))
    with pytest.raises(UnsupportedError, match="there is no text for svd"):
        net.to_numpy()
