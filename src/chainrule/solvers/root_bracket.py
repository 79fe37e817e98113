"""A zero of a function of one number, between two points where its signs differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chainrule.autodiff.control_flow.while_loop import while_loop
from chainrule.autodiff.custom import stop_gradient
from chainrule.autodiff.linearization import jvp

__all__ = ["root_in_bracket"]

MAX_ITERATIONS = 100


class _Bracket(NamedTuple):
    """Points a, b around a zero, the point c before, and the values there; where to go next."""

    a: Any
    b: Any
    c: Any
    fa: Any
    fb: Any
    fc: Any
    part: Any


def root_in_bracket(
    function: Callable[[Any], Any], at_0: Any, at_1: Any, resolution: Any, is_wanted: Any
) -> Any:
    """Find a zero in [0, 1], up to `resolution` roundings; with its derivative.

    References
    ----------
    Chandrupatla (1997), A new hybrid quadratic/bisection algorithm for finding the zero of a
    nonlinear function without using derivatives, Advances in Engineering Software 28.
    """
    at_0, at_1 = stop_gradient(at_0), stop_gradient(at_1)
    zero = at_0 * 0
    tolerance = np.finfo(at_0.dtype).eps * stop_gradient(resolution)

    def value(theta: Any) -> Any:
        return stop_gradient(function(theta))

    def goes_on(state: _Bracket) -> Any:
        is_open = np.abs(state.b - state.a) > tolerance
        return is_wanted & is_open & (state.fa != 0) & (state.fb != 0)

    def narrow(state: _Bracket) -> _Bracket:
        a, b, fa, fb = state.a, state.b, state.fa, state.fb
        x = a + state.part * (b - a)
        fx = value(x)
        is_same = np.sign(fx) == np.sign(fa)
        c, fc = np.where(is_same, a, b), np.where(is_same, fa, fb)
        b, fb = np.where(is_same, b, a), np.where(is_same, fb, fa)
        part = _next_part(_Bracket(x, b, c, fx, fb, fc, state.part))
        least = np.minimum(0.5, 0.5 * tolerance / np.maximum(np.abs(b - x), tolerance))
        return _Bracket(x, b, c, fx, fb, fc, np.clip(part, least, 1 - least))

    start = _Bracket(zero + 1, zero, zero, at_1, at_0, at_0, zero + 0.5)
    last = while_loop(goes_on, narrow, start, MAX_ITERATIONS)
    is_a = np.abs(last.fa) <= np.abs(last.fb)
    theta = stop_gradient(np.where(is_a, last.a, last.b))
    # A Newton step of which only the derivative counts: that of the implicit function.
    found, rate = jvp(function, (theta,), (theta * 0 + 1,))
    change = (found - stop_gradient(found)) / stop_gradient(_nonzero(rate))
    return theta - change


def _next_part(state: _Bracket) -> Any:
    """The part of the way from a to b: inverse quadratic interpolation, where it is safe."""
    a, b, c, fa, fb, fc, _ = state
    span, over = b - a, fb - fa
    xi = (a - b) / _nonzero(c - b)
    phi = (fa - fb) / _nonzero(fc - fb)
    is_safe = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi) & (fc != fb) & (fc != fa) & (c != b)
    first = fa / _nonzero(over) * fc / _nonzero(fb - fc)
    second = (c - a) / _nonzero(span) * fa / _nonzero(fc - fa) * fb / _nonzero(fc - fb)
    return np.where(is_safe, first + second, 0.5)


def _nonzero(x: Any) -> Any:
    """A divisor that is 1 in place of 0, where the quotient is not read."""
    return np.where(x == 0, 1, x)
