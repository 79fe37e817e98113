"""Functions of ``scipy.linalg``: values of SciPy and derivatives."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import scipy.linalg
from scipy.linalg import cho_factor, cho_solve, expm

import chainrule as cr

linalg: Any = scipy.linalg
GENERATOR = np.random.default_rng(0)
A = GENERATOR.normal(size=(3, 3)) + 2 * np.eye(3)
B, V = GENERATOR.normal(size=(3, 2)), GENERATOR.normal(size=3)
TALL = GENERATOR.normal(size=(4, 3))


def positive(a: Any) -> Any:
    return a @ a.T + np.eye(3)


S = positive(A)

CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "expm": (lambda a: expm(a), (np.stack([A, 3 * A]),)),
    "solve_triangular": (lambda a, b: linalg.solve_triangular(a, b), (A, B)),
    "solve_triangular transposed": (
        lambda a, b: linalg.solve_triangular(
            a, b, trans="T", lower=True, unit_diagonal=True, check_finite=False
        ),
        (A, V),
    ),
    "cho_solve": (lambda a, b: cho_solve(cho_factor(positive(a)), b), (A, B)),
    "cho_solve lower": (lambda a, b: cho_solve((np.linalg.cholesky(a), True), b), (S, V)),
    "cholesky": (lambda a: linalg.cholesky(a), (S,)),
    "cholesky lower": (lambda a: linalg.cholesky(a, lower=True), (S,)),
    **{
        f"solve {kind}": (lambda a, b, kind=kind: linalg.solve(a, b, assume_a=kind), (S, B))
        for kind in (None, "sym", "pos")
    },
    "solve transposed": (lambda a, b: linalg.solve(a, b, transposed=True), (A, B)),
    "inv": (lambda a: linalg.inv(a), (A,)),
    "det": (lambda a: linalg.det(a), (A,)),
    "qr": (lambda a: linalg.qr(a, mode="economic")[1], (TALL,)),
    "svd": (lambda a: linalg.svd(a, full_matrices=False)[0], (TALL,)),
    "eigh": (lambda a: linalg.eigh(a, subset_by_index=[0, 1])[0], (S,)),
    "eigh of a pair": (lambda a, b: linalg.eigvalsh(positive(a), positive(b)), (A, A.T + 1)),
    "norm": (lambda a: linalg.norm(a, 2), (A,)),
    "pinv": (lambda a: linalg.pinv(a), (TALL,)),
    "lstsq": (lambda a, b: linalg.lstsq(a, b)[0], (TALL, V[[0, 1, 2, 0]])),
    "block_diag": (lambda a, b: linalg.block_diag(a, b, 1.0), (A, B)),
    "toeplitz": (lambda a: linalg.toeplitz(a, a[:2]), (V,)),
    "circulant": (lambda a: linalg.circulant(a), (V,)),
    "hankel": (lambda a: linalg.hankel(a, a[:2]), (V,)),
}


@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives_are_those_of_scipy(name: str) -> None:
    function, arrays = CASES[name]
    expected, found = function(*arrays), cr.vjp(function, *arrays)[0]
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, 1e-11, 1e-12)
    cr.check_grads(lambda *inputs: np.sum(np.sin(function(*inputs))), arrays, order=1)


def test_compiled_values_are_those_of_scipy() -> None:
    """All functions in one program."""
    functions, inputs = zip(*CASES.values(), strict=True)
    pairs = lambda inputs: zip(functions, inputs, strict=True)  # noqa: E731
    compiled = cr.jit(lambda inputs: [function(*each) for function, each in pairs(inputs)])
    for found, (function, each) in zip(compiled(inputs), pairs(inputs), strict=True):
        np.testing.assert_allclose(found, function(*each), 1e-11, 1e-12)


def test_the_exponential_of_matrices_of_any_size_is_that_of_scipy() -> None:
    for scale in (0.0, 1e-8, 1.0, 50.0):
        for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 1e-3)):
            a = (scale * (A - A.T)).astype(dtype)
            found = cr.jit(lambda a: expm(a))(a)
            assert found.dtype == dtype
            np.testing.assert_allclose(found, expm(a), tolerance, tolerance)


def test_what_may_be_complex_is_refused_with_the_function_of_symmetric_matrices() -> None:
    for name, word in (("eig", "eigh"), ("sqrtm", "np.sqrt"), ("lu_factor", "scipy.linalg.solve")):
        with pytest.raises(cr.errors.UnsupportedError, match=f"{name}.*{word}"):
            cr.grad(lambda a, name=name: np.sum(getattr(linalg, name)(a)[0]))(A)
    w, v = np.linalg.eigh(S)
    np.testing.assert_allclose((v * np.sqrt(w)) @ v.T, linalg.sqrtm(S), 1e-12)


def test_functions_of_scipy_are_traced_wherever_they_were_imported() -> None:
    from scipy.linalg import expm as local

    expected = cr.grad(lambda a: np.sum(expm(a)))(A)
    outer, given = local, partial(local)
    for function in (
        lambda a: np.sum(local(a)),
        lambda a: cr.vmap(outer)(a[None]).sum(),
        lambda a: np.sum(given(a)),
    ):
        for run in (cr.grad, lambda f: cr.jit(cr.grad(f))):
            np.testing.assert_allclose(run(function)(A), expected)
    assert local is linalg.expm
    np.testing.assert_allclose(cr.jacobian(linalg.expm)(A).sum((0, 1)), expected)
    np.testing.assert_allclose(cr.jit(linalg.expm)(A), local(A))
    lower = partial(linalg.solve_triangular, lower=True)
    np.testing.assert_allclose(cr.vmap(lower)(A[None], A[None])[0], lower(A, A))
    with pytest.raises(ZeroDivisionError):
        cr.grad(lambda a: local(a)[0, 0] / (1 // 0))(A)
    assert local is linalg.expm
