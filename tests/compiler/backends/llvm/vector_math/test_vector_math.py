import importlib.util
from pathlib import Path

import mpmath
import numpy as np
import pytest

from chainrule.compiler.backends.llvm.vector_math import FUNCTIONS, coefficients
from tests.compiler.programs.vector_units import UNITS

LIMITS = {"float32": 2.0, "float64": 4.0}
WIDE = np.longdouble
SPECIAL = [
    0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, -5e-324, 1e-310, 1e-45, -1e-40,
    88.7, 88.8, -87.5, -103.9, 709.7, 709.9, -745.1, -746.0, 1e30, -1e30, 1.5, -1.5, 2.0, 0.5,
    1e300,
]  # fmt: skip


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


def erf(x):
    with mpmath.workprec(90):
        values = [WIDE(mpmath.nstr(mpmath.erf(mpmath.mpf(float(v))), 25)) for v in x]
    return np.where(x == 0, x, np.array(values))  # mpmath knows no -0.0


REFERENCE = {"pow": np.power, "sigmoid": sigmoid, "erf": erf}


def reference(name, *arguments):
    function = REFERENCE.get(name) or getattr(np, name)
    with np.errstate(all="ignore"):
        return function(*(x.astype(WIDE) for x in arguments))


def ulps(got, exact, dtype):
    """The error in ulp of the exact result; overflow counts as one ulp."""
    with np.errstate(all="ignore"):
        rounded = exact.astype(dtype)
        distance = np.abs(got.astype(WIDE) - exact) / np.spacing(np.abs(rounded)).astype(WIDE)
        largest = np.finfo(dtype).max
    infinite = np.isinf(rounded)
    distance[infinite] = np.where(got == rounded, 0, np.where(np.abs(got) == largest, 1, np.inf))[
        infinite
    ]
    distance[np.isnan(exact) | np.isnan(got)] = np.inf
    distance[np.isnan(exact) & np.isnan(got)] = 0
    return distance


def sample_arguments(dtype, seed):
    """Arguments of every magnitude, dense where functions bend and near multiples of pi/2."""
    random = np.random.default_rng(seed)
    integer = {"float32": np.uint32, "float64": np.uint64}[dtype]
    any_bits = random.integers(0, np.iinfo(integer).max, 20000, integer, endpoint=True).view(dtype)
    edges = [random.uniform(-bound, bound, 20000) for bound in (0.5, 2, 20, 110, 750)]
    quadrants = np.arange(-5000, 5000) * (np.pi / 2)
    near_one = 1 + random.uniform(-1e-3, 1e-3, 5000)
    with np.errstate(all="ignore"):
        return np.concatenate([*edges, quadrants, near_one, any_bits, SPECIAL]).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"pow", "erf", "sin", "cos"}))
def test_errors_stay_within_the_bound(in_child, vector_function, name, dtype):
    def check():
        x = sample_arguments(dtype, 0)
        error = ulps(vector_function(name, dtype, 16)(x), reference(name, x), dtype)
        worst = int(np.argmax(error))
        assert error[worst] <= LIMITS[dtype], (x[worst], float(error[worst]))

    in_child(check)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_sin_and_cos_of_large_arguments_stay_within_the_bound(
    in_child, vector_function, name, dtype
):
    def check():
        x = sample_arguments(dtype, 0)[::20]
        # The float64 that is nearest to a multiple of pi/2 (Muller, "Elementary Functions", 11.3).
        x = np.append(x, 6381956970095103 * 2.0**797 if dtype == "float64" else 16367173 * 2.0**72)
        x = x[np.isfinite(x)].astype(dtype)
        with mpmath.workprec(1300):
            exact = [getattr(mpmath, name)(mpmath.mpf(float(v))) for v in x]
            exact = np.array([WIDE(mpmath.nstr(v, 25)) for v in exact])
        error = ulps(vector_function(name, dtype, 8)(x), exact, dtype)
        worst = int(np.argmax(error))
        assert error[worst] <= LIMITS[dtype], (x[worst], float(error[worst]))
        assert np.isnan(vector_function(name, dtype, 4)([np.inf, -np.inf, np.nan])).all()

    in_child(check)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_erf_stays_within_the_bound(in_child, vector_function, dtype):
    def check():
        random = np.random.default_rng(0)
        x = np.concatenate(
            [random.uniform(-6.5, 6.5, 4000), random.uniform(0.9, 1.1, 1000),
             np.exp(random.uniform(-60, 0, 1000)), SPECIAL]
        )  # fmt: skip
        with np.errstate(all="ignore"):
            x = x.astype(dtype)
        error = ulps(vector_function("erf", dtype, 16)(x), erf(x), dtype)
        worst = int(np.argmax(error))
        assert error[worst] <= LIMITS[dtype], (x[worst], float(error[worst]))

    in_child(check)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pow_stays_within_the_bound_up_to_overflow(in_child, vector_function, dtype):
    def check():
        random = np.random.default_rng(0)
        largest = {"float32": 90, "float64": 712}[dtype]
        x = np.exp(random.uniform(-4, 4, 40000)).astype(dtype)
        y = (random.uniform(-largest, largest, x.size) / np.log(x.astype(float))).astype(dtype)
        first, second = (part.ravel() for part in np.meshgrid(SPECIAL, SPECIAL))
        with np.errstate(all="ignore"):
            x = np.concatenate([x, sample_arguments(dtype, 1), first]).astype(dtype)
            y = np.concatenate([y, sample_arguments(dtype, 2), second]).astype(dtype)
        # longdouble's own power is good to about 2^-60 here
        error = ulps(vector_function("pow", dtype, 8)(x, y), reference("pow", x, y), dtype)
        worst = int(np.argmax(error))
        assert error[worst] <= LIMITS[dtype], (x[worst], y[worst], float(error[worst]))

    in_child(check)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_special_values_agree_with_numpy(in_child, vector_function, name, dtype):
    def check():
        with np.errstate(all="ignore"):
            x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0], dtype)
            expected = reference(name, x, *([x[::-1]] if name == "pow" else [])).astype(dtype)
        got = vector_function(name, dtype, 4)(x, x[::-1].copy())
        exact = np.isnan(expected) | np.isinf(expected) | (expected == 0)
        assert np.array_equal(got[exact], expected[exact], equal_nan=True)
        zero = expected == 0
        assert np.array_equal(np.signbit(got[zero]), np.signbit(expected[zero]))

    in_child(check)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_bits_are_independent_of_vector_unit_and_width(in_child, vector_function, name, dtype):
    def check():
        x = sample_arguments(dtype, 3)[::10]
        y = sample_arguments(dtype, 4)[::10]
        variants = [*((width, None) for width in (0, 2, 4, 8, 16, 32)), *((16, u) for u in UNITS)]
        results = {vector_function(name, dtype, *variant)(x, y).tobytes() for variant in variants}
        # NaN may differ in its payload.
        clean = {
            np.nan_to_num(np.frombuffer(r, dtype), nan=7.0, posinf=np.inf, neginf=-np.inf).tobytes()
            for r in results
        }
        assert len(clean) == 1

    in_child(check)


@pytest.mark.slow
def test_coefficients_are_those_of_the_fit():
    path = Path(__file__).with_name("fit_coefficients.py")
    spec = importlib.util.spec_from_file_location("fit_coefficients", path)
    fit = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fit)
    for name in fit.POLYNOMIALS:
        for dtype, numbers in getattr(coefficients, name).items():
            stored = np.array(numbers).astype(dtype)
            assert np.array_equal(stored, np.array(fit.fitted(name, dtype)).astype(dtype)), name


def test_pi_and_its_inverse_are_exact_to_the_last_bit():
    with mpmath.workprec(2000):
        digits = int(mpmath.floor(2 / mpmath.pi * mpmath.mpf(2) ** 1216))
        words = [digits >> (1216 - 64 * (i + 1)) & (2**64 - 1) for i in range(19)]
        assert (0, *words) == coefficients.TWO_OVER_PI
        for dtype, parts in coefficients.PI_HALVES.items():
            exact = [mpmath.mpf(float(np.array(part, dtype))) for part in parts]
            rest = mpmath.pi / 2 - exact[0] - exact[1]
            assert abs(rest - exact[2]) <= abs(exact[2]) * 2.0**-23
