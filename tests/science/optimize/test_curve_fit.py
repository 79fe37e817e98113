"""Curve fits: certified values and errors, SciPy's results, the table, the band and the plot."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize as scipy_optimize

from chainrule.errors import ArgumentError, ChainruleWarning
from chainrule.science import optimize
from chainrule.science.optimize import curve_fit
from chainrule.science.optimize.fits.model import Model
from tests.science.optimize.test_least_squares import PROBLEMS, problems

X = np.linspace(0, 4, 30)
Y = 2.5 * np.exp(-1.3 * X) + 0.5 + 0.1 * np.sin(7 * X)


def decay(x: Any, a: Any, b: Any, c: Any) -> Any:
    return a * np.exp(-b * x) + c


@cache
def model_of_numbers(model: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *b: model(b, x)


def error_of(found: Any, certified: Any) -> float:
    return float(np.max(np.abs(found - certified) / np.abs(certified)))


def test_certified_parameters_and_standard_errors_are_found_by_default_settings() -> None:
    wrong: dict[str, Any] = {}
    names: set[str] = set()
    for name, model, x, y, start, certified in problems():
        of_numbers = model_of_numbers(model)
        fit = curve_fit(of_numbers, x, y, p0=start)
        errors = np.array(PROBLEMS[name]["standard_errors"])
        # The residuals of the first Lanczos problem are of the size of rounding.
        of_errors = 0.0 if name == "Lanczos1" else error_of(fit.errors, errors)
        # The same residuals as those of the fit, so that no other program is compiled.
        flat = Model(of_numbers, start).residuals(x, y, None)
        squares = optimize.least_squares(flat.function, start, args=flat.args)
        by_minpack, ier = optimize.leastsq(flat.function, start, flat.args)
        error = max(error_of(each, certified) for each in (fit.popt, squares.x, by_minpack))
        if not (error < 1e-7 and of_errors < 1e-6 and squares.success and ier in (1, 2, 3, 4)):
            wrong[name] = error, of_errors
        np.testing.assert_allclose(squares.grad, squares.jac.T @ squares.fun, rtol=1e-12)
        names.add(name)
    assert len(names) == 27
    assert wrong == {}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # overflow on the way from distant starts
def test_certified_parameters_are_found_by_minpack_and_trust_regions_of_scipy() -> None:
    for name, model, x, y, start, certified in problems():
        if name not in ("BoxBOD", "MGH10", "Misra1a", "Roszman1"):
            continue
        calls: list[float] = []

        def counted(
            x: Any, *b: Any, model: Callable[..., Any] = model, calls: list[float] = calls
        ) -> Any:
            calls.append(0.0)
            return model(b, x)

        fits = [curve_fit(counted, x, y, p0=start, method=each) for each in ("lm", "trf")]
        assert calls
        assert max(error_of(each.popt, certified) for each in fits) < 1e-7, name


def test_results_are_unpacked_as_those_of_scipy() -> None:
    popt, pcov = curve_fit(decay, X, Y)
    theirs = scipy_optimize.curve_fit(decay, X, Y)
    np.testing.assert_allclose(popt, theirs[0], rtol=1e-5)
    np.testing.assert_allclose(pcov, theirs[1], rtol=1e-4)
    found = curve_fit(decay, X, Y, full_output=True)
    assert isinstance(found, tuple)
    information, message, ier = found[2:]
    assert {"nfev", "fvec", "fjac", "ipvt", "qtf"} <= set(information)
    assert isinstance(message, str)
    assert ier in (1, 2, 3, 4)
    # SciPy's documentation: fjac, ipvt and qtf are of the QR factorization of the last Jacobian.
    r = np.triu(information["fjac"].T[:3])
    order = information["ipvt"]
    squares = np.linalg.inv(pcov) * np.sum(information["fvec"] ** 2) / (30 - 3)
    np.testing.assert_allclose(r.T @ r, squares[np.ix_(order, order)], rtol=1e-9)
    np.testing.assert_allclose(information["qtf"], 0, atol=1e-9)


def test_methods_agree_also_where_a_parameter_is_zero() -> None:
    x = np.linspace(-1, 1, 21)
    y = 1.5 * x + 0.1 * np.cos(np.pi * np.arange(21))
    y -= x**2 * (x**2 @ y) / (x**2 @ x**2)  # so that the second parameter is 0 at the solution

    def model(x: Any, a: Any, b: Any) -> Any:
        return a * x * np.exp(b * x) + 0 * b

    start = (1.0, 0.0)
    by_minpack, by_trust_region, by_dogleg = (
        curve_fit(model, x, y, p0=start, method=method) for method in ("lm", "trf", "dogbox")
    )
    np.testing.assert_allclose(by_minpack.pcov, by_trust_region.pcov, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(by_minpack.pcov, by_dogleg.pcov, rtol=1e-9, atol=1e-15)
    a, b = by_minpack.popt
    jacobian = np.stack([x * np.exp(b * x), a * x**2 * np.exp(b * x)], axis=1)
    variance = by_minpack.chi_squared / (21 - 2)
    expected = np.linalg.inv(jacobian.T @ jacobian) * variance
    np.testing.assert_allclose(by_minpack.pcov, expected, rtol=1e-9, atol=1e-15)


def test_sigma_bounds_missing_data_and_model_by_differences_are_as_in_scipy() -> None:
    rng = np.random.default_rng(0)
    sigma = rng.uniform(0.5, 2, 30)
    factor = rng.normal(size=(30, 30))
    missing = np.where(np.arange(30) % 7 == 3, np.nan, Y)
    choices: tuple[dict[str, Any], ...] = (
        {"sigma": sigma},
        {"sigma": sigma, "absolute_sigma": True},
        {"sigma": factor @ factor.T + np.eye(30)},
        {"sigma": 0.3, "absolute_sigma": True},
        {"bounds": (0, [9, 9, 0.4])},
        {"bounds": (0, 5), "loss": "soft_l1", "f_scale": 0.1},
        {"method": "dogbox", "p0": [1, 2, 0]},
    )
    for options in choices:
        ours, theirs = (
            fit(decay, X, Y, **options) for fit in (curve_fit, scipy_optimize.curve_fit)
        )
        np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-5)
        np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-3, atol=1e-9)
    ours, theirs = (
        fit(decay, X, missing, sigma=sigma, nan_policy="omit")
        for fit in (curve_fit, scipy_optimize.curve_fit)
    )
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-4)
    refused: tuple[dict[str, Any], ...] = (
        {"nan_policy": "raise"}, {}, {"nan_policy": "propagate"}, {"args": (1,)},
        {"method": "lm", "bounds": (0, 1)}, {"sigma": -factor, "nan_policy": None},
    )  # fmt: skip
    for options in refused:
        errors: list[str] = []
        for fit in (curve_fit, scipy_optimize.curve_fit):
            with pytest.raises(ValueError) as caught:  # noqa: PT011 (messages are compared)
                fit(decay, X, missing, **options)
            errors.append(str(caught.value))
        assert errors[0] == errors[1]


def test_variables_on_bounds_stay_there_and_the_others_are_found_to_rounding() -> None:
    for method in ("trf", "dogbox"):
        fit = curve_fit(decay, X, Y, bounds=(0, [9, 9, 0.4]), method=method)
        a, b, c = fit.popt
        assert c == 0.4
        at_bound = curve_fit(lambda x, a, b: a * np.exp(-b * x) + 0.4, X, Y)
        np.testing.assert_allclose([a, b], at_bound.popt, rtol=1e-11)


def test_a_covariance_that_data_do_not_determine_is_infinite_with_a_warning_of_which() -> None:
    def redundant(x: Any, level: Any, a: Any, b: Any) -> Any:
        return a * b * x + level

    for method in ("lm", "trf"):
        with pytest.warns(scipy_optimize.OptimizeWarning, match="could not be estimated"):
            fit = curve_fit(decay, X[:9:4], Y[:9:4], method=method)
        assert np.isinf(fit.pcov).all()
        assert "–" in repr(fit)
    with pytest.warns(scipy_optimize.OptimizeWarning, match="do not determine a, b$"):
        assert np.isinf(curve_fit(redundant, X, Y).pcov).all()
    with pytest.warns(scipy_optimize.OptimizeWarning, match="a, b; it is the pseudoinverse"):
        fit = curve_fit(redundant, X, Y, method="trf")
    assert np.isfinite(fit.pcov).all()
    with pytest.warns(scipy_optimize.OptimizeWarning, match="do not determine unused$"):
        curve_fit(lambda x, a, unused: a * x, X, Y)
    missing = np.where(X == 0, np.nan, Y)
    with pytest.warns(scipy_optimize.OptimizeWarning):
        assert np.isinf(curve_fit(decay, X, missing, check_finite=False).pcov).all()


@pytest.mark.parametrize("p0", ["abc", ["a", "b", "c"], [1, None, 2], [1, 1j, 2], []])
def test_first_parameters_that_are_no_real_numbers_are_refused_as_by_scipy(p0: Any) -> None:
    for fit in (scipy_optimize.curve_fit, curve_fit):
        with pytest.raises(TypeError):
            fit(decay, X, Y, p0=p0)


def test_series_and_tables_are_traced_by_their_columns() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"x": X, "y": Y, "other": np.sin(X)})
    expected = curve_fit(decay, X, Y, sigma=1 + X)
    fit = curve_fit(decay, table["x"], table["y"], sigma=1 + table["x"])
    np.testing.assert_array_equal(fit.popt, expected.popt)  # not by differences
    np.testing.assert_array_equal(fit.band(table["x"])[0], expected.band(X)[0])
    models: tuple[Callable[..., Any], ...] = (
        lambda t, a, b: a * np.exp(-b * t["x"]) + t["other"],
        lambda t, a, b: a * np.exp(-b * t.x) + t.other,
        lambda t, a, b: a * np.exp(-b * t.values[:, 0]) + t.values[:, 2],
    )
    expected = curve_fit(lambda x, a, b: a * np.exp(-b * x) + np.sin(x), X, Y)
    for model in models:
        fit = curve_fit(model, table, table["y"])
        np.testing.assert_allclose(fit.popt, expected.popt, rtol=1e-13)


def test_parameters_may_be_a_tree() -> None:
    def model(x: Any, p: Any) -> Any:
        return p["amplitude"] * np.exp(-p["rest"][0] * x) + p["rest"][1]

    start = {"amplitude": 1.0, "rest": np.ones(2)}
    fit = curve_fit(model, X, Y, p0=start, bounds=({"rest": 0.0, "amplitude": 0.0}, np.inf))
    plain = curve_fit(decay, X, Y)
    np.testing.assert_allclose(fit.popt["rest"], plain.popt[1:], rtol=1e-10)
    assert fit.names == ["amplitude", "rest[0]", "rest[1]"]
    np.testing.assert_allclose(fit.predict(X), plain.predict(X))


def test_models_that_choose_by_values_of_x_or_cannot_be_traced_are_fitted() -> None:
    def ramp(x: Any, a: Any, b: Any) -> Any:
        return np.concatenate([a * x[x < 1], a + b * (x[x >= 1] - 1)])

    fit = curve_fit(ramp, X, 2 * np.minimum(X, 1) + 0.5 * np.maximum(X - 1, 0))
    np.testing.assert_allclose(fit.popt, [2, 0.5], rtol=1e-12)

    def by_float(x: Any, a: Any) -> Any:
        return float(a) * x

    with pytest.warns(ChainruleWarning, match="differences"):
        fit = curve_fit(by_float, X, 3 * X)
    np.testing.assert_allclose(fit.popt, [3])
    np.testing.assert_allclose(fit.band(2.0), [6, 6], atol=1e-6)


def test_the_band_is_that_of_linear_regression_for_a_line() -> None:
    fit = curve_fit(lambda x, a, b: a * x + b, X, Y)
    at = np.array([-1.0, 0.5, 6.0])
    lower, upper = fit.band(at, level=0.9)
    variance = fit.chi_squared / 28
    spread = variance * (1 / 30 + (at - X.mean()) ** 2 / np.sum((X - X.mean()) ** 2))
    np.testing.assert_allclose((upper - lower) / 2, 1.7011309 * np.sqrt(spread), rtol=1e-7)
    assert fit.r_squared == pytest.approx(np.corrcoef(X, Y)[0, 1] ** 2)
    with pytest.raises(ArgumentError, match="level"):
        fit.band(at, level=95)


def test_the_plot_has_data_curve_and_band(tmp_path: Path) -> None:
    fit = curve_fit(decay, X, Y)
    figure = fit.plot(tmp_path / "fit.png", level=0.9)
    assert (tmp_path / "fit.png").stat().st_size > 0
    (axes,) = figure.axes
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), Y)
    assert len(axes.collections) == 1
    decades = np.logspace(0, 6, 2001)
    power = curve_fit(lambda x, a, b: a * x**b, decades, 3 * decades**1.5)
    data, curve = power.plot().axes[0].lines
    assert data.get_alpha() == 0.3  # of many points
    assert np.sum(np.asarray(curve.get_xdata(), float) < 1000) > 90
    html = fit._repr_html_()  # pyright: ignore[reportPrivateUsage]
    assert "<td>a</td>" in html


def test_a_model_that_cannot_be_hashed_is_fitted() -> None:
    class Decay:
        __hash__ = None  # pyright: ignore[reportAssignmentType]

        def __eq__(self, other: object) -> bool:
            return self is other

        def __call__(self, x: Any, height: Any, rate: Any) -> Any:
            return height * np.exp(-rate * x)

    x = np.linspace(0, 3, 20)
    np.testing.assert_allclose(curve_fit(Decay(), x, 2 * np.exp(-x))[0], [2, 1])
