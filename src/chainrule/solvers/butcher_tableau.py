"""Butcher tableaux: the coefficients of explicit Runge-Kutta pairs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DORMAND_PRINCE", "ButcherTableau"]


@dataclass(frozen=True)
class ButcherTableau:
    """An explicit pair with the last stage at the new point (first same as last).

    The stages of a step of length h are kᵢ = f(t + cᵢ h, y + h Σⱼ aᵢⱼ kⱼ); the last row of `a` has
    the weights of the solution, `error` those of its difference to the embedded solution, and
    `interpolant` the polynomials bᵢ(θ), lowest power θ first, of the continuous extension
    y(t + θ h) = y + h Σᵢ bᵢ(θ) kᵢ.
    """

    order_of_error: int
    c: tuple[float, ...]
    a: tuple[tuple[float, ...], ...]
    error: tuple[float, ...]
    interpolant: tuple[tuple[float, ...], ...]


DORMAND_PRINCE = ButcherTableau(
    order_of_error=4,
    c=(0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1),
    a=(
        (),
        (1 / 5,),
        (3 / 40, 9 / 40),
        (44 / 45, -56 / 15, 32 / 9),
        (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
        (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
        (35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
    ),
    error=(-71 / 57600, 0, 71 / 16695, -71 / 1920, 17253 / 339200, -22 / 525, 1 / 40),
    interpolant=(
        (1, -8048581381 / 2820520608, 8663915743 / 2820520608, -12715105075 / 11282082432),
        (0, 0, 0, 0),
        (0, 131558114200 / 32700410799, -68118460800 / 10900136933, 87487479700 / 32700410799),
        (0, -1754552775 / 470086768, 14199869525 / 1410260304, -10690763975 / 1880347072),
        (0, 127303824393 / 49829197408, -318862633887 / 49829197408, 701980252875 / 199316789632),
        (0, -282668133 / 205662961, 2019193451 / 616988883, -1453857185 / 822651844),
        (0, 40617522 / 29380423, -110615467 / 29380423, 69997945 / 29380423),
    ),
)
"""The pair of orders 5 and 4 of Dormand & Prince (1980), with Shampine's interpolant (1986)."""
