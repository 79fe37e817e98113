"""Initial value problems by the methods of `scipy.integrate.solve_ivp`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import integrate
from scipy.integrate._ivp.ivp import METHODS

from chainrule.arguments.checks import shown
from chainrule.errors import UnsupportedError
from chainrule.science.integrate.lsoda_options import LsodaOptions
from chainrule.science.integrate.native_steps import NATIVE, native_solver, solver_that_ends
from chainrule.science.integrate.recorded_steps import OWN_METHODS, recorded_solver
from chainrule.science.integrate.right_hand_side import (
    RightHandSide,
    Untraceable,
    attempt_native,
    notice,
)
from chainrule.science.integrate.sparse_jacobian import SparseJacobian
from chainrule.science.integrate.traced import is_traced
from chainrule.science.integrate.traced_ivp import given_jacobian, traced_ivp
from chainrule.science.integrate.warning_place import warnings_at_caller

__all__ = ["solve_ivp"]

_IMPLICIT = ("Radau", "BDF", "LSODA")
"""The methods that take a Jacobian."""


def solve_ivp(
    fun: Callable[..., Any],
    t_span: Sequence[float],
    y0: Any,
    method: Any = "RK45",
    t_eval: Any = None,
    dense_output: bool = False,
    events: Any = None,
    vectorized: bool = False,
    args: Any = None,
    **options: Any,
) -> Any:
    """Solve an initial value problem dy/dt = f(t, y), y(t0) = y0.

    Arguments, results, warnings and errors are those of `scipy.integrate.solve_ivp`. If `fun` can
    be traced, the steps of ``RK23``, ``RK45`` and ``DOP853`` run in native code, and ``Radau``,
    ``BDF`` and ``LSODA`` get the exact Jacobian, unless `jac` is given.

    Within a trace, as under ``cr.grad``, ``cr.jacobian``, ``cr.vmap`` and ``cr.jit``, the solution,
    its events and ``sol`` have derivatives by `y0`, `args`, the times, and what `fun` and events
    read from outside; those of the times of events are of up to third order. Under ``cr.jit`` and
    ``cr.vmap``, where the numbers of steps and events are not known, `t_eval` must be given, and
    arrays have fixed lengths, with NaN from the last entry on: times and values of a terminal event
    as many as end the integration, of others 64 (all NaN if there are more), and `t` and `y` those
    of `t_eval`. The solution is NaN, too, where the steps that are kept for reverse mode do not
    suffice, and that of ``sol`` outside of the interval.

    Parameters
    ----------
    fun : callable
        ``fun(t, y, *args)`` returns dy/dt, of the shape of y: plain NumPy code.
    t_span : two floats
        The start t0 and the end of the integration.
    y0 : array, float or complex, (n,)
        The value at t0.
    method : {"RK45", "RK23", "DOP853", "Radau", "BDF", "LSODA"} or subclass of OdeSolver
        The method, by SciPy's names; or by those of `solvers.integrate`: ``"tsit5"``,
        ``"dormand_prince"``, ``"dop853"``, ``"rosenbrock"`` (Rodas5P) and ``"auto"``, which run in
        native code alone, stiff ones too, with the exact Jacobian.
    t_eval : array, float, (times,), optional
        The output times; the ends of the steps if not given.
    dense_output : bool
        Whether the result has the solution as a function of time, ``sol``.
    events : callable or list of callables, optional
        ``event(t, y, *args)``, whose zeros are found; attributes ``terminal`` and ``direction``.
    vectorized : bool
        Whether `fun` takes y of shape (n, k) as well.
    args : tuple, optional
        Further arguments of `fun`, the events and `jac`.
    **options
        ``rtol``, ``atol``, ``first_step``, ``max_step``, ``jac``, ``jac_sparsity`` and others of
        the method.

    Returns
    -------
    OdeResult
        SciPy's fields ``t``, ``y``, ``sol``, ``t_events``, ``y_events``, ``nfev``, ``njev``,
        ``nlu``, ``status``, ``message``, ``success``; and ``integrator``, the method with where its
        steps ran, such as ``"RK45 (native)"`` and ``"BDF (SciPy)"``.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Hairer, Norsett & Wanner (1993), Solving Ordinary Differential Equations I, sections II.4 to
    II.6. Hairer & Wanner (1996), Solving Ordinary Differential Equations II, section IV.8.

    Examples
    --------
    >>> def predators(t, z, a, b, c, d):
    ...     x, y = z
    ...     return [a * x - b * x * y, -c * y + d * x * y]
    >>> solution = solve_ivp(predators, [0, 15], [10, 5], args=(1.5, 1, 3, 1), rtol=1e-8)
    >>> solution.success, solution.integrator
    (True, 'RK45 (native)')
    """
    rhs = RightHandSide(fun, True, bool(vectorized))
    given = _Given(t_eval, dense_output, events, vectorized, args)
    if is_traced(t_span, y0, t_eval, args):
        return _traced(rhs, t_span, y0, method, given, options)
    reason, is_noticed = _untraceable(rhs, y0, args), False
    if method in _IMPLICIT and options.get("jac") is None:
        if reason is None:
            options, reason = _with_jacobian(rhs, method, t_span, y0, args, options)
        is_noticed = reason is not None and reason.is_chainrule
    elif _own_name(method) is not None:
        return _by_own_method(_own_name(method) or "", rhs, given, fun, t_span, y0, options, reason)
    elif reason is None and method in NATIVE:
        solver = native_solver(method, rhs, () if args is None else tuple(args))
        try:
            return given.solve(f"{method} (native)", fun, t_span, y0, solver, options)
        except Untraceable:  # what only the compiler refuses
            pass
    name = method if isinstance(method, str) else getattr(method, "__name__", str(method))
    if isinstance(method, str) and method in NATIVE:
        method = solver_that_ends(method)
    solution = given.solve(f"{name} (SciPy)", fun, t_span, y0, method, options)
    if is_noticed:  # after what the function itself may raise
        notice("solve_ivp", fun, str(reason))
    return solution


@dataclass(frozen=True)
class _Given:
    """Arguments that go to SciPy as they are."""

    t_eval: Any
    dense_output: Any
    events: Any
    vectorized: Any
    args: Any

    def solve(
        self, integrator: str, fun: Any, t_span: Any, y0: Any, method: Any, options: dict[str, Any]
    ) -> Any:
        """Call SciPy's driver of the method; the result names the integrator."""
        with warnings_at_caller():
            result = integrate.solve_ivp(fun, t_span, y0, method=method, **vars(self), **options)
        result.integrator = integrator
        return result


_TRACED_METHODS = {
    "RK23": "dormand_prince", "RK45": "dormand_prince", "DOP853": "dop853", "Radau": "rosenbrock",
    "BDF": "rosenbrock", "LSODA": "auto", **OWN_METHODS,
}  # fmt: skip
"""The integrators that stand for SciPy's methods within a trace."""


def _traced(
    rhs: RightHandSide, t_span: Any, y0: Any, method: Any, given: _Given, options: dict[str, Any]
) -> Any:
    """Integrate as part of a trace."""
    name = method if method in METHODS else _own_name(method)
    if name is None:
        raise UnsupportedError(
            "solve_ivp: within a trace, as under cr.grad and cr.jit, the method must be one of "
            f"{list(_TRACED_METHODS)}, got {shown(method)}"
        )
    return traced_ivp(
        rhs, t_span, y0, _TRACED_METHODS[name], given.t_eval, given.dense_output, given.events,
        given.args, options,
    )  # fmt: skip


def _own_name(method: Any) -> str | None:
    """Return the name in `solvers.integrate` of a method that is not SciPy's."""
    if not isinstance(method, str) or method in METHODS:
        return None
    return OWN_METHODS.get(method.lower())


def _by_own_method(
    name: str, rhs: RightHandSide, given: _Given, fun: Any, t_span: Any, y0: Any,
    options: dict[str, Any], reason: Untraceable | None,
) -> Any:  # fmt: skip
    """Integrate by a method of `solvers.integrate`."""
    args = () if given.args is None else tuple(given.args)
    if reason is None:
        jac = options.get("jac")
        rest = {key: value for key, value in options.items() if key != "jac"}
        solver = recorded_solver(name, rhs, args, None if jac is None else given_jacobian(jac))
        try:
            return given.solve(f"{name} (native)", fun, t_span, y0, solver, rest)
        except Untraceable as error:
            reason = error
    fun(t_span[0], np.asarray(y0), *args)  # an error of its own comes first
    raise UnsupportedError(
        f"solve_ivp: the method {name} runs in native code alone, and the function cannot be "
        f"traced: {str(reason) or 'y0 must be a vector of real numbers'}; give a method of "
        'SciPy\'s, as method="RK45" or method="LSODA"'
    ) from None


def _with_jacobian(
    rhs: RightHandSide, method: str, t_span: Any, y0: Any, args: Any, options: dict[str, Any]
) -> tuple[dict[str, Any], Untraceable | None]:
    """Add the exact Jacobian to the options: sparse where its structure is given, or banded."""
    start, extra = np.asarray(y0, float), () if args is None else tuple(args)
    try:
        t0, jacobian = float(t_span[0]), _jacobian(rhs, method, options, start.size)
        if jacobian is not None:
            attempt_native("solve_ivp", lambda: jacobian(t0, start, *extra))
            options = {**options, "jac": jacobian}
    except Untraceable as error:
        return options, error
    except Exception as error:  # noqa: BLE001 - SciPy refuses it in its own words
        return options, Untraceable(str(error), False)
    return options, None


def _jacobian(
    rhs: RightHandSide, method: str, options: dict[str, Any], n: int
) -> Callable[..., Any] | None:
    """Return the exact Jacobian in the form that SciPy's method takes; None if it is to refuse."""
    structure = options.get("jac_sparsity")
    if method != "LSODA":
        if structure is None:
            return rhs.jacobian
        is_square = np.shape(structure) == (n, n)
        return SparseJacobian(rhs, structure) if is_square else None
    lower, upper = options.get("lband"), options.get("uband")
    if lower is None and upper is None:
        return rhs.jacobian
    return LsodaOptions(lower, upper, None, 0.0, 0, 0, 12, 5).jacobian(rhs)


def _untraceable(rhs: RightHandSide, y0: Any, args: Any) -> Untraceable | None:
    """Return why a function is left to SciPy, if it is."""
    try:
        start = np.asarray(y0)
        if start.ndim != 1 or start.dtype.kind not in "fiub" or not start.size:
            return Untraceable("", False)
        rhs.traced(start, () if args is None else tuple(args))
    except Untraceable as error:
        return error
    except Exception as error:  # noqa: BLE001 - SciPy refuses it in its own words
        return Untraceable(str(error), False)
    return None
