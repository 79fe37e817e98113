"""Custom derivative rules: ``custom_vjp`` and ``stop_gradient``."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, ShapeError


def test_the_custom_rule_replaces_the_derivative() -> None:
    f = cr.custom_vjp(lambda x: (x * x, x), lambda x, ct: 100 * ct * x)
    assert f(3.0) == 9.0
    assert cr.grad(f)(3.0) == 300.0


def test_several_arguments_and_results() -> None:
    def forward(x: Any, y: Any) -> Any:
        return (np.sin(x) * y, y), (x, y)

    def backward(residuals: Any, ct: Any) -> Any:
        x, y = residuals
        return ct[0] * np.cos(x) * y, ct[0] * np.sin(x) + ct[1]

    f = cr.custom_vjp(forward, backward)
    gx, gy = cr.grad(lambda x, y: f(x, y)[0] + 2 * f(x, y)[1], (0, 1))(0.3, 2.0)
    assert gx == pytest.approx(2 * np.cos(0.3), rel=1e-15)
    assert gy == pytest.approx(np.sin(0.3) + 2, rel=1e-15)


def test_a_custom_rule_is_differentiable_again() -> None:
    f = cr.custom_vjp(lambda x: (x**3, x), lambda x, ct: 3 * ct * x**2)
    assert cr.grad(cr.grad(f))(2.0) == 12.0
    assert cr.check_grads(f, (1.5,), order=3) < 1e-7


def test_a_cotangent_of_none_is_zero() -> None:
    f = cr.custom_vjp(lambda x, y: (x * y, y), lambda y, ct: (ct * y, None))
    assert cr.grad(f, (0, 1))(2.0, 3.0) == (3.0, 0.0)


def test_it_works_under_jit_and_in_nested_containers() -> None:
    f = cr.custom_vjp(
        lambda p: (p["a"] * p["b"], p), lambda p, ct: {"a": ct * p["b"], "b": ct * p["a"]}
    )
    gradient = cr.jit(cr.grad(lambda p: np.sum(f(p))))({"a": np.ones(2), "b": np.full(2, 3.0)})
    assert np.array_equal(gradient["a"], [3, 3])
    assert np.array_equal(gradient["b"], [1, 1])


def test_wrong_shapes_and_counts_of_cotangents_are_refused() -> None:
    wrong_shape = cr.custom_vjp(lambda x: (np.sum(x), x), lambda x, ct: ct)
    with pytest.raises(ShapeError, match=r"shape \(\) for an input of shape \(3,\)"):
        cr.grad(wrong_shape)(np.ones(3))
    too_few = cr.custom_vjp(lambda x, y: (x * y, None), lambda _, ct: (ct,))
    with pytest.raises(ArgumentError, match="tuple of 2 cotangents"):
        cr.grad(too_few)(1.0, 2.0)
    with pytest.raises(ArgumentError, match="pair"):
        cr.custom_vjp(lambda x: x, lambda r, ct: ct)(1.0)


def test_a_rule_without_a_result_is_refused() -> None:
    def forgets_to_return(x: Any, ct: Any) -> None:
        ct * x

    for rule in (forgets_to_return, lambda x, ct: None):
        function = cr.custom_vjp(lambda x: (x * x, x), rule)
        for gradient in (cr.grad(function), cr.jit(cr.grad(function))):
            with pytest.raises(ArgumentError, match=r"returned None.*\(None,\) if there is no"):
                gradient(3.0)
    with pytest.raises(ArgumentError, match=r"returned None.*for each argument"):
        cr.grad(cr.custom_vjp(lambda x, y: (x * y, x), lambda x, ct: None))(1.0, 2.0)
    for empty in (None, (), {}):
        with pytest.raises(ArgumentError, match="holds no array"):
            cr.grad(cr.custom_vjp(lambda x, empty=empty: (empty, x), lambda x, ct: ct))(1.0)
    explicit = cr.custom_vjp(lambda x: (x * x, x), lambda x, ct: (None,))
    assert cr.grad(explicit)(3.0) == 0.0


def test_stop_gradient_keeps_values_and_stops_derivatives() -> None:
    assert cr.stop_gradient({"x": 3.0}) == {"x": 3.0}
    assert cr.grad(lambda x: x * cr.stop_gradient(x) ** 2)(3.0) == 9.0
