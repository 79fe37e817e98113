"""Taylor expansions of second order: an oracle for gradients and Hessians, exact up to rounding.

NumPy computes on arrays of `Taylor` objects as on numbers, so that the same function gives value,
gradient and Hessian (Fike & Alonso 2011, The development of hyper-dual numbers for exact
second-derivative calculations).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Taylor", "expansion"]


class Taylor:
    """A value with its gradient and Hessian by n variables."""

    def __init__(self, value: float, gradient: Any, hessian: Any) -> None:
        self.value, self.gradient, self.hessian = value, gradient, hessian

    def _map(self, value: float, first: float, second: float) -> Taylor:
        """The chain rule for f(x), from f, f′ and f″."""
        outer = np.outer(self.gradient, self.gradient)
        return Taylor(value, first * self.gradient, first * self.hessian + second * outer)

    def _lift(self, other: Any) -> Taylor:
        if isinstance(other, Taylor):
            return other
        return Taylor(float(other), np.zeros_like(self.gradient), np.zeros_like(self.hessian))

    def __add__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        other = self._lift(other)
        return Taylor(
            self.value + other.value,
            self.gradient + other.gradient,
            self.hessian + other.hessian,
        )

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        other = self._lift(other)
        cross = np.outer(self.gradient, other.gradient)
        return Taylor(
            self.value * other.value,
            self.value * other.gradient + other.value * self.gradient,
            self.value * other.hessian + other.value * self.hessian + cross + cross.T,
        )

    def __pow__(self, power: Any) -> Any:
        if isinstance(power, Taylor):
            return (power * self.log()).exp()
        if isinstance(power, np.ndarray):
            return NotImplemented
        p, x = power, self.value
        first = p * x ** (p - 1) if p else 0.0
        second = p * (p - 1) * x ** (p - 2) if p * (p - 1) else 0.0
        return self._map(x**p, first, second)

    def __neg__(self) -> Taylor:
        return self * -1.0

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __truediv__(self, other: Any) -> Any:
        return self * (other**-1.0 if isinstance(other, Taylor) else 1 / other)

    def __rtruediv__(self, other: Any) -> Any:
        return self**-1.0 * other

    def __rpow__(self, base: float) -> Taylor:
        return (self * math.log(base)).exp()

    def __abs__(self) -> Taylor:
        return self * math.copysign(1.0, self.value)

    def __lt__(self, other: Any) -> bool:
        return self.value < self._lift(other).value

    def __gt__(self, other: Any) -> bool:
        return self.value > self._lift(other).value

    def __ge__(self, other: Any) -> bool:
        return not self < other

    __radd__, __rmul__ = __add__, __mul__

    def exp(self) -> Taylor:
        y = math.exp(self.value)
        return self._map(y, y, y)

    def log(self) -> Taylor:
        return self._map(math.log(self.value), 1 / self.value, -1 / self.value**2)

    def sin(self) -> Taylor:
        y = math.sin(self.value)
        return self._map(y, math.cos(self.value), -y)

    def cos(self) -> Taylor:
        y = math.cos(self.value)
        return self._map(y, -math.sin(self.value), -y)

    def tanh(self) -> Taylor:
        y = math.tanh(self.value)
        return self._map(y, 1 - y * y, -2 * y * (1 - y * y))

    def arctan(self) -> Taylor:
        x, scale = self.value, 1 / (1 + self.value**2)
        return self._map(math.atan(x), scale, -2 * x * scale**2)

    def sqrt(self) -> Taylor:
        return self**0.5


def expansion(function: Callable[[Any], Any], point: Any) -> tuple[Any, Any, Any]:
    """Return value, gradient and Hessian of the elements of ``function(point)``."""
    size = len(point)
    variables = np.empty(size, object)
    for i, value in enumerate(point):
        variables[i] = Taylor(float(value), np.eye(size)[i], np.zeros((size, size)))
    results = np.asarray(function(variables), object)
    parts = [(each.value, each.gradient, each.hessian) for each in results.ravel()]
    values, gradients, hessians = (np.array(part) for part in zip(*parts, strict=True))
    shape = results.shape
    return (
        values.reshape(shape),
        gradients.reshape((*shape, size)),
        hessians.reshape((*shape, size, size)),
    )
