"""``check_grads``: it finds what is wrong, and refuses what it cannot compare."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, GradientError

generator = np.random.default_rng(0)


def asks_for_the_type(x: Any) -> Any:
    return x * x if type(x) is np.ndarray else x


def branches_on_the_class(x: Any) -> Any:
    return np.sum(x**2) if hasattr(x, "tobytes") else np.sum(x)


def draws(x: Any) -> Any:
    return x * generator.normal()


def changes_its_argument(x: Any) -> Any:
    calls.append(0)
    return x * len(calls)


calls: list[int] = []


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (asks_for_the_type, r"at index \(1,\) is 9, but traced, .* gives 3"),
        (branches_on_the_class, "is 13, but traced, .* gives 5"),
        (draws, "second call .* draws random numbers"),
        (changes_its_argument, "second call"),
        (lambda x: np.log(x - 2), r"the value is -inf at index \(0,\)"),
        (lambda x: (x, np.where(x > 2, np.nan, x)), r"the value\[1\] is nan at index \(1,\)"),
        (lambda x: np.sqrt(x - 2), r"derivative of order 1 .* is inf at index \(0,\)"),
        (lambda x: np.abs(x - 2) ** 1.5, r"derivative of order 2 .* is nan at index \(0,\)"),
        (cr.custom_vjp(lambda x: (x**3, x), lambda x, ct: 2 * ct * x**2), "order 1 is .* by the"),
    ],
)
def test_what_is_wrong_or_cannot_be_compared_is_named(function: Any, message: str) -> None:
    with np.errstate(all="ignore"), pytest.raises(GradientError, match=message):
        cr.check_grads(function, (np.array([2.0, 3.0]),))


def test_questions_for_the_type_of_a_number_are_found() -> None:
    for number in (2.0, np.float64(2.0)):
        with pytest.raises(GradientError, match=r"is 8, but traced, .* gives 2"):
            cr.check_grads(lambda x: x**3 if type(x) in (float, np.float64) else x, (number,))


def test_arguments_must_be_finite() -> None:
    for bad in (np.nan, np.inf):
        with pytest.raises(ArgumentError, match=r"argument 1.b is .* at index \(1,\)"):
            cr.check_grads(lambda x, p: x * p["b"], (1.0, {"b": np.array([1.0, bad])}))


def test_functions_of_any_structure_pass() -> None:
    def function(p: Any, x: Any, n: int) -> Any:
        return {"a": np.sin(p["w"] * x) ** n, "b": [np.exp(x), 3.0]}

    assert cr.check_grads(function, ({"w": np.array([0.5, 1.0])}, 0.3, 2), order=3) < 1e-6


def test_derivatives_as_small_as_the_rounding_of_values_are_zero() -> None:
    assert cr.check_grads(np.linalg.det, (np.zeros((3, 3)),)) < 1e-6
    assert cr.check_grads(lambda x: np.linalg.norm(x, 3), (np.array([4.1]),)) < 1e-6
    tiny = 1e-30 * np.ones(2)  # of values that are small themselves, they are not
    with pytest.raises(GradientError, match="finite differences"):
        cr.check_grads(lambda x: np.sum(tiny * cr.stop_gradient(x) ** 2), (np.ones(2),))
