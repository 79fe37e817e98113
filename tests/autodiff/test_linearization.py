"""``jvp`` and ``linearize``: tangents of nested arguments, their checks, and compositions."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import TraceError

X = np.array([0.5, -1.0, 2.0])
V = np.array([1.0, 0.5, -2.0])


def test_tangents_are_nested_and_typed_as_values() -> None:
    def function(params: Any, count: Any) -> Any:
        return {"y": np.tanh(params["w"] * count), "n": np.argmax(params["w"])}, "note"

    w, dw = X.astype("float32"), V.astype("float32")
    value, tangent, note = cr.jvp(function, ({"w": w}, 2), ({"w": dw}, None), has_aux=True)
    assert (tangent["y"].dtype, int(tangent["n"]), note) == (np.float32, 0, "note")
    np.testing.assert_allclose(tangent["y"], 2 * dw * (1 - value["y"] ** 2), rtol=1e-6)
    assert cr.jvp(lambda x, n: x**n, (2.0, 3), (1.0, None)) == (8.0, 12.0)


def test_a_direction_that_misfits_is_refused() -> None:
    with pytest.raises(cr.errors.ArgumentError, match="a tuple with one for each argument"):
        cr.jvp(np.sin, 1.0, (2.0,))  # pyright: ignore[reportArgumentType]
    with pytest.raises(cr.errors.ArgumentError, match="expected 1 item, got 2"):
        cr.jvp(np.sin, (1.0,), (2.0, 3.0))
    with pytest.raises(cr.errors.ShapeError, match="has the shape of its argument"):
        cr.jvp(np.sin, (X,), (1.0,))
    with pytest.raises(cr.errors.DTypeError, match=r"np.asarray\(tangent, 'float32'\)"):
        cr.jvp(np.sin, (X.astype("float32"),), (V,))
    with pytest.raises(cr.errors.DTypeError, match=r"tangents\[1\] is not 0"):
        cr.jvp(lambda x, i: x[i], (X, np.array([1])), (V, np.array([1])))


def test_what_is_held_fixed_contributes_nothing_at_a_singularity() -> None:
    """(x³)^⅓ is not held fixed at 0: its tangent is 0 · ∞, not 0."""
    with np.errstate(all="ignore"):
        tangent = cr.jvp(lambda x: np.sqrt(x)[::-1] * 2, (np.array([0, 4.0]),), (np.eye(2)[1],))[1]
        np.testing.assert_array_equal(tangent, [0.5, 0])
        linear = cr.linearize(np.sqrt, np.array([0, 4.0]))[1]
        np.testing.assert_array_equal(linear(np.eye(2)[1]), [0, 0.25])
        assert np.isnan(cr.jvp(lambda x: np.cbrt(x**3), (0.0,), (1.0,))[1])


def test_modes_compose_in_any_order() -> None:
    def f(x: Any) -> Any:
        carry, rows = cr.scan(lambda c, r: (np.sin(c * r), c + r), x[0] * 0.5, x)
        return carry * np.sum(rows**2) + np.max(x)

    def along(x: Any) -> Any:
        return cr.jvp(f, (x,), (V,))[1]

    second = np.sum(cr.grad(along)(X) * V)
    step = 1e-5
    expected = (along(X + step * V) - along(X - step * V)) / (2 * step)
    np.testing.assert_allclose(second, expected, rtol=1e-8)
    np.testing.assert_allclose(np.sum(cr.jvp(cr.grad(f), (X,), (V,))[1] * V), second, rtol=1e-12)
    np.testing.assert_allclose(cr.jvp(along, (X,), (V,))[1], second, rtol=1e-12)
    np.testing.assert_allclose(cr.jit(along)(X), along(X), rtol=1e-12)
    np.testing.assert_allclose(cr.jit(cr.grad(along))(X), cr.grad(along)(X), rtol=1e-12)


def test_a_linear_map_is_the_derivative_at_its_point_in_every_context() -> None:
    def f(x: Any) -> Any:
        return np.sin(x) * x[0]

    value, linear = cr.linearize(f, X)
    expected = cr.jvp(f, (X,), (V,))
    np.testing.assert_array_equal((value, linear(V)), expected)
    np.testing.assert_allclose(cr.jit(lambda v: linear(v))(V), expected[1], rtol=1e-14)
    gradient = cr.grad(lambda v: np.sum(linear(v)))(V)
    np.testing.assert_allclose(gradient, cr.grad(lambda x: np.sum(f(x)))(X), rtol=1e-14)
    assert cr.grad(lambda x: cr.linearize(np.sin, x)[1](1.0))(1.0) == -np.sin(1.0)
    assert cr.linearize(lambda x: (x, 1), 2.0, has_aux=True)[2] == 1


def test_a_derivative_written_by_hand_is_transposed() -> None:
    matrix = np.arange(9.0).reshape(3, 3)
    product = cr.custom_vjp(lambda x: (matrix @ x, None), lambda _, ct: 2 * ct @ matrix)
    np.testing.assert_array_equal(cr.jvp(product, (X,), (V,))[1], 2 * matrix @ V)
    clipped = cr.custom_vjp(lambda x: (x * 1.0, None), lambda _, ct: np.clip(ct, -1, 1))
    with pytest.raises(cr.errors.UnsupportedError, match="not linear in the cotangent"):
        cr.jvp(clipped, (X,), (V,))


def test_results_share_no_memory_with_arguments_or_with_one_another() -> None:
    _, linear = cr.linearize(lambda x: (x, x), X)
    _, pullback = cr.vjp(lambda x: x, X)
    _, tangent = cr.jvp(lambda x: x, (X,), (V,))
    first, second = linear(V)
    results = (first, second, tangent, *pullback(V), cr.vmap(lambda x: x)(V))
    for number, each in enumerate(results):
        np.testing.assert_array_equal(each, V)
        assert not any(np.shares_memory(each, other) for other in (V, *results[:number]))


def test_what_a_function_has_stored_is_a_value_though_its_derivative_fails() -> None:
    clipped = cr.custom_vjp(lambda x: (x * 1.0, None), lambda _, ct: np.clip(ct, -1, 1))
    stored: list[Any] = []

    def function(x: Any) -> Any:
        stored.append(2 * x)
        return np.concatenate([clipped(x)] * 5)

    for transformation in (lambda: cr.jvp(function, (X,), (V,)), lambda: cr.jacobian(function)(X)):
        with pytest.raises(cr.errors.UnsupportedError, match="not linear in the cotangent"):
            transformation()
    assert [type(each) for each in stored] == [np.ndarray, np.ndarray]


def test_what_is_kept_from_within_another_derivative_goes_on_working():
    x, t = np.array([1.0, 2.0]), np.array([1.0, 3.0])
    kept: list[Any] = []

    def outer(z: Any) -> Any:
        kept[:] = cr.vjp(lambda w: w * z, z)[1], cr.linearize(lambda w: w * z, z)[1]
        return np.sum(kept[0](z)[0] * kept[1](z))

    for run in (cr.grad(outer), cr.jacobian(outer), lambda x: cr.jvp(outer, (x,), (x,))):
        run(x)
        pullback, linear = kept
        np.testing.assert_array_equal(pullback(t)[0], t * x)
        np.testing.assert_array_equal(linear(t), t * x)
        np.testing.assert_array_equal(cr.jit(lambda t: pullback(t)[0] + linear(t))(t), 2 * t * x)  # noqa: B023


def test_what_is_kept_of_unknown_values_is_refused_after_their_trace():
    kept: list[Any] = []

    def leak(z: Any) -> Any:
        kept[:] = cr.vjp(lambda w: w * 2, z)[1], cr.linearize(lambda w: w * 2, z)[1]
        return z

    cr.vmap(leak)(np.ones((2, 3)))
    for each in kept:
        with pytest.raises(TraceError, match="was traced, of values that are not known"):
            each(np.ones(3))
