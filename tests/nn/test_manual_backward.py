"""Manual backward passes: used, checked, and safe when a layer is called twice."""

from typing import Any

import numpy as np
import pytest

import chainrule.nn as nn
from chainrule.autodiff.derivative import grad
from chainrule.compiler.jit import jit
from chainrule.errors import GradientError, ShapeError, TraceError
from chainrule.nn.parameter import substituted
from chainrule.testing import check_grads, check_layer

X = np.random.default_rng(0).normal(size=(4, 3))


class ByHand(nn.Layer):
    """The sigmoid layer of the classic tutorials, with its backward."""

    factor = 1.0

    def __init__(self, units: int) -> None:
        self.units = units
        self.calls = 0

    def build(self, input_shape: Any) -> None:
        self.weight = self.parameter("weight", (input_shape[-1], self.units))
        self.bias = self.parameter("bias", (self.units,))

    def forward(self, x: Any) -> Any:
        self.x = x
        self.y = 1 / (1 + np.exp(-(x @ self.weight + self.bias)))
        return self.y

    def backward(self, dy: Any) -> Any:
        self.calls += 1
        delta = self.factor * dy * self.y * (1 - self.y)
        self.weight.grad = self.x.T @ delta
        self.bias.grad = np.sum(delta, axis=0)
        return delta @ self.weight.T


class Forgetful(ByHand):
    def backward(self, dy: Any) -> Any:
        super().backward(dy)
        self.bias.grad = None
        return dy @ self.weight.T


class Flat(ByHand):
    def backward(self, dy: Any) -> Any:
        dx = super().backward(dy)
        self.weight.grad = np.sum(self.weight.grad, axis=0)
        return dx


class Biased(ByHand):
    def backward(self, dy: Any) -> Any:
        dx = super().backward(dy)
        self.bias.grad = 2 * self.bias.grad
        return dx


class Wrong(ByHand):
    factor = 2.0


def gradient(layer: nn.Layer, apply: Any = None) -> Any:
    """Differentiate the summed squares of the output by input and parameters."""
    layer(X)
    parameters = list(layer.parameters().values())

    def loss(x: Any, *values: Any) -> Any:
        with substituted(parameters, values):
            return np.sum((apply or layer)(x) ** 2)

    values = [each.value for each in parameters]
    return grad(loss, argnums=range(1 + len(values)))(X, *values)


def test_a_manual_backward_agrees_with_the_derived_gradient() -> None:
    by_hand, derived = ByHand(2), nn.Dense(2, "sigmoid")
    for one, other in zip(gradient(by_hand), gradient(derived), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    assert check_layer(ByHand(2), (4, 3)) < 1e-6


def test_a_manual_backward_replaces_the_derived_gradient() -> None:
    right, doubled = gradient(ByHand(2)), gradient(Wrong(2))
    for one, other in zip(right, doubled, strict=True):
        np.testing.assert_allclose(2 * one, other, rtol=1e-12)
    with pytest.raises(GradientError, match=r"check_layer: the gradient of Wrong\.x is"):
        check_layer(Wrong(2), (4, 3))
    with pytest.raises(GradientError, match=r"check_layer: the gradient of Biased\.bias is wrong"):
        check_layer(Biased(2), (4, 3))


def test_each_call_of_a_layer_restores_its_saved_attributes() -> None:
    by_hand, derived = ByHand(3), nn.Dense(3, "sigmoid")
    one = gradient(by_hand, lambda x: by_hand(by_hand(x)))
    other = gradient(derived, lambda x: derived(derived(x)))
    for each, expected in zip(one, other, strict=True):
        np.testing.assert_allclose(each, expected, rtol=1e-12)


def test_backward_can_be_called_directly_on_arrays() -> None:
    layer = ByHand(2)
    y = layer(X)
    dx = layer.backward(2 * y)
    found = [dx, layer.weight.grad, layer.bias.grad]
    for one, other in zip(found, gradient(layer), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_missing_gradient_is_reported_by_name() -> None:
    with pytest.raises(GradientError, match="did not set the gradient of bias"):
        gradient(Forgetful(2))


def test_a_gradient_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"weight\.grad to an array of shape \(2,\).*\(3, 2\)"):
        gradient(Flat(2))


def test_parameters_hold_no_nodes_after_differentiation() -> None:
    layer = ByHand(2)
    gradient(layer)
    assert layer.weight.grad is None
    assert isinstance(layer.weight.value, np.ndarray)


class Cell(nn.Layer):
    """A layer whose state is an attribute."""

    def build(self, input_shape: Any) -> None:
        self.weight = self.parameter("weight", (input_shape[-1], input_shape[-1]))
        self.steps = self.parameter("steps", (), "zeros", trainable=False)

    def forward(self, x: Any) -> Any:
        self.h = np.tanh(x @ self.weight + self.h)
        self.steps.value = self.steps.value + 1
        return self.h


def test_what_a_layer_stores_while_differentiated_is_seen_at_once_and_an_array_afterwards() -> None:
    cell, plain = Cell(), Cell()

    def energy(x: Any, cell: Cell) -> Any:
        cell.h = x * 0
        for _ in range(3):
            cell(x)
        return np.sum(cell.h**2)

    energy(X, cell)
    assert check_grads(lambda x: energy(x, cell), (X,)) < 1e-6
    cell.steps.value = np.array(0.0)
    grad(energy)(X, cell)
    energy(X, plain)
    assert type(cell.h) is np.ndarray
    np.testing.assert_allclose(cell.h, plain.h)
    assert type(cell.steps.value) is np.ndarray
    assert cell.steps.value == 3


def test_state_of_a_layer_is_refused_where_a_trace_is_kept() -> None:
    cell = Cell()
    cell.h = np.zeros(3)
    cell(X)
    with pytest.raises(TraceError, match="parameter steps: a traced value cannot be stored"):
        jit(lambda x: setattr(cell.steps, "value", x[0, 0]))(X)
    with pytest.raises(TraceError, match="parameter steps: a traced value cannot be stored"):
        jit(grad(lambda x: setattr(cell.steps, "value", x[0, 0]) or np.sum(x)))(X)
    assert cell.steps.value == 1
