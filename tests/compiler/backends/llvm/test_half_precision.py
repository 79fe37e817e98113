"""Half precision: computed in single precision and rounded after each operation, as NumPy does."""

import numpy as np

import chainrule as cr
from chainrule import nn

HALF, SINGLE = np.arange(-8, 9, dtype="f2") / 3, np.arange(1, 18, dtype="f4")

PROGRAMS = {
    "operations round": (lambda a, b: (a + 1 / 3) * a - a / 7, HALF, SINGLE),
    "half and single": (lambda a, b: a + b, HALF, SINGLE),
    "half and double": (lambda a, b: a * b, HALF, SINGLE.astype("f8") / 3),
    "half and integer": (lambda a, b: a + b, HALF, np.arange(17)),
    "half and a number": (lambda a, b: a * 0.1 + 3, HALF, SINGLE),
    "comparison": (lambda a, b: (a > b) | (a == a[::-1]), HALF, SINGLE),
    "selection": (lambda a, b: np.where(a > 0, a, -a[::-1]), HALF, SINGLE),
    "to single": (lambda a, b: a.astype("f4") / 3, HALF, SINGLE),
    "from double, rounded once": (
        lambda a, b: b.astype("f2"),
        HALF,
        np.array([1 + 2.0**-11 + 2.0**-40, 1 + 2.0**-11, 65519.999, 65520, 2.0**-25, 1e-9, np.nan]),
    ),
    "from integers": (lambda a, b: b.astype("f2"), HALF, np.array([2049, 2051, 65519, 65520, -7])),
    "to integers": (lambda a, b: a.astype("i4") + a.astype("u1"), abs(HALF), SINGLE),
    "bytes": (lambda a, b: np.sqrt(a) * b, np.arange(17, dtype="u1"), SINGLE),
    "joined": (lambda a, b: np.concatenate([a, b]), HALF, SINGLE),
    "extrema": (lambda a, b: np.max(a) + np.argmin(a) + np.maximum(a, 0), HALF, SINGLE),
    "sorted": (lambda a, b: np.sort(a[::-1])[::2], HALF, SINGLE),
    "cumulative sum": (lambda a, b: np.cumsum(a), HALF, SINGLE),
    "gathered": (lambda a, b: a[np.array([3, -1, 3])], HALF, SINGLE),
    "functions": (lambda a, b: np.exp(a) + np.tanh(a) * np.log1p(abs(a)), HALF, SINGLE),
    "product of matrices": (lambda a, b: a @ a.T, np.ones((3, 3000), "f2"), SINGLE),
    "overflow": (lambda a, b: a * 30000 / 30000, HALF, SINGLE),
}


def test_compiled_programs_give_the_values_and_dtypes_of_numpy():
    for name, (function, a, b) in PROGRAMS.items():
        with np.errstate(all="ignore"):
            expected = function(a, b)
            got = cr.jit(function)(a, b)
        assert got.dtype == expected.dtype, name
        tolerance = 2e-3 if name == "functions" else 0
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=0, err_msg=name)


MEANS = {
    "mean": (np.mean, np.full(70000, 10, "f2")),
    "mean of rows": (lambda x: np.mean(x, axis=0), np.full((1 << 16, 2), 1e-5, "f2")),
    "mean of some": (lambda x: np.mean(x, where=x > 5), np.full(70000, 10, "f2")),
    "sum": (np.sum, np.full(30000, 2, "f2")),
    "average": (np.average, np.full(60000, 10, "f2")),
    "std": (np.std, np.tile(np.array([3, 0], "f2"), 5000)),
    "nanmean": (np.nanmean, np.full(5000, 10, "f2")),
    "dot": (lambda x: x @ x, np.full(3000, 3, "f2")),
}


def test_sums_accumulate_in_single_precision():
    for name, (function, x) in MEANS.items():
        expected = function(x)
        for got in (
            cr.jit(function)(x),
            cr.value_and_grad(lambda v, f=function: np.sum(f(v)))(x)[0],
        ):
            close = np.sum(expected) if got.shape == () else expected
            np.testing.assert_allclose(got, close, rtol=1e-3, err_msg=name)
            assert got.dtype == np.float16


def test_sums_and_counts_beyond_half_precision_do_not_overflow_on_the_way():
    many = np.full(70000, 10, "f2")
    for name, function, right in (
        ("nanmean", np.nanmean, 10),
        ("logaddexp", np.logaddexp.reduce, 10 + np.log(70000)),
    ):
        for got in (cr.jit(function)(many), cr.vjp(function, many)[0]):
            np.testing.assert_allclose(got, right, rtol=1e-3, err_msg=name)
            assert got.dtype == np.float16


def test_derivatives_have_the_dtype_of_their_variable():
    derivative = cr.jit(cr.grad(lambda a, b: np.sum(a * b)))(HALF, SINGLE)
    assert derivative.dtype == np.float16
    np.testing.assert_array_equal(derivative, SINGLE.astype("f2"))


def test_networks_train_on_half_precision_samples():
    x = np.random.default_rng(0).normal(size=(48, 3)).astype("f2")
    scores = []
    for samples in (x, x.astype("f4")):
        net = cr.Network([nn.Dense(2, activation="relu"), nn.BatchNorm(), nn.Dense(1)], seed=0)
        net.compile(loss="mse", optimizer="adam")
        net.fit(samples, samples[:, :1], epochs=2, verbose=0)
        scores.append((net.predict(samples), net.evaluate(samples, samples[:, :1])))
    np.testing.assert_array_equal(scores[0][0], scores[1][0])
    assert scores[0][1] == scores[1][1]


def test_variances_overflow_as_numpys_do():
    x = np.tile(np.array([300, 0], "f2"), 50)
    for function in (np.var, np.std):
        with np.errstate(over="ignore"):
            assert cr.jit(function)(x) == function(x) == np.inf
