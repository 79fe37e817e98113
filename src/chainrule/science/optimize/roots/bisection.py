"""Roots within a bracket that is halved: bisection, and Ridders' method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scipy import optimize

from chainrule.science.optimize.roots.bracketing import MAXITER, RTOL, XTOL, found_in_bracket
from chainrule.tracebacks import boundary

__all__ = ["bisect", "ridder"]


@boundary
def bisect(
    f: Callable[..., Any],
    a: float,
    b: float,
    args: Any = (),
    xtol: float = XTOL,
    rtol: float = RTOL,
    maxiter: int = MAXITER,
    full_output: bool = False,
    disp: bool = True,
) -> Any:
    """Find a root of a function between two points by bisection.

    Called as `scipy.optimize.bisect`.

    Parameters
    ----------
    f : callable
        ``f(x, *args)``, continuous, a number for a number.
    a, b : float
        The ends of the interval, at which f has different signs.
    args : tuple
        Further arguments of `f`.
    xtol, rtol : float > 0
        Absolute and relative error of the root.
    maxiter : int >= 0
        The largest number of iterations.
    full_output : bool
        Whether to return the details, too.
    disp : bool
        Whether a RuntimeError is raised where the method does not converge.

    Returns
    -------
    float or tuple
        The root; with `full_output`, ``(root, RootResults)``.

    Raises
    ------
    ValueError
        If f has the same sign at both ends, or is NaN, or an argument is out of range.
    RuntimeError
        If there is no convergence, and `disp`.

    References
    ----------
    Burden & Faires, Numerical Analysis, section 2.1.

    Examples
    --------
    >>> print(round(bisect(lambda x: x**3 - 2, 0, 3), 10))
    1.2599210499
    """
    return found_in_bracket(optimize.bisect, f, a, b, args, xtol, rtol, maxiter, full_output, disp)


@boundary
def ridder(
    f: Callable[..., Any],
    a: float,
    b: float,
    args: Any = (),
    xtol: float = XTOL,
    rtol: float = RTOL,
    maxiter: int = MAXITER,
    full_output: bool = False,
    disp: bool = True,
) -> Any:
    """Find a root of a function between two points by Ridders' method.

    Called as `scipy.optimize.ridder`.

    Parameters
    ----------
    f : callable
        ``f(x, *args)``, continuous, a number for a number.
    a, b : float
        The ends of the interval, at which f has different signs.
    args : tuple
        Further arguments of `f`.
    xtol, rtol : float > 0
        Absolute and relative error of the root.
    maxiter : int >= 0
        The largest number of iterations.
    full_output : bool
        Whether to return the details, too.
    disp : bool
        Whether a RuntimeError is raised where the method does not converge.

    Returns
    -------
    float or tuple
        The root; with `full_output`, ``(root, RootResults)``.

    Raises
    ------
    ValueError
        If f has the same sign at both ends, or is NaN, or an argument is out of range.
    RuntimeError
        If there is no convergence, and `disp`.

    References
    ----------
    Ridders (1979), A new algorithm for computing a single root of a real continuous function.

    Examples
    --------
    >>> print(round(ridder(lambda x: x**3 - 2, 0, 3), 10))
    1.2599210499
    """
    return found_in_bracket(optimize.ridder, f, a, b, args, xtol, rtol, maxiter, full_output, disp)
