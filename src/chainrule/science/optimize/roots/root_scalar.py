"""Roots of functions of one number, by the methods of `scipy.optimize.root_scalar`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scipy import optimize

from chainrule.science.optimize.roots.bracketing import told_signs
from chainrule.science.optimize.roots.derivative import attempt
from chainrule.science.optimize.roots.scalar_function import ScalarFunction
from chainrule.science.optimize.roots.system import first_of
from chainrule.tracebacks import boundary

__all__ = ["root_scalar"]


@boundary
def root_scalar(
    f: Callable[..., Any],
    args: Any = (),
    method: str | None = None,
    bracket: Any = None,
    fprime: Callable[..., Any] | bool | None = None,
    fprime2: Callable[..., Any] | bool | None = None,
    x0: Any = None,
    x1: Any = None,
    xtol: float | None = None,
    rtol: float | None = None,
    maxiter: int | None = None,
    options: dict[str, Any] | None = None,
) -> Any:
    """Find a root of a function of one number; "newton" and "halley" with exact derivatives.

    Called as `scipy.optimize.root_scalar`, whose method "newton" takes differences where `fprime`
    is not given. They are used here, too, where the exact derivative is 0 or infinite, the
    iteration does not converge, or f cannot be traced, which is warned of.

    Parameters
    ----------
    f : callable
        ``f(x, *args)``, a number for a number.
    args : tuple
        Further arguments of `f` and its derivatives.
    method : str or None
        "bisect", "brentq", "brenth", "ridder", "toms748" within a bracket; "newton", "halley",
        "secant" from a point. None takes "brentq" with a bracket; with `x0`, "secant" if `x1` is
        given, "halley" if both derivatives are, else "newton".
    bracket : sequence of two floats or None
        An interval at whose ends f has different signs.
    fprime, fprime2 : callable, bool or None
        The derivatives; True if f returns them after its value. Derived unless given.
    x0, x1 : float or None
        Where to begin, and a second point for the secant method.
    xtol, rtol : float or None
        Absolute and relative error of the root.
    maxiter : int or None
        The largest number of iterations.
    options : dict or None
        Further options of the method.

    Returns
    -------
    RootResults
        ``root``, ``converged``, ``flag``, ``iterations``, ``function_calls``, ``method``.

    Raises
    ------
    ValueError
        If an argument that the method needs is missing, or f has the same sign at both ends.

    Examples
    --------
    >>> import numpy as np
    >>> found = root_scalar(lambda x: np.cos(x) - x, x0=1.0)
    >>> print(round(found.root, 12), found.method, found.iterations)
    0.739085133215 newton 4
    >>> print(root_scalar(lambda x: x**3 - 1, x0=0.2, method="halley").iterations)
    7
    >>> root_scalar(lambda x: x**3 - 1, bracket=(0, 3)).root
    1.0
    """
    settings: dict[str, Any] = {
        "args": args, "method": method, "bracket": bracket, "x0": x0, "x1": x1, "xtol": xtol,
        "rtol": rtol, "maxiter": maxiter, "options": options,
    }  # fmt: skip
    kind = (method or _default(bracket, fprime, x0, x1)).lower()
    has_start = x0 is not None
    if kind == "halley" and has_start and not (fprime and fprime2):
        found = attempt(
            "root_scalar", f, "Halley's method needs fprime and fprime2",
            lambda: _halley(f, fprime, fprime2, settings),
        )  # fmt: skip
        if found is not None:
            return found
    if kind == "newton" and has_start and not fprime:
        function = ScalarFunction(f, 1, is_strict=True)
        found = attempt(
            "root_scalar", f, "its derivative is computed by SciPy's differences",
            lambda: optimize.root_scalar(function.value, fprime=function.first, **settings),
        )  # fmt: skip
        if found is not None and found.converged:
            return found
    with told_signs(f, bracket, args):
        return optimize.root_scalar(f, fprime=fprime, fprime2=fprime2, **settings)  # pyright: ignore[reportArgumentType]


def _default(bracket: Any, fprime: Any, x0: Any, x1: Any) -> str:
    """Return "newton" where SciPy chooses it for want of a derivative, "" for its other choices."""
    return "newton" if bracket is None and x0 is not None and not fprime and x1 is None else ""


def _halley(f: Callable[..., Any], fprime: Any, fprime2: Any, settings: dict[str, Any]) -> Any:
    """Find the root by Halley's method with the derivatives that are given, and exact ones."""
    if fprime is True:  # f returns both
        function = ScalarFunction(first_of(f), 2)
        return optimize.root_scalar(f, fprime=True, fprime2=function.second, **settings)
    function = ScalarFunction(f, 2)
    return optimize.root_scalar(
        function.value, fprime=fprime or function.first, fprime2=fprime2 or function.second,
        **settings,
    )  # fmt: skip
