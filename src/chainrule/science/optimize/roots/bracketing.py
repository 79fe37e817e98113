"""Roots within a bracket: SciPy's methods, which use no derivatives; errors tell the values.

They call the function itself: a program takes longer to be called than most functions of a number.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
from scipy import optimize

from chainrule.tracebacks import boundary

__all__ = ["bisect", "brenth", "brentq", "ridder", "told_signs", "toms748"]

_XTOL, _RTOL, _MAXITER = 2e-12, 4 * np.finfo(np.float64).eps, 100


@boundary
def bisect(
    f: Callable[..., Any],
    a: float,
    b: float,
    args: Any = (),
    xtol: float = _XTOL,
    rtol: float = _RTOL,
    maxiter: int = _MAXITER,
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
    with told_signs(f, (a, b), args):
        return optimize.bisect(
            f,
            a,
            b,
            args,
            xtol=xtol,
            rtol=np.float64(rtol),
            maxiter=maxiter,
            full_output=full_output,
            disp=disp,
        )


@boundary
def brenth(
    f: Callable[..., Any],
    a: float,
    b: float,
    args: Any = (),
    xtol: float = _XTOL,
    rtol: float = _RTOL,
    maxiter: int = _MAXITER,
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
    with told_signs(f, (a, b), args):
        return optimize.brenth(
            f,
            a,
            b,
            args,
            xtol=xtol,
            rtol=np.float64(rtol),
            maxiter=maxiter,
            full_output=full_output,
            disp=disp,
        )


@boundary
def brentq(
    f: Callable[..., Any],
    a: float,
    b: float,
    args: Any = (),
    xtol: float = _XTOL,
    rtol: float = _RTOL,
    maxiter: int = _MAXITER,
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
    with told_signs(f, (a, b), args):
        return optimize.brentq(
            f,
            a,
            b,
            args,
            xtol=xtol,
            rtol=np.float64(rtol),
            maxiter=maxiter,
            full_output=full_output,
            disp=disp,
        )


@boundary
def ridder(
    f: Callable[..., Any],
    a: float,
    b: float,
    args: Any = (),
    xtol: float = _XTOL,
    rtol: float = _RTOL,
    maxiter: int = _MAXITER,
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
    with told_signs(f, (a, b), args):
        return optimize.ridder(
            f,
            a,
            b,
            args,
            xtol=xtol,
            rtol=np.float64(rtol),
            maxiter=maxiter,
            full_output=full_output,
            disp=disp,
        )


@boundary
def toms748(
    f: Callable[..., Any],
    a: float,
    b: float,
    args: Any = (),
    k: int = 1,
    xtol: float = _XTOL,
    rtol: float = _RTOL,
    maxiter: int = _MAXITER,
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
    with told_signs(f, (a, b), args):
        return optimize.toms748(
            f,
            a,
            b,
            args,
            k=k,
            xtol=xtol,
            rtol=np.float64(rtol),
            maxiter=maxiter,
            full_output=full_output,
            disp=disp,
        )


@contextmanager
def told_signs(f: Callable[..., Any], bracket: Any, args: Any) -> Generator[None]:
    """Add the values at the ends of a bracket to the error that their signs are the same."""
    try:
        yield
    except ValueError as error:
        if not str(error).endswith("must have different signs"):  # toms748 tells them itself
            raise
        args = args if isinstance(args, tuple) else (args,)
        values = ", ".join(f"f({x:g}) = {float(f(x, *args)):g}" for x in bracket[:2])
        raise ValueError(
            f"{error}; got {values}: choose an interval that a root lies in, such as one found by "
            "bracket_root of chainrule.science.optimize.elementwise"
        ) from error
