"""Sorting by ranks and by radix: NumPy's order of every dtype, NaN last, ties in place."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr

DTYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?")
CASES = (
    ((1,), 0),
    ((64,), 0),
    ((65,), 0),
    ((5000,), 0),
    ((100, 3), 0),
    ((2, 70, 3), 1),
    ((0, 9), 1),
)


def numbers(dtype: str, shape: tuple[int, ...]) -> Any:
    """Return numbers of the whole range, with ties, and with NaN, infinities and zeros."""
    rng, kind = np.random.default_rng(0), np.dtype(dtype).kind
    if kind == "b":
        return rng.random(shape) < 0.5
    if kind != "f":
        info = np.iinfo(dtype)
        x = rng.integers(info.min, info.max, shape, dtype, endpoint=True)
        x.flat[::3] = rng.integers(0, 5, x.flat[::3].shape)
        return x
    x = rng.normal(size=shape).astype(dtype)
    for start, value in enumerate((np.nan, 0.0, -0.0, np.inf, -np.inf, -np.nan)):
        x.flat[start :: 7 + start] = value
    return x


@pytest.mark.parametrize("dtype", DTYPES)
def test_order_and_values_are_those_of_numpy(dtype: str) -> None:
    xs = [numbers(dtype, shape) for shape, _ in CASES]
    axes = [axis for _, axis in CASES]

    def both(xs: Any) -> Any:
        pairs = zip(xs, axes, strict=True)
        return [(np.argsort(x, axis=axis), np.sort(x, axis=axis)) for x, axis in pairs]

    for x, axis, (order, values) in zip(xs, axes, cr.jit(both)(xs), strict=True):
        assert np.array_equal(order, np.argsort(x, axis=axis, kind="stable")), x.shape
        assert values.dtype == x.dtype
        np.testing.assert_array_equal(values, np.sort(x, axis=axis), str(x.shape))


def test_long_vectors_of_few_values_skip_digits() -> None:
    for x in (np.full(5000, 7), np.arange(5000) % 3, np.arange(5000)[::-1].copy()):
        assert np.array_equal(cr.jit(np.sort)(x), np.sort(x))
        assert np.array_equal(cr.jit(np.argsort)(x), np.argsort(x, kind="stable"))


def test_views_are_sorted_as_they_are_indexed() -> None:
    x = np.random.default_rng(2).normal(size=(90, 3))
    for f in (
        lambda x: np.sort(np.transpose(x)),
        lambda x: np.sort(np.transpose(x)[:, ::-2], axis=0)[1:],
        lambda x: np.sort(np.reshape(x, (30, 9)) * 2)[:, 4:5],
        lambda x: np.argsort(np.transpose(x[::2]))[..., :3],
        lambda x: np.median(x, axis=0) + np.median(x, axis=1)[0],
    ):
        assert np.array_equal(cr.jit(f)(x), f(x))


def test_derivatives_follow_the_stable_permutation() -> None:
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(3, 200)), rng.normal(size=(3, 200))
    x[:, ::5] = 0.25
    gradient = cr.jit(cr.grad(lambda x: (np.sort(x, axis=1) * w).sum()))(x)
    expected = np.empty_like(x)
    np.put_along_axis(expected, np.argsort(x, axis=1, kind="stable"), w, axis=1)
    assert np.array_equal(gradient, expected)
    cr.testing.check_grads(
        lambda x: (np.sort(x, axis=0) ** 2 * w).sum(), (rng.normal(size=(3, 200)),)
    )
