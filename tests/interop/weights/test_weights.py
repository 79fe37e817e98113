"""Weights of PyTorch and Keras: their models and ours compute the same, in both directions."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, DTypeError, ShapeError
from tests.interop.weights.foreign_models import (
    KERAS,
    OUTPUTS,
    TORCH,
    inputs,
    keras_model,
    torch_model,
    torch_output,
    values,
)

STORED = json.loads(OUTPUTS.read_text())


def built(layers: list[nn.Layer], X: Any, seed: int = 0) -> cr.Network:
    net = cr.Network(layers, seed=seed)
    net(X)
    return net


@pytest.mark.parametrize("name", TORCH)
def test_weights_of_torch_compute_here_what_they_compute_there(name: str) -> None:
    layers, shape = TORCH[name]
    case, X = STORED["torch"][name], inputs(shape)
    net = built(layers(), X)
    state_dict = {
        key: values(key, tuple(size), number)
        for number, (key, size) in enumerate(case["weights"].items())
    }
    net.params.update(cr.from_torch(state_dict, net))
    np.testing.assert_allclose(net(X).ravel(), case["output"], atol=2e-6)
    back = cr.to_torch(net, like=state_dict)
    assert back.keys() == state_dict.keys()
    other = built(layers(), X, seed=1)
    other.params.update(cr.from_torch(back, other))
    np.testing.assert_allclose(other(X), net(X), atol=1e-6)


@pytest.mark.parametrize("name", KERAS)
def test_weights_of_keras_compute_here_what_they_compute_there(name: str) -> None:
    layers, shape = KERAS[name]
    case, X = STORED["keras"][name], inputs(shape)
    net = built(layers(), X)
    weights = {
        key: values(key, tuple(size), number)
        for number, (key, size) in enumerate(case["weights"].items())
    }
    net.params.update(cr.from_keras(weights, net))
    np.testing.assert_allclose(net(X).ravel(), case["output"], atol=2e-6)
    back = cr.to_keras(net)
    assert [each.shape for each in back.values()] == [each.shape for each in weights.values()]
    other = built(layers(), X, seed=1)
    other.params.update(cr.from_keras(list(back.values()), other))
    np.testing.assert_allclose(other(X), net(X), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", TORCH)
def test_torch_predicts_what_was_trained_here_and_the_other_way_round(name: str) -> None:
    torch = pytest.importorskip("torch")
    layers, shape = TORCH[name]
    X, model = inputs(shape), torch_model(name)
    net = built(layers(), X)
    net.params.update(cr.from_torch(model.state_dict(), net))
    np.testing.assert_allclose(net(X), torch_output(model, X), atol=1e-5)
    net.compile("mse", "adam")
    net.fit(X, np.cos(np.arange(net(X).size)).reshape(net(X).shape), epochs=2, verbose=0)
    state_dict = cr.to_torch(net, like=model.state_dict())
    model.load_state_dict({key: torch.as_tensor(each) for key, each in state_dict.items()})
    np.testing.assert_allclose(net(X), torch_output(model, X), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", KERAS)
def test_keras_predicts_what_was_trained_here(name: str) -> None:
    pytest.importorskip("keras")
    layers, shape = KERAS[name]
    X, model = inputs(shape), keras_model(name)
    net = built(layers(), X)
    net.params.update(cr.from_keras(model.get_weights(), net))
    net.compile("mse", "adam")
    net.fit(X, np.cos(np.arange(net(X).size)).reshape(net(X).shape), epochs=2, verbose=0)
    model.set_weights(list(cr.to_keras(net).values()))
    np.testing.assert_allclose(net(X), np.asarray(model(X)), atol=1e-5)


def test_without_a_network_layers_are_told_by_their_arrays() -> None:
    state_dict = {
        "body.0.weight": np.ones((4, 3)), "body.0.bias": np.ones(4),
        "rnn.weight_ih_l0": np.ones((12, 4)), "rnn.weight_hh_l0": np.ones((12, 3)),
        "norm.weight": np.ones(3), "norm.bias": np.ones(3), "head.weight": np.ones((2, 3)),
        "head.bias": np.ones(2),
    }  # fmt: skip
    shapes = {name: each.shape for name, each in cr.from_torch(state_dict).items()}
    assert shapes == {
        "dense.weight": (3, 4), "dense.bias": (4,), "lstm.input_weight": (4, 12),
        "lstm.recurrent_weight": (3, 12), "layer_norm.gain": (3,), "layer_norm.bias": (3,),
        "dense_1.weight": (3, 2), "dense_1.bias": (2,),
    }  # fmt: skip
    keras = {"m/conv2d/kernel": np.ones((3, 3, 2, 2)), "m/conv2d/bias": np.ones(2)}
    assert list(cr.from_keras(keras)) == ["conv2d.weight", "conv2d.bias"]


@pytest.mark.parametrize(
    ("state_dict", "problem"),
    [
        ({"0.weight": np.ones((9, 4))}, r"'0' .* may be Dense or Embedding"),
        (
            {"0.weight": np.ones((4, 4, 3, 3)), "0.bias": np.ones(4)},
            "may be Conv2D or ConvTranspose2D",
        ),
        (
            {
                "0.weight": np.ones((4, 2, 3, 3)), "0.bias": np.ones(4),
                "2.weight": np.ones((3, 64)), "2.bias": np.ones(3),
            },
            "reads 64 features after 4 channels",
        ),
        ({"0.weight_orig": np.ones(3)}, "of no layer"),
    ],
)  # fmt: skip
def test_arrays_that_may_be_of_several_layers_are_refused(
    state_dict: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ArgumentError, match=problem):
        cr.from_torch(state_dict)


def test_all_that_does_not_fit_is_in_one_error() -> None:
    net = built([nn.Dense(4), nn.Dense(3, use_bias=False)], np.ones((1, 5)))
    wrong = {
        "0.weight": np.ones((5, 4)), "0.bias": np.ones(4), "1.weight": np.ones((2, 4)),
        "1.bias": np.ones(2),
    }  # fmt: skip
    with pytest.raises(ArgumentError) as error:
        cr.from_torch(wrong, net)
    text = str(error.value)
    assert "needs weight of shape (4, 5), and '0.weight' has (5, 4), its transpose" in text
    assert "'1.weight' has (2, 4)" in text
    assert "no place for '1.bias'" in text
    with pytest.raises(ArgumentError, match="3 layers, and the network has 2 layers"):
        cr.from_torch({**wrong, "2.weight": np.ones((2, 2))}, net)
    gru = built([nn.GRU(2)], np.ones((1, 4, 3)))
    shapes = {"kernel": (3, 6), "recurrent_kernel": (2, 6), "bias": (6,)}
    given = {f"gru/gru_cell/{name}": np.ones(shape) for name, shape in shapes.items()}
    with pytest.raises(ShapeError, match="reset_after=False"):
        cr.from_keras(given, gru)


def test_names_pair_layers_in_another_order_and_some_of_them() -> None:
    net = built([nn.Dense(3, name="one"), nn.Dense(3, name="two")], np.ones((1, 3)))
    state_dict = {
        "b.weight": np.full((3, 3), 2.0), "b.bias": np.ones(3), "a.weight": np.ones((3, 3)),
        "a.bias": np.ones(3),
    }  # fmt: skip
    read = cr.from_torch(state_dict, net, names={"a": "one", "b": "two"})
    assert read["one.weight"][0, 0] == 1
    assert read["two.weight"][0, 0] == 2
    assert list(cr.from_torch(state_dict, net, names={"b": "one"})) == ["one.weight", "one.bias"]
    with pytest.raises(ArgumentError, match="names has 'c', 'three', which is no layer"):
        cr.from_torch(state_dict, net, names={"c": "three"})
    by_equal_names = {f"{k}.{n}": np.full(s, v) for k, v in (("two", 2.0), ("one", 1.0))
                      for n, s in (("weight", (3, 3)), ("bias", (3,)))}  # fmt: skip
    assert cr.from_torch(by_equal_names, net)["two.bias"][0] == 2


def test_layers_within_layers_of_ones_own_are_modules_too() -> None:
    class Block(nn.Layer):
        def __init__(self) -> None:
            self.name = None
            self.inner = nn.Dense(3)

        def build(self, input_shape: Any) -> None:
            self.scale = self.parameter("scale", (3,), "ones")

        def forward(self, x: Any) -> Any:
            return self.inner(x) * self.scale

    net = built([Block(), nn.Residual([nn.Dense(3)])], np.ones((1, 3)))
    state = cr.to_torch(net)
    assert list(state) == [
        "block.scale", "block.inner.weight", "block.inner.bias", "residual.layers.0.weight",
        "residual.layers.0.bias",
    ]  # fmt: skip
    net.params.update(cr.from_torch({name: 2 * each for name, each in state.items()}, net))
    assert net.params["block.scale"][0] == 2


def test_how_images_are_flattened_is_asked_where_it_is_not_known() -> None:
    net = built([nn.Flatten(), nn.Dense(2)], np.ones((1, 2, 2, 3)))
    state_dict = {"1.weight": np.arange(24.0).reshape(2, 12), "1.bias": np.ones(2)}
    with pytest.raises(ArgumentError, match='give flatten="channels_first" or'):
        cr.from_torch(state_dict, net)
    last = cr.from_torch(state_dict, net, flatten="channels_last")["dense.weight"]
    first = cr.from_torch(state_dict, net, flatten="channels_first")["dense.weight"]
    np.testing.assert_array_equal(last[:, 0], np.arange(12))
    np.testing.assert_array_equal(
        first[:, 0], np.arange(12).reshape(3, 2, 2).transpose(1, 2, 0).ravel()
    )
    grey = built([nn.Flatten(), nn.Dense(2)], np.ones((1, 4, 3, 1)))
    np.testing.assert_array_equal(cr.from_torch(state_dict, grey)["dense.weight"], last)


def test_what_holds_no_weights_is_refused() -> None:
    net = built([nn.Dense(2)], np.ones((1, 2)))
    with pytest.raises(DTypeError, match=r"'0.weight' is .* must be an array of real numbers"):
        cr.from_torch({"0.weight": "text"}, net)
    with pytest.raises(ArgumentError, match=r"as model.state_dict\(\)"):
        cr.from_torch(3, net)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="not built yet"):
        cr.to_keras(cr.Network([nn.Dense(2)]))
    with pytest.raises(ArgumentError, match="key_units=None"):
        cr.to_torch(built([nn.MultiHeadAttention(2, 3)], np.ones((1, 3, 4))))
    with pytest.raises(ArgumentError, match="5 arrays, and the layers of the network have 2"):
        cr.from_keras([np.ones(2)] * 5, net)
