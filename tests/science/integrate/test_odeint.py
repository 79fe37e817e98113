"""`science.odeint` against `scipy.integrate.odeint`, closed forms and published values."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from scipy import integrate
from scipy.special import airy

from chainrule.errors import ChainruleWarning
from chainrule.science.integrate import odeint

TIMES = np.linspace(0, 2, 9)


def lorenz(state: Any, t: Any, s: Any = 10.0, r: Any = 28.0, b: Any = 8 / 3) -> Any:
    x, y, z = state
    return [s * (y - x), x * (r - z) - y, x * y - b * z]


def test_solutions_are_those_of_scipy_for_all_forms_of_arguments() -> None:
    cases: Any = [
        (lambda y, t, rate: -rate * y, 1, list(TIMES), {"args": (0.5,)}),
        (lambda y, t, rates: -rates * y, [1.0, 2], TIMES[::-1], {"args": (np.array([0.5, 1]),)}),
        (lambda y, t, rates: [-rates[0] * y[0]], 1.0, [0, 1, 1, 2], {"args": ([0.5, 1],)}),
        (lambda t, y: (y[1], -t * y[0]), (0.0, 1), TIMES, {"tfirst": True, "hmax": 0.1}),
        (lorenz, [1, 1, 1], TIMES, {"rtol": [1e-9, 1e-8, 1e-9], "atol": [1e-9, 1e-9, 1e-7]}),
    ]
    for func, y0, t, options in cases:
        found, info = odeint(func, y0, t, full_output=True, **options)
        expected = integrate.odeint(func, y0, t, **options)
        assert info["integrator"] != "lsoda"
        assert type(found) is np.ndarray
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-7)
        assert set(info) == {*integrate.odeint(func, y0, t, full_output=1, **options)[1]} | {
            "integrator"
        }
        assert all(len(info[key]) == len(t) - 1 for key in ("hu", "nst", "nfe", "nje", "nqu"))


def test_airy_and_lorenz_are_as_exact_as_the_tolerances_ask() -> None:
    t = np.linspace(-10, 2, 61)
    exact = airy(t)
    found = odeint(lambda y, t: [y[1], t * y[0]], [exact[0][0], exact[1][0]], t, rtol=1e-12)
    np.testing.assert_allclose(found[:, 0], exact[0], atol=1e-11, rtol=0)
    end = odeint(lorenz, [1, 1, 1], [0, 10], rtol=1e-13)[-1]
    expected = (-4.90268754113464, -3.74387292180292, 24.6908581027906)
    np.testing.assert_allclose(end, expected, rtol=0, atol=1e-9)


def test_stiff_systems_run_natively_with_the_derived_and_with_a_given_jacobian() -> None:
    def robertson(y: Any, t: Any) -> Any:
        slow, fast = 0.04 * y[0] - 1e4 * y[1] * y[2], 3e7 * y[1] ** 2
        return [-slow, slow - fast, fast]

    def jacobian(y: Any, t: Any) -> Any:
        first = [-0.04, 1e4 * y[2], 1e4 * y[1]]
        last = [0, 6e7 * y[1], 0]
        return [first, [-a - b for a, b in zip(first, last, strict=True)], last]

    t = [0, 40.0, 1e5]
    for given in (None, jacobian):
        y, info = odeint(robertson, [1, 0, 0], t, Dfun=given, atol=1e-10, full_output=True)
        assert (info["integrator"], info["mused"][-1]) == ("dop853 and rodas5p", 2)
        # Hairer & Wanner (1996), section IV.10, and LSODA at rtol 1e-12.
        np.testing.assert_allclose(y[1], [0.7158270688, 9.185534765e-6, 0.2841637457], rtol=1e-6)
        np.testing.assert_allclose(y[2], [0.01786592114, 7.274751469e-8, 0.9821340061], rtol=1e-6)


def test_the_program_of_a_function_follows_what_it_reads_and_the_types_of_arguments() -> None:
    read: dict[str, Any] = {"rate": 1.0, "rates": np.array([1.0])}

    def decay(y: Any, t: Any, *args: Any) -> Any:
        return -read["rate"] * read["rates"] * y * (args[0] if args else 1)

    def end(*args: Any, **options: Any) -> float:
        return -float(np.log(odeint(decay, 1.0, [0, 1], args, **options)[-1, 0]))

    found = [end(), end(2), end(2.5), end(np.array([3.0])), end(np.float64(2), h0=1e-3, hmax=0.1)]
    read["rate"] = 2.0
    found += [end(), end(2)]
    read["rates"][0] = 3.0
    np.testing.assert_allclose([*found, end()], [1, 2, 2.5, 3, 2, 2, 4, 6], rtol=1e-6)


def test_what_native_code_cannot_do_is_left_to_lsoda_with_the_exact_jacobian() -> None:
    def stiff(y: Any, t: Any) -> Any:
        return [-1000 * (y[0] - math.pi) + y[1], -y[1]]

    cases: list[dict[str, Any]] = [
        {"tcrit": [1.0]}, {"mxords": 4}, {"ml": 0, "mu": 1, "ixpr": False, "hmin": 1e-9},
    ]  # fmt: skip
    for options in cases:
        found, info = odeint(stiff, [0, 1], TIMES, full_output=True, **options)
        assert info["integrator"] == "lsoda"
        expected = integrate.odeint(stiff, [0, 1], TIMES, **options)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_functions_that_cannot_be_traced_get_one_notice_and_those_with_effects_all_calls() -> None:
    calls: list[float] = []

    def counted(y: Any, t: Any) -> Any:
        calls.append(t)
        return -y

    def sine(y: Any, t: Any) -> Any:
        return math.sin(y[0])

    with pytest.warns(ChainruleWarning, match="counted cannot be traced"):
        _, info = odeint(counted, 1.0, TIMES, full_output=True)
    assert info["nfe"][-1] == len(calls)
    with pytest.warns(ChainruleWarning, match="sine cannot be traced"):
        found = odeint(sine, 1.0, TIMES)
    np.testing.assert_allclose(found, integrate.odeint(sine, 1.0, TIMES))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        odeint(sine, 1.0, TIMES, Dfun=lambda y, t: [[math.cos(y[0])]])


def test_errors_and_warnings_are_those_of_scipy() -> None:
    def decay(y: Any, t: Any) -> Any:
        return -y

    cases: Any = [
        (ZeroDivisionError, (lambda y, t: 1 / 0, 1.0, TIMES)),
        (RuntimeError, (lambda y, t: [1, -1], 1.0, TIMES)),
        (ValueError, (decay, [[1.0], [2.0]], TIMES)),
        (ValueError, (decay, 1.0, [0, 2, 1])),
        (RuntimeError, (lambda y, t: -100 * y, [1, 1], [0, 1], (), lambda y, t: [[0, 0, 0]])),
    ]
    for error, arguments in cases:
        with pytest.raises(error):
            odeint(*arguments)
    with pytest.warns(integrate.ODEintWarning, match="Excess work"):
        odeint(decay, 1.0, [0, 100], mxstep=1)
    with pytest.warns(integrate.ODEintWarning, match="Integration successful"):
        odeint(decay, 1.0, TIMES, printmessg=1)


def test_errors_of_the_right_hand_side_have_no_context_of_this_library() -> None:
    def undefined(y: Any, t: Any) -> Any:
        raise ValueError("undefined here")

    with pytest.raises(ValueError, match="undefined here") as caught:
        odeint(undefined, [1.0], [0.0, 1.0])
    assert caught.value.__context__ is None
