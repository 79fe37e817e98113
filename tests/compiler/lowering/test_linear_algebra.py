"""Compiled calls of LAPACK: NumPy's values and errors, the same bits for any number of threads."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.blas_threads import blas_threads_of
from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Call, Region
from chainrule.compiler.loop_ir.printer import format_diagnostic, format_program
from chainrule.compiler.lowering import linear_algebra
from chainrule.compiler.native_program import NativeProgram
from chainrule.compiler.pipeline import compile_to_loops
from chainrule.compiler.routine import LAPACK_PRIMITIVES, callback_name, parse_callback
from chainrule.compiler.verify.verifier import verify_items
from chainrule.errors import GraphError
from chainrule.graph.trace import trace
from chainrule.ops.primitives.linear_algebra.cholesky import cholesky
from chainrule.ops.primitives.linear_algebra.determinant import det
from chainrule.ops.primitives.linear_algebra.linear_system import (
    slogdet,
    solve,
    unchecked_solve,
)
from chainrule.ops.primitives.linear_algebra.triangular import triangular_solve
from chainrule.ops.primitives.requirement import require
from chainrule.ops.primitives.selection import get_results

cython_lapack = pytest.importorskip("scipy.linalg.cython_lapack")


def positive(*shape, seed=0):
    a = np.random.default_rng(seed).standard_normal(shape)
    return a @ a.mT + shape[-1] * np.eye(shape[-1])


def equations(a, b):
    """Cholesky, substitution, LU for two sides and the determinant, from one matrix."""
    factor = cholesky(a)
    x = triangular_solve(factor, b, lower=True, is_transposed=True, unit_diagonal=False)
    y = solve(a, x, is_transposed=False) + solve(a, b, is_transposed=True)
    indefinite = a - 3 * b @ b.mT
    return factor, x, y, *get_results(slogdet(indefinite)), det(indefinite / len(a))


@pytest.mark.parametrize("stack", [(), (1,), (5,), (2, 3)])
@pytest.mark.parametrize("n", [1, 4, 33])
def test_compiled_calls_agree_with_numpy(stack, n):
    a, b = positive(*stack, n, n), np.random.default_rng(1).standard_normal((*stack, n, 2))
    compiled = NativeProgram(trace(equations)(a, b))([a, b])
    for got, expected in zip(compiled, equations(a, b), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("n", [2, 4, 7, 11, 25])
def test_unchecked_equations_agree_with_numpy_and_are_not_finite_if_singular(n):
    def both(a, b):
        sides = (
            unchecked_solve(a, b, is_transposed=False),
            unchecked_solve(a, b, is_transposed=True),
        )
        return *sides, *get_results(slogdet(a))

    rng = np.random.default_rng(n)
    for dtype, tolerance in ((np.float64, 1e-11), (np.float32, 1e-3)):
        a, b = (rng.standard_normal((3, n, k)).astype(dtype) for k in (n, 2))
        compiled = NativeProgram(trace(both)(a, b))
        for got, expected in zip(compiled([a, b]), both(a, b), strict=True):
            np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)
        a[1] = 0
        for solutions in (compiled([a, b])[:2], both(a, b)[:2]):
            assert all(np.isfinite(each).all((1, 2)).tolist() == [1, 0, 1] for each in solutions)


def test_the_blocked_gradient_of_a_factorization_agrees_with_numpy_and_with_the_formula():
    a, weights = positive(130, 130), np.random.default_rng(1).standard_normal((130, 130))
    gradient = cr.grad(lambda a: np.sum(weights * cholesky(a)))
    compiled = cr.jit(gradient)(a)
    np.testing.assert_allclose(compiled, gradient(a), rtol=1e-10, atol=1e-13)
    inverse = np.linalg.inv(np.linalg.cholesky(a))
    p = np.tril(np.linalg.cholesky(a).T @ np.tril(weights))
    z = inverse.T @ (p + p.T - np.diag(np.diag(p))) @ inverse
    expected = np.tril(z) - np.diag(np.diag(z)) / 2
    np.testing.assert_allclose(compiled, expected, rtol=1e-10, atol=1e-13)


def test_bits_do_not_depend_on_the_threads_of_programs_or_of_the_library():
    a, b = positive(200, 200), np.random.default_rng(1).standard_normal((200, 40))
    large = positive(256, 256)
    stack = positive(64, 24, 24)
    blas, before, results = blas_threads_of(cython_lapack.__file__), cr.get_num_threads(), set()
    threads = blas.read()
    try:
        for count, inner in ((1, 1), (4, 1), (4, 2), (3, 3)):
            cr.set_num_threads(count)
            blas.write(inner)
            program = cr.jit(
                lambda a, b, stack: [
                    *equations(a, b),
                    cholesky(stack),
                    cholesky(large),
                    cr.grad(lambda a: np.sum(cholesky(a)))(a),
                ]
            )
            results.add(b"".join(np.asarray(x).tobytes() for x in program(a, b, stack)))
            assert blas.read() == inner
    finally:
        cr.set_num_threads(before)
        blas.write(threads)
    assert len(results) == 1


def test_failures_are_the_errors_of_numpy_where_the_call_is_run():
    a = positive(4, 4)
    branches = cr.jit(lambda test, a: cr.cond(test, cholesky, lambda a: 2 * a, a))
    np.testing.assert_array_equal(branches(False, -a), -2 * a)
    cases = [
        (lambda a: cholesky(-a), "not positive definite"),
        (lambda a: solve(0 * a, a, is_transposed=True), "Singular"),
        (lambda a: cr.scan(lambda x, _: (cholesky(x) - np.eye(4), None), a, length=50)[0], "posit"),
        (lambda a: branches(True, -a), "not positive definite"),
        (lambda a: cholesky(np.stack([a, a, -a])), "not positive definite"),
        # Without the exit at a failure the condition would hold for ever.
        (lambda a: cr.while_loop(lambda x: x[0, 0] < 1e9, lambda x: -abs(cholesky(x)), a), "posit"),
    ]
    for function, message in cases:
        program = cr.jit(function)
        for _ in range(2):
            with pytest.raises(np.linalg.LinAlgError, match=message):
                program(a)
    np.testing.assert_allclose(cr.jit(cholesky.__call__)(a), np.linalg.cholesky(a), rtol=1e-12)


def test_without_scipy_a_program_calls_back_into_numpy(monkeypatch, tmp_path):
    monkeypatch.setattr(linear_algebra, "has_lapack", lambda: False)
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    a, b = positive(3, 5, 5), np.ones((3, 5, 1))
    graph = trace(lambda a, b: [np.sum(each) for each in equations(2 * a.mT, b)])(a, b)
    for _ in range(2):  # compiled, and then from the cache
        compiled = NativeProgram(graph)([a, b])
        for got, expected in zip(compiled, equations(2 * a.mT, b), strict=True):
            np.testing.assert_allclose(got, np.sum(expected), rtol=1e-12)
    program = NativeProgram(trace(lambda a: cholesky(a) + 1)(a))
    for _ in range(2):
        with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
            program([-a])
    np.testing.assert_array_equal(program([a])[0], np.linalg.cholesky(a) + 1)


def test_a_callback_is_data_that_any_process_can_read():
    (node,) = trace(lambda a: solve(a, a, is_transposed=True))(np.eye(3)).equations
    callback = parse_callback(callback_name(node))
    assert callback.primitive is solve
    assert callback.params == {"is_transposed": True}
    assert callback.operands == ((np.dtype(float), (3, 3)),) * 2
    assert parse_callback("lapack.dpotrf") is None
    assert set(linear_algebra.RULES) == set(LAPACK_PRIMITIVES)


def test_calls_are_printed_with_what_they_read_and_write():
    loops = compile_to_loops(trace(lambda a: cholesky(a))(np.eye(3))).loops
    assert "call lapack.dpotrf('U', 3, update result[i, j], 3, info)" in format_program(loops)


def test_the_verifier_refuses_calls_that_break_the_rules():
    axis = Axis(3, "i")
    own = Buffer("arena", np.dtype(float), (3,))
    index = (Affine.of(axis),)
    written = Region(own, index, is_read=False, is_written=True)
    cases = {
        "read-only": Call("f", (Region(Buffer("input", own.dtype, (3,)), index, True, True),)),
        "32 bits": Call("f", (2**40,)),
        "one letter": Call("f", ("AB",)),
        "no argument info": Call("f", (written,), "failed"),
        "another argument": Call("f", (written, written)),
        "out of bounds": Call("f", (Region(own, (Affine.of(axis, constant=1),), False, True),)),
        "read before it is written": Call("f", (Region(own, index),)),
        "neither read nor written": Call("f", (Region(own, index, False, False),)),
    }
    for message, call in cases.items():
        with pytest.raises(GraphError, match=message):
            verify_items([call], [])
        assert "call f(" in format_diagnostic(call, message)
    verify_items([Call("f", (written, 3, "N", None), "failed")], [])


def test_a_requirement_calls_python_only_where_it_does_not_hold():
    def function(x):
        positive = require(2 * x, x > 0, message="log: {values}")
        return np.log(positive), cr.scan(lambda c, _: (c * 0 + positive, c), x, length=3)[0]

    loops = format_program(compile_to_loops(trace(function)(np.ones(3))).loops)
    assert loops.index("until require[]") < loops.index("call python")
    for x in (np.arange(1.0, 4), np.array(3.0), np.ones((1, 1), np.float32), np.ones((0, 2))):
        program = cr.jit(function)
        np.testing.assert_allclose(program(x)[0], np.log(2 * x), rtol=1e-6)
        if x.size:
            with pytest.raises(np.linalg.LinAlgError, match="log: -"):
                program(-x)
        np.testing.assert_allclose(program(x)[1], 2 * x, rtol=1e-6)
