"""`odeint`: systems of ordinary differential equations, as `scipy.integrate.odeint` solves them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy import integrate
from scipy.integrate import ODEintWarning

from chainrule.compiler.jit import jit
from chainrule.science.integrate.lsoda_options import Floats, GivenJacobian, LsodaOptions
from chainrule.science.integrate.right_hand_side import (
    RightHandSide,
    Untraceable,
    attempt_native,
    notice,
)
from chainrule.science.integrate.traced import (
    as_vector,
    is_known_to_fail,
    is_traced,
    traced_solution,
)
from chainrule.solvers import integrate as native_integrate
from chainrule.solvers.integration import Counts

__all__ = ["odeint"]

_DEFAULT_TOLERANCE = 1.49012e-8
_METHOD, _TRACED_METHOD = "auto", "dop853"
_ORDERS = {1: 8, 2: 5}
"""Of the explicit method and of the stiff one, as LSODA numbers them in ``mused``."""

_SAFETY = 0.4
"""Of tolerances: the error at the end is that of many steps. With it, it is less than LSODA's."""

_SUCCESS = "Integration successful."
_MOST_STEPS = 200_000
"""Of one call; a system that needs more of them is stiff, and left to LSODA."""

_FEW = 16

_EPSILON = float(np.finfo(float).eps)


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
    call = _Call(rhs, given, y0, t, args, rtol, atol, h0, hmax, mxstep)
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
            warnings.warn(_SUCCESS, ODEintWarning, stacklevel=2)
        return (y, _infodict(history)) if full_output else y
    return _by_scipy(call, Dfun, col_deriv, full_output, rest, printmessg)


class _Call(NamedTuple):
    """The arguments of a native integration, as given."""

    rhs: RightHandSide
    jacobian: GivenJacobian | None
    y0: Any
    t: Any
    args: Any
    rtol: Any
    atol: Any
    h0: float
    hmax: float
    mxstep: int

    def integrate(self, is_full: bool) -> tuple[Floats, Any]:
        """Integrate natively; raise Untraceable where SciPy is to do so."""
        if not isinstance(self.args, tuple):
            raise Untraceable("the arguments are no tuple", False)
        y0, t = self.start(), _real("t", self.t)
        if t.ndim != 1 or len(t) < 2 or not _is_interval(t):
            raise Untraceable("there is no interval", False)
        if not (self.h0 >= 0 and self.hmax >= 0 and self.mxstep >= 0):
            raise Untraceable("a length of a step is negative", False)
        tolerances = self.tolerances(y0)
        limit = self.mxstep * (len(t) - 1) if self.mxstep else _MOST_STEPS
        control = np.array([limit, self.h0, self.hmax], float)
        has_lengths = bool(self.h0), bool(self.hmax)
        try:
            program = _program(self.rhs, self.jacobian, is_full, *has_lengths)
        except TypeError as error:  # cannot be hashed
            raise Untraceable(str(error), False) from None
        program.check(self, float(t[0]), y0)
        y, success, *history = attempt_native(
            "odeint", lambda: program.run(y0, t, _SAFETY * tolerances, control, *self.args)
        )
        if not success:
            raise Untraceable("it takes too many steps", False)
        return y, history and Counts(*history)

    def tolerances(self, y0: Floats) -> Floats:
        """Return the relative and the absolute tolerances, (2,) or (2, n)."""
        given = self.rtol, self.atol
        are_numbers = type(self.rtol) is type(self.atol) is float
        if are_numbers and _EPSILON <= self.rtol < np.inf and 0 <= self.atol < np.inf:
            return np.array(given)  # in less time than below
        rtol, atol = [_tolerance(each, y0) for each in given]
        if self.atol is None:
            atol = np.minimum(atol, rtol)
        is_precise = bool(rtol.ndim == 0 and rtol >= _EPSILON)
        if not is_precise and np.any(_EPSILON * np.abs(y0) > rtol * np.abs(y0) + atol):
            raise Untraceable("the tolerances are less than the precision of float64", False)
        if rtol.ndim or atol.ndim:
            rtol, atol = np.broadcast_arrays(rtol, atol)
        return np.array([rtol, atol])

    def trace(self) -> tuple[Any, dict[str, Any]]:
        """Integrate as part of a trace."""
        args = self.args if isinstance(self.args, tuple) else (self.args,)
        tolerances = [_DEFAULT_TOLERANCE if x is None else x for x in (self.rtol, self.atol)]
        rtol, atol = [np.asarray(each, float) for each in tolerances]
        if self.atol is None:
            atol = np.minimum(atol, rtol)
        lengths = {"first_step": self.h0 or None, "max_step": self.hmax or None}
        found = traced_solution(
            self.rhs, as_vector(self.y0), as_vector(self.t), args, _TRACED_METHOD, _SAFETY * rtol,
            _SAFETY * atol, self.mxstep, **lengths,
        )  # fmt: skip
        message = _SUCCESS
        if is_known_to_fail(found):
            message = "Excess work done on this call; give a larger mxstep."
            warnings.warn(message, ODEintWarning, stacklevel=3)
        return found.y, _infodict(found.history, _TRACED_METHOD) | {"message": message}

    def start(self) -> Floats:
        """Return the initial value as a vector."""
        y0 = _plain("y0", self.y0)
        if y0.ndim > 1 or not y0.size:
            raise Untraceable("the initial value is no vector", False)
        return y0 if y0.ndim else y0.reshape(1)


class _Program:
    """The program of a right-hand side, and the types of arguments that it is known to be for."""

    def __init__(self, run: Callable[..., Any]) -> None:
        self.run = run
        self._known: set[Any] = set()

    def check(self, call: _Call, t: float, y0: Floats) -> None:
        """Raise Untraceable if the function cannot be traced, or does more than compute."""
        types = [each.dtype if isinstance(each, np.ndarray) else type(each) for each in call.args]
        is_numeric = all(each in (float, int) or isinstance(each, np.dtype) for each in types)
        key = y0.shape, *types, *[each.shape for each in call.args if isinstance(each, np.ndarray)]
        if is_numeric and key in self._known:
            return
        call.rhs.check(y0, call.args)
        if call.jacobian is not None:
            call.jacobian.check(t, y0, call.args)
        if is_numeric:
            self._known.add(key)


@lru_cache(maxsize=128)
def _program(
    rhs: RightHandSide, jacobian: GivenJacobian | None, is_full: bool, has_h0: bool, has_hmax: bool
) -> _Program:
    """Return the program of a right-hand side, whose arguments are arrays and numbers alone."""

    @jit
    def run(y0: Any, t: Any, tolerances: Any, control: Any, *args: Any) -> Any:
        found = native_integrate(
            rhs, y0, t, args, method=_METHOD, rtol=tolerances[0], atol=tolerances[1],
            first_step=control[1] if has_h0 else None, max_step=control[2] if has_hmax else None,
            limit=control[0], jacobian=jacobian,
        )  # fmt: skip
        return found.y, found.success, *(found.history if is_full else ())

    return _Program(run)


def _infodict(history: Any, integrator: str | None = None) -> dict[str, Any]:
    """Return SciPy's `infodict` of a native integration."""
    nothing = np.zeros(history.t.shape[0] - 1)
    is_stiff = np.diff(history.jacobians) > 0

    def count(values: Any) -> Any:
        return values[1:].astype(np.int32)

    return {
        "hu": history.step[1:], "tcur": history.t[1:], "tolsf": nothing, "tsw": nothing.copy(),
        "nst": count(history.accepted), "nfe": count(history.evaluations),
        "nje": count(history.jacobians), "nqu": np.where(is_stiff, _ORDERS[2], _ORDERS[1]),
        "imxer": -1, "lenrw": 0, "leniw": 0, "mused": np.where(is_stiff, 2, 1),
        "message": _SUCCESS, "integrator": integrator or _used(history),
    }  # fmt: skip


def _used(history: Any) -> str:
    """Return the names of the methods that took steps: each stiff one takes a Jacobian."""
    stiff = history.jacobians[-1]
    is_explicit = history.accepted[-1] + history.rejected[-1] > stiff
    return " and ".join([_TRACED_METHOD] * bool(is_explicit) + ["rodas5p"] * bool(stiff > 0))


def _by_scipy(
    call: _Call,
    derivative: Callable[..., Any] | None,
    col_deriv: int,
    full_output: int,
    rest: LsodaOptions,
    printmessg: int,
) -> Any:
    """Integrate by LSODA, with the exact Jacobian where there is one."""
    if derivative is None:
        try:
            call.rhs.check(call.start(), call.args)
            derivative, col_deriv = rest.jacobian(call.rhs), 0
            attempt_native("odeint", lambda: call.rhs.jacobian(0.0, call.start(), *call.args))
        except Untraceable as error:
            derivative = None
            if error.is_chainrule:
                notice("odeint", call.rhs.function, str(error))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = integrate.odeint(
            call.rhs.function, call.y0, call.t, call.args, derivative, col_deriv, full_output,
            rest.ml, rest.mu, call.rtol, call.atol, rest.tcrit, call.h0, call.hmax, rest.hmin,
            rest.ixpr, call.mxstep, rest.mxhnil, rest.mxordn, rest.mxords, printmessg,
            call.rhs.is_time_first,
        )  # fmt: skip
    for each in caught:
        warnings.warn(each.message, each.category, stacklevel=3)
    if full_output:
        found[1]["integrator"] = "lsoda"
    return found


def _real(name: str, value: Any) -> Floats:
    """Return an argument as an array of real numbers."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise Untraceable(f"{name} is not real", False)
    return array.astype(float, copy=False)


def _plain(name: str, value: Any) -> Floats:
    """Return an argument as an array of finite real numbers."""
    array = _real(name, value)
    # `all` of a list takes a quarter of the time of a reduction, if there are few.
    is_few = array.ndim == 1 and len(array) <= _FEW
    is_finite = all(map(math.isfinite, array.tolist())) if is_few else np.isfinite(array).all()
    if not is_finite:
        raise Untraceable(f"{name} is not finite", False)
    return array


def _is_interval(t: Floats) -> bool:
    """Whether times go from one finite number to another one: NaN is neither before nor after."""
    start, end = float(t[0]), float(t[-1])
    if start == end or not (math.isfinite(start) and math.isfinite(end)):
        return False
    forwards = np.less_equal if start < end else np.greater_equal
    return len(t) == 2 or bool(np.logical_and.reduce(forwards(t[:-1], t[1:])))


def _tolerance(value: Any, y0: Floats) -> Floats:
    tolerance = _plain("a tolerance", _DEFAULT_TOLERANCE if value is None else value)
    if tolerance.shape not in ((), y0.shape) or (tolerance < 0).any():
        raise Untraceable("a tolerance is negative, or of another length", False)
    return tolerance
