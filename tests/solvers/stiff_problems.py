"""Stiff initial value problems of the literature, with their published solutions.

References
----------
Hairer & Wanner (1996), Solving Ordinary Differential Equations II, section IV.10. Mazzia &
Magherini (2008), Test Set for Initial Value Problem Solvers, release 2.4. Enright, Hull & Lindberg
(1975), Comparing numerical methods for stiff systems of ODE's.
"""

from typing import Any, NamedTuple

import numpy as np


class Stiff(NamedTuple):
    """dy/dt = f(t, y) from `y0` at 0, with the solution at `end`, and atol over rtol."""

    function: Any
    y0: Any
    end: float
    solution: Any
    scale: float


def robertson(t: Any, y: Any) -> Any:
    a, b, c = 0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] * y[1]
    return np.stack([b - a, a - b - c, c])


def van_der_pol(t: Any, y: Any) -> Any:
    return np.stack([y[1], ((1 - y[0] ** 2) * y[1] - y[0]) * 1e6])


def oregonator(t: Any, y: Any) -> Any:
    return np.stack([
        77.27 * (y[1] + y[0] * (1 - 8.375e-6 * y[0] - y[1])),
        (y[2] - (1 + y[0]) * y[1]) / 77.27,
        0.161 * (y[0] - y[2]),
    ])  # fmt: skip


def hires(t: Any, y: Any) -> Any:
    """Photomorphogenesis: high irradiance responses, 8 reactants."""
    joined = 280 * y[5] * y[7]
    return np.stack([
        -1.71 * y[0] + 0.43 * y[1] + 8.32 * y[2] + 0.0007,
        1.71 * y[0] - 8.75 * y[1],
        -10.03 * y[2] + 0.43 * y[3] + 0.035 * y[4],
        8.32 * y[1] + 1.71 * y[2] - 1.12 * y[3],
        -1.745 * y[4] + 0.43 * y[5] + 0.43 * y[6],
        -joined + 0.69 * y[3] + 1.71 * y[4] - 0.43 * y[5] + 0.69 * y[6],
        joined - 1.81 * y[6],
        -joined + 1.81 * y[6],
    ])  # fmt: skip


def e5(t: Any, y: Any) -> Any:
    """Chemical pyrolysis; the solution is that of SciPy's Radau at a tolerance of 1e-12."""
    p, q, r, s = 7.89e-10 * y[0], 1.1e7 * y[0] * y[2], 1.13e9 * y[1] * y[2], 1.13e3 * y[3]
    return np.stack([-p - q, p - r, p - q - r + s, q - s])


def linear(t: Any, y: Any) -> Any:
    """B5 of Enright, Hull & Lindberg: eigenvalues -10 ± 100i, -4, -1, -0.5, -0.1."""
    return np.concatenate([
        np.stack([-10 * y[0] + 100 * y[1], -100 * y[0] - 10 * y[1]]),
        np.array([-4, -1, -0.5, -0.1]) * y[2:],
    ])  # fmt: skip


def prothero_robinson(t: Any, y: Any) -> Any:
    """The solution is cos t, whatever the eigenvalue -1e6."""
    return -1e6 * (y - np.cos(t)) - np.sin(t)


def curtiss_hirschfelder(t: Any, y: Any) -> Any:
    return -50 * (y - np.cos(t))


def pollution(t: Any, y: Any) -> Any:
    """The chemistry of air pollution, 25 reactions of 20 substances."""
    k = (
        0.35, 26.6, 1.23e4, 8.6e-4, 8.2e-4, 1.5e4, 1.3e-4, 2.4e4, 1.65e4, 9e3, 0.022, 1.2e4, 1.88,
        1.63e4, 4.8e6, 3.5e-4, 0.0175, 1e8, 4.44e11, 1240.0, 2.1, 5.78, 0.0474, 1780.0, 3.12,
    )  # fmt: skip
    pairs = (
        (0,), (1, 3), (4, 1), (6,), (6,), (6, 5), (8,), (8, 5), (10, 1), (10, 0), (12,), (9, 1),
        (13,), (0, 5), (2,), (3,), (3,), (15,), (15,), (16, 5), (18,), (18,), (0, 3), (18, 0),
        (19,),
    )  # fmt: skip
    made = {
        0: (1, 2, 8, 10, 11, 21, 24), 1: (0, 20), 2: (0, 16, 18, 21), 3: (14,),
        4: (3, 3, 5, 6, 12, 19), 5: (2, 17, 17), 6: (12,), 7: (3, 4, 5, 6), 9: (6, 8),
        10: (7, 10), 11: (8,), 12: (9,), 13: (11,), 14: (13,), 15: (15,), 17: (19,),
        18: (22, 24), 19: (23,),
    }  # fmt: skip
    used = {
        0: (0, 9, 13, 22, 23), 1: (1, 2, 8, 11), 2: (14,), 3: (1, 15, 16, 22), 4: (2,),
        5: (5, 7, 13, 19), 6: (3, 4, 5), 8: (6, 7), 9: (11,), 10: (8, 9), 12: (10,), 13: (12,),
        15: (17, 18), 16: (19,), 18: (20, 21, 23), 19: (24,),
    }  # fmt: skip
    balance = np.zeros((20, 25))
    for sign, table in ((1, made), (-1, used)):
        for substance, reactions in table.items():
            for reaction in reactions:
                balance[substance, reaction] += sign
    both = np.concatenate([y, np.ones(1)])
    first, second = ([(*p, 20)[i] for p in pairs] for i in (0, 1))
    return balance @ (np.array(k) * both[np.array(first)] * both[np.array(second)])


START = np.zeros(20)
START[[1, 3, 6, 7, 8, 16]] = (0.2, 0.04, 0.1, 0.3, 0.01, 0.007)


def brusselator(t: Any, y: Any) -> Any:
    """The diffusion of two substances that react, by differences on a grid of points in [0, 1]."""
    n = y.shape[0] // 2
    u, v = (
        np.concatenate([np.full(1, end), part, np.full(1, end)])
        for end, part in ((1.0, y[:n]), (3.0, y[n:]))
    )
    du, dv = (0.02 * (n + 1) ** 2 * (x[2:] - 2 * x[1:-1] + x[:-2]) for x in (u, v))
    u, v = y[:n], y[n:]
    return np.concatenate([1 + u * u * v - 4 * u + du, 3 * u - u * u * v + dv])


_angle, _decay = 100.0 * 0.3, np.exp(-10 * 0.3)

PROBLEMS = {
    "robertson": Stiff(
        robertson, [1.0, 0, 0], 1e11,
        [0.2083340149701255e-7, 0.8333360770334713e-13, 0.9999999791665050], 1e-6,
    ),
    "van der pol": Stiff(
        van_der_pol, [2.0, 0], 2.0, [1.706167732170483, -0.8928097010247975], 1.0
    ),
    "oregonator": Stiff(
        oregonator, [1.0, 2, 3], 360.0,
        [1.000814870318523, 1228.178521549917, 132.0554942846513], 1.0,
    ),
    "hires": Stiff(
        hires, [1.0, 0, 0, 0, 0, 0, 0, 0.0057], 321.8122,
        [
            0.7371312573325668e-3, 0.1442485726316185e-3, 0.5888729740967575e-4,
            0.1175651343283149e-2, 0.2386356198831331e-2, 0.6238968252742796e-2,
            0.2849998395185769e-2, 0.2850001604814231e-2,
        ], 1e-4,
    ),
    "e5": Stiff(
        e5, [1.76e-3, 0, 0, 0], 1e5,
        [7.48132082e-06, 2.373478155e-12, 2.212358669e-12, 1.611194871e-13], 1e-12,
    ),
    "pollution": Stiff(
        pollution, START, 60.0,
        [
            0.5646255480022769e-1, 0.1342484130422339, 0.4139734331099427e-8,
            0.5523140207484359e-2, 0.2018977262302196e-6, 0.1464541863493966e-6,
            0.7784249118997964e-1, 0.3245075353396018, 0.7494013383880406e-2,
            0.1622293157301561e-7, 0.1135863833257075e-7, 0.2230505975721359e-2,
            0.2087162882798630e-3, 0.1396921016840158e-4, 0.8964884856898295e-2,
            0.4352846369330103e-17, 0.6899219696263405e-2, 0.1007803037365946e-3,
            0.1772146513969984e-5, 0.5682943292316392e-4,
        ], 1e-4,
    ),
    "linear": Stiff(
        linear, np.ones(6), 0.3,
        [
            _decay * (np.cos(_angle) + np.sin(_angle)), _decay * (np.cos(_angle) - np.sin(_angle)),
            *np.exp(0.3 * np.array([-4, -1, -0.5, -0.1])),
        ], 1.0,
    ),
    "prothero-robinson": Stiff(prothero_robinson, [1.0], 10.0, [np.cos(10.0)], 1.0),
    "curtiss-hirschfelder": Stiff(
        curtiss_hirschfelder, [0.0], 2.0,
        [(2500 * np.cos(2.0) + 50 * np.sin(2.0) - 2500 * np.exp(-100.0)) / 2501], 1.0,
    ),
}  # fmt: skip
