"""Linear algebra: values of NumPy, derivatives of both orders, compiled and batched."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

GENERATOR = np.random.default_rng(0)


def matrix(*shape: int) -> Any:
    return GENERATOR.normal(size=shape) + 2 * np.eye(shape[-2], shape[-1])


def positive(a: Any) -> Any:
    return a @ a.mT + np.eye(a.shape[-1])


A, B, V, STACK = matrix(3, 3), matrix(3, 2), GENERATOR.normal(size=3), matrix(2, 2, 3, 3)
S, TALL, WIDE = positive(A), matrix(4, 3), matrix(2, 4)
SINGULAR = np.array([[1.0, 2, 3], [2, 4, 6], [1, 1, 1]])
ONE = np.array([[1.7]])

CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "solve": (np.linalg.solve, (STACK, B)),
    "solve vector": (np.linalg.solve, (STACK, V)),
    "solve one matrix": (np.linalg.solve, (A, matrix(2, 3, 2))),
    "inv": (np.linalg.inv, (STACK,)),
    "det": (np.linalg.det, (STACK,)),
    "det of rank n - 1": (np.linalg.det, (SINGULAR,)),
    "det of rank n - 2": (
        lambda a: np.linalg.det(a) + np.sum(a),
        (np.outer(V, V[::-1]),),
    ),
    "det 1": (np.linalg.det, (ONE,)),
    "slogdet": (lambda a: np.linalg.slogdet(a).logabsdet, (STACK,)),
    "cholesky": (lambda a: np.linalg.cholesky(positive(a)), (STACK,)),
    "cholesky as read": (np.linalg.cholesky, (S,)),
    "cholesky upper": (lambda a: np.linalg.cholesky(a, upper=True), (S,)),
    "qr": (lambda a: [*np.linalg.qr(a)], (STACK,)),
    "qr tall": (lambda a: [*np.linalg.qr(a)], (TALL,)),
    "qr wide": (lambda a: [*np.linalg.qr(a)], (WIDE,)),
    "qr r": (lambda a: np.linalg.qr(a, mode="r"), (TALL,)),
    "eigh": (lambda a: [*np.linalg.eigh(positive(a))], (STACK,)),
    "eigh as read": (lambda a: np.linalg.eigh(a, "U").eigenvectors, (S,)),
    "eigvalsh": (np.linalg.eigvalsh, (S,)),
    "svd tall": (lambda a: [*np.linalg.svd(a, full_matrices=False)], (TALL,)),
    "svd wide": (lambda a: [*np.linalg.svd(a, full_matrices=False)], (WIDE,)),
    "svd symmetric": (lambda a: [*np.linalg.svd(positive(a), hermitian=True)], (A,)),
    "singular values": (lambda a: np.linalg.svd(a, compute_uv=False), (STACK,)),
    "lstsq": (lambda a, b: [*np.linalg.lstsq(a, b, rcond=None)][:2], (TALL, matrix(4, 2))),
    "lstsq wide": (lambda a, b: np.linalg.lstsq(a, b)[0], (WIDE, V[:2])),
    "pinv": (np.linalg.pinv, (matrix(2, 4, 3),)),
    "pinv symmetric": (lambda a: np.linalg.pinv(a, hermitian=True), (S,)),
    "cond": (np.linalg.cond, (STACK,)),
    "cond 1": (lambda a: np.linalg.cond(a, 1), (A,)),
    "power": (lambda a: np.linalg.matrix_power(a, -3), (A,)),
    **{
        f"norm {ord}": (lambda a, ord=ord: np.linalg.norm(a, ord, axis=(0, 2)), (matrix(3, 2, 4),))
        for ord in ("nuc", 2, -2)
    },
    "multi_dot": (lambda a, b: np.linalg.multi_dot([a, b, b.T]), (A, B)),
    "tensorsolve": (np.linalg.tensorsolve, (matrix(6, 6).reshape(2, 3, 6), B.T)),
    "tensorinv": (lambda a: np.linalg.tensorinv(a, ind=1), (matrix(6, 6).reshape(6, 2, 3),)),
    "kron": (np.kron, (A, B)),
}


def parts(results: Any) -> list[Any]:
    return [*results] if isinstance(results, list | tuple) else [results]


@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives_are_those_of_numpy(name: str) -> None:
    function, arrays = CASES[name]

    def scalar(*inputs: Any) -> Any:
        results = parts(function(*inputs))
        return sum(np.sum(np.cos(x + 0.3 * i) * x) for i, x in enumerate(results))

    found, expected = parts(cr.vjp(function, *arrays)[0]), parts(function(*arrays))
    for x, y in zip(found, expected, strict=True):
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        np.testing.assert_allclose(x, y, 1e-11, 1e-12)
    cr.check_grads(scalar, arrays, order=2)
    gradients = cr.grad(scalar, argnums=range(len(arrays)))(*arrays)
    directions = tuple(np.cos(np.arange(x.size).reshape(x.shape)) for x in arrays)
    along = sum(np.sum(g * d) for g, d in zip(gradients, directions, strict=True))
    np.testing.assert_allclose(cr.jvp(scalar, arrays, directions)[1], along, 1e-9)


def test_compiled_batches_are_those_of_a_loop() -> None:
    """All functions in one program."""
    functions = [function for function, _ in CASES.values()]
    batches = [[np.stack([x, 1.1 * x]) for x in arrays] for _, arrays in CASES.values()]

    @cr.jit
    def batched(batches: Any) -> Any:
        return [parts(cr.vmap(f)(*each)) for f, each in zip(functions, batches, strict=True)]

    for found, function, each in zip(batched(batches), functions, batches, strict=True):
        rows = [parts(function(*[x[i] for x in each])) for i in range(2)]
        for x, *entries in zip(found, *rows, strict=True):
            np.testing.assert_allclose(x, entries, 1e-10, 1e-12)


def test_a_compiled_gradient_is_the_interpreted_one() -> None:
    def likelihood(a: Any, y: Any) -> Any:
        factor = np.linalg.cholesky(positive(a))
        q, r = np.linalg.qr(a)
        w, v = np.linalg.eigh(positive(a))
        _, s, vh = np.linalg.svd(a)
        return (
            np.sum(np.linalg.solve(factor, y) ** 2)
            + np.sum(np.log(np.diag(factor)))
            + np.sum(q * r) + np.sum(w * v) + np.sum(s * vh)
            + np.linalg.det(a) + np.linalg.norm(a, "nuc") + np.sum(np.linalg.lstsq(a, y)[0])
        )  # fmt: skip

    gradient = cr.grad(likelihood, argnums=(0, 1))
    for x, y in zip(cr.jit(gradient)(A, V), gradient(A, V), strict=True):
        np.testing.assert_allclose(x, y, 1e-10)


def test_arrays_without_elements_have_the_results_of_numpy() -> None:
    none, columns = np.ones((2, 0, 0)), np.ones((0, 3))
    for function, x in (
        (np.linalg.det, none),
        (np.linalg.inv, none),
        (np.linalg.cholesky, none),
        (np.linalg.eigvalsh, none),
        (np.linalg.pinv, columns),
        (lambda x: np.linalg.qr(x)[1], columns),
        (lambda x: np.linalg.svd(x)[2], columns),
        (lambda x: np.linalg.lstsq(x, np.ones((0, 2)))[0], columns),
        (lambda x: np.linalg.slogdet(x)[0], none),
    ):
        value, pullback = cr.vjp(function, x)
        np.testing.assert_array_equal(value, function(x))
        (gradient,) = pullback(np.ones(value.shape))
        assert gradient.shape == x.shape


def test_single_precision_stays_and_integers_become_double() -> None:
    functions = (np.linalg.inv, np.linalg.det, np.linalg.pinv, np.linalg.cholesky)
    for function in functions:
        for dtype, expected in (("float32", "float32"), ("int64", "float64")):
            value = cr.trace(function)(np.eye(3, dtype=dtype) * 2).outputs[0]
            assert value.dtype == expected
    mixed = cr.jit(np.linalg.solve)(np.eye(2, dtype=np.float32), np.ones(2))
    assert mixed.dtype == np.float64
    with pytest.raises(cr.errors.DTypeError, match="float32"):
        cr.trace(np.linalg.inv)(np.eye(2, dtype=np.float16))


# Where derivatives exist, and where they do not.


def test_values_of_repeated_eigenvalues_have_derivatives_and_vectors_none() -> None:
    repeated = np.diag([1.0, 1.0, 2.0])
    spread = cr.grad(lambda a: np.sum(np.linalg.eigvalsh(a) ** 3))(repeated)
    np.testing.assert_allclose(spread, 3 * np.diag([1.0, 1, 4]), atol=1e-12)
    nuclear = cr.grad(lambda a: np.linalg.norm(a, "nuc"))(np.eye(3))
    np.testing.assert_allclose(nuclear, np.eye(3), atol=1e-12)
    inverse = cr.grad(lambda a: np.sum(np.linalg.pinv(a) * A))(np.eye(3))
    np.testing.assert_allclose(inverse, -A, atol=1e-12)
    for function, values in (
        (lambda a: np.sum(np.linalg.eigh(a)[1] * A), "eigenvalues 1, 1 are repeated"),
        (lambda a: np.sum(np.linalg.svd(a)[0] * A), "singular values 1, 1 are repeated"),
    ):
        for gradient in (cr.grad(function), cr.jit(cr.grad(function))):
            with pytest.raises(np.linalg.LinAlgError, match=values):
                gradient(repeated)
        with pytest.raises(np.linalg.LinAlgError, match=values):
            cr.jvp(function, (repeated,), (A,))


def test_principal_components_of_few_samples_have_a_gradient() -> None:
    """All other eigenvalues are zero, and repeated, but their vectors are not used."""

    def by_covariance(x: Any) -> Any:
        x = x - x.mean(0)
        return np.sum(np.cos(x @ np.linalg.eigh(x.T @ x)[1][:, -2:]) * [1, 2])

    def by_singular_vectors(x: Any) -> Any:
        x = x - x.mean(0)
        u, _, vh = np.linalg.svd(x, full_matrices=False)
        return np.sum(np.cos(u[:, :1] * vh[:1]))

    x = GENERATOR.normal(size=(4, 8))
    step = 1e-6 * np.cos(np.arange(32.0).reshape(4, 8))
    for function in (by_covariance, by_singular_vectors):
        change = (function(x + step) - function(x - step)) / 2
        for gradient in (cr.grad(function), cr.jit(cr.grad(function))):
            np.testing.assert_allclose(np.sum(gradient(x) * step), change, 1e-5)


def test_eigenvalues_that_rounding_separates_are_repeated() -> None:
    q, _ = np.linalg.qr(GENERATOR.normal(size=(30, 30)))
    a = (q * np.repeat([1.0, 2, 3], 10)) @ q.T
    with pytest.raises(np.linalg.LinAlgError, match="repeated"):
        cr.grad(lambda a: np.linalg.eigh(a)[1][0, 0])((a + a.T) / 2)


def test_completed_bases_have_the_derivatives_of_what_does_not_depend_on_the_choice() -> None:
    def projector(a: Any) -> Any:
        basis = np.linalg.svd(a)[0][:, 3:]
        return np.sum(np.cos(basis @ basis.T))

    def completed(a: Any) -> Any:
        basis = np.linalg.qr(a, mode="complete")[0]
        return np.sum(np.cos(basis[:, 3:] @ basis[:, 3:].T) + basis[:, :1])

    first = np.linalg.svd(TALL)[0][:, :2]
    for function in (projector, completed, lambda a: np.sum(np.linalg.svd(a)[0][:, :2] * first)):
        gradient = cr.grad(function)(TALL)
        step = 1e-6 * np.cos(np.arange(12.0).reshape(4, 3))
        change = (function(TALL + step) - function(TALL - step)) / 2
        np.testing.assert_allclose(np.sum(gradient * step), change, 1e-4, 1e-13)
    wide = np.concatenate([TALL, TALL[:, :1] ** 2, TALL[:, 1:2] ** 3], axis=1)[:, :2]
    with pytest.raises(np.linalg.LinAlgError, match="determined but for a rotation"):
        cr.grad(lambda a: np.sum(np.linalg.svd(a)[0][:, 2:] * WIDE.T))(wide)


def test_the_derivative_of_a_pseudoinverse_is_that_at_constant_rank() -> None:
    left, right = GENERATOR.normal(size=(5, 2)), GENERATOR.normal(size=(2, 4))

    def function(left: Any, right: Any) -> Any:
        return np.sum(np.sin(np.linalg.pinv(left @ right, rcond=1e-10)))

    cr.check_grads(function, (left, right))


def test_the_triangle_that_is_read_has_the_derivative() -> None:
    gradient = cr.grad(lambda a: np.sum(np.linalg.cholesky(a)))(S)
    assert np.all(np.triu(gradient, 1) == 0)
    step = 1e-6 * positive(matrix(3, 3))  # symmetric
    change = np.sum(np.linalg.cholesky(S + step) - np.linalg.cholesky(S - step)) / 2
    np.testing.assert_allclose(np.sum(gradient * step), change, 1e-7)


def test_matrices_that_cannot_be_computed_with_are_errors_of_numpy() -> None:
    for function, x in (
        (np.linalg.inv, np.zeros((2, 2))),
        (np.linalg.cholesky, -np.eye(2)),
        (lambda a: np.linalg.slogdet(a)[1], SINGULAR * 0),
    ):
        for run in (cr.grad, lambda f: cr.jit(cr.grad(f))):
            with pytest.raises(np.linalg.LinAlgError):
                run(lambda a, function=function: np.sum(function(a)))(x)
    with pytest.raises(np.linalg.LinAlgError, match=r"test_linear_algebra.py:\d+"):
        cr.grad(lambda a: np.sum(np.linalg.inv(a)))(np.zeros((2, 2)))
    with pytest.raises(cr.errors.ShapeError, match=r"solve: .*\(2,\).* 3 rows"):
        cr.grad(lambda a: np.sum(np.linalg.solve(a, np.ones(2))))(A)
    with pytest.raises(cr.errors.ShapeError, match=r"det: .*square"):
        cr.jit(np.linalg.det)(B)


def test_ranks_are_integers_and_residuals_those_of_numpy() -> None:
    assert cr.jit(np.linalg.matrix_rank)(SINGULAR) == np.linalg.matrix_rank(SINGULAR) == 2
    deficient = np.concatenate([B, B[:, :1]], axis=1)[:, [0, 2]]
    solution = cr.vjp(lambda a: np.linalg.lstsq(a, V)[1], deficient)[0]
    assert solution.shape == np.linalg.lstsq(deficient, V)[1].shape == (0,)
    with pytest.raises(np.linalg.LinAlgError, match="rank is not full"):
        cr.jit(lambda a: np.linalg.lstsq(a, V)[1])(deficient)
