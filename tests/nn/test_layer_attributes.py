"""Attributes of layers: an assignment takes effect, or is refused with what to write."""

import copy
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from tests.contracts.layer_samples import SAMPLES, LayerSample, inputs

pytestmark = pytest.mark.usefixtures("numpy_backend")

X = np.random.default_rng(0).normal(size=(16, 4))

OTHER: dict[str, Any] = {
    "activation": "softsign", "axes": (1, 2), "axis": 1, "causal": None, "degrees": 5,
    "depth_multiplier": 3, "dilation_rate": 3, "dropout": 0.25, "epsilon": 0.5, "factor": 0.3,
    "fill": 7.0, "filters": 8, "go_backwards": None, "groups": 8, "heads": 1,
    "initializer": "ones", "kernel_size": 2, "key_units": 3, "l2": 0.7, "mask_value": 1.5,
    "mask_zero": None, "merge": "ave", "mode": "vertical", "momentum": 0.7,
    "noise_shape": (None, 1), "offset": 9.0, "padding": "same", "pixels": 2, "pool_size": 1,
    "rate": 0.25, "recurrent_activation": "hard_sigmoid", "recurrent_initializer": "zeros",
    "return_sequences": None, "scale": 3.0, "shape": (6, 1), "stddev": 0.7, "strides": 3,
    "units": 7, "use_bias": None, "vocabulary_size": 99,
}  # fmt: skip
"""Another value of each setting; None for the other flag."""


def results(layer: nn.Layer, sample: LayerSample) -> list[Any]:
    """Outputs in inference and training, and the penalty."""
    x = inputs(sample)
    return [layer(x), layer(x, random=nn.RandomStream(seed=0)), layer.penalty(), layer.config()]


def test_each_setting_of_a_built_layer_takes_effect_as_if_created_with_it_or_is_refused() -> None:
    effective, refused = set[str](), dict[str, str]()
    for sample in SAMPLES:
        for name, old in sample.make()._arguments.arguments.items():
            value = OTHER.get(name, old)
            value = (not old) if name in OTHER and value is None else value
            if value == old or type(sample.make()).__module__.startswith("tests"):
                continue
            layer = sample.make()
            before = results(layer, sample)
            try:
                setattr(layer, name, value)
            except cr.ChainruleError as error:
                refused[name] = str(error)
                assert [f"{each}" for each in results(layer, sample)] == [*map(str, before)]
                continue
            effective.add(name)
            made = type(layer)(**dict(layer._arguments.arguments))
            assert repr(made) == repr(layer)
            made(inputs(sample))
            for one, other in zip(
                made.parameters().values(), layer.parameters().values(), strict=True
            ):
                one.value[...] = copy.copy(other.value)
            for one, other in zip(results(made, sample), results(layer, sample), strict=True):
                np.testing.assert_array_equal(one, other)
    assert {
        "activation",
        "rate",
        "l2",
        "momentum",
        "epsilon",
        "dropout",
        "go_backwards",
    } < effective
    assert all(name in message for name, message in refused.items())
    assert not {"units", "mask_value", "use_bias", "initializer", "kernel_size"} & effective


REFUSED: dict[str, tuple[Any, str, Any, str]] = {
    "misspelt": (lambda: nn.Dense(3), "l2_", 0.1, r"no attribute l2_.*did you mean layer\.l2"),
    "keras": (lambda: nn.Dense(3), "kernel_regularizer", 0.1, r"here it is layer\.l2"),
    "torch": (lambda: nn.Dropout(0.5), "p", 0.1, r"here it is layer\.rate"),
    "freeze": (lambda: nn.Dense(3), "requires_grad", False, r"here it is layer\.trainable"),
    "unknown": (lambda: nn.Dropout(0.5), "tag", 1, "its settings are rate, noise_shape"),
    "mode": (lambda: nn.Dropout(0.5), "training", False, r"write forward\(self, x, training="),
    "no weights": (lambda: nn.Dropout(0.5), "l2", 0.1, "l2 would have no effect"),
    "derived": (lambda: nn.Dense(3), "activate", np.tanh, "activate is not one of its settings"),
    "range": (lambda: nn.Dropout(0.5), "rate", 1.5, r"rate is 1.5; it must be a number in"),
    "penalty": (lambda: nn.Dense(3), "l2", -1, "l2 is -1; it must be a number, 0 or more"),
    "weight": (lambda: nn.Dense(3), "weight", np.ones((4, 3)), r"write layer\.weight\.value = "),
    "mask": (lambda: nn.Dense(3), "weight", np.ma.masked_less(np.eye(4, 3), 1), "is a parameter"),
    "no bias": (lambda: nn.Dense(3), "bias", None, r"bias is a parameter"),
    "late": (lambda: nn.Dense(3), "units", 5, r"a new layer, as in nn\.Dense\(\.\.\., units=5\)"),
    "own requires_grad": (lambda: Gain(2), "requires_grad", False, r"here it is layer\.trainable"),
    "own l2": (lambda: Gain(2), "weight_decay", 0.1, r"here it is layer\.l2"),
    "own late": (lambda: Gain(2), "power", 3, "power is fixed once the layer is built"),
    "own method": (lambda: Gain(2), "parameters", [], "give the attribute"),
    "own shape": (lambda: Gain(2), "input_shape", (4,), "give the attribute"),
    "own weight": (lambda: Gain(2), "gain", np.ones(4), r"write layer\.gain\.value = "),
}  # fmt: skip


class Gain(nn.Layer):
    """A layer of one's own, with attributes that have other meanings elsewhere."""

    def __init__(self, power: int, padding: int = 0) -> None:
        self.power, self.padding, self.bias, self.kernel, self.p = power, padding, 1.0, 2.0, 3.0

    def build(self, input_shape: Any) -> None:
        self.gain = self.parameter("gain", input_shape[-1:], "ones")
        self.gain.value[...] **= self.power
        self.alpha = 0.5

    def forward(self, x: Any) -> Any:
        return x * self.gain * self.alpha + self.bias + self.padding + self.p - self.kernel


@pytest.mark.parametrize("name", REFUSED)
def test_an_assignment_without_effect_is_refused(name: str) -> None:
    make, attribute, value, message = REFUSED[name]
    layer = make()
    before = layer(X)
    with pytest.raises(cr.ChainruleError, match=message):
        setattr(layer, attribute, value)
    np.testing.assert_array_equal(layer(X), before)


def test_a_layer_of_ones_own_may_have_any_attributes() -> None:
    layer = Gain(2)
    before = layer(X)
    layer.padding, layer.p, layer.note = 1, 4.0, "mine"
    np.testing.assert_allclose(layer(X), before + 2)
    layer.gain.value = 2 * layer.gain.value
    np.testing.assert_allclose(layer(X), before + 2 + X * 0.5)


def test_settings_take_effect_in_the_next_fit_and_are_saved(tmp_path: Any) -> None:
    dropout, dense = nn.Dropout(0.0), nn.Dense(1)
    net = cr.Network([nn.Dense(8, activation="relu"), dropout, dense], seed=0)
    net.compile("mse", "sgd", learning_rate=1e-12)
    first = net.fit(X, X[:, :1], verbose=0)["loss"][0]
    dropout.rate = 0.5
    dropped = net.fit(X, X[:, :1], verbose=0)["loss"][0]
    dense.l2 = 2.0
    dropout.rate = 0.0
    weights = np.sum(net.params["dense_1.weight"] ** 2)
    assert dropped != pytest.approx(first, rel=1e-3)
    assert net.fit(X, X[:, :1], verbose=0)["loss"][0] == pytest.approx(first + weights, rel=1e-5)
    net.layers[0].activation = "tanh"
    net.save(tmp_path / "net.safetensors")
    np.testing.assert_array_equal(cr.load(tmp_path / "net.safetensors").predict(X), net.predict(X))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("add_weight", r"here it is layer\.parameter"),
        (
            "register_buffer",
            r"create state in build: self\.parameter\(name, shape, initializer, tr",
        ),
        ("training", r"write forward\(self, x, training=False\)"),
        ("kernel", r"here it is layer\.weight"),
        ("get_weights", r"here it is layer\.parameters"),
        ("weigth", r"did you mean layer\.weight"),
        ("eval", "a layer has no mode"),
    ],
)
def test_a_foreign_attribute_is_answered_with_the_name_here(name: str, message: str) -> None:
    layer = nn.Dense(2)
    layer(X)
    with pytest.raises(AttributeError, match=message):
        getattr(layer, name)
    assert not hasattr(layer, name)


def test_a_class_that_defines_what_has_no_effect_is_refused_when_it_is_used() -> None:
    class Flag(nn.Layer):
        training = False

    class Call(nn.Layer):
        def call(self, x: Any) -> Any:
            return x

    class Called(nn.Layer):
        def __call__(self, x: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            return x

    class Assigns(nn.Layer):
        def __init__(self) -> None:
            self.training = True

    class Reads(nn.Layer):
        def forward(self, x: Any) -> Any:
            return x if self.training else 0 * x

    for kind, message in (
        (
            Flag,
            r"attribute training; a layer has no mode: write forward\(self, x, training=False\)",
        ),
        (Call, r"rename it to forward\(self, x\)"),
        (Called, r"define forward\(self, x\) instead"),
        (Assigns, "training cannot be assigned"),
        (Reads, r"write forward\(self, x, training=False\)"),
    ):
        with pytest.raises((cr.ChainruleError, AttributeError), match=message):
            kind()(X)
