"""Roots of functions of one number, by exact derivatives and within brackets."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import optimize as scipy_optimize

from chainrule.errors import ChainruleWarning
from chainrule.science import optimize
from chainrule.science.optimize.elementwise import bracket_root

BRACKETING = ("bisect", "brenth", "brentq", "ridder", "toms748")


def _piecewise(x: Any) -> Any:
    return x / 1.5 + np.sin(x) - 1 if x >= 0 else -1.0


# Alefeld, Potra & Shi (1995), table 1, with the roots to 15 digits: function, bracket, start, root.
ALEFELD_POTRA_SHI: tuple[tuple[Callable[..., Any], tuple[float, float], float, float], ...] = (
    (lambda x: np.sin(x) - x / 2, (math.pi / 2, math.pi), 1.7, 1.89549426703398),
    (
        lambda x: -2 * sum((2 * i - 5) ** 2 / (x - i**2) ** 3 for i in range(1, 21)),
        (1 + 1e-9, 4 - 1e-9),
        2.0,
        3.0229153472730568,
    ),
    (lambda x: -40 * x * np.exp(-x), (-9, 31), 0.5, 0.0),
    (lambda x: x**4 - 0.2, (0, 5), 1.0, 0.668740304976422),
    (lambda x: np.sin(x) - 0.5, (0, 1.5), 0.3, math.pi / 6),
    (lambda x: 2 * x * np.exp(-1) - 2 * np.exp(-x) + 1, (0, 1), 1.0, 0.422477709641237),
    (lambda x: 17 * x - (1 - 5 * x) ** 2, (0, 1), 0.5, 0.0384025518406219),
    (lambda x: x**2 - (1 - x) ** 5, (0, 1), 0.5, 0.345954815848242),
    (lambda x: 257 * x - (1 - 5 * x) ** 4, (0, 1), 0.5, 0.00361710817890406),
    (lambda x: np.exp(-5 * x) * (x - 1) + x**5, (0, 1), 0.5, 0.516153518757934),
    (lambda x: (5 * x - 1) / (4 * x), (0.01, 1), 0.1, 0.2),
    (lambda x: x**0.2 - 5**0.2, (1, 100), 2.0, 5.0),
    (_piecewise, (-1e4, math.pi / 2), 1.0, 0.623806518961612),
)


def test_classic_problems_are_solved_by_derivatives_and_within_brackets() -> None:
    for f, bracket, x0, root in ALEFELD_POTRA_SHI:
        for fprime2, method in ((None, "newton"), (True, "halley")):
            x, details = optimize.newton(
                f, x0, tol=1e-12, fprime2=fprime2, full_output=True, disp=False
            )
            assert details.method == method
            assert x == pytest.approx(root, rel=1e-13, abs=1e-13)
            found = optimize.root_scalar(f, x0=x0, method=method, xtol=1e-12)
            assert (found.root, found.iterations) == (x, details.iterations)
        for method in BRACKETING:
            assert getattr(optimize, method)(f, *bracket) == pytest.approx(root, abs=1e-10)


def test_newton_needs_the_iterations_of_a_derivative_written_by_hand() -> None:
    def f(x: Any, a: Any) -> Any:
        return x**3 - a

    def fprime(x: Any, a: Any) -> Any:
        return 3 * x**2

    for _ in range(3):  # evaluated by NumPy, then compiled
        ours = optimize.newton(f, 5.0, args=(8.0,), full_output=True)
        theirs = scipy_optimize.newton(f, 5.0, fprime, args=(8.0,), full_output=True)
        assert ours == theirs
    given = optimize.newton(f, 5.0, fprime, (8.0,), fprime2=True, full_output=True)[1]
    exact = optimize.newton(f, 5.0, args=(8.0,), fprime2=True, full_output=True)[1]
    assert (given.method, given.root) == ("halley", exact.root)
    roots = optimize.newton(f, [5, 4, 3], args=(np.array([8.0, 27, 64]),), full_output=True)
    np.testing.assert_allclose(roots.root, [2, 3, 4], rtol=1e-15)
    assert roots.converged.all()
    assert not roots.zero_der.any()


@pytest.mark.parametrize(
    ("f", "x0"),
    [
        (lambda x: x * x - 1, 0.0),  # f' is 0
        (lambda x: np.sqrt(x) - 1, 0.0),  # f' is infinite
        (lambda x: x**3 - 2 * x + 2, 0.0),  # a cycle of two points
        (lambda x: x * x - 1, [0.0, 3.0]),
    ],
)
def test_where_newtons_method_fails_the_result_is_that_of_scipy(f: Any, x0: Any) -> None:
    ours = optimize.newton(f, x0, full_output=True)
    theirs = scipy_optimize.newton(f, x0, full_output=True)
    np.testing.assert_array_equal(ours[0], theirs[0])
    if np.ndim(x0) == 0:
        assert optimize.root_scalar(f, x0=x0) == scipy_optimize.root_scalar(f, x0=x0)


def test_functions_that_cannot_be_traced_have_the_roots_of_scipy_and_one_notice() -> None:
    def f(x: float) -> float:
        return math.cos(x) - x

    with pytest.warns(ChainruleWarning, match=r"f cannot be traced.*secant method") as caught:
        assert optimize.newton(f, 1.0) == scipy_optimize.newton(f, 1.0)
    assert len(caught) == 1
    assert optimize.newton(f, 1.0) == scipy_optimize.newton(f, 1.0)
    with pytest.warns(ChainruleWarning, match=r"f cannot be traced.*differences"):
        assert optimize.root_scalar(f, x0=1.0) == scipy_optimize.root_scalar(f, x0=1.0)
    with (
        pytest.warns(ChainruleWarning, match="needs fprime"),
        pytest.raises(ValueError, match="fprime must be specified for halley"),
    ):
        optimize.root_scalar(f, x0=1.0, method="halley")
    assert optimize.newton(f, 1.0, lambda x: -math.sin(x) - 1) == pytest.approx(0.7390851332151607)


def test_the_function_itself_is_called_for_each_value() -> None:
    calls = 0

    def f(x: Any) -> Any:
        nonlocal calls
        calls += type(x) is np.float64
        return x**2 - 2

    for _ in range(3):
        calls = 0
        details = optimize.newton(f, 1.0, full_output=True)[1]
        assert details.function_calls == 2 * calls


def test_a_bracket_without_a_change_of_sign_is_refused_with_the_values() -> None:
    def f(x: Any, a: Any) -> Any:
        return x**2 - a

    for method in BRACKETING:
        with pytest.raises(ValueError, match=r"different signs.*f\(2.*= ?3.*f\(3.*= ?8"):
            getattr(optimize, method)(f, 2, 3, 1.0)
    with pytest.raises(ValueError, match=r"different signs; got f\(2\) = 3, f\(3\) = 8"):
        optimize.root_scalar(f, 1.0, bracket=[2, 3])
    found = bracket_root(lambda x: x**2 - 1, 2, 3)
    assert optimize.brentq(f, *found.bracket, args=1.0) == pytest.approx(1)
