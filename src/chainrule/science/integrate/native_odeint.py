"""The native integration that stands for a call of `odeint`."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.integrate import ODEintWarning

from chainrule.compiler.jit import jit
from chainrule.errors import ChainruleError
from chainrule.science.integrate.infodict import SUCCESS, TRACED_METHOD, infodict
from chainrule.science.integrate.lsoda_options import Floats, GivenJacobian
from chainrule.science.integrate.right_hand_side import RightHandSide, Untraceable
from chainrule.science.integrate.traced import as_vector, is_known_to_fail, traced_solution
from chainrule.science.shared_graph import SharedGraph
from chainrule.solvers import integrate
from chainrule.solvers.integration import Counts

__all__ = ["NativeCall"]

_METHOD = "auto"
_DEFAULT_TOLERANCE = 1.49012e-8
_SAFETY = 0.5
"""Of tolerances: the error at the end is that of many steps. With it, it is less than LSODA's."""

_MOST_STEPS = 200_000
"""Of one call; a system that needs more of them is stiff, and left to LSODA."""

_CONTROL = np.array([_MOST_STEPS, 0, 0], float)
"""The largest number of steps, and no given lengths of the first and the longest one."""

_FEW = 16

_FLOAT = np.dtype(float)

_EPSILON = float(np.finfo(float).eps)


class NativeCall(NamedTuple):
    """The arguments of `odeint` that a native integration takes, as given."""

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
        control = _CONTROL
        if self.mxstep or self.h0 or self.hmax:
            limit = self.mxstep * (len(t) - 1) if self.mxstep else _MOST_STEPS
            control = np.array([limit, self.h0, self.hmax], float)
        graph, operands = self.rhs.traced(y0, self.args)
        jacobian, further = None, ()
        if self.jacobian is not None:
            jacobian, further = self.jacobian.traced(float(t[0]), y0, self.args)
        key = "odeint", jacobian, len(operands), is_full, bool(self.h0), bool(self.hmax)
        program = graph.program(key, lambda graph: _compiled(graph, *key[1:]))
        try:
            y, success, *history = program(y0, t, tolerances, control, *operands, *further)
        except ChainruleError as error:
            raise Untraceable(str(error), True) from error
        if not success:
            raise Untraceable("it takes too many steps", False)
        return y, history and Counts(*history)

    def tolerances(self, y0: Floats) -> Floats:
        """Return a part of the relative and the absolute tolerances, (2,) or (2, n)."""
        given = self.rtol, self.atol
        are_numbers = type(self.rtol) is type(self.atol) is float
        if are_numbers and _EPSILON <= self.rtol < np.inf and 0 <= self.atol < np.inf:
            return np.array((_SAFETY * self.rtol, _SAFETY * self.atol))  # in less time than below
        rtol, atol = [_tolerance(each, y0) for each in given]
        if self.atol is None:
            atol = np.minimum(atol, rtol)
        is_precise = bool(rtol.ndim == 0 and rtol >= _EPSILON)
        if not is_precise and np.any(_EPSILON * np.abs(y0) > rtol * np.abs(y0) + atol):
            raise Untraceable("the tolerances are less than the precision of float64", False)
        if rtol.ndim or atol.ndim:
            rtol, atol = np.broadcast_arrays(rtol, atol)
        return _SAFETY * np.array([rtol, atol])

    def trace(self) -> tuple[Any, dict[str, Any]]:
        """Integrate as part of a trace."""
        args = self.args if isinstance(self.args, tuple) else (self.args,)
        tolerances = [_DEFAULT_TOLERANCE if x is None else x for x in (self.rtol, self.atol)]
        rtol, atol = [np.asarray(each, float) for each in tolerances]
        if self.atol is None:
            atol = np.minimum(atol, rtol)
        lengths = {"first_step": self.h0 or None, "max_step": self.hmax or None}
        found = traced_solution(
            self.rhs, as_vector(self.y0), as_vector(self.t), args, TRACED_METHOD, _SAFETY * rtol,
            _SAFETY * atol, self.mxstep, **lengths,
        )  # fmt: skip
        message = SUCCESS
        if is_known_to_fail(found):
            message = "Excess work done on this call; give a larger mxstep."
            warnings.warn(message, ODEintWarning, stacklevel=3)
        return found.y, infodict(found.history, TRACED_METHOD) | {"message": message}

    def start(self) -> Floats:
        """Return the initial value as a vector."""
        y0 = _plain("y0", self.y0)
        if y0.ndim > 1 or not y0.size:
            raise Untraceable("the initial value is no vector", False)
        return y0 if y0.ndim else y0.reshape(1)


def _compiled(
    rhs: SharedGraph, jacobian: SharedGraph | None, count: int, is_full: bool, has_h0: bool,
    has_hmax: bool,
) -> Callable[..., Any]:  # fmt: skip
    """Compile the integration of a graph; of the operands the first `count` are its own."""

    @jit
    def run(y0: Any, t: Any, tolerances: Any, control: Any, *operands: Any) -> Any:
        def matrix(t: Any, y: Any, *_: Any) -> Any:
            assert jacobian is not None
            return jacobian(t, y, *operands[count:])

        found = integrate(
            rhs, y0, t, operands[:count], method=_METHOD, rtol=tolerances[0], atol=tolerances[1],
            first_step=control[1] if has_h0 else None, max_step=control[2] if has_hmax else None,
            limit=control[0], jacobian=None if jacobian is None else matrix,
        )  # fmt: skip
        return found.y, found.success, *(found.history if is_full else ())

    return run


def _real(name: str, value: Any) -> Floats:
    """Return an argument as an array of real numbers."""
    if type(value) is np.ndarray and value.dtype is _FLOAT:  # in less time than below
        return value
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
