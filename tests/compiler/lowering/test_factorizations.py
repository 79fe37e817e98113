"""Compiled eigenvalues, QR and singular values: NumPy's numbers, signs and errors."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.loop_ir.printer import format_program
from chainrule.compiler.native_program import NativeProgram
from chainrule.compiler.pipeline import compile_to_loops
from chainrule.graph.trace import trace

pytest.importorskip("scipy.linalg.cython_lapack")


def factors(a, square):
    """All factorizations, whose signs are LAPACK's."""
    return (
        *np.linalg.eigh(square),
        *np.linalg.eigh(square, "U"),
        *np.linalg.qr(a),
        *np.linalg.qr(a, "complete"),
        *np.linalg.svd(a),
        *np.linalg.svd(a, full_matrices=False),
    )


def matrices(*shape, dtype=float):
    a = np.random.default_rng(0).standard_normal(shape)
    return a.astype(dtype), (a @ a.mT - a[..., :1] * np.eye(shape[-2])).astype(dtype)


SHAPES = [(1, 1), (1, 4), (40, 1), (1, 9, 40), (2, 3, 7, 5), (0, 3, 2), (2, 0, 3), (3, 150, 135)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_factors_have_the_values_and_signs_of_numpy(shape):
    a, square = matrices(*shape)
    compiled = NativeProgram(trace(factors)(a, square))([a, square])
    for got, expected in zip(compiled, factors(a, square), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-10 * max(1, *np.abs(expected).flat, 0))


def test_factors_of_single_precision_are_computed_in_double_precision_as_in_numpy():
    a, square = matrices(3, 6, 4, dtype=np.float32)
    graph = trace(factors)(a, square)
    for got, expected in zip(NativeProgram(graph)([a, square]), factors(a, square), strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    loops = format_program(compile_to_loops(graph).loops)
    assert "python" not in loops
    assert all(name in loops for name in ("dsyevd", "dgeqrf", "dorgqr", "dgesdd"))


def test_factors_in_loops_have_the_same_bits_on_any_number_of_threads():
    a, square = matrices(32, 12, 9)

    def program(a, square):
        def step(carry, _):
            values, vectors = np.linalg.eigh(carry)
            return vectors * (values / (1 + values**2))[..., None, :] @ vectors.mT, values

        last, values = cr.scan(step, square, length=3)
        return *cr.cond(values[0, 0, 0] < 9, factors, factors, a, last), values

    before, results = cr.get_num_threads(), set()
    try:
        for count in (1, 2, 4):
            cr.set_num_threads(count)
            compiled = cr.jit(program)(a, square)
            results.add(b"".join(np.asarray(each).tobytes() for each in compiled))
    finally:
        cr.set_num_threads(before)
    assert len(results) == 1
    for got, expected in zip(compiled, program(a, square), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-7)


def test_factors_that_are_not_found_are_the_errors_of_numpy():
    a = np.full((2, 3, 3), np.nan)
    for function, message in ((np.linalg.eigh, "Eigenvalues"), (np.linalg.svd, "SVD")):
        for x in (a, a[0]):
            with pytest.raises(np.linalg.LinAlgError, match=f"{message} did not converge"):
                cr.jit(lambda x, function=function: tuple(function(x)))(x)


def test_least_squares_and_their_gradient_share_one_decomposition():
    def loss(a, b):
        return np.sum(np.linalg.lstsq(a, b, rcond=None)[0] ** 3)

    gradient = cr.grad(loss, argnums=(0, 1))
    for shape in ((5, 3), (3, 5), (1, 1)):
        a, b = matrices(*shape)[0], np.ones((shape[0], 2))
        for got, expected in zip(cr.jit(gradient)(a, b), gradient(a, b), strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)
    loops = format_program(compile_to_loops(trace(gradient)(a, b)).loops)
    assert loops.count("call ") == loops.count("lapack.dgesdd") == 1
    stack = matrices(2, 4, 3, dtype=np.float32)[0]
    singular = np.concatenate([stack, stack[..., :1]], axis=-1)  # of rank 3
    got = cr.jit(np.linalg.pinv)(singular)
    np.testing.assert_allclose(got, np.linalg.pinv(singular), atol=1e-4)


def test_gradients_of_determinants_hold_at_any_rank():
    rng = np.random.default_rng(0)
    program = cr.jit(cr.grad(lambda a: np.sum(np.linalg.det(a))))
    for n in (1, 2, 5):
        for rank in range(max(0, n - 2), n + 1):
            a = rng.standard_normal((3, n, rank)) @ rng.standard_normal((3, rank, n))
            expected = cr.grad(lambda a: np.sum(np.linalg.det(a)))(a)
            np.testing.assert_allclose(program(a), expected, rtol=1e-9, atol=1e-12)
    text = format_program(compile_to_loops(trace(cr.grad(np.linalg.det))(np.eye(4))).loops)
    assert "python" not in text
    a = matrices(4, 4)[0]
    hessian = cr.hessian(np.linalg.det)
    np.testing.assert_allclose(cr.jit(hessian)(a), hessian(a), rtol=1e-9, atol=1e-12)
