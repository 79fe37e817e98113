"""The models of NIST's Statistical Reference Datasets for nonlinear regression.

Each is ``model(b, x)``, at its certified parameters (to a few digits), over the range of its data.

References
----------
https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml
"""

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["MODELS"]

Model = Callable[[Any, Any], Any]


def chwirut(b: Any, x: Any) -> Any:
    return np.exp(-b[0] * x) / (b[1] + b[2] * x)


def lanczos(b: Any, x: Any) -> Any:
    return b[0] * np.exp(-b[1] * x) + b[2] * np.exp(-b[3] * x) + b[4] * np.exp(-b[5] * x)


def gauss(b: Any, x: Any) -> Any:
    first = b[2] * np.exp(-((x - b[3]) ** 2) / b[4] ** 2)
    second = b[5] * np.exp(-((x - b[6]) ** 2) / b[7] ** 2)
    return b[0] * np.exp(-b[1] * x) + first + second


def cubic_quotient(b: Any, x: Any) -> Any:
    above = b[0] + b[1] * x + b[2] * x**2 + b[3] * x**3
    return above / (1 + b[4] * x + b[5] * x**2 + b[6] * x**3)


def kirby(b: Any, x: Any) -> Any:
    return (b[0] + b[1] * x + b[2] * x**2) / (1 + b[3] * x + b[4] * x**2)


def nelson(b: Any, x: Any) -> Any:
    """The logarithm of the dielectric breakdown strength, by time and temperature."""
    time, temperature = 1 + (x * 7) % 64, 180 + x
    return b[0] - b[1] * time * np.exp(-b[2] * temperature)


def enso(b: Any, x: Any) -> Any:
    turn = 2 * np.pi * x
    yearly = b[1] * np.cos(turn / 12) + b[2] * np.sin(turn / 12)
    first = b[4] * np.cos(turn / b[3]) + b[5] * np.sin(turn / b[3])
    return b[0] + yearly + first + b[7] * np.cos(turn / b[6]) + b[8] * np.sin(turn / b[6])


def mgh09(b: Any, x: Any) -> Any:
    return b[0] * (x**2 + x * b[1]) / (x**2 + x * b[2] + b[3])


def mgh17(b: Any, x: Any) -> Any:
    return b[0] + b[1] * np.exp(-x * b[3]) + b[2] * np.exp(-x * b[4])


def eckerle(b: Any, x: Any) -> Any:
    return b[0] / b[1] * np.exp(-0.5 * ((x - b[2]) / b[1]) ** 2)


MODELS: dict[str, tuple[Model, list[float], tuple[float, float]]] = {
    "Misra1a": (lambda b, x: b[0] * (1 - np.exp(-b[1] * x)), [238.94, 5.5016e-4], (77, 760)),
    "Misra1b": (lambda b, x: b[0] * (1 - (1 + b[1] * x / 2) ** -2), [338, 3.904e-4], (77, 760)),
    "Misra1c": (lambda b, x: b[0] * (1 - (1 + 2 * b[1] * x) ** -0.5), [636.4, 2.08e-4], (77, 760)),
    "Misra1d": (lambda b, x: b[0] * b[1] * x / (1 + b[1] * x), [437.37, 3.0227e-4], (77, 760)),
    "BoxBOD": (lambda b, x: b[0] * (1 - np.exp(-b[1] * x)), [213.81, 0.54724], (1, 10)),
    "Chwirut1": (chwirut, [0.19028, 0.0061314, 0.010531], (0.5, 6)),
    "Chwirut2": (chwirut, [0.16658, 0.0051653, 0.01215], (0.5, 6)),
    "Lanczos1": (lanczos, [0.0951, 1, 0.8607, 3, 1.5576, 5], (0, 1.15)),
    "Lanczos2": (lanczos, [0.09625, 1.00573, 0.86425, 3.00783, 1.55290, 5.00288], (0, 1.15)),
    "Lanczos3": (lanczos, [0.08682, 0.95498, 0.84401, 2.95160, 1.58257, 4.98636], (0, 1.15)),
    "Gauss1": (gauss, [98.78, 0.0105, 100.49, 67.48, 23.13, 71.99, 179, 18.39], (1, 250)),
    "Gauss2": (gauss, [99.02, 0.011, 101.88, 107.03, 23.58, 72.05, 153.27, 19.53], (1, 250)),
    "Gauss3": (gauss, [98.94, 0.0109, 100.7, 111.64, 23.3, 73.71, 147.76, 19.67], (1, 250)),
    "DanWood": (lambda b, x: b[0] * x ** b[1], [0.76886, 3.8604], (1.3, 1.7)),
    "Kirby2": (kirby, [1.6745, -0.13927, 0.0025961, -0.0017242, 2.1665e-5], (9.65, 371)),
    "Hahn1": (
        cubic_quotient,
        [1.0776, -0.12269, 0.0040864, -1.4263e-6, -0.005761, 2.4054e-4, -1.2314e-7],
        (24, 851),
    ),
    "Thurber": (
        cubic_quotient,
        [1288.14, 1491.08, 583.24, 75.417, 0.9663, 0.39797, 0.049727],
        (-3.067, 2.2),
    ),
    "Nelson": (nelson, [2.5907, 5.6178e-9, -0.057701], (0, 95)),
    "ENSO": (enso, [10.51, 3.076, 0.533, 44.31, -1.623, 0.526, 26.89, 0.212, 1.497], (1, 168)),
    "MGH09": (mgh09, [0.19281, 0.19128, 0.12306, 0.13606], (0.0625, 4)),
    "MGH10": (lambda b, x: b[0] * np.exp(b[1] / (x + b[2])), [0.00561, 6181.35, 345.22], (50, 125)),
    "MGH17": (mgh17, [0.37541, 1.9358, -1.4647, 0.012868, 0.022123], (0, 320)),
    "Roszman1": (
        lambda b, x: b[0] - b[1] * x - np.arctan(b[2] / (x - b[3])) / np.pi,
        [0.20197, -6.1954e-6, 1204.46, -181.34],
        (-4868, -400),
    ),
    "Eckerle4": (eckerle, [1.5544, 4.0888, 451.54], (400, 500)),
    "Rat42": (lambda b, x: b[0] / (1 + np.exp(b[1] - b[2] * x)), [72.46, 2.618, 0.06736], (9, 79)),
    "Rat43": (
        lambda b, x: b[0] / (1 + np.exp(b[1] - b[2] * x)) ** (1 / b[3]),
        [699.64, 5.2771, 0.75963, 1.2792],
        (1, 15),
    ),
    "Bennett5": (lambda b, x: b[0] * (b[1] + x) ** (-1 / b[2]), [-2523.5, 46.74, 0.932], (7.4, 50)),
}
