"""Compute and print the coefficients of `vector_math`'s polynomials.

Each function is reduced to a smooth one on a short interval, which is interpolated at Chebyshev
nodes with 60 digits. The interpolant is near-minimax: its error is within a small factor of the
best polynomial's of that degree (Trefethen, "Approximation Theory and Approximation Practice",
theorem 16.1). The coefficients are then rounded to the format they are used in.
"""

from mpmath import mp, mpf

mp.dps = 60


def interpolate(function, low, high, degree):
    """Coefficients, constant term first, of the interpolant at Chebyshev nodes."""
    middle, half = (mpf(low) + high) / 2, (mpf(high) - low) / 2
    angles = [(2 * i + 1) * mp.pi / (2 * degree + 2) for i in range(degree + 1)]
    nodes = [middle + half * mp.cos(angle) for angle in angles]
    rows = mp.matrix([[node**power for power in range(degree + 1)] for node in nodes])
    values = mp.matrix([function(node) for node in nodes])
    return [+x for x in mp.lu_solve(rows, values)]


def series(term, count=60):
    return mp.fsum(term(n) for n in range(count))


def exp_rest(r):
    """(exp(r) - 1 - r) / r^2."""
    return series(lambda n: r**n / mp.factorial(n + 2))


def log_rest(z):
    """(2 artanh(s) / s - 2) / s^2, as a function of z = s^2."""
    return series(lambda n: 2 * z**n / (2 * n + 3))


def log_tail(z):
    """(2 artanh(s) / s - 2 - 2 s^2 / 3) / s^4, as a function of z = s^2."""
    return series(lambda n: 2 * z**n / (2 * n + 5))


def tanh_rest(z):
    """(tanh(x) - x) / x^3, as a function of z = x^2."""
    x = mp.sqrt(z)
    return (mp.tanh(x) / x - 1) / z if z else mpf(-1) / 3


def sin_rest(z):
    """(sin(r) - r) / r^3, as a function of z = r^2."""
    return series(lambda n: (-1) ** (n + 1) * z**n / mp.factorial(2 * n + 3))


def cos_rest(z):
    """(cos(r) - 1 + r^2 / 2) / r^4, as a function of z = r^2."""
    return series(lambda n: (-1) ** n * z**n / mp.factorial(2 * n + 4))


def erf_rest(z):
    """erf(x) / x - 1, as a function of z = x^2."""
    factor = 2 / mp.sqrt(mp.pi)
    return factor * series(lambda n: (-1) ** n * z**n / (mp.factorial(n) * (2 * n + 1))) - 1


def erfc_scaled(v):
    """erfc(t) exp(t^2) / v, as a function of v = 1 / (t + 2)."""
    t = 1 / v - 2
    return mp.erfc(t) * mp.exp(t * t) / v


HALF_LN2 = mp.log(2) / 2 * (1 + mpf(2) ** -20)
LARGEST_S = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)
QUARTER_PI = mp.pi / 4 * (1 + mpf(2) ** -20)

# name: (function, low, high of float32 and float64, degree in float32 and float64)
POLYNOMIALS = {
    "EXP": (exp_rest, (-HALF_LN2, HALF_LN2), (-HALF_LN2, HALF_LN2), (5, 10)),
    "TANH": (tanh_rest, (0, mpf("0.36")), (0, mpf("0.36")), (4, 10)),
    "LOG": (log_rest, (0, LARGEST_S**2), (0, LARGEST_S**2), (3, 7)),
    "LOG_TAIL": (log_tail, (0, LARGEST_S**2), (0, LARGEST_S**2), (3, 7)),
    "SIN": (sin_rest, (0, QUARTER_PI**2), (0, QUARTER_PI**2), (2, 6)),
    "COS": (cos_rest, (0, QUARTER_PI**2), (0, QUARTER_PI**2), (2, 6)),
    "ERF": (erf_rest, (0, 1), (0, 1), (7, 12)),
    "ERFC": (erfc_scaled, (1 / mpf(6), 1 / mpf(3)), (1 / mpf(8), 1 / mpf(3)), (6, 15)),
}


def fitted(name, dtype):
    """The coefficients of one polynomial, as Python floats rounded to the format."""
    import numpy as np

    function, *intervals, degrees = POLYNOMIALS[name]
    which = ("float32", "float64").index(dtype)
    exact = interpolate(function, *intervals[which], degrees[which])
    return [float(getattr(np, dtype)(mp.nstr(x, 40))) for x in exact]


def worst(name, dtype):
    """log2 of the largest relative error of the polynomial before rounding."""
    function, *intervals, degrees = POLYNOMIALS[name]
    which = ("float32", "float64").index(dtype)
    low, high = intervals[which]
    exact = interpolate(function, low, high, degrees[which])
    points = [low + (high - low) * mpf(i) / 200 for i in range(201)]
    errors = [
        abs(mp.polyval(exact[::-1], x) / function(x) - 1) if function(x) else mpf(0) for x in points
    ]
    return mp.log(max(errors), 2)


def main():
    for name in POLYNOMIALS:
        for dtype in ("float32", "float64"):
            print(f"# {name} {dtype}: relative error 2^{float(worst(name, dtype)):.1f}")
            print(fitted(name, dtype))


if __name__ == "__main__":
    main()
