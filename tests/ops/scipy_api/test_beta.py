"""The beta function and its relatives are exact where SciPy's logarithms of gamma cancel."""

import mpmath as mp
import numpy as np
import pytest
import scipy.special as sp

import chainrule as cr
from chainrule.ops.scipy_api import beta
from tests.ops.numpy_api.function_table import assert_same, trace_known
from tests.ops.scipy_api.special_value_checks import largest_error

FIRST, SECOND = (x.ravel() for x in np.meshgrid(np.logspace(-3, 5, 9), np.logspace(-3, 5, 9)))


def test_values_are_exact_for_arguments_of_all_sizes() -> None:
    exact = {
        "beta": (mp.beta, FIRST, SECOND),
        "betaln": (
            lambda a, b: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b), FIRST, SECOND
        ),
        "binom": (mp.binomial, SECOND + 9, 3.7),
        "poch": (mp.rf, FIRST, 2.3),
    }  # fmt: skip
    for name, (function, *arguments) in exact.items():
        pairs = np.broadcast_arrays(*arguments)
        with mp.workdps(40):
            wanted = [function(*map(mp.mpf, map(float, each))) for each in zip(*pairs, strict=True)]
            kept = [1e-290 < abs(x) < 1e300 for x in wanted]
            values = trace_known(getattr(sp, name), *arguments).value[kept]
            error = largest_error(values, [x for x, k in zip(wanted, kept, strict=True) if k])
        assert error < 5e-13, f"{name}: {error}"


def test_values_at_poles_and_of_integers_are_scipys() -> None:
    first, second = np.meshgrid(np.arange(-4.0, 5), np.arange(-4.0, 5))
    for name in ("beta", "betaln", "binom"):
        function = getattr(sp, name)
        got, wanted = trace_known(function, first, second).value, function(first, second)
        wanted = np.where(np.isinf(wanted), np.inf, wanted)  # SciPy's sign of a pole is arbitrary
        np.testing.assert_allclose(got, wanted, 1e-14, err_msg=name)
    for m in (0, 1, 3, -1, -4):
        z = first[0] if m >= 0 else first[0, :5]
        got = trace_known(lambda z, m=m: sp.poch(z, m), z)
        assert_same("poch", got, sp.poch(z, m))
    n, k = np.arange(30.0)[:, None], np.arange(12.0)
    np.testing.assert_array_equal(trace_known(sp.binom, n, k).value, sp.binom(n, k))
    np.testing.assert_array_equal(trace_known(beta.comb, n, k).value, sp.comb(n, k))
    np.testing.assert_array_equal(trace_known(sp.gamma, n[:17] + 1).value, sp.factorial(n[:17]))


def test_second_derivatives_are_exact_also_for_equal_arguments() -> None:
    def hessian(a: float, b: float) -> np.ndarray:
        function = cr.hessian(lambda v: sp.beta(v[0], v[1]))
        return np.asarray(function(np.array([a, b])))

    for a, b in ((2.0, 2.0), (0.3, 180.0)):
        orders = ((2, 0), (1, 1), (1, 1), (0, 2))
        wanted = [float(mp.diff(mp.beta, (a, b), each)) for each in orders]
        np.testing.assert_allclose(hessian(a, b).ravel(), wanted, 1e-12)
    tie = cr.grad(cr.grad(lambda a: sp.betaln(a, 20.0)))(20.0)
    np.testing.assert_allclose(tie, sp.polygamma(1, 20) - sp.polygamma(1, 40), 1e-12)


def test_functions_written_in_python_are_taken_too() -> None:
    x = np.array([2.3, 4.0])
    for function in (
        lambda x: sp.multigammaln(x, 3),
        lambda x: sp.comb(x, 2),
        lambda x: sp.comb(x, 2, repetition=True),
        lambda x: sp.perm(x, 2),
        lambda x: sp.factorial(x),
    ):
        value, _ = cr.value_and_grad(lambda x, f=function: np.sum(f(x)))(x)
        np.testing.assert_allclose(value, np.sum(function(x)), 1e-14)
    with pytest.raises(cr.ChainruleError, match="exact=True gives integers"):
        cr.grad(lambda x: sp.factorial(x, exact=True))(3.0)
