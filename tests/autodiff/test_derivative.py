"""grad, value_and_grad and vjp: of plain NumPy code, nested, and in what they refuse."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError, ShapeError, TraceError


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
def test_the_derivative_table(function: Any, derivative: Any) -> None:
    for x in (0.5, 1.0, 2.5):
        assert cr.grad(function)(x) == pytest.approx(derivative(x), rel=1e-15)


def test_the_gradient_of_a_network_agrees_with_differences_to_second_order() -> None:
    params, X, y = network_data()
    assert cr.check_grads(lambda p: network_loss(p, X, y), (params,), order=2) < 1e-7


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_are_nested_and_typed_as_the_argument(dtype: str) -> None:
    params, X, y = network_data(dtype)
    value, gradient = cr.value_and_grad(network_loss)(params, X, y)
    assert value.dtype == dtype
    assert list(gradient) == list(params)
    for name, array in gradient.items():
        assert array.dtype == dtype
        assert array.shape == params[name].shape


def test_an_argument_that_does_not_matter_has_gradient_zero() -> None:
    gx, gy = cr.grad(lambda x, y: np.sum(x * 2), (0, 1))(np.ones(3), np.ones((2, 2)))
    assert np.array_equal(gx, [2, 2, 2])
    assert np.array_equal(gy, np.zeros((2, 2)))


def test_results_are_arrays_of_their_own_that_can_be_written_to() -> None:
    x = np.ones(3)
    ga, gb = cr.grad(lambda a, b: np.sum(a + b), (0, 1))(x, x)
    ga += 1
    assert np.array_equal(gb, [1, 1, 1])
    assert np.array_equal(x, [1, 1, 1])


def test_inputs_are_never_written_to() -> None:
    params, X, y = network_data()
    for array in (*params.values(), X, y):
        array.flags.writeable = False
    cr.grad(network_loss)(params, X, y)


def test_python_integers_count_as_real_numbers() -> None:
    assert cr.grad(lambda x: x**3)(2) == 12.0
    assert isinstance(cr.grad(lambda x: x**3)(2), float)


def test_derivatives_nest() -> None:
    f = np.sin
    for expected in (np.cos(0.7), -np.sin(0.7), -np.cos(0.7), np.sin(0.7)):
        f = cr.grad(f)
        assert f(0.7) == pytest.approx(expected, rel=1e-14)


def test_an_inner_derivative_does_not_mistake_the_outer_variable_for_its_own() -> None:
    # d/dx [x · d/dy (x + y²) at y = x] = d/dx [x · 2x] = 4x
    assert cr.grad(lambda x: x * cr.grad(lambda y: x + y * y)(x))(3.0) == 12.0


def test_ordinary_control_flow_follows_the_values() -> None:
    def f(x: Any) -> Any:
        total = x
        while total < 100:
            total = total * x
        return total if x > 0 else -total

    assert cr.grad(f)(3.0) == 5 * 3.0**4


def test_a_traced_value_prints_formats_and_converts() -> None:
    seen: list[str] = []

    def f(x: Any) -> Any:
        seen.extend([str(x), f"{x:.1f}", str(float(x)), repr(x)])
        return x * x

    cr.grad(f)(3.0)
    assert seen == ["3.0", "3.0", "3.0", "<traced f64[] = 3.0>"]


def test_changing_an_array_later_does_not_change_what_was_computed_before() -> None:
    def f(x: Any) -> Any:
        mask, total = np.zeros(3), 0.0
        for i in range(3):
            mask[:] = 0
            mask[i] = i + 1
            total = total + np.sum(x * mask)
        return total

    assert np.array_equal(cr.grad(f)(np.ones(3)), [1, 2, 3])


def test_vjp_pulls_any_cotangent_back() -> None:
    A = np.arange(6.0).reshape(2, 3)
    y, pullback = cr.vjp(lambda x: A @ x, np.ones(3))
    assert np.array_equal(y, A.sum(axis=1))
    for row in np.eye(2):
        (cotangent,) = pullback(row)
        assert np.array_equal(cotangent, row @ A)


def test_vjp_handles_nested_results() -> None:
    _, pullback = cr.vjp(lambda x: {"a": x * 2, "b": (x + 1, x * x)}, 3.0)
    (cotangent,) = pullback({"a": 1.0, "b": (1.0, 1.0)})
    assert cotangent == 2 + 1 + 6


def test_aux_results_pass_through() -> None:
    (value, aux), gradient = cr.value_and_grad(lambda x: (x * x, {"x": x + 1}), has_aux=True)(3.0)
    assert (value, aux, gradient) == (9.0, {"x": 4.0}, 6.0)


def test_several_arguments_by_number_and_from_the_end() -> None:
    f = lambda a, b, c: a * b * c  # noqa: E731
    assert cr.grad(f, argnums=(0, -1))(2.0, 3.0, 5.0) == (15.0, 6.0)


def test_a_tie_of_maximum_shares_and_relu_style_code_works() -> None:
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
        (lambda: cr.grad(lambda x: np.asarray(x).sum())(np.ones(3)), TraceError, "cut its deriv"),
    ],
)
def test_what_cannot_be_differentiated_says_why(call: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_filling_an_array_piece_by_piece_names_the_alternative() -> None:
    def f(x: Any) -> Any:
        out = np.zeros(3)
        for i in range(3):
            out[i] = x[i] * 2
        return out.sum()

    with pytest.raises(ValueError, match="setting an array element") as caught:
        cr.grad(f)(np.ones(3))
    # NumPy words the outer error itself and keeps ours as its cause, which Python prints first.
    assert isinstance(caught.value.__cause__, TraceError)
    assert "np.stack" in str(caught.value.__cause__)


def test_assigning_into_a_traced_array_names_the_alternative() -> None:
    def f(x: Any) -> Any:
        x[0] = 0.0
        return x.sum()

    with pytest.raises(TraceError, match=r"np\.where"):
        cr.grad(f)(np.ones(3))
