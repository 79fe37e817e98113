"""Padding, cropping and upsampling, against NumPy and closed forms; layers of a function."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn as nn
from chainrule.errors import ArgumentError, ShapeError

TEXT: Any = "same"
IMAGES = np.random.default_rng(5).normal(size=(2, 4, 3, 2))


def double(x: Any) -> Any:
    return 2 * x


def resized(x: Any, size: tuple[int, int]) -> Any:
    """Interpolate between the centres of pixels, one axis after the other, by np.interp."""
    for axis, factor in enumerate(size, start=1):
        n = x.shape[axis]
        places = (np.arange(n * factor) + 0.5) / factor - 0.5
        x = np.apply_along_axis(lambda line, n=n, at=places: np.interp(at, range(n), line), axis, x)
    return x


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 1), (2, 5)])
def test_upsampling_repeats_or_interpolates_between_centres(size: tuple[int, int]) -> None:
    repeated = IMAGES.repeat(size[0], axis=1).repeat(size[1], axis=2)
    np.testing.assert_array_equal(nn.UpSampling2D(size)(IMAGES), repeated)
    bilinear = nn.UpSampling2D(size, "bilinear")(IMAGES)
    np.testing.assert_allclose(bilinear, resized(IMAGES, size), atol=1e-12)


def test_cropping_undoes_padding_and_pads_are_zero() -> None:
    for widths in (2, (1, 3), ((1, 0), (0, 2)), 0):
        padded = nn.ZeroPadding2D(widths)(IMAGES)
        np.testing.assert_array_equal(nn.Cropping2D(widths)(padded), IMAGES)
        assert np.count_nonzero(padded) == IMAGES.size
    for widths in (2, (1, 3), [0, 1]):
        steps = IMAGES[:, 0]
        padded = nn.ZeroPadding1D(widths)(steps)
        np.testing.assert_array_equal(nn.Cropping1D(widths)(padded), steps)
        assert np.count_nonzero(padded) == steps.size


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.ZeroPadding2D(TEXT), r"ZeroPadding2D: padding is 'same'; it must be an integer"),
    (lambda: nn.ZeroPadding2D((1, 2, 3)), r"\(height, width\) or \(\(top, bottom\)"),
    (lambda: nn.ZeroPadding1D(-1), "an integer, 0 or more, or a pair"),
    (lambda: nn.Cropping2D(((1, 2), (0, 0)))(IMAGES[:, :3]), "leaves none of 3 rows and columns"),
    (lambda: nn.UpSampling2D(0), "UpSampling2D: size is 0"),
    (lambda: nn.UpSampling2D(2, "cubic"), "must be 'nearest' or 'bilinear'"),
    (lambda: nn.UpSampling2D(2)(IMAGES[..., 0]), r"needs \(batch, height, width, channels\)"),
    (lambda: nn.RepeatVector(3)(IMAGES), "put nn.Flatten"),
    (lambda: nn.Softmax(1)(IMAGES), "put nn.Permute before it"),
    (lambda: nn.Softmax(0), "0 is the batch"),
    (lambda: nn.ELU(-1), "ELU: alpha is -1"),
    (lambda: nn.Lambda(TEXT), "it must be a function"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_what_is_no_such_layer_is_refused_with_a_rule(
    call: Callable[[], Any], message: str
) -> None:
    with pytest.raises((ArgumentError, ShapeError), match=message):
        call()


def test_a_final_softmax_layer_is_fused_with_the_cross_entropy() -> None:
    X, y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
    losses: list[list[float]] = []
    for last in (nn.Softmax(), nn.Activation("softmax"), nn.Softmax(axis=1)):
        net = cr.Network([nn.Dense(4), nn.ReLU(), nn.Dense(2), last], seed=0)
        net.compile("cross_entropy", "sgd", learning_rate=0.1)
        history = net.fit(X, y, epochs=2, verbose=0)
        assert "are computed together" in history.notes[0]
        losses.append(history["loss"])
    assert losses[0] == losses[1] == losses[2]


def test_lambdas_are_saved_as_programs_of_their_functions(tmp_path: Path) -> None:
    net = cr.Network([nn.Lambda(double), nn.PReLU(), nn.LeakyReLU(0.2)])
    expected = net.predict(IMAGES)
    net.save(tmp_path / "net")
    for custom in ({}, {"double": double}):
        loaded = cr.load(tmp_path / "net", custom=custom)
        assert isinstance(loaded, cr.Network)
        np.testing.assert_array_equal(loaded.predict(IMAGES), expected)
    net = cr.Network([nn.Lambda(lambda x: 2 * x)])
    expected = net.predict(IMAGES)
    np.testing.assert_allclose(expected, 2 * IMAGES, rtol=1e-6)
    net.save(tmp_path / "other")
    loaded = cr.load(tmp_path / "other")
    assert isinstance(loaded, cr.Network)
    np.testing.assert_array_equal(loaded.predict(IMAGES), expected)
