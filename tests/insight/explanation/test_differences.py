"""Derivatives proved from those after them, without differences of the whole loss."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.insight.explanation.differences import Differences

RANDOM = np.random.default_rng(0)
SERIES = RANDOM.standard_normal((5, 4, 2))
NUMBERS = RANDOM.standard_normal((5, 1))


@pytest.mark.parametrize(
    "layers",
    [
        [nn.MultiHeadAttention(2, 2, causal=True), nn.LayerNorm(), nn.GlobalAvgPool1D()],
        [nn.Residual([nn.Dense(2, activation="gelu")]), nn.GRU(2)],
    ],
    ids=["attention", "residual"],
)
def test_each_derivative_is_proved_by_its_part_of_the_network(
    layers: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def whole(*_: object) -> float:
        raise AssertionError("the whole loss is differenced")

    monkeypatch.setattr(Differences, "whole", whole)
    net = cr.Network([*layers, nn.Dense(1)], seed=0)
    net.compile(loss="mse")
    explanation = net.explain(SERIES, NUMBERS)
    for equation in explanation:
        assert equation.certificate is not None
        assert (equation.certificate.difference_error or 0.0) < 1e-7, str(equation)
