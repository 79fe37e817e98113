"""Series of the logarithm of the gamma function: Stirling's, and a polynomial about its zeros."""

from __future__ import annotations

from typing import Any

from chainrule.ops.primitives.elementwise import log, log1p
from chainrule.ops.scipy_api.series import polynomial

__all__ = [
    "DIGAMMA", "HIGH", "LOW", "inverse_square_series", "log_gamma_after_one", "log_gamma_ratio",
    "stirling_sum",
]  # fmt: skip

# B_2k / (2k (2k - 1)), and B_2k / (2k), of Stirling's series and its derivative.
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_LOG_GAMMA = [b / ((2 * k) * (2 * k - 1)) for k, b in enumerate(_BERNOULLI, 1)]
DIGAMMA = [b / (2 * k) for k, b in enumerate(_BERNOULLI, 1)]

# ln Γ(x) / ((x - 1) (x - 2)) on this interval, in powers of t in [-1, 1], from mpmath in 60 digits.
LOW, HIGH = 0.8125, 2.5
_ABOUT_ZEROS = (
    0.4617484138791129, -0.10830562690927309, 0.03586595458863605, -0.013667922944719796,
    0.005609237865370721, -0.002407081413413722, 0.0010636518523011135, -0.00047972932525451584,
    0.00021964171935754916, -0.00010172165129035875, 4.753817065717148e-05, -2.2380361075410188e-05,
    1.0600747671181256e-05, -5.045377154062611e-06, 2.4122577633157683e-06, -1.1633764924143664e-06,
    5.616558318163869e-07, -2.59253644188942e-07, 1.2340555707042112e-07, -7.94684459739178e-08,
    4.132823616682815e-08, 2.1756496042675293e-09, -3.2677555746661306e-09, -1.6052578115833075e-08,
    9.066950528917358e-09, 4.72810301145256e-09, -2.70765808101638e-09, -1.4916405453944263e-09,
    7.897564911217604e-10,
)  # fmt: skip


def stirling_sum(z: Any) -> Any:
    """``ln Γ(z)`` without ``(z - 1/2) ln z - z + ln √(2π)``, for `z` of at least 8."""
    return inverse_square_series(z, _LOG_GAMMA) / z


def inverse_square_series(z: Any, coefficients: list[float]) -> Any:
    """Evaluate a polynomial in ``1/z²``, the constant first."""
    return polynomial(1 / (z * z), coefficients)


def log_gamma_ratio(a: Any, b: Any) -> Any:
    """``ln(Γ(a) / Γ(a + b))`` for `a` of at least 8, without cancellation."""
    total = a + b
    logarithms = (0.5 - a) * log1p(b / a) - b * log(total) + b
    return logarithms + stirling_sum(a) - stirling_sum(total)


def log_gamma_after_one(a: Any) -> Any:
    """``ln Γ(1 + a)``, to full relative accuracy about 0, for `a` from -0.18 to 1.5."""
    t = (a + (1 - (LOW + HIGH) / 2)) * (2 / (HIGH - LOW))
    return a * (a - 1) * polynomial(t, _ABOUT_ZEROS)
