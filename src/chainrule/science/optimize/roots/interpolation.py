"""Roots within a bracket by inverse interpolation: Brent's methods, and Algorithm 748."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scipy import optimize

from chainrule.science.optimize.roots.bracketing import MAXITER, RTOL, XTOL, found_in_bracket
from chainrule.tracebacks import boundary

__all__ = ["brenth", "brentq", "toms748"]


@boundary
def brentq(
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
    """Find a root of a function between two points by Brent's method, with quadratic steps.

    Called as `scipy.optimize.brentq`.

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
    Brent (1973), Algorithms for Minimization Without Derivatives, chapter 4.

    Examples
    --------
    >>> print(round(brentq(lambda x: x**3 - 2, 0, 3), 10))
    1.2599210499
    """
    return found_in_bracket(optimize.brentq, f, a, b, args, xtol, rtol, maxiter, full_output, disp)


@boundary
def brenth(
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
    """Find a root of a function between two points by Brent's method with hyperbolic extrapolation.

    Called as `scipy.optimize.brenth`.

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
    Bus & Dekker (1975), Two efficient algorithms with guaranteed convergence for finding a zero.

    Examples
    --------
    >>> print(round(brenth(lambda x: x**3 - 2, 0, 3), 10))
    1.2599210499
    """
    return found_in_bracket(optimize.brenth, f, a, b, args, xtol, rtol, maxiter, full_output, disp)


@boundary
def toms748(
    f: Callable[..., Any],
    a: float,
    b: float,
    args: Any = (),
    k: int = 1,
    xtol: float = XTOL,
    rtol: float = RTOL,
    maxiter: int = MAXITER,
    full_output: bool = False,
    disp: bool = True,
) -> Any:
    """Find a root of a function between two points by Algorithm 748, inverse cubic interpolation.

    Called as `scipy.optimize.toms748`.

    Parameters
    ----------
    f : callable
        ``f(x, *args)``, continuous, a number for a number.
    a, b : float
        The ends of the interval, at which f has different signs.
    args : tuple
        Further arguments of `f`.
    k : int >= 1
        Number of Newton-quadratic steps in an iteration.
    xtol, rtol : float > 0
        Absolute and relative error of the root.
    maxiter : int >= 1
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
    Alefeld, Potra & Shi (1995), Algorithm 748: Enclosing Zeros of Continuous Functions.

    Examples
    --------
    >>> print(round(toms748(lambda x: x**3 - 2, 0, 3), 10))
    1.2599210499
    """
    return found_in_bracket(
        optimize.toms748, f, a, b, args, xtol, rtol, maxiter, full_output, disp, k=k
    )
