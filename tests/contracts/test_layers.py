"""Laws of every layer, over a table of samples."""

import json
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn as nn
from chainrule import tree
from chainrule.errors import ArgumentError, DataError
from chainrule.graph.array_type import type_of
from chainrule.graph.node import Node, ancestors, variable
from chainrule.nn.binding import Binding
from chainrule.testing import check_layer
from tests.contracts.grouped_rows import Row, every_row
from tests.contracts.layer_samples import CUSTOM, SAMPLES, LayerSample, inputs

each_layer = every_row(
    [Row(each.name, f"{each.name}-{each.input_shape}", {"sample": each}) for each in SAMPLES]
)


def test_every_registered_layer_has_a_sample() -> None:
    assert set(nn.LAYERS) <= {sample.name for sample in SAMPLES}


@each_layer
def test_the_output_has_the_expected_shape(sample: LayerSample) -> None:
    assert sample.make()(inputs(sample)).shape == sample.output_shape


@each_layer
def test_a_node_has_the_value_of_an_array(sample: LayerSample) -> None:
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
def test_nodes_have_the_name_of_their_layer(sample: LayerSample) -> None:
    layer = sample.make()
    layer.bind("mine", Binding(0, (0,)), "float64")
    x = variable(type_of(inputs(sample)))
    nodes = [node for node in ancestors([layer(x)], lambda node: node is x) if node.primitive]
    assert {node.layer.split(".")[0] for node in nodes} <= {"mine"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@each_layer
def test_the_dtype_is_preserved(sample: LayerSample, dtype: str) -> None:
    layer, x = sample.make(), inputs(sample, dtype)
    assert layer(x).dtype == dtype
    assert layer(x, random=nn.RandomStream(seed=0)).dtype == dtype
    assert {each.dtype.name for each in layer.parameters().values()} <= {dtype}


@each_layer
def test_gradients_agree_with_finite_differences(sample: LayerSample) -> None:
    x = inputs(sample, "int64") if sample.vocabulary else None
    assert check_layer(sample.make(), sample.input_shape, inputs=x) < 1e-6


@each_layer
def test_parameters_have_the_documented_names_and_shapes(sample: LayerSample) -> None:
    layer = sample.make()
    assert layer.parameters() == {}
    layer(inputs(sample))
    parameters = tuple((name, each.shape) for name, each in layer.parameters().items())
    assert parameters == sample.parameters


@each_layer
def test_the_kind_of_a_layer_is_its_registered_name(sample: LayerSample) -> None:
    assert sample.make().kind == sample.name


@each_layer
def test_a_layer_is_restored_from_its_config(sample: LayerSample) -> None:
    layer = sample.make()
    layer.bind("mine", Binding(3, (0,)), "float64")
    config = json.loads(json.dumps(layer.config(), allow_nan=False))
    again = nn.from_config(layer.kind, config, CUSTOM)
    again.bind("mine", Binding(3, (0,)), "float64")
    assert type(again) is type(layer)
    assert again.config() == layer.config()
    np.testing.assert_array_equal(again(inputs(sample)), layer(inputs(sample)))


@each_layer
def test_initial_weights_are_a_function_of_seed_and_position(sample: LayerSample) -> None:
    def weights(seed: int, position: int) -> list[Any]:
        layer = sample.make()
        layer.bind("layer", Binding(seed, (position,)), "float32")
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
    layer(x, random=nn.RandomStream(seed=0))
    np.testing.assert_array_equal(x, before)


@each_layer
def test_nan_is_propagated_or_refused(sample: LayerSample) -> None:
    if sample.vocabulary:
        with pytest.raises(DataError, match="nan at"):
            sample.make()(np.full(sample.input_shape, np.nan))
        return
    y = sample.make()(np.full(sample.input_shape, np.nan))
    count = np.prod(sample.input_shape) if sample.fills else y.size
    assert np.isnan(y).sum() == count


@each_layer
def test_an_unknown_argument_is_refused_with_a_message(sample: LayerSample) -> None:
    kind = type(sample.make())
    with pytest.raises(ArgumentError, match="there is no argument `no_such`"):
        kind(no_such=1)


@each_layer
def test_native_training_equals_numpy(sample: LayerSample, monkeypatch: pytest.MonkeyPatch) -> None:
    """Warnings are errors in tests: a layer that falls back to NumPy fails here."""
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
    one, same = (layer(x, random=nn.RandomStream(seed=5, epoch=1, step=2)) for _ in range(2))
    np.testing.assert_array_equal(one, same)
    leaves, _ = tree.flatten(one)
    assert all(np.isfinite(leaf).all() for leaf in leaves)
