"""Special values: compiled, interpreted and NumPy's results agree, to the last bit where exact."""

import itertools

import numpy as np

import chainrule as cr
from chainrule.graph.evaluate import evaluate

UNARY = [
    "absolute", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "ceil",
    "cos", "cosh", "exp", "exp2", "expm1", "floor", "log", "log10", "log1p", "log2",
    "negative", "reciprocal", "rint", "sign", "signbit", "sin", "sinh", "sqrt", "tan", "tanh",
    "trunc",
]  # fmt: skip
BINARY = [
    "arctan2", "copysign", "divide", "floor_divide", "fmax", "fmin", "fmod", "heaviside", "hypot",
    "logaddexp", "logaddexp2", "maximum", "minimum", "power", "remainder",
]  # fmt: skip
EXACT = {
    "absolute", "ceil", "copysign", "divide", "floor", "floor_divide", "fmax", "fmin", "fmod",
    "heaviside", "maximum", "minimum", "negative", "reciprocal", "remainder", "rint", "sign",
    "signbit", "sqrt", "trunc",
}  # fmt: skip
UNITS = {"float16": 1, "float32": 3, "float64": 4}
"""Units in the last place by which NumPy's result and ours may differ."""


def special_values(dtype):
    limits = np.finfo(dtype)
    tiny, largest = limits.smallest_subnormal, limits.max
    edge = dtype(np.log(largest)) + dtype(0.25)  # exp overflows, sinh and cosh do not
    positive = [0, tiny, 3 * tiny, limits.tiny, limits.eps, 0.5, 1 - limits.epsneg, 1, 1.5, 2, 2.5,
                3, 10, 1000, edge - 1, edge, largest / 2, largest, np.inf, np.nan]  # fmt: skip
    return np.array([sign * dtype(each) for each in positive for sign in (1, -1)], dtype)


def assert_same(got, expected, units, what):
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape), what
    if expected.dtype.kind != "f":
        np.testing.assert_array_equal(got, expected, what)
        return
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected), what)
    numbers = ~np.isnan(expected)
    got, expected = got[numbers], expected[numbers]
    np.testing.assert_array_equal(np.signbit(got), np.signbit(expected), what)
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(got[~finite], expected[~finite], what)
    got, expected = got[finite].astype(np.longdouble), expected[finite]
    unit = np.abs(expected) - np.nextafter(np.abs(expected), np.zeros_like(expected))
    assert np.all(np.abs(got - expected) <= units * unit), what


def test_elementwise_functions_of_special_values_give_the_results_of_numpy():
    for name, dtype in itertools.product(UNARY + BINARY, (np.float16, np.float32, np.float64)):
        function, special = getattr(np, name), special_values(dtype)
        count = 1 if name in UNARY else 2
        pairs = np.array(list(itertools.product(special, repeat=count)), dtype)
        columns = [np.ascontiguousarray(column) for column in pairs.T]
        with np.errstate(all="ignore"):
            expected = function(*columns)
            interpreted = evaluate(cr.trace(function)(*columns), columns)[0]
            compiled = cr.jit(function)(*columns)
            units = 0 if name in EXACT else UNITS[np.dtype(dtype).name]
            if name.startswith("logaddexp"):  # where the sum is near 1, all digits cancel
                small = np.abs(expected) < 1
                expected, interpreted, compiled = (
                    np.where(small, 0, each) for each in (expected, interpreted, compiled)
                )
        assert_same(interpreted, expected, units, f"{name}, interpreted")
        assert_same(compiled, expected, units, f"{name}, compiled")


def test_numbers_and_short_arrays_compile_to_the_same_values_as_long_ones():
    special = special_values(np.float32)
    for name in ("exp", "tanh", "log1p", "sqrt", "cosh", "floor_divide", "maximum", "copysign"):
        operands = [special] if name in UNARY else [special, np.roll(special, 7)]
        with np.errstate(all="ignore"):
            compiled = cr.jit(getattr(np, name))
            long = compiled(*operands)
            for part in (slice(7), slice(20, 21)):
                short = compiled(*(x[part] for x in operands))
                np.testing.assert_array_equal(short.view("i4"), long[part].view("i4"), name)
            number = compiled(*(x[9] for x in operands))
        np.testing.assert_array_equal(number, long[9], name)


def test_a_constant_operand_of_an_extremum_gives_the_sign_of_zero_of_numpy():
    x = np.array([0.0, -0.0, np.nan, 1.0, -1.0])
    for function in (np.maximum, np.minimum):
        for zero in (0.0, -0.0):
            for call in (
                lambda v, f=function, z=zero: f(v, z),
                lambda v, f=function, z=zero: f(z, v),
            ):
                assert_same(cr.jit(call)(x), call(x), 0, function.__name__)


def test_integer_division_and_overflow_wrap_around_as_in_numpy():
    for dtype in (np.int8, np.int32, np.int64, np.uint8):
        limits = np.iinfo(dtype)
        odd = np.array([limits.min, limits.max, 0, 1, 7, limits.max // 2], dtype)
        a, b = (x.ravel() for x in np.meshgrid(odd, odd))
        for function in (np.add, np.multiply, np.floor_divide, np.remainder, np.subtract):
            with np.errstate(all="ignore"):
                expected = function(a, b)
            np.testing.assert_array_equal(cr.jit(function)(a, b), expected, function.__name__)


def test_logarithms_of_powers_are_exact():
    for name, powers in (("log2", 2.0 ** np.arange(-1074, 1024)), ("log10", 10.0 ** np.arange(23))):
        function = getattr(np, name)
        np.testing.assert_array_equal(cr.jit(function)(powers), np.rint(function(powers)))
    cubes = np.arange(1.0, 200) ** 3
    np.testing.assert_array_equal(cr.jit(np.cbrt)(cubes), np.arange(1.0, 200))


def test_derivatives_of_hyperbolic_functions_keep_their_digits():
    x = np.array([1e-12, -1e-9, 1e-4, 0.3, -0.999, 1.0, 5.0, -700.0, 710.0])
    large = np.array([0.0, 2.0, -3.0, 1e200, -1e300])
    above = np.array([1.0001, 2.0, 1e200, 1.7e308])
    for function, derivative, at in (
        (np.cosh, np.sinh, x),
        (np.sinh, np.cosh, x),
        (np.arcsinh, lambda x: 1 / np.hypot(1, x), large),
        (np.arccosh, lambda x: 1 / np.sqrt(x - 1) / np.sqrt(x + 1), above),
        (np.log2, lambda x: 1 / x / np.log(2), above),
    ):
        derivative = cr.grad(lambda x, f=function: np.sum(f(x)))
        for run in (derivative, cr.jit(derivative)):
            np.testing.assert_allclose(run(at), derivative(at), rtol=2e-15)
