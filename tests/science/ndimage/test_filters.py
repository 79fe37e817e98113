"""Filters by SciPy's names: SciPy's results to the bit, and derivatives."""

from typing import Any

import numpy as np
import pytest
from scipy import ndimage as scipy_ndimage

import chainrule as cr
from chainrule.errors import UnsupportedError
from chainrule.science import ndimage

IMAGE = np.random.default_rng(0).random((70, 90)) * 255
KERNEL = np.random.default_rng(1).normal(size=(3, 4))

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("correlate1d", ([1.0, 3.0, -2.0, 0.5],), {"axis": 0, "mode": "wrap", "origin": -1}),
    ("convolve1d", ([1.0, 3.0, 0.5],), {"mode": "mirror", "origin": 1}),
    ("correlate", (KERNEL,), {"mode": "constant", "cval": 0.3, "origin": (1, -1)}),
    ("convolve", (KERNEL,), {"mode": "nearest", "origin": (0, 1)}),
    ("gaussian_filter", ((1.5, 0.7),), {"mode": ("reflect", "wrap"), "order": (0, 1)}),
    ("sobel", (), {"axis": 0, "mode": "grid-mirror"}),
    ("prewitt", (), {"axis": 1, "mode": "grid-constant"}),
    ("laplace", (), {}),
    ("gaussian_laplace", (1.2,), {"truncate": 3.0}),
    ("median_filter", (5,), {"mode": "mirror"}),
    ("minimum_filter", ((3, 4),), {"mode": "constant", "cval": 0.5}),
    ("maximum_filter", (3,), {"origin": 1, "axes": 0}),
]


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
def test_filters_have_the_bits_of_scipy(dtype: str) -> None:
    image = IMAGE.astype(dtype)
    # The types of a kind have the same rules; one of each has all filters.
    for name, args, kwargs in CALLS if dtype in ("uint8", "float64") else CALLS[1::3]:
        expected = getattr(scipy_ndimage, name)(image, *args, **kwargs)
        found = getattr(ndimage, name)(image, *args, **kwargs)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected, err_msg=name)


def test_means_magnitudes_and_large_windows_are_those_of_scipy_but_for_rounding() -> None:
    large = np.random.default_rng(2).normal(size=(9, 9))
    for name, argument in (
        ("uniform_filter", 5), ("gaussian_gradient_magnitude", 1.5), ("correlate", large),
    ):  # fmt: skip
        expected = getattr(scipy_ndimage, name)(IMAGE, argument)
        np.testing.assert_allclose(getattr(ndimage, name)(IMAGE, argument), expected, rtol=1e-12)


def test_booleans_casts_to_other_integers_and_nan_beyond_the_ends_are_scipy_s() -> None:
    line, whole = IMAGE.ravel(), IMAGE.astype(np.uint32) * 10**7
    for name, image, args, kwargs in (
        ("correlate1d", line > 100, ([0.4, 0.6],), {}),
        ("gaussian_filter", IMAGE > 100, (1.0,), {}),
        ("sobel", IMAGE, (), {"output": bool}),
        ("maximum_filter1d", line, (7,), {"mode": "constant", "cval": np.nan}),
        ("minimum_filter", whole, (3,), {"output": np.uint8, "mode": "constant", "cval": 1e20}),
        ("minimum_filter1d", whole, (3,), {"output": np.int32}),
    ):
        with np.errstate(all="ignore"):
            expected = getattr(scipy_ndimage, name)(image, *args, **kwargs)
            found = getattr(ndimage, name)(image, *args, **kwargs)
        np.testing.assert_array_equal(found, expected, err_msg=name)


def test_results_are_stored_in_an_array_given_as_output() -> None:
    output = np.empty(IMAGE.shape, np.float32)
    assert ndimage.sobel(IMAGE, output=output) is output
    np.testing.assert_array_equal(output, scipy_ndimage.sobel(IMAGE, output=np.float32))
    with pytest.raises(RuntimeError, match="boundary mode not supported"):
        ndimage.sobel(IMAGE, mode="reflect101")


def test_filters_are_differentiable_in_every_order() -> None:
    image = np.random.default_rng(3).random((5, 6))
    for name, args, kwargs in (*CALLS[2:6], CALLS[-1], ("median_filter", (3,), {})):
        function = getattr(ndimage, name)
        order = 1 if name == "median_filter" else 2
        check = cr.jit(lambda x: np.sin(function(x, *args, **kwargs)))  # noqa: B023
        cr.check_grads(check, (image,), order=order)


def test_an_array_as_output_cannot_hold_traced_values() -> None:
    with pytest.raises(UnsupportedError, match="give a dtype as output"):
        cr.grad(lambda x: ndimage.laplace(x, output=np.empty(x.shape)).sum())(IMAGE)
