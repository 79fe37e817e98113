"""``grad``, ``value_and_grad`` and ``vjp``: rules of calculus, nesting, aliasing, refusals."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, ChainruleWarning, DTypeError, ShapeError, TraceError


def network_loss(params: Any, X: Any, y: Any) -> Any:
    a = np.tanh(X @ params["W1"] + params["b1"])
    scores = np.exp(a @ params["W2"] + params["b2"])
    probs = scores / np.sum(scores, axis=1, keepdims=True)
    return -np.mean(np.log(probs[np.arange(len(y)), y]))


def network_data(dtype: Any = float) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    params = {
        "W1": rng.normal(size=(2, 3)),
        "b1": np.zeros(3),
        "W2": rng.normal(size=(3, 2)),
        "b2": np.zeros(2),
    }
    params = {key: value.astype(dtype) for key, value in params.items()}
    return params, rng.normal(size=(5, 2)).astype(dtype), np.array([0, 1, 1, 0, 1])


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (lambda x: 7.0 + 0 * x, lambda x: 0.0),
        (lambda x: x, lambda x: 1.0),
        (np.exp, np.exp),
        (lambda x: x**2, lambda x: 2 * x),
        (lambda x: 1 / x, lambda x: -1 / x**2),
        (np.log, lambda x: 1 / x),
        (lambda x: 1 / np.exp(x), lambda x: -np.exp(-x)),
    ],
)
def test_derivatives_of_elementary_functions(function: Any, derivative: Any) -> None:
    for x in (0.5, 1.0, 2.5):
        assert cr.grad(function)(x) == pytest.approx(derivative(x), rel=1e-15)


def test_network_gradients_agree_with_differences_to_second_order() -> None:
    params, X, y = network_data()
    assert cr.check_grads(lambda p: network_loss(p, X, y), (params,), order=2) < 1e-7


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_have_the_structure_and_dtype_of_the_argument(dtype: str) -> None:
    params, X, y = network_data(dtype)
    value, gradient = cr.value_and_grad(network_loss)(params, X, y)
    assert value.dtype == dtype
    assert list(gradient) == list(params)
    for name, array in gradient.items():
        assert array.dtype == dtype
        assert array.shape == params[name].shape


def test_an_unused_argument_has_gradient_zero() -> None:
    gx, gy = cr.grad(lambda x, y: np.sum(x * 2), (0, 1))(np.ones(3), np.ones((2, 2)))
    assert np.array_equal(gx, [2, 2, 2])
    assert np.array_equal(gy, np.zeros((2, 2)))


def test_results_are_writable_and_alias_nothing() -> None:
    x = np.ones(3)
    ga, gb = cr.grad(lambda a, b: np.sum(a + b), (0, 1))(x, x)
    ga += 1
    assert np.array_equal(gb, [1, 1, 1])
    assert np.array_equal(x, [1, 1, 1])


def test_inputs_are_never_modified() -> None:
    params, X, y = network_data()
    for array in (*params.values(), X, y):
        array.flags.writeable = False
    cr.grad(network_loss)(params, X, y)


def test_python_integers_are_converted_to_float() -> None:
    assert cr.grad(lambda x: x**3)(2) == 12.0
    assert isinstance(cr.grad(lambda x: x**3)(2), float)


def test_higher_derivatives_by_nesting() -> None:
    f = np.sin
    for expected in (np.cos(0.7), -np.sin(0.7), -np.cos(0.7), np.sin(0.7)):
        f = cr.grad(f)
        assert f(0.7) == pytest.approx(expected, rel=1e-14)


def test_nested_derivatives_do_not_confuse_their_variables() -> None:
    # d/dx [x · d/dy (x + y²) at y = x] = d/dx [x · 2x] = 4x
    assert cr.grad(lambda x: x * cr.grad(lambda y: x + y * y)(x))(3.0) == 12.0


def test_derivatives_by_a_constant_have_values_as_their_derivatives() -> None:
    ones = np.ones(2)
    cases: list[tuple[Callable[[Any], Any], Any, Any]] = [
        (lambda b: cr.grad(lambda a: a * a * b)(3.0), 5.0, 6.0),
        (lambda b: cr.value_and_grad(lambda a: a * a * b)(3.0)[1], 5.0, 6.0),
        (lambda b: cr.vjp(lambda a: a * a * b, 3.0)[1](2.0)[0], 5.0, 12.0),
        (lambda b: cr.grad(lambda c: cr.grad(lambda a: a * a * b * c * c)(3.0))(2.0), 5.0, 24.0),
        (lambda b: np.sum(cr.grad(lambda a: np.sum(a * a * b))(ones)), ones, [2.0, 2.0]),
    ]
    for function, point, right in cases:
        for derivative in (cr.grad(function), cr.jit(cr.grad(function))):
            found = derivative(point)
            assert type(found) in (np.float64, np.ndarray)
            np.testing.assert_array_equal(found, right)


def test_python_control_flow_depends_on_known_values() -> None:
    def f(x: Any) -> Any:
        total = x
        while total < 100:
            total = total * x
        return total if x > 0 else -total

    assert cr.grad(f)(3.0) == 5 * 3.0**4


def test_known_values_print_format_and_convert() -> None:
    seen: list[str] = []

    def f(x: Any) -> Any:
        seen.extend([str(x), f"{x:.1f}", str(float(cr.stop_gradient(x))), repr(x)])
        return x * x

    cr.grad(f)(3.0)
    assert seen == ["3.0", "3.0", "3.0", "<traced f64[] = 3.0>"]


def test_in_place_changes_do_not_affect_recorded_constants() -> None:
    def f(x: Any) -> Any:
        mask, total = np.zeros(3), 0.0
        for i in range(3):
            mask[:] = 0
            mask[i] = i + 1
            total = total + np.sum(x * mask)
        return total

    assert np.array_equal(cr.grad(f)(np.ones(3)), [1, 2, 3])


def test_vjp_gives_the_vector_jacobian_product() -> None:
    A = np.arange(6.0).reshape(2, 3)
    y, pullback = cr.vjp(lambda x: A @ x, np.ones(3))
    assert np.array_equal(y, A.sum(axis=1))
    for row in np.eye(2):
        (cotangent,) = pullback(row)
        assert np.array_equal(cotangent, row @ A)


def test_vjp_of_nested_results() -> None:
    _, pullback = cr.vjp(lambda x: {"a": x * 2, "b": (x + 1, x * x)}, 3.0)
    (cotangent,) = pullback({"a": 1.0, "b": (1.0, 1.0)})
    assert cotangent == 2 + 1 + 6


def test_auxiliary_results_are_returned() -> None:
    (value, aux), gradient = cr.value_and_grad(lambda x: (x * x, {"x": x + 1}), has_aux=True)(3.0)
    assert (value, aux, gradient) == (9.0, {"x": 4.0}, 6.0)


def test_a_result_of_size_one_counts_as_a_number() -> None:
    x = np.array([1.0, 2.0])
    for f, expected in (
        (lambda x: np.mean(x, keepdims=True), [0.5, 0.5]),
        (lambda x: x[:1] ** 2, [2.0, 0.0]),
        (lambda x: np.array([[x[0] * x[1]]]), [2.0, 1.0]),
        (lambda x: x.reshape(1, -1) @ x.reshape(-1, 1), [2.0, 4.0]),
    ):
        for both in (cr.value_and_grad(f), cr.jit(cr.value_and_grad(f))):
            value, gradient = both(x)
            assert np.shape(value) == ()
            assert value == f(x).item()
            np.testing.assert_allclose(gradient, expected)


def test_argnums_are_indices_from_either_end() -> None:
    f = lambda a, b, c: a * b * c  # noqa: E731
    assert cr.grad(f, argnums=(0, -1))(2.0, 3.0, 5.0) == (15.0, 6.0)


def test_second_derivatives_of_logaddexp2_hold_at_a_tie() -> None:
    assert (
        cr.check_grads(np.logaddexp2, (np.array([0.6, 0.3]), np.array([0.6, 0.9])), order=2) < 1e-8
    )


def test_a_tie_of_maximum_splits_the_cotangent_evenly() -> None:
    assert cr.grad(lambda x: np.maximum(x, 0))(0.0) == 0.5
    assert cr.grad(lambda x: np.maximum(x, 0))(2.0) == 1.0


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: cr.grad(np.sin)(np.ones(3)), ShapeError, "must return one float, got f64"),
        (lambda: cr.grad(lambda x: (x, x))(1.0), ShapeError, "must return one number, got a tuple"),
        (lambda: cr.grad(np.sum)(np.arange(3)), DTypeError, "derivatives are by real numbers"),
        (lambda: cr.grad(np.sum)(np.ones(3) * 1j), DTypeError, "complex128"),
        (lambda: cr.grad(np.sum)(np.array([None, 1])), DTypeError, "object"),
        (lambda: cr.grad(lambda x: x, argnums=2)(1.0), ArgumentError, "argnums=2"),
        (lambda: cr.grad(lambda x: x > 1)(1.0), ShapeError, "got bool"),
        (lambda: cr.grad(lambda x: x + np.ones(2))(np.ones(3)), ShapeError, "lengths 2 and 3"),
        (lambda: cr.vjp(np.sin, np.ones(3))[1](np.ones(2)), ShapeError, "cotangent has shape"),
        (lambda: cr.grad(lambda x: x * float(x))(1.0), TraceError, "cut its derivative"),
    ],
)
def test_what_cannot_be_differentiated_is_refused_with_the_rule(
    call: Any, error: Any, words: str
) -> None:
    with pytest.raises(error, match=words):
        call()


def test_filling_an_array_from_outside_is_refused_with_the_alternative() -> None:
    def f(x: Any, out: Any) -> Any:
        for i in range(3):
            out[i] = x[i] * 2
        return out.sum()

    outside = np.zeros(3)
    with pytest.raises(TraceError, match=r"np\.zeros\(n\), or np\.array\(a\)"):
        cr.grad(lambda x: f(x, outside))(np.ones(3))
    for inside in (
        lambda x: f(x, np.zeros(3)),
        lambda x: f(x, np.array(outside)),
        lambda x: f(x, np.zeros_like(x)),
    ):
        assert np.array_equal(cr.grad(inside)(np.ones(3)), [2, 2, 2])


def test_item_assignment_into_an_argument_is_into_a_copy() -> None:
    def f(x: Any) -> Any:
        x[0] = 0.0
        return x.sum()

    x = np.ones(3)
    with pytest.warns(ChainruleWarning, match="derivative is taken on a copy"):
        assert np.array_equal(cr.grad(f)(x), [0, 1, 1])
    assert np.array_equal(x, np.ones(3))


@pytest.mark.parametrize("argnums", [(0, 0), (1, -1), (0, 1, 0), [-2, 0], (-1, 1, 0, -2)])
def test_an_argument_named_twice_has_its_derivative_at_both_places(argnums: Any) -> None:
    def product(a: Any, b: Any) -> Any:
        return np.sum(a["w"] * a["w"] * b["w"])

    point = ({"w": np.array([3.0, 1.0])}, {"w": np.array([5.0, 2.0])})
    derivatives = [2 * point[0]["w"] * point[1]["w"], point[0]["w"] ** 2]
    for transform in (lambda f: f, cr.jit):
        found = transform(cr.grad(product, argnums))(*point)
        for position, gradient in zip(argnums, found, strict=True):
            assert np.array_equal(gradient["w"], derivatives[position])
    assert len({id(gradient["w"]) for gradient in cr.grad(product, argnums)(*point)}) == len(
        argnums
    )


def test_argnums_must_be_integers() -> None:
    for argnums in ("b", 1.0, None, True, (0, "b"), {"a"}):
        with pytest.raises(ArgumentError, match=r"argnums .* number of a positional .* integer"):
            cr.grad(lambda a, b: a * b, argnums=argnums)  # pyright: ignore[reportArgumentType]
    assert cr.grad(lambda a, b: a * b, argnums=np.int64(1))(2.0, 3.0) == 2.0
    with pytest.raises(ArgumentError, match="argnums=2, but <lambda> was called with 2"):
        cr.grad(lambda a, b: a * b, argnums=2)(1.0, 2.0)


def test_the_derivative_of_a_compiled_function_is_compiled() -> None:
    """A condition on a traced value is refused where functions are compiled, and there alone."""

    def branching(x: Any) -> Any:
        return x**2 if x > 0 else -x

    for transform in (cr.grad, cr.value_and_grad):
        with pytest.raises(TraceError):
            transform(cr.jit(branching))(3.0)
    compiled = cr.jit(lambda x, n: x**n, static_argnums=1)
    assert cr.grad(cr.grad(compiled))(2, 3) == 12
    assert cr.grad(functools.wraps(compiled)(branching))(3.0) == 6


def test_a_pullback_may_have_a_value_beside_it() -> None:
    value, pullback, rest = cr.vjp(lambda x: (x * x, {"x": x}), 3.0, has_aux=True)
    assert (value, pullback(1.0), rest) == (9.0, (6.0,), {"x": 3.0})


def test_a_compiled_function_within_a_trace_may_capture_traced_values() -> None:
    def function(x: Any) -> Any:
        return cr.jit(lambda y: y * x)(4.0)

    assert cr.grad(function)(5.0) == 4
    assert cr.jvp(function, (5.0,), (1.0,)) == (20, 4)
    assert cr.jit(cr.grad(function))(5.0) == 4


def test_integers_have_no_cotangent() -> None:
    def function(x: Any, tree: Any) -> Any:
        return x[tree["index"]] ** 2 if tree["flag"] else x[0]

    for index in (np.array(1), np.uint32(1)):
        args = np.array([2.0, 3.0]), {"index": index, "flag": True}
        for pullback in (cr.vjp(function, *args)[1], cr.jit(cr.vjp(function, *args)[1])):
            gradient, rest = pullback(1.0)
            np.testing.assert_allclose(gradient, [0.0, 6.0])
            assert rest == {"index": None, "flag": None}
    with pytest.raises(DTypeError, match=r"vjp: argument 0 .* is i64\[\]"):
        cr.vjp(np.square, np.array(1))
