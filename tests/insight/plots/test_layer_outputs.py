"""The plots of activations and of gradients, layer by layer."""

from typing import Any

import numpy as np
import pytest

from chainrule import Network, nn
from chainrule.errors import ArgumentError
from chainrule.insight import plot

X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)


def _net() -> Any:
    layers = [nn.Dense(4, activation="relu"), nn.Dropout(0.5), nn.Dense(2, activation="tanh")]
    net = Network(layers, seed=0)
    net.compile(loss="mse")
    net(X)
    return net


def _texts(axes: Any) -> str:
    return "\n".join(each.get_text() for each in axes.texts)


def test_each_layer_that_changes_values_has_a_histogram_of_all_its_outputs() -> None:
    net = _net()
    net.params["dense.bias"][1] = -100
    figure: Any = plot.activations(net, X)
    assert [each.get_title() for each in figure.axes] == ["dense (relu)", "dense_1 (tanh)"]
    outputs = (net[:1](X), net(X))
    for axes, output in zip(figure.axes, outputs, strict=True):
        shares, edges, _ = axes.patches[0].get_data()
        np.testing.assert_allclose(shares.sum(), 100)
        np.testing.assert_allclose(shares * output.size / 100, np.histogram(output, edges)[0])
        assert f"mean {output.astype(float).mean():.3g}" in _texts(axes)
    assert "dead units: 1 of 4" in _texts(figure.axes[0])
    assert figure.axes[1].patches[0].get_data().edges[[0, -1]].tolist() == [-1, 1]
    assert "saturated" in _texts(figure.axes[1])


def test_samples_are_limited_and_values_that_are_not_finite_are_counted() -> None:
    net = _net()
    figure: Any = plot.activations(net, X, samples=7)
    assert figure.get_suptitle() == "Activations of 7 samples"
    net.params["dense.weight"][0, 0] = np.nan
    assert "25 % not finite" in _texts(plot.activations(net, X).axes[0])


def test_rows_of_gradients_hold_the_magnitudes_of_net_gradients() -> None:
    net = _net()
    y = X[:, :2]
    axes: Any = plot.gradients(net, X, y).axes[0]
    names = [each.get_text() for each in axes.get_yticklabels()]
    assert names == ["dense.weight", "dense.bias", "dense_1.weight", "dense_1.bias"]
    medians = [line.get_xdata()[0] for line in axes.lines if np.ptp(line.get_xdata()) == 0]
    expected = [np.median(np.abs(each)[each != 0]) for each in net.gradients(X, y).values()]
    np.testing.assert_allclose(medians, expected, rtol=1e-6)


def test_frozen_parameters_have_no_row_and_zeros_are_noted() -> None:
    net = _net()
    net["dense"].trainable = False
    net.params["dense_1.bias"] = np.full(2, 100.0)  # tanh is saturated
    axes: Any = plot.gradients(net, X, X[:, :2]).axes[0]
    names = [each.get_text() for each in axes.get_yticklabels()]
    assert names == ["dense_1.weight", "dense_1.bias"]
    assert "100 % are 0" in _texts(axes)
    net.trainable = False
    with pytest.raises(ArgumentError, match=r"set net.trainable = True"):
        plot.gradients(net, X, X[:, :2])


def test_a_network_that_is_not_built_is_refused() -> None:
    call: Any = plot.activations
    with pytest.raises(ArgumentError, match="not built yet"):
        call(Network([nn.Dense(2)]), X)
    with pytest.raises(ArgumentError, match="net is 3"):
        call(3, X)
