"""Normalization, and layers of one's own that take statistics of the training data."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn as nn
from chainrule.errors import ArgumentError, ChainruleWarning, DataError, DTypeError, ShapeError

GENERATOR = np.random.default_rng(3)
X = GENERATOR.normal(size=(200, 3)) * [1, 50, 1e-3] + [5, -300, 0]
y = (X[:, :1] - 5) / 3


def trained(*layers: Any, inputs: Any = X, **arguments: Any) -> cr.Network:
    net = cr.Network([*layers, nn.Flatten(), nn.Dense(1)], seed=0, dtype="float64")
    net.compile("mse")
    net.fit(inputs, inputs.reshape(len(inputs), -1)[:, :1], verbose=0, **arguments)
    return net


def test_it_scales_by_the_training_samples_alone_once() -> None:
    net = trained(nn.Normalization(), validation_split=0.25)
    mean, stddev = net.params["normalization.mean"], net.params["normalization.stddev"]
    np.testing.assert_allclose(mean, X[:150].mean(axis=0), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(stddev, X[:150].std(axis=0), rtol=1e-12)
    for _ in range(2):
        net.fit(2 * X, y, verbose=0)
        np.testing.assert_array_equal(net.params["normalization.mean"], mean)
        net.compile("mse")


@pytest.mark.parametrize(
    ("inputs", "axes"),
    [
        (GENERATOR.integers(0, 256, (30, 5, 4, 3)).astype(np.uint8), (0, 1, 2)),
        (GENERATOR.normal(3.0, 2.0, (30, 7, 2)).astype(np.float32), (0, 1)),
        (GENERATOR.normal(size=(2000, 700)), (0,)),
    ],
)
def test_each_channel_of_images_and_series_is_scaled(inputs: Any, axes: tuple[int, ...]) -> None:
    layer = nn.Normalization()
    layer.adapt(inputs)
    z = layer(inputs.astype(np.float64))
    np.testing.assert_allclose(z.mean(axis=axes), 0, atol=1e-9)
    np.testing.assert_allclose(z.std(axis=axes), 1, atol=1e-9)


def test_padded_steps_are_not_counted() -> None:
    series = GENERATOR.normal(3.0, 2.0, (40, 6, 2))
    series[:, 4:] = 0
    net = trained(nn.Normalization(), nn.RNN(2, mask_value=0.0), inputs=series)
    expected = series[:, :4].mean(axis=(0, 1))
    np.testing.assert_allclose(net.params["normalization.mean"], expected, rtol=1e-12)


def test_a_constant_feature_is_only_shifted() -> None:
    layer = nn.Normalization()
    layer.adapt(np.full((1000, 2), 0.1))
    np.testing.assert_allclose(layer(np.array([[0.1, 1.1]])), [[0, 1]], atol=1e-12)


def test_within_layers_and_after_others_it_takes_what_reaches_it() -> None:
    inner, inputs = nn.Normalization(), X / [1, 50, 1e-3]
    trained(nn.Dense(4), nn.Concatenate([[nn.Tanh(), inner], []]), inputs=inputs)
    assert inner.is_adapted()
    net = trained(nn.Dense(4, trainable=False), nn.Normalization(), inputs=inputs)
    scaled = net[:2].predict(inputs)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)


def test_it_survives_files_pickles_and_single_rows(tmp_path: Path) -> None:
    own = nn.Normalization()
    own.adapt(X)
    for net in (trained(nn.Normalization()), cr.Network([own, nn.Dense(1)])):
        expected = net.predict(X)
        net.save(tmp_path / "net")
        loaded = cr.load(tmp_path / "net")
        assert isinstance(loaded, cr.Network)
        for each in (loaded, pickle.loads(pickle.dumps(net))):
            np.testing.assert_array_equal(each.predict(X), expected)
        np.testing.assert_allclose(net.predict(X[7:8]), expected[7:8], rtol=1e-6)


BAD: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: cr.Network([nn.Normalization()]).predict(X), ArgumentError, "call net.fit first"),
    (lambda: cr.Network([nn.Normalization()])(X), ArgumentError, "has seen none yet"),
    (lambda: nn.Normalization()(X), ArgumentError, "it has seen no data yet"),
    (lambda: nn.Normalization(mean=1.0), ArgumentError, "variance is not given; give both"),
    (lambda: nn.Normalization(0, -1), ArgumentError, "variance is -1; it must be one or a list"),
    (lambda: nn.Normalization(np.nan, 1), ArgumentError, "mean is nan"),
    (lambda: nn.Normalization([1, 2], 1)(X), ShapeError, "3 features .* given or taken for 2"),
    (lambda: nn.Normalization().adapt(np.where(X > 5, np.nan, X)), DataError, "feature 0 .* NaN"),
    (lambda: nn.Normalization().adapt([["a"]]), DTypeError, "takes real numbers"),
    (lambda: nn.Normalization().adapt(X[:0]), DataError, "there are none"),
    (lambda: nn.Normalization().adapt(X[:, 0]), ShapeError, r"pass x\[:, None\]"),
    (lambda: trained(nn.Normalization())[0].adapt(X[:, :2]), ShapeError, "built for 3"),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD)
def test_what_gives_no_statistics_is_refused(
    call: Callable[[], Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        call()


def test_a_refused_fit_leaves_no_statistics() -> None:
    layer = nn.Normalization()
    net = cr.Network([layer, nn.Dense(1)])
    net.compile("mse")
    for _ in range(2):
        with pytest.raises(ShapeError):
            net.fit(X, np.ones((200, 2)), verbose=0)
        assert not layer.is_adapted()


def test_values_that_the_dtype_cannot_tell_apart_are_told() -> None:
    net = cr.Network([nn.Normalization(), nn.Dense(1)])
    net.compile("mse")
    with pytest.warns(ChainruleWarning, match=r"mean 1.6e\+09 .* as float32 many"):
        net.fit(1.6e9 + X[:, :1], y, verbose=0)


class Centre(nn.Layer):
    """Subtracts the mean of the training data, and keeps the largest value."""

    calls = 0

    def build(self, input_shape: Any) -> None:
        self.mean = self.parameter("mean", input_shape[-1:], "zeros", trainable=False)

    def adapt(self, x: Any) -> None:
        Centre.calls += 1
        self.mean.value = np.mean(x, axis=0)
        self.most = np.max(x, axis=0)

    def forward(self, x: Any) -> Any:
        return np.minimum(x, getattr(self, "most", np.inf)) - self.mean


def test_a_layer_of_ones_own_adapts_once_also_when_it_is_loaded(tmp_path: Path) -> None:
    Centre.calls = 0
    net = trained(nn.Rescale(0.01), Centre())
    np.testing.assert_allclose(net.params["centre.mean"], 0.01 * X.mean(axis=0), rtol=1e-12)
    net.fit(X, y, verbose=0)
    net.save(tmp_path / "net")
    loaded = cr.load(tmp_path / "net", custom={"Centre": Centre})
    assert isinstance(loaded, cr.Network)
    np.testing.assert_array_equal(loaded.predict(X), net.predict(X))
    loaded.fit(X, y, verbose=0)
    assert Centre.calls == 1


def test_an_adapt_of_other_arguments_is_refused() -> None:
    class Other(nn.Layer):
        def adapt(self, x: Any, y: Any) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride]

        def forward(self, x: Any) -> Any:
            return x

    with pytest.raises(
        ArgumentError, match=r"fit: other.adapt\(x: Any, y: Any\).* called with \(x\)"
    ):
        trained(Other())
