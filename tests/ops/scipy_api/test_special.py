"""Traced functions of ``scipy.special`` have SciPy's values and exact derivatives."""

from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.special as sp
from scipy.special import erfc, gammainc, logsumexp

import chainrule as cr
from chainrule.ops.scipy_api import beta, error_function, gamma, softmax, special
from tests.ops.numpy_api.function_table import Table, assert_same, check_derivatives, trace_known

REALS = np.array([-6.0, -3.1, -1, -0.3, -1e-9, 1e-9, 0.2, 0.6, 1.3, 4, 4.5, 11])
PARTS = np.array([0.04, 0.3, 0.31, 0.5, 0.64, 0.66, 0.9])
SIZES = np.array([0.3, 1.2, 2.5, 0.1, 7, 1, 2])
SIGNED = np.linspace(-1.5, 2, 7)
POLES = np.array([-3.7, -2.2, -0.5, 0.1, 0.6, 1, 1.5, 7.9, 8.3, 20])

NAMES_BY_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "cosm1 exp10 exp2 expit expm1 exprel log_expit softplus erf erfc ndtr log_ndtr": (REALS,),
    "logit erfinv entr log1p ndtri erfcinv": (PARTS,),
    "xlogy xlog1py rel_entr kl_div huber pseudo_huber beta betaln poch binom": (PARTS, SIZES),
    "loggamma": (SIZES,),
    "boxcox boxcox1p": (SIZES, SIGNED),
    "inv_boxcox inv_boxcox1p": (PARTS, SIGNED),
    "gammaln psi digamma gamma rgamma": (POLES,),
    "erfcx": (REALS / 3,),
    "cbrt": (SIGNED,),
}

ARGUMENTS = {name: arrays for names, arrays in NAMES_BY_ARGUMENTS.items() for name in names.split()}

ELEMENTWISE: Table = {name: (getattr(sp, name), *arrays) for name, arrays in ARGUMENTS.items()}

EDGES = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan])


def test_every_function_has_a_row() -> None:
    modules = (special, error_function, gamma, beta)
    names = {name for module in modules for name in module.__all__}
    assert names == {*ARGUMENTS, "comb", "factorial", "gammasgn", "multigammaln", "perm"}


def test_values_are_scipys() -> None:
    for name, (function, *arrays) in ELEMENTWISE.items():
        assert_same(name, trace_known(function, *arrays), function(*arrays))
        singles = [x.astype(np.float32) for x in arrays]
        assert_same(f"{name} of f32", trace_known(function, *singles), function(*singles), 2e-5)


def test_derivatives_are_exact() -> None:
    with np.errstate(invalid="ignore"):  # finite differences step out of the domain
        check_derivatives(ELEMENTWISE, compiled=False, order=1)
        steep = ("entr", "erfc", "gammaln")
        check_derivatives({name: ELEMENTWISE[name] for name in steep}, compiled=False)


def test_compiled_functions_are_the_interpreted_ones() -> None:
    names = ("expit", "logit", "erfc", "gammaln", "entr", "boxcox")
    rows = {name: ARGUMENTS[name] for name in names}

    def total(rows: Any) -> Any:
        return sum(np.sum(ELEMENTWISE[name][0](*arrays)) for name, arrays in rows.items())

    gradient = cr.grad(total)
    assert_same("gradients", cr.jit(gradient)(rows), gradient(rows), 1e-11)


@pytest.mark.parametrize(
    "name",
    [
        "boxcox", "entr", "erfc", "erfinv", "expit", "exprel", "gamma", "gammaln", "gammasgn",
        "huber", "log_expit", "log_ndtr", "logit", "ndtri", "psi", "rel_entr", "xlogy",
    ],
)  # fmt: skip
def test_special_values_are_scipys(name: str) -> None:
    function = getattr(sp, name)
    for x in EDGES:
        arguments = (np.array(x),) if function.nin == 1 else (np.array(x), np.array(0.5))
        with np.errstate(all="ignore"):
            got, expected = trace_known(function, *arguments).value, function(*arguments)
        assert_same(f"{name}({x})", got, expected)


def test_zero_probabilities_have_zero_terms_and_their_derivatives() -> None:
    p, q = np.array([0.0, 0.5, 0.5]), np.array([0.0, 0.25, 0.75])
    gradient = cr.grad(lambda q: np.sum(sp.rel_entr(p, q)))(q)
    np.testing.assert_allclose(gradient, [0, -2, -2 / 3])
    assert cr.grad(lambda y: sp.xlogy(0.0, y))(0.0) == 0
    with np.errstate(divide="ignore"):
        assert cr.grad(lambda x: sp.entr(x))(0.0) == np.inf


def test_sums_of_exponentials_are_scipys() -> None:
    generator = np.random.default_rng(0)
    x, b = generator.normal(size=(2, 3, 4))
    x[0, 1], b[1, 1] = -np.inf, 0
    for axis in (None, 0, (0, 1), -1):
        for name in ("softmax", "log_softmax", "logsumexp"):
            assert_same(name, getattr(softmax, name)(x, axis), getattr(sp, name)(x, axis))
        for keepdims in (False, True):
            keywords = {"axis": axis, "b": b, "keepdims": keepdims, "return_sign": True}
            assert_same("b", softmax.logsumexp(x, **keywords), sp.logsumexp(x, **keywords))
    y = generator.normal(size=(3, 4))
    check_derivatives(
        {
            "softmax": (lambda y: softmax.softmax(y, 1), y),
            "log_softmax": (lambda y: softmax.log_softmax(y, 0), y),
            "logsumexp": (lambda y, b: softmax.logsumexp(y, 1, b * b), y, y),
        }
    )


def test_integers_and_half_precision_are_converted_as_in_scipy() -> None:
    for x in (np.arange(1, 4), np.int8([1, 2]), np.float16([0.5, 0.25]), np.array([True, False])):
        for function in (sp.erf, sp.expit, sp.j0, sp.gammaln, lambda x: sp.xlogy(x, 2.0)):
            got, wanted = trace_known(function, x).value, function(x)
            assert got.dtype == wanted.dtype
            np.testing.assert_allclose(got, wanted, 1e-6)


def test_functions_compose_with_every_transformation() -> None:
    x = np.array([[0.3, 0.7, 1.4], [0.2, 2.2, 0.9]])
    functions: list[Any] = [
        lambda x: sp.j0(x) * erfc(x), lambda x: gammainc(2.0, x),
        lambda x: logsumexp(x, axis=-1) + np.sum(scipy.special.gammaln(x), axis=-1),
    ]  # fmt: skip
    for f in functions:
        gradient = cr.grad(lambda x, f=f: np.sum(f(x)))
        wanted = gradient(x)
        np.testing.assert_allclose(cr.jit(cr.vmap(gradient))(x), wanted, 1e-12)
        tangents = cr.jvp(f, (x,), (np.ones_like(x),))[1]
        np.testing.assert_allclose(np.sum(tangents), np.sum(wanted), 1e-12)
        rows = cr.grad(lambda x, f=f: np.sum(cr.scan(lambda c, row: (c, f(row)), 0.0, x)[1]))
        np.testing.assert_allclose(rows(x), wanted, 1e-12)
