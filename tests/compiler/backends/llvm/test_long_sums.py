"""Long sums in single precision are as accurate as pairwise summation, along every axis."""

import numpy as np

import chainrule as cr


def full(*shape):
    """Return equal numbers, whose rounding errors do not cancel."""
    return np.full(shape, 0.7, np.float32)


SUMS = {
    "sum": (np.sum, full(1 << 22)),
    "of an odd length": (np.sum, full(200001)),
    "mean": (np.mean, full(1 << 22)),
    "of rows": (lambda x: np.sum(x, axis=1), full(2, 1 << 21)),
    "of many rows": (lambda x: np.sum(x, axis=1), full(64, 1 << 15)),
    "of columns": (lambda x: np.sum(x, axis=0), full(1 << 16, 20)),
    "of few columns": (lambda x: np.sum(x, axis=0), full(1 << 20, 3)),
    "around an axis": (lambda x: np.sum(x, axis=(0, 2)), full(128, 8, 1024)),
    "of the first axes": (lambda x: np.sum(x, axis=(0, 1)), full(256, 256, 16)),
    "of all axes": (np.sum, full(512, 1024)),
    "dot": (lambda x: x @ x, full(1 << 22)),
    "mean of squares": (lambda x: np.mean(x * x), full(1 << 22)),
    "of products": (lambda x: np.einsum("ij,ij->", x, x), full(1024, 1024)),
}


def test_relative_errors_are_below_a_millionth():
    for name, (function, x) in SUMS.items():
        expected = function(x.astype(np.float64))
        np.testing.assert_allclose(cr.jit(function)(x), expected, rtol=1e-6, err_msg=name)


PRODUCTS = {
    "weight gradient": (lambda a, b: a.T @ b, full(1 << 17, 24), full(1 << 17, 20)),
    "matrices": (lambda a, b: a @ b, full(40, 5000), full(5000, 33)),
    "vector and matrix": (lambda a, b: a @ b, full(1 << 16), full(1 << 16, 24)),
    "batches": (lambda a, b: np.einsum("bik,bjk->bij", a, b), full(2, 17, 9000), full(2, 16, 9000)),
}


def test_contractions_over_long_axes_are_as_accurate_as_blocked_ones():
    for name, (function, a, b) in PRODUCTS.items():
        expected = function(a.astype(np.float64), b.astype(np.float64))
        got = cr.jit(function)(a, b)
        np.testing.assert_allclose(got, expected, rtol=5e-6, err_msg=name)


def test_so_are_those_of_a_derivative():
    x = (np.random.default_rng(0).random(1 << 20) + 0.5).astype(np.float32)
    derivative = cr.jit(cr.grad(lambda a, x: np.mean((a * x) ** 2)))(np.float32(1), x)
    np.testing.assert_allclose(derivative, 2 * np.mean(x.astype(float) ** 2), rtol=1e-6)


def test_the_bits_do_not_depend_on_the_number_of_threads():
    x = np.random.default_rng(0).normal(size=(300, 4100)).astype(np.float32)
    programs = [
        lambda x: np.sum(x, axis=1),
        lambda x: np.sum(x, axis=0),
        lambda x: np.sum(x * x),
        lambda x: x.T[:40] @ x[:, :40],
    ]
    before, results = cr.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            cr.set_num_threads(threads)
            results.append([cr.jit(each)(x).tobytes() for each in programs])
    finally:
        cr.set_num_threads(before)
    assert all(each == results[0] for each in results)


def test_infinities_and_nan_survive():
    for x in ([*[1.0] * 4000, np.inf], [np.inf, *[0.0] * 4000, -np.inf], [*[1.0] * 4000, np.nan]):
        x = np.array(x, np.float32)
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(cr.jit(np.sum)(x), np.sum(x))
