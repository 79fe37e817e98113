"""`odeint`: systems of ordinary differential equations, as `scipy.integrate.odeint` solves them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from scipy import integrate
from scipy.integrate import ODEintWarning

from chainrule.science.integrate.infodict import SUCCESS, infodict
from chainrule.science.integrate.lsoda_options import GivenJacobian, LsodaOptions
from chainrule.science.integrate.native_odeint import NativeCall
from chainrule.science.integrate.right_hand_side import (
    RightHandSide,
    Untraceable,
    attempt_native,
    notice,
)
from chainrule.science.integrate.traced import is_traced
from chainrule.science.integrate.warning_place import warnings_at_caller

__all__ = ["odeint"]


def odeint(
    func: Callable[..., Any],
    y0: Any,
    t: Any,
    args: Any = (),
    Dfun: Callable[..., Any] | None = None,
    col_deriv: int = 0,
    full_output: int = 0,
    ml: int | None = None,
    mu: int | None = None,
    rtol: Any = None,
    atol: Any = None,
    tcrit: Any = None,
    h0: float = 0.0,
    hmax: float = 0.0,
    hmin: float = 0.0,
    ixpr: int = 0,
    mxstep: int = 0,
    mxhnil: int = 0,
    mxordn: int = 12,
    mxords: int = 5,
    printmessg: int = 0,
    tfirst: bool = False,
) -> Any:
    """Integrate a system of ordinary differential equations dy/dt = f(y, t).

    Arguments, results, warnings and errors are those of `scipy.integrate.odeint`. A function that
    can be traced is integrated in one call of native code; otherwise, where an argument concerns
    LSODA itself (`ixpr`, `mxhnil`, `mxordn`, `mxords`, `hmin`, `tcrit`), and where the native
    integrator would take too many steps, by SciPy's LSODA, with the exact Jacobian if the function
    can be traced.

    Within a trace, as under ``cr.grad``, ``cr.jacobian``, ``cr.vmap`` and ``cr.jit``, the solution
    by DOP853 has derivatives by `y0`, `args`, `t`, and what `func` reads from outside.
    Reverse mode keeps `mxstep` steps between two output times, at least 500 if not given; the
    solution is NaN where these do not suffice. For stiff equations there is ``solve_ivp(...,
    method="Radau", t_eval=...)``.

    Parameters
    ----------
    func : callable
        ``func(y, t, *args)`` returns dy/dt, of the length of y: plain NumPy code.
    y0 : array, float, (n,)
        The initial value, at ``t[0]``.
    t : array, float, (times,)
        The output times, increasing or decreasing.
    args : tuple
        Further arguments of `func`.
    Dfun : callable, optional
        ``Dfun(y, t, *args)`` returns ∂f/∂y, (n, n); the exact Jacobian if not given.
    col_deriv : bool
        Whether `Dfun` returns the transposed matrix.
    full_output : bool
        Whether to return `infodict`, too.
    ml, mu : int, optional
        The numbers of diagonals below and above the main one, if the Jacobian is banded.
    rtol, atol : float or array, (n,), optional
        Bounds of the error of a step: ``rtol * abs(y) + atol``. 1.49012e-8 if not given; natively
        `atol` is then at most `rtol`.
    tcrit : array, float, optional
        Times that no step may pass over.
    h0, hmax, hmin : float
        First, largest and least length of a step; 0 leaves it to the integrator.
    ixpr : int
        Whether LSODA prints when it switches methods.
    mxstep : int
        The largest number of steps between two output times; 0 leaves it to the integrator.
    mxhnil, mxordn, mxords : int
        Options of LSODA: number of messages, largest orders.
    printmessg : bool
        Whether to give the message of success as a warning, too.
    tfirst : bool
        Whether `func` and `Dfun` take ``(t, y, *args)``.

    Returns
    -------
    y : array, float, (times, n)
        The solution at the output times.
    infodict : dict, if `full_output`
        SciPy's entries, and ``"integrator"``: ``"dop853"``, ``"rodas5p"`` or ``"dop853 and
        rodas5p"``, the native methods that took steps (see ``"auto"`` in `solvers.integrate`), or
        ``"lsoda"``. Of the native ones, ``hu``, ``tcur``, ``nst``, ``nfe``, ``nje``, ``nqu`` and
        ``mused`` mean the same (2 where a Jacobian was used); ``tolsf``, ``tsw``, ``lenrw`` and
        ``leniw`` are 0.

    Raises
    ------
    ValueError
        If the times are not monotonic, or the dimensions are wrong.
    RuntimeError
        If `func` or `Dfun` returns an array of the wrong shape.

    References
    ----------
    Hairer, Norsett & Wanner (1993), Solving Ordinary Differential Equations I, section II.5.
    Hindmarsh (1983), ODEPACK, a systematized collection of ODE solvers.

    Examples
    --------
    >>> import numpy as np
    >>> def pendulum(y, t, damping, gravity):
    ...     angle, velocity = y
    ...     return [velocity, -damping * velocity - gravity * np.sin(angle)]
    >>> t = np.linspace(0, 10, 101)
    >>> y, info = odeint(pendulum, [np.pi - 0.1, 0.0], t, args=(0.25, 5.0), full_output=True)
    >>> y.shape, info["integrator"]
    ((101, 2), 'dop853')
    """
    rest = LsodaOptions(ml, mu, tcrit, hmin, ixpr, mxhnil, mxordn, mxords)
    rhs = RightHandSide(func, bool(tfirst))
    given = None if Dfun is None else GivenJacobian(Dfun, rhs.is_time_first, bool(col_deriv), rest)
    call = NativeCall(rhs, given, y0, t, args, rtol, atol, h0, hmax, mxstep)
    if is_traced(y0, t, args):
        y, info = call.trace()
        return (y, info) if full_output else y
    try:
        rest.check()
        y, history = call.integrate(bool(full_output))
    except Untraceable:
        pass  # SciPy is called outside, so that its errors have no context
    else:
        if printmessg:
            warnings.warn(SUCCESS, ODEintWarning, stacklevel=2)
        return (y, infodict(history)) if full_output else y
    return _by_scipy(call, Dfun, col_deriv, full_output, rest, printmessg)


def _by_scipy(
    call: NativeCall,
    derivative: Callable[..., Any] | None,
    col_deriv: int,
    full_output: int,
    rest: LsodaOptions,
    printmessg: int,
) -> Any:
    """Integrate by LSODA, with the exact Jacobian where there is one."""
    reason: Untraceable | None = None
    if derivative is None:
        try:
            call.rhs.traced(call.start(), call.args)
            derivative, col_deriv = rest.jacobian(call.rhs), 0
            attempt_native("odeint", lambda: call.rhs.jacobian(0.0, call.start(), *call.args))
        except Untraceable as error:
            derivative, reason = None, error
    with warnings_at_caller():
        found = integrate.odeint(
            call.rhs.function, call.y0, call.t, call.args, derivative, col_deriv, full_output,
            rest.ml, rest.mu, call.rtol, call.atol, rest.tcrit, call.h0, call.hmax, rest.hmin,
            rest.ixpr, call.mxstep, rest.mxhnil, rest.mxordn, rest.mxords, printmessg,
            call.rhs.is_time_first,
        )  # fmt: skip
    if reason is not None and reason.is_chainrule:  # after what the function itself may raise
        notice("odeint", call.rhs.function, str(reason))
    if full_output:
        found[1]["integrator"] = "lsoda"
    return found
