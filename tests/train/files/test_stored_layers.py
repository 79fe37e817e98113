"""Layers of one's own in files: they run, and are trained, where their classes are not."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, ChainruleError, FormatError
from chainrule.nn.binding import Binding
from chainrule.train.files.programs import Program, describe_layer
from chainrule.train.files.programs.sizes import Point
from chainrule.train.files.programs.stored_layer import StoredLayer
from tests.prepared_python import run_program
from tests.train.files.stored_layers import NETWORKS, TARGETS, Scale, trained

IN_ANOTHER_PROCESS = """
import sys
import numpy as np
import chainrule as cr
folder = sys.argv[1]
inputs = np.load(folder + "/inputs.npz")
for name in inputs.files[1:]:
    net = cr.load(f"{folder}/{name}.safetensors")
    X, targets = inputs[name], inputs["targets"]
    before = net.predict(X), net.predict(X[:1])
    net.compile("mse", "adam", learning_rate=0.01)
    losses = net.fit(X, targets, epochs=3, batch_size=16, verbose=0)["loss"]
    np.savez(f"{folder}/{name}.npz", *before, losses, net.predict(X))
assert not any(name.startswith("tests") for name in sys.modules)
"""


def test_they_predict_and_train_bit_for_bit_in_a_process_without_their_classes(
    tmp_path: Path,
) -> None:
    expected: dict[str, Any] = {}
    for name, (layers, X) in NETWORKS.items():
        net = cr.Network(layers(), seed=3)
        trained(net, X)
        net.save(tmp_path / f"{name}.safetensors")
        before = net.predict(X), net.predict(X[:1])
        expected[name] = *before, trained(net, X), net.predict(X)
    inputs = {name: X for name, (_, X) in NETWORKS.items()}
    np.savez(tmp_path / "inputs.npz", targets=TARGETS, **inputs)
    result = run_program(["-c", IN_ANOTHER_PROCESS, str(tmp_path)])
    assert result.returncode == 0, result.stderr
    for name, values in expected.items():
        found = np.load(tmp_path / f"{name}.npz")
        for index, value in enumerate(values):
            np.testing.assert_array_equal(found[f"arr_{index}"], value, err_msg=name)


def test_a_loaded_layer_is_saved_again_and_a_class_that_is_given_comes_first(
    tmp_path: Path,
) -> None:
    path = tmp_path / "model.safetensors"
    layers, X = NETWORKS["parameters"]
    net = cr.Network(layers(), seed=3)
    before = net.predict(X)
    net.save(path)
    assert isinstance(cr.load(path, custom={"scale": Scale}).layers[0], Scale)
    for _ in range(2):
        net = cr.load(path)
        assert isinstance(net, cr.Network)
        assert isinstance(net.layers[0], StoredLayer)
        np.testing.assert_array_equal(net.predict(X), before)
        path = tmp_path / "again.safetensors"
        net.save(path)


class Stored(Scale):
    """Has the name of a stored layer, and may be passed to load as any other."""


def test_a_class_called_stored_is_a_class(tmp_path: Path) -> None:
    net = cr.Network([Stored(), nn.Dense(1)], seed=0)
    X = np.random.default_rng(0).normal(size=(4, 3))
    before = net.predict(X)
    net.save(tmp_path / "net")
    loaded = cr.load(tmp_path / "net", custom={"Stored": Stored})
    assert type(loaded.layers[0]) is Stored
    np.testing.assert_array_equal(loaded.predict(X), before)


class OfSamples(nn.Layer):
    """Has a row for each sample."""

    def forward(self, x):
        return np.concatenate([x[i : i + 1] * i for i in range(len(x))])


class TrainedOfSamples(nn.Layer):
    def forward(self, x):
        return x

    def train_forward(self, x, random):
        return OfSamples().forward(x)


def trained_from(path: Path, X: Any) -> None:
    net = cr.load(path)
    assert isinstance(net, cr.Network)
    net.compile("mse")
    net.fit(X, X[:, :1], verbose=0)


def test_what_depends_on_the_number_of_samples_is_named_when_it_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    X = np.random.default_rng(0).normal(size=(4, 3))
    for kind, words in (
        (OfSamples, "which operations it has depends on the number of samples"),
        (TrainedOfSamples, "does not hold how TrainedOfSamples is trained, as which operations"),
    ):
        net = cr.Network([kind(), nn.Dense(1)], seed=0)
        net.predict(X)
        net.save(path)
        with pytest.raises((FormatError, ArgumentError), match=words) as caught:
            trained_from(path, X)
        assert "custom={" in str(caught.value)
        loaded = cr.load(path, custom={kind.__name__: kind})
        np.testing.assert_array_equal(loaded.predict(X), net.predict(X))


def test_constants_of_the_number_of_samples_are_found_for_every_number() -> None:
    class Weighted(nn.Layer):
        def forward(self, x):
            count = len(x)
            rows = np.arange(count)[:, None].astype(x.dtype)
            ones = np.ones((count, 1), x.dtype)
            joined = np.concatenate([x, rows, ones], axis=1)
            return joined * (count / (count - 1)) + 1 / count - x.mean()

    layer = Weighted()
    layer(np.ones((3, 2)))
    program = Program(describe_layer(layer, np.dtype("float64"), lambda _: "")["inference"], {})
    for count in (2, 3, 50):
        X = np.random.default_rng(count).normal(size=(count, 2))
        (found,) = program.checked()(Point(count, 1), X)
        np.testing.assert_array_equal(found, layer(X))


def test_a_description_that_is_changed_is_refused_or_is_a_layer() -> None:
    layers, X = NETWORKS["last batch"]
    net = cr.Network(layers(), seed=3)
    net.predict(X)
    tensors: dict[str, Any] = {}

    def store(array: Any) -> str:
        tensors[name := str(len(tensors))] = array
        return name

    text = json.dumps(describe_layer(net.layers[0], np.dtype("float32"), store))
    assert StoredLayer(json.loads(text), tensors)
    chance, refused = random.Random(0), 0
    for _ in range(400):
        description = json.loads(text)
        _change(description, chance)
        try:
            layer = StoredLayer(description, tensors)
        except FormatError:
            refused += 1
        else:
            layer.bind("a", Binding(), np.dtype("float32"))
            try:
                layer(X)
            except (ChainruleError, ValueError, ZeroDivisionError):
                refused += 1
    assert 150 < refused < 400


def _change(value: Any, chance: random.Random) -> None:
    """Replace one value anywhere in a description."""
    places: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        pairs = each.items() if isinstance(each, dict) else enumerate(each)
        for key, inner in pairs:
            places.append((each, key))
            if isinstance(inner, dict | list):
                waiting.append(inner)
    holder, key = chance.choice(places)
    others = [None, -1, 0, 1, 2, 7, 2**40, 2**70, 0.5, "x", "add", [], {}, True, [2**40] * 3]
    holder[key] = chance.choice(others)
