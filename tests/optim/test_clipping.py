"""Gradient clipping by value and by global norm."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import optim


def gradients(dtype="float64", scale=1.0):
    random = np.random.default_rng(0)
    shapes = {"weight": (4, 3), "bias": (3,), "gain": ()}
    return {name: (scale * random.normal(size=s)).astype(dtype) for name, s in shapes.items()}


def norm(arrays):
    return np.sqrt(sum(np.sum(np.square(each, dtype=np.float64)) for each in arrays.values()))


@pytest.mark.parametrize("scale", [1.0, 1e6])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_above_the_norm_are_scaled_to_it_and_keep_direction_and_dtype(scale, dtype):
    given = gradients(dtype, scale)
    clipped = optim.clip(given, optim.SGD(0.1, clip_norm=0.5))
    assert norm(clipped) == pytest.approx(0.5, rel=1e-6)
    for name, each in clipped.items():
        assert each.dtype == dtype
        np.testing.assert_allclose(each, given[name] * (0.5 / norm(given)), rtol=1e-5)


def test_gradients_below_the_norm_are_unchanged():
    given = gradients()
    clipped = optim.clip(given, optim.SGD(0.1, clip_norm=1e3, clip_value=1e3))
    for name, each in clipped.items():
        np.testing.assert_array_equal(each, given[name])


def test_without_limits_the_same_arrays_are_returned():
    given = gradients()
    assert optim.clip(given, optim.SGD(0.1)) is given


def test_values_are_clipped_to_the_interval():
    given = gradients()
    clipped = optim.clip(given, optim.SGD(0.1, clip_value=0.25))
    for name, each in clipped.items():
        np.testing.assert_array_equal(each, np.clip(given[name], -0.25, 0.25))


def test_values_are_clipped_before_the_norm():
    clipped = optim.clip({"w": np.array([100.0, 1.0])}, optim.SGD(0.1, clip_value=1, clip_norm=1))
    np.testing.assert_allclose(clipped["w"], np.sqrt([0.5, 0.5]))


def test_zero_gradients_stay_zero():
    clipped = optim.clip({"w": np.zeros(3)}, optim.SGD(0.1, clip_norm=1.0))
    np.testing.assert_array_equal(clipped["w"], np.zeros(3))


def test_a_gradient_that_is_not_finite_stays_so():
    for bad in (np.nan, np.inf):
        given = {"w": np.array([bad, 1.0]), "b": np.array([1.0])}
        with np.errstate(invalid="ignore"):
            clipped = optim.clip(given, optim.SGD(0.1, clip_norm=1.0))
        assert not np.isfinite(clipped["w"]).all()


def test_clipping_is_the_same_traced_and_writes_to_no_argument():
    rule = optim.SGD(0.1, clip_norm=0.5, clip_value=0.75)
    given = gradients()
    kept = {name: each.copy() for name, each in given.items()}
    expected = optim.clip(given, rule)
    traced = cr.jit(lambda tree: optim.clip(tree, rule))(given)
    for name, each in expected.items():
        np.testing.assert_array_equal(given[name], kept[name])
        np.testing.assert_allclose(traced[name], each, rtol=1e-14)
