"""Composite layers, and custom layers with several inputs and outputs."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn as nn
from chainrule.errors import ArgumentError, ShapeError
from chainrule.testing import check_grads

GENERATOR = np.random.default_rng(11)
X = GENERATOR.normal(size=(4, 3))


def test_a_residual_block_adds_its_input() -> None:
    first, second = nn.Dense(5, "tanh"), nn.Dense(3)
    layer = nn.Residual([first, second])
    np.testing.assert_allclose(layer(X), X + second(first(X)))


def test_a_shortcut_projects_the_input() -> None:
    layer = nn.Residual(nn.Dense(5), shortcut=nn.Dense(5))
    np.testing.assert_allclose(layer(X), layer.layers[0](X) + layer.shortcut[0](X))


def test_residual_shapes_that_differ_are_refused_with_a_remedy() -> None:
    with pytest.raises(ShapeError, match=r"layer Residual: x has shape \(4, 3\), but f\(x\) has "
                       r"\(4, 5\).* give 3 features .* nn.Dense\(5\)"):  # fmt: skip
        nn.Residual(nn.Dense(5))(X)
    with pytest.raises(ShapeError, match=r"the shortcut gives shape \(4, 1\)"):
        nn.Residual(nn.Dense(5), shortcut=nn.Dense(1))(X)


def test_a_residual_is_not_broadcast() -> None:
    with pytest.raises(ShapeError, match="only equal shapes are added"):
        nn.Residual(nn.Dense(1))(X)


def test_branches_are_concatenated_in_order() -> None:
    one, other = nn.Dense(2), nn.Dense(1)
    layer = nn.Concatenate([one, [other, nn.Activation("tanh")], []])
    expected = np.concatenate([one(X), np.tanh(other(X)), X], axis=1)
    np.testing.assert_allclose(layer(X), expected)


def test_branches_and_inputs_are_added() -> None:
    one, other = nn.Dense(3), nn.Dense(3)
    layer = nn.Add([one, [other, nn.Tanh()], []])
    np.testing.assert_allclose(layer(X), one(X) + np.tanh(other(X)) + X)
    np.testing.assert_array_equal(nn.Add()(X, X, X), 3 * X)
    with pytest.raises(ShapeError, match=r"branches give shapes \(4, 1\), \(4, 3\)"):
        nn.Add([nn.Dense(1), []])(X)
    with pytest.raises(ArgumentError, match="one input and no branch"):
        nn.Add()(X)
    with pytest.raises(ArgumentError, match=r"make it without branches: nn.Add\(\)"):
        layer(X, X)


def test_branches_of_incompatible_shapes_are_refused() -> None:
    images = np.ones((2, 6, 6, 1))
    with pytest.raises(ShapeError, match=r"shapes \(2, 4, 4, 2\), \(2, 6, 6, 1\), which cannot be "
                       "concatenated along axis -1"):  # fmt: skip
        nn.Concatenate([nn.Conv2D(2, 3), []])(images)
    with pytest.raises(ShapeError, match="cannot be concatenated along axis 5"):
        nn.Concatenate([nn.Dense(2), []], axis=5)(X)
    with pytest.raises(ShapeError, match="cannot be concatenated"):
        nn.Concatenate([nn.Flatten(), []])(images)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Residual("relu"), "layers must be a layer or a list of layers, got 'relu'"),
        (lambda: nn.Residual([nn.Dense(2), "relu"]), "layers must be a layer or a list"),
        (lambda: nn.Concatenate(nn.Dense(2)), "must be a list of two or more"),
        (lambda: nn.Concatenate([nn.Dense(2)]), "must be a list of two or more"),
        (lambda: nn.Concatenate([nn.Dense(2), 3]), "branches must be a layer or a list"),
        (lambda: nn.Concatenate([nn.Dense(2), []], axis=0), "other than 0"),
        (lambda: nn.Residual(nn.Dense(2), nn.Dense(2), nn.Dense(2)), "put the layers into a list"),
    ],
)
def test_bad_arguments_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


def test_dropout_in_a_block_is_active_in_training_only() -> None:
    layer = nn.Residual([nn.Dense(3, initializer="ones"), nn.Dropout(0.5)])
    assert np.array_equal(layer(X), layer(X))
    assert not np.array_equal(layer(X), layer(X, random=nn.RandomStream(seed=0)))


def test_a_deep_residual_network_survives_saving(tmp_path: Any) -> None:
    block = [nn.LayerNorm(), nn.Residual(nn.Dense(3, "relu"))]
    net = cr.Network([nn.Concatenate([block, []]), nn.Residual(nn.Dense(6)), nn.Dense(1)])
    net.compile("mse", "adam")
    net.fit(X, X[:, :1], epochs=2, verbose=0)
    net.save(tmp_path / "tower.safetensors")
    again = cr.load(tmp_path / "tower.safetensors")
    assert list(again.params) == list(net.params)
    np.testing.assert_array_equal(again.predict(X), net.predict(X))


# ------------------------------------------------------------------ several inputs and outputs


class Bilinear(nn.Layer):
    """Bilinear form x A y of two inputs, with A trainable."""

    def build(self, left: Any, right: Any) -> None:
        self.weight = self.parameter("weight", (left[-1], right[-1]))

    def forward(self, left: Any, right: Any) -> Any:
        return np.sum((left @ self.weight) * right, axis=-1, keepdims=True)


class TwoInputs(nn.Layer):
    """An image and a table in one row, encoded by separate layers and combined."""

    def __init__(self, pixels: int) -> None:
        self.pixels = pixels
        self.image_layers = [
            nn.Reshape((4, 4, 1)),
            nn.Conv2D(3, 3, activation="relu"),
            nn.Flatten(),
        ]
        self.table = nn.Dense(4, "relu")
        self.combine = Bilinear()

    def forward(self, x: Any) -> Any:
        image, table = x[:, : self.pixels], self.table(x[:, self.pixels :])
        for layer in self.image_layers:
            image = layer(image)
        return np.concatenate([self.combine(image, table), table], axis=1)


def test_a_custom_layer_may_have_several_inputs() -> None:
    layer, left, right = Bilinear(), X, GENERATOR.normal(size=(4, 2))
    y = layer(left, right)
    expected = np.einsum("bi,ij,bj->b", left, layer.weight.value, right)[:, None]
    np.testing.assert_allclose(y, expected)
    assert check_grads(layer, (left, right), order=2) < 1e-6


def test_a_manual_backward_returns_a_gradient_for_each_input() -> None:
    class Contraction(nn.Layer):
        def forward(self, left: Any, right: Any) -> Any:
            self.both = left, right
            return left * right

        def backward(self, dy: Any) -> Any:
            left, right = self.both
            return dy * right, dy * left

    assert check_grads(Contraction(), (X, X + 1), order=2) < 1e-6


def test_a_network_with_two_inputs_and_two_outputs_trains_natively(tmp_path: Any) -> None:
    x = GENERATOR.normal(size=(64, 16 + 5))
    targets = np.stack([x[:, :16].sum(axis=1), x[:, 16]], axis=1)

    def loss(y_true: Any, y_pred: Any) -> Any:
        total = (y_true[:, 0] - y_pred[:, 0]) ** 2
        return total + 0.5 * np.abs(y_true[:, 1] - y_pred[:, 1])

    net = cr.Network([TwoInputs(16), nn.Dense(2)], seed=0)
    net.compile(loss, "adam", learning_rate=0.01)
    losses = net.fit(x, targets, epochs=30, batch_size=16, verbose=0)["loss"]
    assert losses[-1] < 0.5 * losses[0]
    net.save(tmp_path / "two.safetensors")
    custom = {"TwoInputs": TwoInputs, "loss": loss}
    again = cr.load(tmp_path / "two.safetensors", custom=custom)
    np.testing.assert_array_equal(again.predict(x), net.predict(x))
