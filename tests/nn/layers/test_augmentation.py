"""Image augmentation: distributions, SciPy as oracle, gradients, native training."""

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import chainrule as cr
import chainrule.nn as nn
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.layers.interpolation import gather_pixels, sample_bilinear
from chainrule.testing import check_grads

GENERATOR = np.random.default_rng(12)
X = GENERATOR.uniform(1, 2, (200, 7, 6, 2))


def all_kinds() -> list[nn.Layer]:
    return [nn.RandomShift(2), nn.RandomFlip("both"), nn.RandomRotation(20), nn.RandomZoom(0.3)]


each_layer = pytest.mark.parametrize("layer", all_kinds(), ids=lambda each: each.kind)


def trained(layer: Any, x: Any = X, step: int = 0, seed: int = 0) -> Any:
    return layer(x, random=nn.RandomStream(seed=seed, step=step))


@each_layer
def test_images_change_in_training_only_and_differently_in_each_step(layer: Any) -> None:
    assert layer(X) is X
    assert not np.array_equal(trained(layer), X)
    assert not np.array_equal(trained(layer), trained(layer, step=1))
    np.testing.assert_array_equal(trained(layer), trained(layer))


@each_layer
def test_each_image_has_its_own_transform(layer: Any) -> None:
    same = np.broadcast_to(X[:1], X.shape)
    assert len({each.tobytes() for each in trained(layer, same)}) > 3


def test_all_integer_shifts_are_equally_likely() -> None:
    x = np.zeros((4000, 7, 7, 1))
    x[:, 3, 3] = 1
    rows, columns = np.nonzero(trained(nn.RandomShift((2, 1)), x).sum(axis=-1))[1:]
    assert np.bincount(rows - 1).size == 5
    assert np.bincount(columns - 2).size == 3
    np.testing.assert_allclose(np.bincount(rows - 1) / 4000, 1 / 5, atol=0.03)
    np.testing.assert_allclose(np.bincount(columns - 2) / 4000, 1 / 3, atol=0.03)


def test_pixels_beyond_the_borders_have_the_fill_value() -> None:
    shifted = trained(nn.RandomShift(2, fill=-5.0))
    outside = shifted == -5.0
    assert outside.any()
    assert shifted[~outside].min() >= 1
    assert outside.all(axis=-1).sum() * 2 == outside.sum()


def test_flips_have_probability_one_half() -> None:
    for mode, mirrored in (("horizontal", X[:, :, ::-1]), ("vertical", X[:, ::-1])):
        y = trained(nn.RandomFlip(mode))
        is_flipped = (y == mirrored).all(axis=(1, 2, 3))
        is_unchanged = (y == X).all(axis=(1, 2, 3))
        assert (is_flipped ^ is_unchanged).all()
        assert 60 < is_flipped.sum() < 140
    both = trained(nn.RandomFlip("both"))
    four = (X, X[:, ::-1], X[:, :, ::-1], X[:, ::-1, ::-1])
    counts = [(both == each).all(axis=(1, 2, 3)).sum() for each in four]
    assert sum(counts) == 200
    assert min(counts) > 20


@pytest.mark.parametrize("degrees", [0.0, 25.0, 180.0])
def test_rotations_equal_those_of_scipy(degrees: float) -> None:
    stream = nn.RandomStream(seed=3)
    x = X[:5]
    angles = (2 * nn.RandomStream(seed=3).uniform((5, 1, 1), "float64").ravel() - 1) * degrees
    rotated = nn.RandomRotation(degrees)(x, random=stream)
    for image, angle, ours in zip(x, angles, rotated, strict=True):
        theirs = ndimage.rotate(
            image, -angle, axes=(0, 1), reshape=False, order=1, mode="grid-constant"
        )
        np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_zooms_equal_those_of_scipy() -> None:
    x = X[:5]
    uniform = nn.RandomStream(seed=3).uniform((5, 1, 1), "float64").ravel()
    zoomed = nn.RandomZoom(0.4)(x, random=nn.RandomStream(seed=3))
    centre = np.array([3.0, 2.5, 0.5])
    for image, scale, ours in zip(x, 1 / (1 + (2 * uniform - 1) * 0.4), zoomed, strict=True):
        factors = np.array([scale, scale, 1.0])
        theirs = ndimage.affine_transform(
            image, factors, centre - factors * centre, order=1, mode="grid-constant"
        )
        np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_interpolation_at_integer_coordinates_returns_the_pixels() -> None:
    rows, columns = np.meshgrid(np.arange(-1, 8), np.arange(-2, 7), indexing="ij")
    at_pixels = gather_pixels(X[:3], rows[None], columns[None], fill=9.0)
    interpolated = sample_bilinear(
        X[:3], rows[None].astype(float), columns[None].astype(float), fill=9.0
    )
    np.testing.assert_array_equal(at_pixels, interpolated)
    np.testing.assert_array_equal(at_pixels[:, 1:8, 2:8], X[:3])
    assert (at_pixels[:, 0] == 9).all()


def test_bilinear_interpolation_has_correct_gradients() -> None:
    rows, columns = np.array([[[0.25, 1.5]]]), np.array([[[1.75, 0.5]]])
    x = GENERATOR.normal(size=(1, 3, 3, 1))
    assert check_grads(sample_bilinear, (x, rows, columns), order=2) < 1e-6


def test_native_training_with_augmentation_equals_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    x, labels = X.astype("float32"), GENERATOR.integers(0, 3, 200)
    losses: list[Any] = []
    for backend in ("llvm", "numpy"):
        monkeypatch.setenv("CHAINRULE_BACKEND", backend)
        net = cr.Network([*all_kinds(), nn.Flatten(), nn.Dense(3)], seed=2, dtype="float64")
        net.compile("cross_entropy", "adam")
        losses.append(net.fit(x, labels, epochs=3, batch_size=64, verbose=0)["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-10)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.RandomShift(0.1), "of 28 pixels, 0.1 are 3"),
        (lambda: nn.RandomShift(-1), "pixels is -1; it must be an integer, 0 or more"),
        (lambda: nn.RandomShift((1, 2, 3)), "or two of them"),
        (lambda: nn.RandomShift(height_factor=0.1), "here it is `pixels`"),
        (lambda: nn.RandomFlip("left"), "it must be 'horizontal', 'vertical' or 'both'"),
        (lambda: nn.RandomRotation(-10), r"degrees is -10; it must be an angle in \[0, 180\]"),
        (lambda: nn.RandomRotation(angle=10), "here it is `degrees`"),
        (lambda: nn.RandomZoom(1.0), r"factor is 1.0; it must be a number in \[0, 1\)"),
    ],
)
def test_bad_arguments_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


def test_inputs_without_channels_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"pass X\[..., None\]"):
        nn.RandomFlip()(np.ones((3, 28, 28)))
