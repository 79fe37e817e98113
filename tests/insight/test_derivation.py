"""The derivation: its graph computes the gradient, its formulas are in order."""

import re
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError
from chainrule.graph.evaluate import evaluate
from chainrule.insight.derivation import derive_output_layer
from chainrule.nn import Dense
from chainrule.nn.losses.loss import LOSSES

BATCH, FEATURES, UNITS = 4, 5, 3


def built(**arguments: Any) -> Dense:
    layer = Dense(UNITS, **arguments)
    layer(np.ones((1, FEATURES)))
    return layer


@pytest.fixture
def arrays() -> list[Any]:
    random = np.random.default_rng(0)
    y = np.eye(UNITS)[random.integers(UNITS, size=BATCH)]
    shapes = (FEATURES, UNITS), (UNITS,), (BATCH, FEATURES)
    return [*(random.normal(size=shape) for shape in shapes), y]


def test_the_derived_gradient_is_softmax_minus_target(arrays: list[Any]) -> None:
    derivation = derive_output_layer(built(), LOSSES["cross_entropy"], BATCH)
    weight, bias, x, y = arrays
    powers = np.exp(x @ weight + bias)
    scores = (powers / powers.sum(axis=1, keepdims=True) - y) / BATCH
    dweight, dbias = evaluate(derivation.graph, arrays)
    np.testing.assert_allclose(dweight, x.T @ scores, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(dbias, scores.sum(axis=0), rtol=1e-12, atol=1e-14)


def test_the_derived_gradient_includes_the_activation(arrays: list[Any]) -> None:
    derivation = derive_output_layer(built(activation="tanh"), LOSSES["mse"], BATCH)
    weight, bias, x, y = arrays
    output = np.tanh(x @ weight + bias)
    scores = 2 * (output - y) / (BATCH * UNITS) * (1 - output**2)
    dweight, dbias = evaluate(derivation.graph, arrays)
    np.testing.assert_allclose(dweight, x.T @ scores, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(dbias, scores.sum(axis=0), rtol=1e-12, atol=1e-14)


def test_each_formula_uses_only_names_before_it() -> None:
    derivation = derive_output_layer(built(), LOSSES["cross_entropy"], BATCH)
    known = {"x", "y", "weight", "bias", "exp", "max"}
    for name, text in derivation.formulas:
        assert set(re.findall(r"[a-z]+", text)) <= known
        known.add(name)
    assert {"scores", "dscores", "dweight", "dbias"} <= known


@pytest.mark.parametrize("layer", [Dense(2), built(use_bias=False)])
def test_a_layer_without_weights_or_bias_is_refused(layer: Dense) -> None:
    with pytest.raises(ArgumentError, match="must be built and have a bias"):
        derive_output_layer(layer, LOSSES["mse"], BATCH)
