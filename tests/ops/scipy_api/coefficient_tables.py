"""Compute the tables of coefficients of ``ops/scipy_api`` by mpmath, in 60 digits.

``python -m tests.ops.scipy_api.coefficient_tables bessel_tables`` prints the module of that name.

Each function is smooth on its interval after division by its behaviour at the ends. Its argument
is mapped to t in [-1, 1]; the Chebyshev series ends where its terms vanish in float64, and is
written in powers of t, whose coefficients fall off as fast in all of these tables.
"""

import sys
import textwrap
from collections.abc import Callable
from typing import Any

import mpmath as mp

Function = Callable[[Any], Any]

mp.mp.dps = 60
POINTS = 96


def coefficients_of(function: Function) -> list[float]:
    """Interpolate on [-1, 1] at the extrema of T[n], without the terms below the rounding."""
    nodes = [mp.cos(mp.pi * k / POINTS) for k in range(POINTS + 1)]
    values = [function(t) / (2 if k in (0, POINTS) else 1) for k, t in enumerate(nodes)]
    series = [
        2 * mp.fsum(v * mp.cos(mp.pi * j * k / POINTS) for k, v in enumerate(values)) / POINTS
        for j in range(POINTS)
    ]
    series[0] /= 2
    scale = max(map(abs, values))
    while abs(series[-1]) < scale * mp.mpf(2) ** -57:
        series.pop()
    return [float(each) for each in in_powers(series)]


def in_powers(series: list[Any]) -> list[Any]:
    """Write a Chebyshev series in powers of its argument."""
    before, current = [mp.mpf(1)], [mp.mpf(0), mp.mpf(1)]
    powers = [series[0], *[mp.mpf(0)] * (len(series) - 1)]
    for each in series[1:]:
        for k, coefficient in enumerate(current):
            powers[k] += each * coefficient
        following = [mp.mpf(0), *(2 * c for c in current)]
        for k, coefficient in enumerate(before):
            following[k] -= coefficient
        before, current = current, following
    return powers


def hankel(order: int, part: int) -> Function:
    """P and x·Q of Hankel's expansions, in t = 2 (8/x)² - 1 (Abramowitz & Stegun 9.2.9, 9.2.10)."""

    def function(t: Any) -> Any:
        if t == -1:
            return mp.mpf(1) if part == 0 else (mp.mpf(4 * order**2) - 1) / 8
        x = 8 / mp.sqrt((t + 1) / 2)
        phase = x - (2 * order + 1) * mp.pi / 4
        first, second = mp.besselj(order, x), mp.bessely(order, x)
        scale = mp.sqrt(mp.pi * x / 2)
        if part == 0:
            return scale * (first * mp.cos(phase) + second * mp.sin(phase))
        return scale * x * (second * mp.cos(phase) - first * mp.sin(phase))

    return function


def limit(function: Function, value: Any) -> Function:
    """Return the function of t with a value of its own at t = -1, where its formula is 0/0."""
    return lambda t: value if t == -1 else function(t)


def j0_near(t: Any) -> Any:
    """J0 without its first two zeros, on x² in [0, 64]."""
    z = 32 * (t + 1)
    first, second = mp.besseljzero(0, 1) ** 2, mp.besseljzero(0, 2) ** 2
    return mp.besselj(0, mp.sqrt(z)) / ((z - first) * (z - second))


def j1_near(t: Any) -> Any:
    """J1 / x without its first two zeros."""
    z = 32 * (t + 1)
    first, second = mp.besseljzero(1, 1) ** 2, mp.besseljzero(1, 2) ** 2
    ratio = mp.besselj(1, mp.sqrt(z)) / mp.sqrt(z) if z else mp.mpf(1) / 2
    return ratio / ((z - first) * (z - second))


def y0_near(t: Any) -> Any:
    """Y0 - 2/π ln(x) J0."""
    if t == -1:
        return 2 / mp.pi * (mp.euler - mp.log(2))
    x = mp.sqrt(32 * (t + 1))
    return mp.bessely(0, x) - 2 / mp.pi * mp.log(x) * mp.besselj(0, x)


def y1_near(t: Any) -> Any:
    """(Y1 - 2/π (ln(x) J1 - 1/x)) / x."""
    if t == -1:
        return (mp.euler - mp.log(2) - mp.mpf(1) / 2) / mp.pi
    x = mp.sqrt(32 * (t + 1))
    return (mp.bessely(1, x) - 2 / mp.pi * (mp.log(x) * mp.besselj(1, x) - 1 / x)) / x


def k0_near(t: Any) -> Any:
    """K0 + ln(x/2) I0, on x² in [0, 4]."""
    if t == -1:
        return -mp.euler
    x = mp.sqrt(2 * (t + 1))
    return mp.besselk(0, x) + mp.log(x / 2) * mp.besseli(0, x)


def k1_near(t: Any) -> Any:
    """x·(K1 - ln(x/2) I1)."""
    if t == -1:
        return mp.mpf(1)
    x = mp.sqrt(2 * (t + 1))
    return x * (mp.besselk(1, x) - mp.log(x / 2) * mp.besseli(1, x))


def modified_near(order: int) -> Function:
    """exp(-x) I(x) / x^order, on x in [0, 8]."""

    def function(t: Any) -> Any:
        x = 4 * (t + 1)
        ratio = mp.besseli(order, x) / x**order if x else mp.mpf(1) / (1 + order)
        return mp.exp(-x) * ratio

    return function


def modified_far(order: int) -> Function:
    """exp(-x) √x I(x), in t = 16/x - 1."""
    return limit(
        lambda t: mp.exp(-16 / (t + 1)) * mp.sqrt(16 / (t + 1)) * mp.besseli(order, 16 / (t + 1)),
        1 / mp.sqrt(2 * mp.pi),
    )


def decaying_far(order: int) -> Function:
    """exp(x) √x K(x), in t = 4/x - 1."""
    return limit(
        lambda t: mp.exp(4 / (t + 1)) * mp.sqrt(4 / (t + 1)) * mp.besselk(order, 4 / (t + 1)),
        mp.sqrt(mp.pi / 2),
    )


# Intervals of the Airy functions: below -5 they oscillate, from 1 on they decay and grow.
AIRY_LOW, AIRY_BEND, AIRY_HIGH, AIRY_FAR = mp.mpf(-5), mp.mpf(-2), mp.mpf(1), mp.mpf(9)


def airy_decaying(derivative: int) -> Function:
    """Ai and -Ai' over exp(-ζ) x^(∓1/4) / (2√π) for x of at least 1, in t = 2 ζ0/ζ - 1."""
    start = mp.mpf(2) / 3 * AIRY_HIGH**1.5

    def function(t: Any) -> Any:
        zeta = 2 * start / (t + 1)
        x = (1.5 * zeta) ** (mp.mpf(2) / 3)
        scale = 2 * mp.sqrt(mp.pi) * mp.exp(zeta)
        power = x ** (mp.mpf(1) / 4)
        value = mp.airyai(x, derivative=derivative)
        return scale * (-value / power if derivative else value * power)

    return limit(function, mp.mpf(1))


def airy_growing(derivative: int) -> Function:
    """Bi and Bi' over exp(ζ) x^(∓1/4) / √π for x of at least 9, in t = 2 ζ0/ζ - 1."""
    start = mp.mpf(2) / 3 * AIRY_FAR**1.5

    def function(t: Any) -> Any:
        zeta = 2 * start / (t + 1)
        x = (1.5 * zeta) ** (mp.mpf(2) / 3)
        scale = mp.sqrt(mp.pi) * mp.exp(-zeta)
        power = x ** (mp.mpf(1) / 4)
        value = mp.airybi(x, derivative=derivative)
        return scale * (value / power if derivative else value * power)

    return limit(function, mp.mpf(1))


def airy_middle(derivative: int) -> Function:
    """Bi and Bi' over exp(ζ), on √x in [1, 3]."""

    def function(t: Any) -> Any:
        root = 2 + t
        return mp.airybi(root * root, derivative=derivative) * mp.exp(-mp.mpf(2) / 3 * root**3)

    return function


def airy_between(function: Any, derivative: int, low: Any, high: Any) -> Function:
    """Ai, Ai', Bi or Bi' on an interval."""
    return lambda t: function((low + high + (high - low) * t) / 2, derivative=derivative)


def airy_oscillating(derivative: int, part: int) -> Function:
    """F and ζ·G of Ai(-z) for z of at least 5, in t = 2 (ζ0/ζ)² - 1 (A&S 10.4.60 to 10.4.67)."""
    start = mp.mpf(2) / 3 * (-AIRY_LOW) ** 1.5

    def function(t: Any) -> Any:
        zeta = start / mp.sqrt((t + 1) / 2)
        z = (1.5 * zeta) ** (mp.mpf(2) / 3)
        first = mp.airyai(-z, derivative=derivative)
        second = mp.airybi(-z, derivative=derivative)
        power = z ** (mp.mpf(1) / 4)
        scale = mp.sqrt(mp.pi) * (1 / power if derivative else power)
        c, s = mp.cos(zeta + mp.pi / 4), mp.sin(zeta + mp.pi / 4)
        if derivative:  # Ai' = -(c F + s G), Bi' = s F - c G
            f, g = -c * first + s * second, -s * first - c * second
        else:  # Ai = s F - c G, Bi = c F + s G
            f, g = s * first + c * second, -c * first + s * second
        return scale * (f if part == 0 else g * zeta)

    g = mp.mpf(-7) / 72 if derivative else mp.mpf(5) / 72
    return limit(function, g if part else mp.mpf(1))


def between(weighted: Function, low: Any, high: Any, *, inverse: bool = False) -> Function:
    """Return a function of x on an interval as one of t, which maps x or 1/x linearly."""
    ends = sorted((1 / mp.mpf(low), 1 / mp.mpf(high)) if inverse else (mp.mpf(low), mp.mpf(high)))

    def function(t: Any) -> Any:
        place = (ends[0] + ends[1] + (ends[1] - ends[0]) * t) / 2
        return weighted(1 / place if inverse and place else place)

    return function


def beyond(weighted: Function, low: int, at_infinity: Any = 1) -> Function:
    """Return a function of x from `low` on as one of t = 2 low / x - 1."""
    return limit(lambda t: weighted(2 * low / (t + 1)), mp.mpf(at_infinity))


def ein(x: Any) -> Any:
    """``(E1(x) + ln x + γ) / x``."""
    return (mp.e1(x) + mp.log(x) + mp.euler) / x if x else mp.mpf(1)


def ei_near(x: Any) -> Any:
    """``(Ei(x) - ln x - γ) / x · exp(-x/2)``."""
    value = (mp.ei(x) - mp.log(x) - mp.euler) / x if x else mp.mpf(1)
    return value * mp.exp(-x / 2)


def dawson_ratio(x: Any) -> Any:
    """``D(x) / x``."""
    return mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x) / x if x else mp.mpf(1)


def scaled_e1(x: Any) -> Any:
    """``x exp(x) E1(x)``."""
    return x * mp.exp(x) * mp.e1(x)


def scaled_ei(x: Any) -> Any:
    """``x exp(-x) Ei(x)``."""
    return x * mp.exp(-x) * mp.ei(x)


BESSEL: dict[str, Function] = {
    "J0_NEAR": j0_near,
    "J1_NEAR": j1_near,
    "Y0_NEAR": y0_near,
    "Y1_NEAR": y1_near,
    "P0": hankel(0, 0),
    "Q0": hankel(0, 1),
    "P1": hankel(1, 0),
    "Q1": hankel(1, 1),
    "I0_NEAR": modified_near(0),
    "I0_FAR": modified_far(0),
    "I1_NEAR": modified_near(1),
    "I1_FAR": modified_far(1),
    "K0_NEAR": k0_near,
    "K0_FAR": decaying_far(0),
    "K1_NEAR": k1_near,
    "K1_FAR": decaying_far(1),
    "AI_FAR": airy_decaying(0),
    "AI_PRIME_FAR": airy_decaying(1),
    "BI_MIDDLE": airy_middle(0),
    "BI_PRIME_MIDDLE": airy_middle(1),
    "BI_FAR": airy_growing(0),
    "BI_PRIME_FAR": airy_growing(1),
    "AIRY_F": airy_oscillating(0, 0),
    "AIRY_G": airy_oscillating(0, 1),
    "AIRY_PRIME_F": airy_oscillating(1, 0),
    "AIRY_PRIME_G": airy_oscillating(1, 1),
    **{
        f"{name}{prime}_{place}": airy_between(function, order, *ends)
        for name, function in (("AI", mp.airyai), ("BI", mp.airybi))
        for order, prime in enumerate(("", "_PRIME"))
        for place, ends in (("BEND", (AIRY_LOW, AIRY_BEND)), ("NEAR", (AIRY_BEND, AIRY_HIGH)))
    },
}


INTEGRALS: dict[str, Function] = {
    "E1_NEAR": between(ein, 0, 1),
    "E1_MIDDLE": between(scaled_e1, 1, 4, inverse=True),
    "E1_FAR": beyond(scaled_e1, 4),
    "EI_NEAR": between(ei_near, 0, 6),
    "EI_MIDDLE": between(scaled_ei, 6, 20, inverse=True),
    "EI_FAR": beyond(scaled_ei, 20),
    "DAWSON_NEAR": lambda t: dawson_ratio(mp.sqrt(2 * (t + 1))),  # x² in [0, 4]
    "DAWSON_MIDDLE": between(lambda x: x * x * dawson_ratio(x), 2, 5),
    "DAWSON_FAR": limit(lambda t: 50 / (t + 1) * dawson_ratio(mp.sqrt(50 / (t + 1))), mp.mpf(0.5)),
}

MODULES = {
    "bessel_tables": (BESSEL, "Bessel and Airy functions"),
    "integral_tables": (INTEGRALS, "exponential integrals and Dawson's integral"),
}

HEADER = '''"""Coefficients of polynomials for {what}, the constant first.

Computed in 60 digits by ``tests/ops/scipy_api/coefficient_tables.py``, which says of what.
"""

__all__ = [
{names}
]  # fmt: skip
'''


def main() -> None:
    """Print a module of tables."""
    tables, what = MODULES[sys.argv[1]]
    names = textwrap.fill(", ".join(f'"{each}"' for each in sorted(tables)) + ",", 96)
    print(HEADER.format(what=what, names=textwrap.indent(names, "    ")))
    for name, function in tables.items():
        numbers = ", ".join(map(repr, coefficients_of(function))) + ","
        print(f"{name} = (\n{textwrap.indent(textwrap.fill(numbers, 96), '    ')}\n)  # fmt: skip")


if __name__ == "__main__":
    main()
