"""`science.solve_ivp` against `scipy.integrate.solve_ivp`."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from scipy import integrate
from scipy.sparse import csc_matrix

from chainrule.errors import ChainruleWarning, UnsupportedError
from chainrule.science.integrate import solve_ivp
from chainrule.science.integrate.right_hand_side import RightHandSide
from chainrule.science.integrate.sparse_jacobian import SparseJacobian


def lorenz(t: Any, state: Any) -> Any:
    x, y, z = state
    return [10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z]


def falls(t: Any, y: Any, gravity: Any) -> Any:
    return [y[1], -gravity]


def hits_ground(t: Any, y: Any, gravity: Any) -> Any:
    return y[0]


setattr(hits_ground, "terminal", True)  # noqa: B010 - as users write it, but for pyright
setattr(hits_ground, "direction", -1)  # noqa: B010


@pytest.mark.parametrize("method", ["RK23", "RK45", "DOP853", "Radau", "BDF", "LSODA"])
def test_steps_are_those_of_scipy(method: str) -> None:
    cases: list[dict[str, Any]] = [
        {},
        {"t_eval": np.linspace(0, 1, 11), "rtol": 1e-6, "atol": [1e-6, 1e-7, 1e-8]},
        {"dense_output": True, "max_step": 0.02, "first_step": 1e-4},
    ]
    for options in cases:
        arguments = (lorenz, (0, 1), [1.0, 1, 1], method)
        found = solve_ivp(*arguments, **options)
        expected = integrate.solve_ivp(*arguments, **options)
        assert found.t.shape == expected.t.shape
        np.testing.assert_allclose(found.y, expected.y, rtol=1e-5)
        assert (found.nfev, found.status, found.message) == (
            expected.nfev, expected.status, expected.message,
        )  # fmt: skip
        if found.sol:
            np.testing.assert_allclose(found.sol(0.5), expected.sol(0.5), rtol=1e-5)


def test_explicit_steps_are_native_and_jacobians_exact() -> None:
    assert solve_ivp(lorenz, (0, 0.1), [1, 1, 1]).integrator == "RK45 (native)"
    stiff = solve_ivp(lambda t, y: -1000 * (y - np.cos(t)), (0, 1), [0.0], "BDF")
    assert stiff.integrator == "BDF (SciPy)"
    assert stiff.success


def test_methods_of_our_own_have_dense_output_events_and_the_exact_jacobian() -> None:
    end, tolerances = 2 * np.pi, {"rtol": 1e-9, "atol": 1e-9}

    def oscillator(t: Any, y: Any) -> Any:
        return [y[1], -y[0]]

    for method, own in (("Tsit5", "tsit5"), ("Rodas5P", "rosenbrock"), ("auto", "auto")):
        found = solve_ivp(
            oscillator, (0, end), [1.0, 0.0], method, dense_output=True, max_step=0.5,
            events=lambda t, y: y[0], **tolerances,
        )  # fmt: skip
        assert found.integrator == f"{own} (native)"
        assert (found.njev > 0) == (own == "rosenbrock")
        np.testing.assert_allclose(found.y[0], np.cos(found.t), atol=1e-7)
        np.testing.assert_allclose(found.sol([3.0, 1.0])[1], -np.sin([3.0, 1.0]), atol=1e-6)
        np.testing.assert_allclose(found.t_events[0], [np.pi / 2, 3 * np.pi / 2], atol=1e-6)
    for jac in (lambda t, y: [[-1e3]], np.array([[-1e3]])):
        stiff = solve_ivp(lambda t, y: -1e3 * (y - np.cos(t)), (0, 1), [0.0], "auto", jac=jac)
        assert stiff.njev > 0
        np.testing.assert_allclose(stiff.y[0, -1], np.cos(1) + np.sin(1) / 1e3, rtol=1e-4)
    with pytest.raises(UnsupportedError, match=r"np\.sin; give a method of SciPy's, as method="):
        solve_ivp(lambda t, y: [-math.sin(y[0])], (0, 1), [1.0], "tsit5")


@pytest.mark.parametrize("method", ["RK45", "tsit5"])
def test_what_is_not_a_number_ends_an_integration(method: str) -> None:
    with np.errstate(invalid="ignore"):
        results = [
            solve_ivp(lambda t, y: y * np.nan, (0, 1), [1.0], method),
            solve_ivp(lambda t, y: y * np.nan, (0, 1), [1.0 + 0j], "RK45"),
        ]
    for found in results:
        assert (found.status, found.t.tolist()) == (-1, [0.0])
        assert "step size is less" in found.message


def test_a_solution_that_ends_in_a_pole_fails_as_in_scipy() -> None:
    arguments = (lambda t, y: y**2, (0, 2), [1.0])
    found, expected = solve_ivp(*arguments), integrate.solve_ivp(*arguments)
    assert (found.status, found.message) == (-1, expected.message)
    assert found.t.shape == expected.t.shape
    assert abs(found.nfev - expected.nfev) <= 6


def test_events_end_native_integrations() -> None:
    found = solve_ivp(falls, (0, 100), [0.0, 10.0], events=hits_ground, args=(0.5,))
    assert found.integrator == "RK45 (native)"
    np.testing.assert_allclose(found.t_events[0], [40.0])
    assert found.status == 1


def test_sparse_and_banded_jacobians_are_exact_and_give_the_steps_of_scipy() -> None:
    n = 30
    sparsity = np.eye(n, k=-1) + np.eye(n) + np.eye(n, k=1)

    def heat(t: Any, u: Any, source: Any) -> Any:
        below, above = np.concatenate([[0.0], u[:-1]]), np.concatenate([u[1:], [0.0]])
        return (below - 2 * u + above) * n**2 + source * u**2

    y = np.linspace(0, 1, n)
    jacobian = SparseJacobian(RightHandSide(heat), csc_matrix(sparsity))
    expected = np.where(sparsity, n**2, 0.0) + np.diag(6 * y - 3 * n**2)
    np.testing.assert_allclose(jacobian(0.0, y, 3.0).toarray(), expected, rtol=1e-14)
    cases: list[tuple[str, dict[str, Any]]] = [
        ("BDF", {"jac_sparsity": sparsity}), ("Radau", {"jac_sparsity": csc_matrix(sparsity)}),
        ("LSODA", {"lband": 1, "uband": 1}),
    ]  # fmt: skip
    for method, options in cases:
        arguments = (heat, (0, 0.1), np.sin(np.pi * y), method)
        found = solve_ivp(*arguments, args=(1.0,), rtol=1e-6, **options)
        reference = integrate.solve_ivp(*arguments, args=(1.0,), rtol=1e-6, **options)
        np.testing.assert_allclose(found.y[:, -1], reference.y[:, -1], rtol=1e-5, atol=1e-9)
        assert (found.t.shape, found.njev) == (reference.t.shape, reference.njev)
        assert found.nfev <= reference.nfev


def test_backward_and_vectorized_integrations_are_those_of_scipy() -> None:
    def rational(t: Any, y: Any) -> Any:
        return np.vstack((y[1] / t, y[1] * (y[0] + 2 * y[1] - 1) / (t * (y[0] - 1))))

    arguments = (rational, (9, 5), [9 / 19, 90 / 361])
    found = solve_ivp(*arguments, vectorized=True, rtol=1e-8)
    assert found.integrator == "RK45 (native)"
    np.testing.assert_allclose(found.y[:, -1], [1 / 3, 2 / 9], rtol=1e-5)


def test_functions_with_effects_are_called_as_by_scipy() -> None:
    seen: list[float] = []

    def counted(t: Any, y: Any) -> Any:
        seen.append(t)
        return -y

    found = solve_ivp(counted, (0, 1), [1.0])
    assert found.nfev == len(seen)
    assert all(isinstance(each, float) for each in seen)


def test_functions_that_cannot_be_traced_get_one_notice_where_a_jacobian_is_needed() -> None:
    def switched(t: Any, y: Any) -> Any:
        return -y if t < 0.5 else -2 * y

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solve_ivp(switched, (0, 1), [1.0], "RK45")
        solve_ivp(switched, (0, 1), [1.0], "Radau", jac=lambda t, y: [[-1.0]])
    with pytest.warns(ChainruleWarning, match="switched cannot be traced"):
        found = solve_ivp(switched, (0, 1), [1.0], "Radau")
    np.testing.assert_allclose(found.y[:, -1], np.exp(-1.5), rtol=1e-2)


def test_warnings_of_scipy_are_shown_at_the_line_of_the_call() -> None:
    def undefined(t: Any, y: Any) -> Any:
        return -y + 0 * np.sqrt(-np.abs(np.float64(float(t) + 1)))

    with pytest.warns(UserWarning, match="no effect") as caught:
        solve_ivp(lorenz, (0, 0.1), [1.0, 1, 1], unknown=1)
    with pytest.warns(UserWarning, match="`rtol` is too small") as others:
        solve_ivp(lorenz, (0, 0.1), [1.0, 1, 1], "tsit5", rtol=1e-20)
    with pytest.warns(RuntimeWarning, match="sqrt"):
        solve_ivp(undefined, (0, 0.1), [1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning, match="sqrt"):
            solve_ivp(undefined, (0, 0.1), [1.0])
    assert {each.filename for each in (*caught, *others)} == {__file__}


def test_errors_are_those_of_scipy() -> None:
    for method, error in (("RK44", ValueError), ("RK45", ZeroDivisionError)):
        with pytest.raises(error):
            solve_ivp(lambda t, y: 1 / 0, (0, 1), [1.0], method)
    with pytest.raises(TypeError, match="cannot be unpacked"):
        solve_ivp(falls, (0, 1), [1.0, 0.0], args=0.5)
    with pytest.raises(ValueError, match="not within"):
        solve_ivp(lorenz, (0, 1), [1.0, 1, 1], t_eval=[2.0])


def test_right_hand_sides_that_fill_arrays_run_natively_with_exact_jacobians() -> None:
    def predators(t: Any, z: Any, a: float, b: float, c: float, d: float) -> Any:
        rates = np.zeros(2)
        rates[0] = a * z[0] - b * z[0] * z[1]
        rates[1] = -c * z[1] + d * z[0] * z[1]
        return rates

    def diffusion(t: Any, y: Any, n: int, rate: float) -> Any:
        dydt = np.empty(n)
        flux, inner = np.zeros(n + 1), dydt[1:-1]
        flux[1:-1] = rate * (y[1:] - y[:-1])
        dydt[0], dydt[-1] = flux[1] - flux[0], flux[-1] - flux[-2]
        inner[:] = flux[2:-1] - flux[1:-2]
        return dydt

    rates = (1.5, 1.0, 3.0, 1.0)
    found = solve_ivp(predators, (0, 5), [10, 5], args=rates, rtol=1e-8)
    expected = integrate.solve_ivp(predators, (0, 5), [10, 5], args=rates, rtol=1e-8)
    assert found.integrator == "RK45 (native)"
    np.testing.assert_allclose(found.y, expected.y, 1e-9)
    start = np.linspace(0, 1, 6) ** 2
    found = solve_ivp(diffusion, (0, 2), start, "BDF", args=(6, 0.7))
    expected = integrate.solve_ivp(diffusion, (0, 2), start, "BDF", args=(6, 0.7))
    assert found.nfev <= expected.nfev
    np.testing.assert_allclose(found.y[:, -1], expected.y[:, -1], 1e-5)
