"""Every remedy is tried: the expression that it names computes what is refused."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.spatial
import scipy.special
import scipy.stats

import chainrule
import chainrule as cr
from chainrule.graph.remedies import REMEDIES, remedy_for

X = np.array([0.3, 0.7, 0.2, 0.9])
MATRIX = np.array([[2.0, 0.3], [0.1, 1.5]])
FIXED: dict[str, Any] = {
    "np": np,
    "chainrule": chainrule,
    "scipy": scipy,
    "y": X[::-1] / 2,
    "n": 3,
    "deg": 2,
    "shape": (2, 6),
    "dates": np.array(["2024-02-01"], "datetime64[D]"),
}

# What the expressions stand for, on plain arrays.
ORIGINALS: dict[str, Callable[[Any], Any]] = {
    "np.fft.fft": lambda x: np.fft.fft(x).real,
    **{
        f"np.lib.scimath.{name}": getattr(np.emath, name)
        for name in ("arccos", "arcsin", "arctanh", "log", "log10", "log2", "sqrt")
    },
    "np.lib.scimath.logn": lambda x: np.emath.logn(3, x),
    "np.lib.scimath.power": lambda x: np.emath.power(x, 3),
    "np.sort_complex": lambda x: np.sort_complex(x).real,
    "np.polyfit": lambda x: np.polyfit(x, FIXED["y"], 2),
    "math.dist": lambda x: np.linalg.norm(x - FIXED["y"]),
    "math.erf": scipy.special.erf,
    "math.erfc": scipy.special.erfc,
    "math.gamma": scipy.special.gamma,
    "math.lgamma": scipy.special.gammaln,
}


def expression_of(remedy: str) -> str | None:
    found = re.search(r"`([^`]+)`", remedy)
    return found[1] if found else None


@pytest.mark.parametrize("name", [name for name, text in REMEDIES.items() if "`" in text])
def test_the_expression_of_a_remedy_works_traced(name: str) -> None:
    expression = expression_of(REMEDIES[name])
    assert expression

    def evaluate(x: Any) -> Any:
        return eval(expression, FIXED | {"x": x})

    x = X.copy()
    expected = evaluate(x.copy())
    if name in ORIGINALS:
        np.testing.assert_allclose(expected, ORIGINALS[name](X), 1e-12)
    is_array = isinstance(expected, np.ndarray | np.floating) and expected.dtype.kind == "f"
    for result in (
        cr.vjp(lambda x: (np.sum(x), evaluate(x))[is_array], x)[0] if is_array else expected,
        cr.jit(evaluate)(x) if is_array else expected,
    ):
        np.testing.assert_allclose(np.asarray(result), expected, 1e-12)


@pytest.mark.parametrize("name", [name for name, text in REMEDIES.items() if "`" not in text])
def test_a_remedy_without_an_expression_is_to_compute_it_outside(name: str) -> None:
    assert "outside the function" in REMEDIES[name]
    outside = np.linalg.inv(MATRIX)
    for transform in (cr.grad, lambda f: cr.jit(cr.grad(f))):
        gradient = transform(lambda x, inverse: np.sum(x @ inverse))(MATRIX, outside)
        np.testing.assert_allclose(gradient, np.tile(outside.sum(axis=1), (2, 1)))


def test_a_function_that_is_not_traced_has_its_derivative_by_hand() -> None:
    det = cr.custom_vjp(
        lambda A: (np.linalg.det(A.value), A.value),
        lambda A, cotangent: cotangent * np.linalg.det(A) * np.linalg.inv(A).T,
    )
    expected = np.linalg.det(MATRIX) * np.linalg.inv(MATRIX).T
    np.testing.assert_allclose(cr.grad(det)(MATRIX), expected)
    assert "forward that calls it on x.value" in remedy_for("scipy.special.j0")
    j0 = cr.custom_vjp(
        lambda x: (scipy.special.j0(x.value), x.value),
        lambda x, cotangent: -cotangent * scipy.special.j1(x),
    )
    assert cr.grad(j0)(0.7) == -scipy.special.j1(0.7)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: scipy.special.hyp0f1(2.0, x), "scipy.special.hyp0f1"),
        (lambda x: np.linalg.eigvals(x[None]), "outside the function"),
        (lambda x: np.fft.fft(x), "np.cos"),
        (lambda x: np.emath.sqrt(x), "np.sqrt"),
        (lambda x: np.frompyfunc(abs, 1, 1)(x), "the ufunc"),
    ],
)
def test_a_refusal_names_the_function_and_no_other_by_its_spelling(
    function: Any, words: str
) -> None:
    with pytest.raises(cr.errors.UnsupportedError, match=re.escape(words)) as caught:
        cr.grad(lambda x: np.sum(function(x)))(X)
    assert "nearest" not in str(caught.value)


def test_a_function_of_scipy_that_fails_inside_is_named() -> None:
    bands, right = np.ones((3, 4)) + 2 * np.eye(3, 4, 1), np.ones(4)
    calls: dict[str, Callable[[Any], Any]] = {
        "scipy.linalg.solve_banded": lambda x: scipy.linalg.solve_banded((1, 1), bands * x, right),
        "scipy.linalg.solve_toeplitz": lambda x: scipy.linalg.solve_toeplitz(x, right),
        "scipy.stats.norm.cdf": scipy.stats.norm.cdf,
        "scipy.integrate.odeint": lambda x: scipy.integrate.odeint(
            lambda y, t: -x * y, X, np.sort(X)
        ),
        "scipy.spatial.distance.cdist": lambda x: scipy.spatial.distance.cdist(x[:, None], MATRIX),
    }
    for name, function in calls.items():
        for traced in (cr.jit(function), cr.grad(lambda x, f=function: np.sum(f(x)))):
            with pytest.raises(cr.errors.UnsupportedError, match=f"^{name} cannot be traced; "):
                traced(X)


def test_a_traced_function_of_scipy_that_is_no_variable_is_named_with_how_to_call_it() -> None:
    functions = [scipy.linalg.expm]
    default: Any = lambda x, exponential=scipy.linalg.expm: exponential(x)  # noqa: E731
    for function in (lambda x: functions[0](x), default):
        with pytest.raises(cr.errors.UnsupportedError, match=r"write scipy\.linalg\.expm\(...\)"):
            cr.jit(function)(MATRIX)
    remedy = cr.jit(lambda x: scipy.linalg.expm(x))
    np.testing.assert_allclose(remedy(MATRIX), scipy.linalg.expm(MATRIX), rtol=1e-13)


def test_errors_of_scipy_about_plain_arrays_stay() -> None:
    with pytest.raises(ValueError, match=r"incompatible dimensions|shapes"):
        cr.grad(lambda x: x * np.sum(scipy.linalg.solve_banded((1, 1), MATRIX, X)))(0.3)


def test_formulas_for_the_normal_distribution_are_its_functions() -> None:
    formulas = re.findall(r"`([^`]+)`", remedy_for("scipy.stats.norm.cdf"))
    for name, formula in zip(("cdf", "logcdf", "ppf", "logpdf"), formulas, strict=True):
        expected = getattr(scipy.stats.norm, name)(X)
        values = cr.vmap(lambda x, text=formula: eval(text, FIXED | {"x": x}))(X)
        np.testing.assert_allclose(values, expected, 1e-13)
