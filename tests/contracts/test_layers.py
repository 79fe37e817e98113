"""What every layer must do, run over a table with a sample of each."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn as nn
from chainrule import tree
from chainrule.errors import ArgumentError
from chainrule.graph.array_type import type_of
from chainrule.graph.node import Node, ancestors, variable
from chainrule.testing import check_layer


@dataclass(frozen=True)
class LayerSample:
    """A layer to make, a shape to feed it, the shape it gives, its parameters by shape."""

    make: Callable[[], nn.Layer]
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    parameters: tuple[tuple[str, tuple[int, ...]], ...] = ()
    name: str = ""


class Scale(nn.Layer):
    """The layer of one's own that the documentation shows; it forgets super().__init__()."""

    def __init__(self, start: str = "ones") -> None:
        self.start = start

    def build(self, input_shape: Any) -> None:
        self.gain = self.parameter("gain", shape=input_shape[-1:], initializer=self.start)

    def forward(self, x: Any) -> Any:
        return x * self.gain


def dense_names(*sizes: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return (("weight", sizes), ("bias", sizes[-1:]))


def recurrent_names(inner: str, features: int, units: int, gates: int) -> Any:
    width = gates * units
    shapes = {"input_weight": (features, width), "recurrent_weight": (units, width)}
    own = {"recurrent_bias": (units,)} if gates == 3 else {}
    return tuple((inner + n, shape) for n, shape in (shapes | {"bias": (width,)} | own).items())


SAMPLES = [
    LayerSample(lambda: nn.Dense(3), (4, 2), (4, 3), dense_names(2, 3), "dense"),
    LayerSample(lambda: nn.Dense(3, "tanh"), (4, 5, 2), (4, 5, 3), dense_names(2, 3), "dense"),
    LayerSample(lambda: nn.Dense(3, "softmax", l2=0.1), (4, 2), (4, 3), dense_names(2, 3), "dense"),
    LayerSample(
        lambda: nn.Dense(3, use_bias=False, initializer="orthogonal"),
        (4, 2),
        (4, 3),
        (("weight", (2, 3)),),
        "dense",
    ),
    LayerSample(lambda: nn.Activation("sigmoid"), (4, 2), (4, 2), (), "activation"),
    LayerSample(lambda: nn.Activation("log_softmax"), (4, 3, 2), (4, 3, 2), (), "activation"),
    LayerSample(nn.Flatten, (4, 3, 2), (4, 6), (), "flatten"),
    LayerSample(nn.Flatten, (4,), (4, 1), (), "flatten"),
    LayerSample(lambda: nn.Reshape((2, -1)), (4, 6), (4, 2, 3), (), "reshape"),
    LayerSample(lambda: nn.Reshape([6]), (4, 2, 3), (4, 6), (), "reshape"),
    LayerSample(lambda: nn.Permute((2, 1)), (4, 2, 3), (4, 3, 2), (), "permute"),
    LayerSample(lambda: nn.Dropout(0.5), (4, 3), (4, 3), (), "dropout"),
    LayerSample(lambda: nn.GaussianNoise(0.1), (4, 3), (4, 3), (), "gaussian_noise"),
    LayerSample(lambda: nn.Rescale(0.5, offset=1), (4, 3), (4, 3), (), "rescale"),
    LayerSample(lambda: nn.RNN(2), (4, 5, 3), (4, 2), recurrent_names("", 3, 2, 1), "rnn"),
    LayerSample(
        lambda: nn.RNN(2, "sigmoid", return_sequences=True, go_backwards=True, use_bias=False),
        (4, 5, 3),
        (4, 5, 2),
        recurrent_names("", 3, 2, 1)[:2],
        "rnn",
    ),
    LayerSample(
        lambda: nn.LSTM(2, l2=0.1), (4, 5, 3), (4, 2), recurrent_names("", 3, 2, 4), "lstm"
    ),
    LayerSample(
        lambda: nn.LSTM(2, return_sequences=True, mask_value=0.0),
        (4, 5, 3),
        (4, 5, 2),
        recurrent_names("", 3, 2, 4),
        "lstm",
    ),
    LayerSample(lambda: nn.GRU(2), (4, 5, 3), (4, 2), recurrent_names("", 3, 2, 3), "gru"),
    LayerSample(
        lambda: nn.Bidirectional(nn.GRU(2, return_sequences=True)),
        (4, 5, 3),
        (4, 5, 4),
        recurrent_names("forward_layer.", 3, 2, 3) + recurrent_names("backward_layer.", 3, 2, 3),
        "bidirectional",
    ),
    LayerSample(
        lambda: nn.Bidirectional(nn.RNN(2, go_backwards=True), merge="mul"),
        (4, 5, 3),
        (4, 2),
        recurrent_names("forward_layer.", 3, 2, 1) + recurrent_names("backward_layer.", 3, 2, 1),
        "bidirectional",
    ),
    LayerSample(
        lambda: nn.TimeDistributed(nn.Dense(2)),
        (4, 5, 3),
        (4, 5, 2),
        (("layer.weight", (3, 2)), ("layer.bias", (2,))),
        "time_distributed",
    ),
    LayerSample(
        lambda: nn.Conv1D(2, 3, strides=2), (2, 8, 3), (2, 3, 2), dense_names(3, 3, 2), "conv1d"
    ),
    LayerSample(
        lambda: nn.Conv1D(4, 2, padding=[(1, 0)], dilation_rate=2, groups=2, activation="tanh"),
        (2, 5, 4),
        (2, 4, 4),
        dense_names(2, 2, 4),
        "conv1d",
    ),
    LayerSample(
        lambda: nn.Conv2D(3, 3), (2, 5, 6, 2), (2, 3, 4, 3), dense_names(3, 3, 2, 3), "conv2d"
    ),
    LayerSample(
        lambda: nn.Conv2D(4, (3, 2), (2, 1), "same", groups=2, use_bias=False, l2=0.1),
        (2, 5, 4, 2),
        (2, 3, 4, 4),
        (("weight", (3, 2, 1, 4)),),
        "conv2d",
    ),
    LayerSample(
        lambda: nn.Conv3D(2, (1, 2, 2), padding="same"),
        (2, 2, 3, 3, 1),
        (2, 2, 3, 3, 2),
        dense_names(1, 2, 2, 1, 2),
        "conv3d",
    ),
    LayerSample(lambda: nn.MaxPool1D(3, strides=2), (2, 8, 3), (2, 3, 3), (), "max_pool1d"),
    LayerSample(nn.MaxPool2D, (2, 5, 4, 3), (2, 2, 2, 3), (), "max_pool2d"),
    LayerSample(lambda: nn.MaxPool2D(3, 2, "same"), (2, 5, 4, 3), (2, 3, 2, 3), (), "max_pool2d"),
    LayerSample(lambda: nn.AvgPool1D(2, padding=1), (2, 5, 3), (2, 3, 3), (), "avg_pool1d"),
    LayerSample(lambda: nn.AvgPool2D((2, 1)), (2, 5, 4, 3), (2, 2, 4, 3), (), "avg_pool2d"),
    LayerSample(lambda: nn.AvgPool2D(3, 2, "same"), (2, 5, 4, 3), (2, 3, 2, 3), (), "avg_pool2d"),
    LayerSample(Scale, (4, 3), (4, 3), (("gain", (3,)),), "scale"),
]
CUSTOM = {"Scale": Scale}

each_layer = pytest.mark.parametrize(
    "sample", SAMPLES, ids=lambda each: f"{each.name}-{each.input_shape}"
)


def inputs(sample: LayerSample, dtype: str = "float64") -> Any:
    return np.random.default_rng(1).normal(size=sample.input_shape).astype(dtype)


def test_every_layer_of_the_vocabulary_has_a_sample() -> None:
    assert set(nn.LAYERS) <= {sample.name for sample in SAMPLES}


@each_layer
def test_the_output_has_the_expected_shape(sample: LayerSample) -> None:
    assert sample.make()(inputs(sample)).shape == sample.output_shape


@each_layer
def test_a_node_gives_the_same_as_an_array(sample: LayerSample) -> None:
    layer, x = sample.make(), inputs(sample)
    y = layer(x)
    traced = layer(variable(type_of(x), x))
    assert isinstance(traced, Node)
    assert traced.dtype == y.dtype
    np.testing.assert_array_equal(traced.value, y)


@each_layer
def test_a_layer_traces_without_values(sample: LayerSample) -> None:
    x = variable(type_of(inputs(sample)))
    assert sample.make()(x).shape == sample.output_shape


@each_layer
def test_nodes_bear_the_name_of_the_layer_that_made_them(sample: LayerSample) -> None:
    layer = sample.make()
    layer.attach("mine", seed=0, place=(0,), dtype="float64")
    x = variable(type_of(inputs(sample)))
    made = [node for node in ancestors([layer(x)], lambda node: node is x) if node.primitive]
    assert {node.layer.split(".")[0] for node in made} <= {"mine"}


@each_layer
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_kind_of_number_is_kept(sample: LayerSample, dtype: str) -> None:
    layer, x = sample.make(), inputs(sample, dtype)
    assert layer(x).dtype == dtype
    assert layer(x, random=nn.Stream(seed=0)).dtype == dtype
    assert {each.dtype.name for each in layer.parameters().values()} <= {dtype}


@each_layer
def test_the_derivatives_agree_with_differences(sample: LayerSample) -> None:
    assert check_layer(sample.make(), sample.input_shape) < 1e-6


@each_layer
def test_parameters_have_the_documented_names_and_shapes(sample: LayerSample) -> None:
    layer = sample.make()
    assert layer.parameters() == {}
    layer(inputs(sample))
    found = tuple((name, each.shape) for name, each in layer.parameters().items())
    assert found == sample.parameters


@each_layer
def test_a_layer_is_named_by_its_kind(sample: LayerSample) -> None:
    assert sample.make().kind == sample.name


@each_layer
def test_a_layer_comes_back_from_its_description(sample: LayerSample) -> None:
    layer = sample.make()
    layer.attach("mine", seed=3, place=(0,), dtype="float64")
    described = json.loads(json.dumps(layer.config(), allow_nan=False))
    again = nn.from_config(layer.kind, described, CUSTOM)
    again.attach("mine", seed=3, place=(0,), dtype="float64")
    assert type(again) is type(layer)
    assert again.config() == layer.config()
    np.testing.assert_array_equal(again(inputs(sample)), layer(inputs(sample)))


@each_layer
def test_initial_parameters_are_a_function_of_seed_and_place(sample: LayerSample) -> None:
    def weights(seed: int, place: int) -> list[Any]:
        layer = sample.make()
        layer.attach("layer", seed, (place,), "float32")
        layer(inputs(sample, "float32"))
        return [each.value for name, each in layer.parameters().items() if name == "weight"]

    np.testing.assert_equal(weights(1, 2), weights(1, 2))
    for one, other in zip(weights(1, 2), weights(1, 3), strict=True):
        assert not np.array_equal(one, other)
    for one, other in zip(weights(1, 2), weights(2, 2), strict=True):
        assert not np.array_equal(one, other)


@each_layer
def test_the_input_is_never_written_to(sample: LayerSample) -> None:
    x = inputs(sample)
    before = x.copy()
    x.flags.writeable = False
    layer = sample.make()
    layer(x)
    layer(x, random=nn.Stream(seed=0))
    np.testing.assert_array_equal(x, before)


@each_layer
def test_nan_is_handed_through(sample: LayerSample) -> None:
    assert np.isnan(sample.make()(np.full(sample.input_shape, np.nan))).all()


@each_layer
def test_an_unknown_argument_is_refused_with_a_message(sample: LayerSample) -> None:
    kind = type(sample.make())
    with pytest.raises(ArgumentError, match="there is no argument 'no_such'"):
        kind(no_such=1)


@each_layer
def test_native_training_is_that_of_numpy(
    sample: LayerSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Warnings are errors in tests, so a layer that falls back to NumPy would fail here."""
    X, y = inputs(sample), np.random.default_rng(2).normal(size=(sample.input_shape[0], 2))
    losses: list[Any] = []
    for backend in ("llvm", "numpy"):
        monkeypatch.setenv("CHAINRULE_BACKEND", backend)
        net = cr.Network([sample.make(), nn.Flatten(), nn.Dense(2)], seed=1, dtype="float64")
        net.compile("mse", "sgd", learning_rate=0.01)
        losses.append(net.fit(X, y, epochs=2, batch_size=None, verbose=0)["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-12)


@each_layer
def test_the_same_stream_gives_the_same_training_output(sample: LayerSample) -> None:
    layer, x = sample.make(), inputs(sample)
    one, same = (layer(x, random=nn.Stream(seed=5, epoch=1, step=2)) for _ in range(2))
    np.testing.assert_array_equal(one, same)
    leaves, _ = tree.flatten(one)
    assert all(np.isfinite(leaf).all() for leaf in leaves)
