"""Classic test functions of optimisation, written as their users write them, in plain NumPy.

Each with a point at which it is smooth.

References
----------
Moré, Garbow & Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7(1).
Jamil & Yang (2013), A literature survey of benchmark functions, arXiv:1308.4008.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["FUNCTIONS"]


def rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def beale(x: Any) -> Any:
    return sum((c - x[0] * (1 - x[1] ** i)) ** 2 for i, c in ((1, 1.5), (2, 2.25), (3, 2.625)))


def himmelblau(x: Any) -> Any:
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def powell_singular(x: Any) -> Any:
    a, b, c, d = x
    return (a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4


def wood(x: Any) -> Any:
    a, b, c, d = x
    first = 100 * (b - a**2) ** 2 + (1 - a) ** 2 + 90 * (d - c**2) ** 2 + (1 - c) ** 2
    return first + 10 * (b + d - 2) ** 2 + 0.1 * (b - d) ** 2


def ackley(x: Any) -> Any:
    n = len(x)
    first = -20 * np.exp(-0.2 * np.sqrt(np.sum(x**2) / n))
    return first - np.exp(np.sum(np.cos(2 * np.pi * x)) / n) + 20 + np.e


def rastrigin(x: Any) -> Any:
    return 10 * len(x) + np.sum(x**2 - 10 * np.cos(2 * np.pi * x))


def griewank(x: Any) -> Any:
    i = np.arange(1, len(x) + 1)
    return np.sum(x**2) / 4000 - np.prod(np.cos(x / np.sqrt(i))) + 1


def styblinski_tang(x: Any) -> Any:
    return np.sum(x**4 - 16 * x**2 + 5 * x) / 2


def booth(x: Any) -> Any:
    return (x[0] + 2 * x[1] - 7) ** 2 + (2 * x[0] + x[1] - 5) ** 2


def matyas(x: Any) -> Any:
    return 0.26 * (x[0] ** 2 + x[1] ** 2) - 0.48 * x[0] * x[1]


def easom(x: Any) -> Any:
    distance = (x[0] - np.pi) ** 2 + (x[1] - np.pi) ** 2
    return -np.cos(x[0]) * np.cos(x[1]) * np.exp(-distance)


def levy(x: Any) -> Any:
    w = 1 + (x - 1) / 4
    inner = np.sum((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:-1] + 1) ** 2))
    last = (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)
    return np.sin(np.pi * w[0]) ** 2 + inner + last


def michalewicz(x: Any) -> Any:
    total = 0
    for i in range(len(x)):
        total -= np.sin(x[i]) * np.sin((i + 1) * x[i] ** 2 / np.pi) ** 20
    return total


def schwefel(x: Any) -> Any:
    return 418.9829 * len(x) - np.sum(x * np.sin(np.sqrt(np.abs(x))))


def zakharov(x: Any) -> Any:
    weighted = np.sum(0.5 * np.arange(1, len(x) + 1) * x)
    return np.sum(x**2) + weighted**2 + weighted**4


def dixon_price(x: Any) -> Any:
    total = (x[0] - 1) ** 2
    for i in range(1, len(x)):
        total = total + (i + 1) * (2 * x[i] ** 2 - x[i - 1]) ** 2
    return total


def goldstein_price(x: Any) -> Any:
    a, b = x
    first = 19 - 14 * a + 3 * a**2 - 14 * b + 6 * a * b + 3 * b**2
    second = 18 - 32 * a + 12 * a**2 + 48 * b - 36 * a * b + 27 * b**2
    return (1 + (a + b + 1) ** 2 * first) * (30 + (2 * a - 3 * b) ** 2 * second)


def branin(x: Any) -> Any:
    b, c, t = 5.1 / (4 * np.pi**2), 5 / np.pi, 1 / (8 * np.pi)
    return (x[1] - b * x[0] ** 2 + c * x[0] - 6) ** 2 + 10 * (1 - t) * np.cos(x[0]) + 10


def mccormick(x: Any) -> Any:
    return np.sin(x[0] + x[1]) + (x[0] - x[1]) ** 2 - 1.5 * x[0] + 2.5 * x[1] + 1


def six_hump_camel(x: Any) -> Any:
    a, b = x
    return (4 - 2.1 * a**2 + a**4 / 3) * a**2 + a * b + (4 * b**2 - 4) * b**2


def three_hump_camel(x: Any) -> Any:
    return 2 * x[0] ** 2 - 1.05 * x[0] ** 4 + x[0] ** 6 / 6 + x[0] * x[1] + x[1] ** 2


def brown_badly_scaled(x: Any) -> Any:
    return (x[0] - 1e6) ** 2 + (x[1] - 2e-6) ** 2 + (x[0] * x[1] - 2) ** 2


def powell_badly_scaled(x: Any) -> Any:
    return (1e4 * x[0] * x[1] - 1) ** 2 + (np.exp(-x[0]) + np.exp(-x[1]) - 1.0001) ** 2


def biggs_exp6(x: Any) -> Any:
    total = 0
    for i in range(1, 14):
        t = 0.1 * i
        y = np.exp(-t) - 5 * np.exp(-10 * t) + 3 * np.exp(-4 * t)
        model = x[2] * np.exp(-t * x[0]) - x[3] * np.exp(-t * x[1]) + x[5] * np.exp(-t * x[4])
        total += (model - y) ** 2
    return total


def box_3d(x: Any) -> Any:
    t = 0.1 * np.arange(1, 11)
    model = np.exp(-t * x[0]) - np.exp(-t * x[1])
    return np.sum((model - x[2] * (np.exp(-t) - np.exp(-10 * t))) ** 2)


def trigonometric(x: Any) -> Any:
    n = len(x)
    i = np.arange(1, n + 1)
    return np.sum((n - np.sum(np.cos(x)) + i * (1 - np.cos(x)) - np.sin(x)) ** 2)


def watson(x: Any) -> Any:
    total = x[0] ** 2 + (x[1] - x[0] ** 2 - 1) ** 2
    for i in range(1, 30):
        t = i / 29
        first = sum((j - 1) * x[j - 1] * t ** (j - 2) for j in range(2, len(x) + 1))
        second = sum(x[j - 1] * t ** (j - 1) for j in range(1, len(x) + 1))
        total += (first - second**2 - 1) ** 2
    return total


def penalty_1(x: Any) -> Any:
    return 1e-5 * np.sum((x - 1) ** 2) + (np.sum(x**2) - 0.25) ** 2


def penalty_2(x: Any) -> Any:
    n = len(x)
    total = (x[0] - 0.2) ** 2
    for i in range(2, n + 1):
        y = np.exp(i / 10) + np.exp((i - 1) / 10)
        total += 1e-5 * (np.exp(x[i - 1] / 10) + np.exp(x[i - 2] / 10) - y) ** 2
        total += 1e-5 * (np.exp(x[i - 1] / 10) - np.exp(-0.1)) ** 2
    weights = np.arange(n, 0, -1)
    return total + (np.sum(weights * x**2) - 1) ** 2


def variably_dimensioned(x: Any) -> Any:
    weighted = np.sum(np.arange(1, len(x) + 1) * (x - 1))
    return np.sum((x - 1) ** 2) + weighted**2 + weighted**4


def broyden_tridiagonal(x: Any) -> Any:
    total = 0
    for i in range(len(x)):
        before = x[i - 1] if i > 0 else 0.0
        after = x[i + 1] if i < len(x) - 1 else 0.0
        total += ((3 - 2 * x[i]) * x[i] - before - 2 * after + 1) ** 2
    return total


def broyden_banded(x: Any) -> Any:
    n = len(x)
    total = 0
    for i in range(n):
        band = [j for j in range(max(0, i - 5), min(n, i + 2)) if j != i]
        total += (x[i] * (2 + 5 * x[i] ** 2) + 1 - sum(x[j] * (1 + x[j]) for j in band)) ** 2
    return total


def chebyquad(x: Any) -> Any:
    n = len(x)
    shifted = 2 * x - 1
    before, current = np.ones(n), shifted
    total = 0
    for i in range(1, n + 1):
        integral = -1 / (i**2 - 1) if i % 2 == 0 else 0
        total += (np.sum(current) / n - integral) ** 2
        before, current = current, 2 * shifted * current - before
    return total


def osborne_1(x: Any) -> Any:
    t = 10.0 * np.arange(33)
    model = x[0] + x[1] * np.exp(-t * x[3]) + x[2] * np.exp(-t * x[4])
    return np.sum((0.844 - t / 800 - model) ** 2)


def osborne_2(x: Any) -> Any:
    t = np.arange(65) / 10
    model = x[0] * np.exp(-t * x[4])
    for height, width, center in ((1, 5, 8), (2, 6, 9), (3, 7, 10)):
        model = model + x[height] * np.exp(-((t - x[center]) ** 2) * x[width])
    return np.sum((1.366 - 0.2 * t - model) ** 2)


def meyer(x: Any) -> Any:
    t = 45 + 5.0 * np.arange(1, 17)
    return np.sum((x[0] * np.exp(x[1] / (t + x[2])) - 4e4 * np.exp(-t / 30)) ** 2)


def jennrich_sampson(x: Any) -> Any:
    i = np.arange(1, 11)
    return np.sum((2 + 2 * i - (np.exp(i * x[0]) + np.exp(i * x[1]))) ** 2)


def freudenstein_roth(x: Any) -> Any:
    first = -13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1]
    return first**2 + (-29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1]) ** 2


def helical_valley(x: Any) -> Any:
    turn = np.arctan(x[1] / x[0]) / (2 * np.pi) + (0 if x[0] > 0 else 0.5)
    radius = np.sqrt(x[0] ** 2 + x[1] ** 2)
    return 100 * ((x[2] - 10 * turn) ** 2 + (radius - 1) ** 2) + x[2] ** 2


def gulf(x: Any) -> Any:
    t = np.arange(1, 11) / 100
    y = 25 + (-50 * np.log(t)) ** (2 / 3)
    return np.sum((np.exp(-(np.abs(y - x[1]) ** x[2]) / x[0]) - t) ** 2)


def bard(x: Any) -> Any:
    u = np.arange(1, 16)
    v = 16 - u
    w = np.minimum(u, v)
    return np.sum((0.14 + 0.1 * u - (x[0] + u / (v * x[1] + w * x[2]))) ** 2)


def kowalik_osborne(x: Any) -> Any:
    u = np.array([4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625])
    y = np.array([1957, 1947, 1735, 1600, 844, 627, 456, 342, 323, 235, 246]) / 1e4
    return np.sum((y - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3])) ** 2)


def brown_dennis(x: Any) -> Any:
    t = np.arange(1, 21) / 5
    first, second = x[0] + t * x[1] - np.exp(t), x[2] + x[3] * np.sin(t) - np.cos(t)
    return np.sum((first**2 + second**2) ** 2)


def brown_almost_linear(x: Any) -> Any:
    n = len(x)
    linear = x[:-1] + np.sum(x) - (n + 1)
    return np.sum(linear**2) + (np.prod(x) - 1) ** 2


def extended_powell(x: Any) -> Any:
    a, b, c, d = x[0::4], x[1::4], x[2::4], x[3::4]
    return np.sum((a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4)


def extended_rosenbrock(x: Any) -> Any:
    pairs = x.reshape(-1, 2)
    return np.sum(100 * (pairs[:, 1] - pairs[:, 0] ** 2) ** 2 + (1 - pairs[:, 0]) ** 2)


def linear_rank_1(x: Any) -> Any:
    i = np.arange(1, len(x) + 1)
    return np.sum((np.outer(i, i) @ x - 1) ** 2)


def linear_full_rank(x: Any) -> Any:
    return np.sum(((np.eye(len(x)) - 2 / len(x)) @ x - 1) ** 2)


def discrete_boundary(x: Any) -> Any:
    n = len(x)
    h = 1 / (n + 1)
    t = h * np.arange(1, n + 1)
    padded = np.concatenate([[0.0], x, [0.0]])
    residual = 2 * x - padded[:-2] - padded[2:] + h**2 * (x + t + 1) ** 3 / 2
    return np.sum(residual**2)


def discrete_integral(x: Any) -> Any:
    n = len(x)
    h = 1 / (n + 1)
    t = h * np.arange(1, n + 1)
    cubes = (x + t + 1) ** 3
    kernel = np.where(t[:, None] >= t, (1 - t)[:, None] * t, t[:, None] * (1 - t))
    return np.sum((x + h / 2 * (kernel @ cubes)) ** 2)


def colville(x: Any) -> Any:
    a, b, c, d = x
    first = 100 * (a**2 - b) ** 2 + (a - 1) ** 2 + (c - 1) ** 2 + 90 * (c**2 - d) ** 2
    return first + 10.1 * ((b - 1) ** 2 + (d - 1) ** 2) + 19.8 * (b - 1) * (d - 1)


def hartmann_3(x: Any) -> Any:
    a = np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]])
    p = np.array([[369, 117, 267], [470, 439, 747], [109, 873, 555], [38, 574, 883]]) / 1000
    return -np.sum(np.array([1, 1.2, 3, 3.2]) * np.exp(-np.sum(a * (x - p) ** 2, axis=1)))


def shekel_5(x: Any) -> Any:
    centers = np.array([[4, 4, 4, 4], [1, 1, 1, 1], [8, 8, 8, 8], [6, 6, 6, 6], [3, 7, 3, 7]])
    total = 0
    for center, c in zip(centers, [0.1, 0.2, 0.2, 0.4, 0.4], strict=True):
        total -= 1 / (np.sum((x - center) ** 2) + c)
    return total


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "Rosenbrock": (rosenbrock, [-1.2, 1, 0.7, 1.1]),
    "Beale": (beale, [1, 1.3]),
    "Himmelblau": (himmelblau, [1, -2]),
    "Powell singular": (powell_singular, [3, -1, 0.5, 1]),
    "Wood": (wood, [-3, -1, -3, -1]),
    "Ackley": (ackley, [0.3, -0.7, 1.1]),
    "Rastrigin": (rastrigin, [0.3, -1.7, 2.2]),
    "Griewank": (griewank, [3, -7, 11, 2]),
    "Styblinski-Tang": (styblinski_tang, [-2, 1, 0.5]),
    "Booth": (booth, [1, 2]),
    "Matyas": (matyas, [1, -3]),
    "Easom": (easom, [3, 2.5]),
    "Levy": (levy, [-1, 2, 4]),
    "Michalewicz": (michalewicz, [2.2, 1.57, 1.3]),
    "Schwefel": (schwefel, [120, -300, 41]),
    "Zakharov": (zakharov, [1, -0.5, 0.3]),
    "Dixon-Price": (dixon_price, [1, -2, 0.5]),
    "Goldstein-Price": (goldstein_price, [0.5, -0.7]),
    "Branin": (branin, [2, 3]),
    "McCormick": (mccormick, [-0.5, -1.5]),
    "Six-hump camel": (six_hump_camel, [0.1, -0.7]),
    "Three-hump camel": (three_hump_camel, [1, 0.5]),
    "Brown badly scaled": (brown_badly_scaled, [1, 1]),
    "Powell badly scaled": (powell_badly_scaled, [0, 1]),
    "Biggs EXP6": (biggs_exp6, [1, 2, 1, 1, 1, 1]),
    "Box 3D": (box_3d, [0, 10, 20]),
    "Trigonometric": (trigonometric, [0.2, 0.25, 0.3, 0.1]),
    "Watson": (watson, [0.1, -0.2, 0.5, 0.3]),
    "Penalty I": (penalty_1, [1, 2, 3, 4]),
    "Penalty II": (penalty_2, [0.5, 0.6, 0.4, 0.5]),
    "Variably dimensioned": (variably_dimensioned, [0.75, 0.5, 0.25, 0]),
    "Broyden tridiagonal": (broyden_tridiagonal, [-1, -0.9, -1.1, -1, -0.8]),
    "Broyden banded": (broyden_banded, [-1, -0.9, -1.1, -1, -0.8, -1, -0.7]),
    "Chebyquad": (chebyquad, [0.2, 0.4, 0.6, 0.8]),
    "Osborne 1": (osborne_1, [0.5, 1.5, -1, 0.01, 0.02]),
    "Osborne 2": (osborne_2, [1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5]),
    "Meyer": (meyer, [0.02, 4000, 250]),
    "Jennrich-Sampson": (jennrich_sampson, [0.3, 0.4]),
    "Freudenstein-Roth": (freudenstein_roth, [0.5, -2]),
    "Helical valley": (helical_valley, [-1, 0.5, 0.3]),
    "Gulf": (gulf, [5, 2.5, 0.15]),
    "Bard": (bard, [1, 1.1, 0.9]),
    "Kowalik-Osborne": (kowalik_osborne, [0.25, 0.39, 0.415, 0.39]),
    "Brown-Dennis": (brown_dennis, [25, 5, -5, -1]),
    "Brown almost linear": (brown_almost_linear, [0.5, 0.6, 0.4, 0.7]),
    "Extended Powell": (extended_powell, [3, -1, 0.5, 1, 2, -1, 0.2, 1]),
    "Extended Rosenbrock": (extended_rosenbrock, [-1.2, 1, 0.7, 1.1]),
    "Linear rank 1": (linear_rank_1, [1, 0.5, 2]),
    "Linear full rank": (linear_full_rank, [1, 0.5, 2]),
    "Discrete boundary": (discrete_boundary, [-0.1, -0.2, -0.3, -0.2]),
    "Discrete integral": (discrete_integral, [-0.1, -0.2, -0.3, -0.2]),
    "Colville": (colville, [-1, 2, 0.5, 1.5]),
    "Hartmann 3": (hartmann_3, [0.2, 0.5, 0.7]),
    "Shekel 5": (shekel_5, [3, 4.2, 5, 3.7]),
}
