"""Batch and layer normalisation: statistics, state, PyTorch."""

import re
import warnings
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn as nn
from chainrule.autodiff.derivative import vjp
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.batch_share import in_batch
from chainrule.nn.parameter import substituted
from tests.nn.layer_gradients import fixed_like, output_and_gradients

GENERATOR = np.random.default_rng(6)
X = GENERATOR.normal(3.0, 2.0, (50, 4, 3))


def built(layer: Any, x: Any) -> Any:
    layer(x)
    layer.gain.value[...] = np.linspace(0.5, 2, layer.gain.size)
    layer.bias.value[...] = np.linspace(-1, 1, layer.bias.size)
    return layer


def training_gradients(layer: Any, x: Any) -> tuple[Any, Any, Any, Any]:
    """Output in training, and its gradients for input, gain and bias."""
    layer(x)
    parameters = [layer.gain, layer.bias]

    def run(x: Any, gain: Any, bias: Any) -> Any:
        state = [layer.mean, layer.variance]
        with substituted([*parameters, *state], [gain, bias, *(each.value for each in state)]):
            return layer(x, random=nn.RandomStream(seed=0))

    y, pull = vjp(run, x, *(each.value for each in parameters))
    return y, *pull(fixed_like(y))


def test_a_normalised_batch_has_mean_0_and_variance_1_in_each_channel() -> None:
    y = nn.BatchNorm(epsilon=1e-12)(X, random=nn.RandomStream(seed=0))
    np.testing.assert_allclose(y.mean(axis=(0, 1)), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=(0, 1)), 1, atol=1e-9)


def test_running_statistics_are_exponential_moving_averages() -> None:
    layer = nn.BatchNorm(momentum=0.9)
    layer(X, random=nn.RandomStream(seed=0))
    np.testing.assert_allclose(layer.mean.value, 0.1 * X.mean(axis=(0, 1)))
    np.testing.assert_allclose(layer.variance.value, 0.9 + 0.1 * X.var(axis=(0, 1), ddof=1))


def test_inference_uses_the_running_statistics_unchanged() -> None:
    layer = built(nn.BatchNorm(), X)
    layer.mean.value[...], layer.variance.value[...] = 2.0, 4.0
    expected = (X - 2.0) / np.sqrt(4.001) * layer.gain.value + layer.bias.value
    np.testing.assert_allclose(layer(X), expected, atol=1e-12)
    np.testing.assert_array_equal(layer.mean.value, 2.0)


@pytest.mark.parametrize("shape", [(6, 3), (2, 5, 3), (2, 4, 5, 3)])
def test_batch_norm_values_and_gradients_equal_those_of_pytorch(shape: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    x = GENERATOR.normal(1.0, 2.0, shape)
    layer = built(nn.BatchNorm(epsilon=1e-3), x)
    inputs, gain, bias = (
        torch.tensor(each, requires_grad=True)
        for each in (x, layer.gain.value.copy(), layer.bias.value.copy())
    )
    theirs = torch.nn.functional.batch_norm(
        inputs.movedim(-1, 1), None, None, gain, bias, training=True, eps=1e-3
    ).movedim(1, -1)
    theirs.backward(torch.tensor(fixed_like(x)))
    y, *gradients = training_gradients(layer, x)
    np.testing.assert_allclose(y, theirs.detach().numpy(), atol=1e-10)
    for ours, other in zip(gradients, (inputs, gain, bias), strict=True):
        np.testing.assert_allclose(ours, other.grad.numpy(), atol=1e-10)


@pytest.mark.parametrize("shape", [(6, 3), (2, 5, 3)])
def test_layer_norm_values_and_gradients_equal_those_of_pytorch(shape: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    x = GENERATOR.normal(1.0, 2.0, shape)
    layer = built(nn.LayerNorm(epsilon=1e-5), x)
    inputs, gain, bias = (
        torch.tensor(each, requires_grad=True) for each in (x, layer.gain.value, layer.bias.value)
    )
    theirs = torch.nn.functional.layer_norm(inputs, (3,), gain, bias, 1e-5)
    theirs.backward(torch.tensor(fixed_like(x)))
    y, gradient, gradients = output_and_gradients(layer, x)
    np.testing.assert_allclose(y, theirs.detach().numpy(), atol=1e-10)
    for ours, other in zip((gradient, gradients["gain"], gradients["bias"]), (inputs, gain, bias),
                           strict=True):  # fmt: skip
        np.testing.assert_allclose(ours, other.grad.numpy(), atol=1e-10)


def test_scaling_and_shifting_a_sample_leaves_layer_norm_unchanged() -> None:
    layer = nn.LayerNorm(epsilon=1e-12)
    np.testing.assert_allclose(layer(5 * X + 7), layer(X), atol=1e-9)


def test_training_updates_the_running_statistics_and_saving_preserves_them(tmp_path: Any) -> None:
    x = GENERATOR.normal(2.0, 3.0, (64, 5))
    net = cr.Network([nn.BatchNorm(momentum=0.5), nn.Dense(1)], dtype="float64")
    net.compile("mse", "sgd", learning_rate=0.01)
    net.fit(x, x[:, :1], epochs=30, batch_size=64, verbose=0)
    np.testing.assert_allclose(net.params["batch_norm.mean"], x.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(net.params["batch_norm.variance"], x.var(axis=0, ddof=1), rtol=1e-6)
    net.save(tmp_path / "model.safetensors")
    again = cr.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(x), net.predict(x))
    net.evaluate(x, x[:, :1])
    np.testing.assert_array_equal(again.params["batch_norm.mean"], net.params["batch_norm.mean"])


def test_unscaled_inputs_before_a_normalisation_raise_no_warning() -> None:
    x = GENERATOR.uniform(0, 255, (64, 5))
    net = cr.Network([nn.BatchNorm(), nn.Dense(1)])
    net.compile("mse")
    assert len(net.fit(x, x[:, :1], verbose=0)["loss"]) == 1


def test_a_momentum_in_pytorchs_convention_is_refused_and_converted() -> None:
    with pytest.raises(ArgumentError, match="would forget 90% of the running statistics"):
        nn.BatchNorm(momentum=0.1)
    with pytest.raises(ArgumentError, match=r"Its momentum=0\.1 is momentum=0.9 here"):
        nn.BatchNorm(momentum=0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"momentum": 1.0}, r"it must be a number in \[0.5, 1\)"),
        ({"momentum": 0.0}, r"it must be a number in \[0.5, 1\)"),
        ({"epsilon": 0.0}, "epsilon is 0.0; it must be a number greater than 0"),
        ({"eps": 1e-5}, "here it is `epsilon`"),
        ({"num_features": 3}, "sizes are inferred"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        nn.BatchNorm(**arguments)


def test_inputs_without_features_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"pass x\[:, None\]"):
        nn.LayerNorm()(np.ones(4))


def test_the_running_variance_is_that_of_the_data_whatever_the_last_batch() -> None:
    shapes = {(65, 3): 64, (66, 3): 64, (33, 3): 8, (9, 2, 2, 3): 1, (18, 5, 3): 16, (50, 3): None}
    for shape, size in shapes.items():
        x = np.random.default_rng(2).normal(3.0, 2.0, shape)
        net = cr.Network([nn.BatchNorm(), nn.Flatten(), nn.Dense(1)], dtype="float64")
        net.compile("mse", "sgd", learning_rate=1e-9)
        leaves_one = len(shape) == 2 and len(x) % (size or len(x)) == 1
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            for epochs in (300, 150):
                net.fit(x, x.reshape(len(x), -1)[:, :1], epochs=epochs, batch_size=size, verbose=0)
        ratio = net.params["batch_norm.variance"] / x.reshape(-1, 3).var(axis=0, ddof=1)
        assert abs(ratio - 1).max() < 0.15, (shape, ratio)
        assert len(told) == leaves_one
        if leaves_one:
            assert "left out" in str(told[0].message)
            assert told[0].filename == __file__
            advised = re.search(r"batch_size=(\d+)", str(told[0].message))
            assert advised is not None
            net.fit(x, x[:, :1], batch_size=int(advised[1]), verbose=0)


def test_batches_of_one_sample_without_variance_are_refused_before_anything_changes() -> None:
    net = cr.Network([nn.Dense(3), nn.BatchNorm(), nn.Dense(1)])
    net.compile("mse")
    x = GENERATOR.normal(size=(8, 3))
    net(x)
    before = {name: each.copy() for name, each in net.params.items()}
    for count, size in ((8, 1), (1, None), (1, 32)):
        with pytest.raises(ArgumentError, match=r"batch_size of 2 or more, or use nn\.LayerNorm"):
            net.fit(x[:count], x[:count, :1], batch_size=size, verbose=0)
    for name, each in net.params.items():
        np.testing.assert_array_equal(each, before[name])
    net.fit(x, x[:, :1], batch_size=2, verbose=0)
    with pytest.raises(ArgumentError, match="one value for each channel"):
        nn.BatchNorm()(x[:1], random=nn.RandomStream(seed=0))


def test_the_last_batch_of_one_is_normalised_by_the_running_statistics() -> None:
    layer = nn.BatchNorm(momentum=0.9)
    layer(X[:, 0], random=nn.RandomStream(seed=0))
    before = layer.mean.value.copy()
    with in_batch(1, 64, 65), pytest.warns(cr.ChainruleWarning, match="batch_size=65"):
        y = layer(X[:1, 0], random=nn.RandomStream(seed=0))
    np.testing.assert_array_equal(y, layer(X[:1, 0]))
    np.testing.assert_array_equal(layer.mean.value, before)
    with in_batch(16, 64, 80):
        layer(X[:16, 0], random=nn.RandomStream(seed=0))
    expected = before + 0.1 * 16 / 64 * (X[:16, 0].mean(axis=0) - before)
    np.testing.assert_allclose(layer.mean.value, expected)
