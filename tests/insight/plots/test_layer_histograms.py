"""Histograms over epochs: what is recorded, that training stays the same, and the figure."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, DataError
from chainrule.insight import plot

X = np.random.default_rng(0).normal(size=(60, 3))
Y = X[:, :1] ** 2


def _trained(*callbacks: Any) -> Any:
    layers = [nn.Dense(6, activation="tanh"), nn.Dropout(0.5), nn.Flatten(), nn.Dense(1)]
    net = cr.Network(layers, seed=0)
    net.compile(loss="mse", optimizer="adam")
    net.fit(X, Y, epochs=4, callbacks=list(callbacks), verbose=0)
    return net


def test_recording_leaves_the_training_as_it_is_and_counts_the_values_of_each_layer() -> None:
    record, path = cr.LayerHistograms(X, Y, every=2), cr.ParameterPath(every=2)
    net, plain = _trained(record, path), _trained()
    assert all(np.array_equal(net.params[name], plain.params[name]) for name in net.params)
    assert record.epochs == [0, 2, 4]
    assert list(record.activations) == list(record.gradients) == ["dense", "dense_1"]
    last = record.activations["dense_1"][-1]
    np.testing.assert_array_equal(last.counts, np.histogram(net.predict(X), last.edges)[0])
    gradients = net.gradients(X, Y)
    values = np.log10(np.abs(np.append(gradients["dense.weight"], gradients["dense.bias"])))
    last = record.gradients["dense"][-1]
    np.testing.assert_array_equal(last.counts, np.histogram(values, last.edges)[0])
    later = cr.LayerHistograms(X)
    net.fit(X, Y, epochs=1, callbacks=[later], verbose=0)
    assert later.epochs == [4, 5]
    assert len(path.points) == 3
    np.testing.assert_array_equal(path.points[-1]["dense.weight"], plain.params["dense.weight"])
    assert "path of training" in plot.loss_surface(net, X, Y, path, count=3).axes[0].get_title()


def test_the_median_of_each_record_is_drawn_over_the_epochs() -> None:
    record = cr.LayerHistograms(X)
    net = _trained(record)
    figure: Any = record.plot()
    assert [each.get_title() for each in figure.axes] == [
        "dense: activations", "dense_1: activations",
    ]  # fmt: skip
    line = next(each for each in figure.axes[1].lines if each.get_label() == "median")
    np.testing.assert_array_equal(line.get_xdata(), range(5))
    width = np.ptp(net.predict(X)) / 80  # of an interval
    assert abs(line.get_ydata()[-1] - np.median(net.predict(X))) < width


def test_values_that_are_constant_or_not_finite_have_a_figure() -> None:
    net = cr.Network([nn.Dense(2, activation="relu"), nn.Dense(1)], seed=0)
    net.compile(loss="mse")
    net(X)
    net.params["dense.weight"] = np.zeros((3, 2))
    record = cr.LayerHistograms(X, Y)
    record.on_epoch_start(net, 0)
    net.params["dense.weight"] = np.full((3, 2), 3e38)
    record.on_epoch_end(net, 0, {})
    plot.layer_histograms(record)
    last = record.activations["dense"][1]
    assert last.counts.sum() < last.total


def test_what_records_nothing_is_refused() -> None:
    call: Any = plot.layer_histograms
    with pytest.raises(ArgumentError, match=r"record is 3; it must be a cr\.LayerHistograms"):
        call(3)
    with pytest.raises(DataError, match=r"give it to net\.fit as one of"):
        call(cr.LayerHistograms(X))
    with pytest.raises(DataError, match="X has 60 rows and y 2"):
        cr.LayerHistograms(X, Y[:2])
