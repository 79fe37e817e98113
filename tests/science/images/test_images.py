"""Filters of images against SciPy's, by dtype, border and layout; masks, focus and edges."""

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import chainrule as cr
from chainrule import nn, science
from chainrule.errors import ArgumentError, DataError, DTypeError, ShapeError, UnsupportedError

GENERATOR = np.random.default_rng(0)
BYTES = GENERATOR.integers(0, 256, (70, 80)).astype(np.uint8)  # large enough to be compiled
SMALL = GENERATOR.normal(size=(6, 7))
KERNELS = [GENERATOR.normal(size=shape) for shape in ((3, 3), (4, 3), (1, 6), (9, 9))]
KERNELS += [np.outer([1, 2, 1], [-1, 0, 1]), np.zeros((3, 3))]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float16, np.float32, np.float64, bool])
def test_filters_are_those_of_scipy_without_wrapping_around(dtype: Any) -> None:
    image = BYTES.astype(dtype)
    exact = image.astype(np.float64)
    for kernel in KERNELS if dtype is np.uint8 else KERNELS[:1]:
        expected = ndimage.correlate(exact, kernel, mode="mirror")
        scale = np.abs(kernel).sum() * max(np.abs(exact).max(), 1)
        found = science.filter2d(image, kernel, "reflect101")
        assert found.dtype == (np.float64 if dtype is np.float64 else np.float32)
        np.testing.assert_allclose(found, expected, atol=3e-7 * scale)
        convolved = science.filter2d(image, kernel, "constant", kind="convolution", cval=3.0)
        expected = ndimage.convolve(exact, kernel, mode="constant", cval=3.0)
        np.testing.assert_allclose(convolved, expected, atol=3e-7 * scale)
    middle = science.median(image, 5)
    assert middle.dtype == image.dtype
    exact = exact if dtype is np.float16 else image
    np.testing.assert_array_equal(middle, ndimage.median_filter(exact, 5))


def test_colours_and_stacks_are_filtered_image_by_image() -> None:
    stack = GENERATOR.normal(size=(2, 30, 40, 3))
    single = science.gaussian(stack[1, :, :, 2], 1.5)
    np.testing.assert_allclose(single, ndimage.gaussian_filter(stack[1, :, :, 2], 1.5), atol=1e-12)
    for filtered in (
        science.gaussian(stack, 1.5)[1, :, :, 2],
        science.gaussian(stack[1], 1.5)[:, :, 2],
        science.gaussian(stack[..., 2], 1.5)[1],
        science.gaussian(stack[..., 2], 1.5, channels=False)[1],
    ):
        np.testing.assert_allclose(filtered, single, atol=1e-12)


def test_sobel_at_any_angle_is_the_derivative_in_its_direction() -> None:
    rows, columns = np.mgrid[:60.0, :80.0]
    plane = 3 * columns + 4 * rows
    angles = [0, 30, 45, 90, 180, 233.13010235415598]
    found = science.sobel(plane, angles)[:, 30, 40]
    expected = 8 * (3 * np.cos(np.radians(angles)) + 4 * np.sin(np.radians(angles)))
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_array_equal(science.sobel(plane), ndimage.sobel(plane))
    np.testing.assert_array_equal(science.prewitt(plane, 90), ndimage.prewitt(plane, 0))
    plane[9, 9] = np.inf
    np.testing.assert_array_equal(science.sobel(plane, 180), -science.sobel(plane))
    assert not np.isnan(science.sobel(plane)).any()
    assert science.gradient_magnitude(plane)[30, 40] == 40
    np.testing.assert_allclose(science.gradient_direction(plane)[30, 40], 53.13010235415598)


def test_filters_have_derivatives_of_both_orders_and_are_layers() -> None:
    kernel = GENERATOR.normal(size=(3, 2))

    def energy(image: Any, kernel: Any) -> Any:
        smooth = science.gaussian(image, 0.8) * science.laplacian(image)
        turned = science.sobel(image, 30, "mirror") ** 2 + science.filter2d(image, kernel) ** 2
        return np.sum(smooth + turned) + science.sharpness(image)

    assert cr.check_grads(energy, (SMALL[:3, :3], kernel), order=2) < 1e-6
    square = cr.jit(lambda image: np.sum(science.median(image) ** 2))
    direction = GENERATOR.normal(size=SMALL.shape)
    rate = (square(SMALL + 1e-6 * direction) - square(SMALL - 1e-6 * direction)) / 2e-6
    np.testing.assert_allclose(np.sum(cr.grad(square)(SMALL) * direction), rate, rtol=1e-7)
    np.testing.assert_allclose(
        cr.jit(cr.grad(energy))(SMALL, kernel), cr.grad(energy)(SMALL, kernel), rtol=1e-10
    )
    layer = nn.Lambda(lambda images: science.sobel(images, 45))
    net = cr.Network([layer, nn.Flatten(), nn.Dense(2)], seed=0)
    net.compile("mse")
    images = GENERATOR.normal(size=(4, 6, 7, 1)).astype(np.float32)
    net.fit(images, np.eye(4, 2, dtype=np.float32), epochs=2, verbose=0)
    np.testing.assert_allclose(layer(images)[3], science.sobel(images[3], 45), rtol=1e-6)


def test_medians_of_large_squares_in_large_images_are_those_of_scipy() -> None:
    image = np.random.default_rng(6).integers(0, 256, (256, 260)).astype(np.uint8)
    np.testing.assert_array_equal(science.median(image, 7), ndimage.median_filter(image, 7))


def test_medians_of_traced_windows_that_hold_nan_are_nan() -> None:
    image = np.random.default_rng(5).normal(size=(70, 66)).astype(np.float32)
    image[30, 40] = np.nan
    middle = cr.jit(lambda x: science.median(x))(image)
    expected = np.zeros((70, 66), bool)
    expected[29:32, 39:42] = True
    np.testing.assert_array_equal(np.isnan(middle), expected)
    ordered = ndimage.median_filter(np.nan_to_num(image), 3)
    np.testing.assert_array_equal(middle[~expected], ordered[~expected])
    ends = np.isnan(science.median(np.nan_to_num(image), border="constant", cval=np.nan))
    assert ends[0].all()
    assert not ends[1:-1, 1:-1].any()


def test_levels_split_two_kinds_of_pixels() -> None:
    image = np.where(GENERATOR.random((50, 60)) < 0.3, 180, 60) + GENERATOR.integers(
        -9, 10, (50, 60)
    )
    for kind in (np.uint8, np.uint16, np.float32):
        mask, level = science.threshold(image.astype(kind), "otsu", return_level=True)
        np.testing.assert_array_equal(mask, image > 120)
        assert 69 <= level < 171
    assert science.threshold(image, "mean", return_level=True)[1] == image.mean()
    tail = np.repeat(np.arange(100), 2000 // (1 + np.arange(100) ** 2))
    level = science.threshold(tail[None], "triangle", return_level=True)[1]
    assert 3 <= level <= 15
    assert not science.threshold(np.full((3, 3), 7)).any()


def test_sharpness_falls_as_an_image_is_blurred() -> None:
    measures = [science.sharpness(science.gaussian(BYTES, sigma)) for sigma in (0, 0.5, 1, 2, 4)]
    assert all(b < a / 2 for a, b in itertools.pairwise(measures))
    assert science.sharpness(np.stack([BYTES] * 5)).shape == (5,)


def test_canny_finds_the_outline_of_a_disc_one_pixel_wide() -> None:
    rows, columns = np.mgrid[:80, :90]
    radius = np.hypot(rows - 40, columns - 45)
    noise = GENERATOR.normal(0, 0.05, radius.shape)
    edges = science.canny((radius < 25) + noise, sigma=2.0)
    assert np.abs(radius[edges] - 25).max() < 2
    assert 2 * np.pi * 25 * 0.8 < edges.sum() < 2 * np.pi * 25 * 1.2


def test_misuse_is_refused() -> None:
    def integers(image: Any) -> Any:
        return np.sum(science.sobel(image, dtype=np.uint8))

    cases: list[tuple[type[Exception], str, Any]] = [
        (ShapeError, "height", lambda: science.filter2d(SMALL[0], [[1]])),
        (ShapeError, "kernel", lambda: science.filter2d(SMALL, [1, 2])),
        (DTypeError, "complex", lambda: science.sobel(SMALL * 1j)),
        (DTypeError, "complex", lambda: science.filter2d(SMALL, [[1j]])),
        (ArgumentError, "did you mean 'reflect'", lambda: science.sobel(SMALL, border="reflekt")),
        (ArgumentError, "degrees", lambda: science.sobel(SMALL, np.inf)),
        (ArgumentError, "degrees", lambda: science.sobel(SMALL, "left")),
        (ArgumentError, "deviation", lambda: science.gaussian(SMALL, -1.0)),
        (ArgumentError, "odd", lambda: science.median(SMALL, 4)),
        (ArgumentError, "4 or 8", lambda: science.laplacian(SMALL, neighbours=6)),
        (ArgumentError, "correlation", lambda: science.filter2d(SMALL, [[1]], kind="corr")),
        (ArgumentError, "origin", lambda: science.filter2d(SMALL, [[1, 2]], origin=5)),
        (ArgumentError, "low <= high", lambda: science.canny(SMALL, 3, 1)),
        (DataError, "NaN", lambda: science.threshold(SMALL * np.nan)),
        (UnsupportedError, "image > level", lambda: cr.grad(science.threshold)(SMALL)),
        (UnsupportedError, "gradient_magnitude", lambda: cr.grad(science.canny)(SMALL)),
        (UnsupportedError, "leave dtype out", lambda: cr.grad(integers)(SMALL)),
        (UnsupportedError, "at most 5", lambda: cr.grad(lambda x: science.median(x, 7))(SMALL)),
    ]  # fmt: skip
    for kind, words, call in cases:
        with pytest.raises(kind, match=words):
            call()


def test_results_of_integers_are_rounded_and_limited() -> None:
    found = science.filter2d(BYTES, np.full((3, 3), 1 / 3), dtype=np.uint8)
    expected = ndimage.correlate(BYTES.astype(float), np.full((3, 3), 1 / 3))
    np.testing.assert_allclose(found, np.clip(np.rint(expected), 0, 255), atol=1)
    assert found.dtype == np.uint8
    assert found.max() == 255
    for dtype in (np.int32, np.uint32, np.int64, np.uint64):
        large = science.filter2d(BYTES, [[1e30]], dtype=dtype)
        assert np.iinfo(dtype).max * 0.999 < large.max() <= np.iinfo(dtype).max
        assert large.min() == 0
