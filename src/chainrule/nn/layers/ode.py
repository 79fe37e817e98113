"""Neural ordinary differential equations: a layer whose output is the solution of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from chainrule.arguments.checks import (
    POSITIVE,
    bad_argument,
    checked_choice,
    checked_count,
    checked_flag,
    checked_number,
    shown,
)
from chainrule.arguments.signature import check_call
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.freezing import freeze_unless
from chainrule.nn.layer import Layer
from chainrule.nn.mask import apply_in_sequence

__all__ = ["ODE"]

_ADAPTIVE = ("tsit5", "dormand_prince", "dop853")
_FIXED = ("euler", "midpoint", "heun", "rk4", "tsit5", "dormand_prince")


class ODE(Layer):
    """Solve dy/dt = f(y) from the input as initial value; the output is y at the end time.

    The batch is one system: its steps are chosen so that the root mean square of the estimated
    error over all samples keeps within the tolerances. By default, the derivative is that of the
    steps taken (discretise, then differentiate); with ``gradient="adjoint"`` that of the adjoint
    equation, integrated backwards with the same method and tolerances, in memory that does not
    depend on the number of steps. Both agree as the tolerances decrease.

    Parameters
    ----------
    dynamics : Layer, sequence of Layer, or callable
        f: layers applied in sequence, which return the shape of their input; or ``f(t, y)`` in
        plain NumPy, without weights.
    t : float, or sequence of floats
        The end time of an integration from 0; or the times, increasing or decreasing, of which the
        first is that of the input.
    method : {"tsit5", "dormand_prince", "dop853", "euler", "midpoint", "heun", "rk4"}
        The Runge-Kutta method: one of the first three with adaptive steps, any but "dop853" with a
        given number of them.
    rtol, atol : float > 0
        Bounds of the estimated error of a step, ``atol + rtol * abs(y)``, with adaptive steps.
    steps : int >= 1, or None
        The number of equal steps between two times; None for adaptive steps.
    max_steps : int >= 1
        The largest number of adaptive steps between two times, which training keeps in memory. The
        output is NaN where they do not suffice.
    gradient : {"discrete", "adjoint"}
        The derivative. The adjoint needs adaptive steps, and has first derivatives only.
    return_sequences : bool
        Whether the output is y at all times, (batch, times, ...), instead of the last one.
    with_time : bool
        Whether the layers get the time as a further feature, the last one.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves the weights of all its layers alone. See `Layer`.

    Raises
    ------
    ArgumentError
        If an argument is out of range.

    References
    ----------
    Chen, Rubanova, Bettencourt & Duvenaud (2018), "Neural ordinary differential equations".
    Kidger (2022), "On neural differential equations", section 5.1 (both derivatives).

    Examples
    --------
    >>> rotation = ODE(lambda t, y: y[:, ::-1] * np.array([1.0, -1.0]), t=np.pi / 2, rtol=1e-8)
    >>> rotation(np.array([[0.0, 1.0]])).round(5) + 0
    array([[1., 0.]])
    """

    def __init__(
        self,
        dynamics: Layer | Sequence[Layer] | Callable[[Any, Any], Any],
        t: float | Sequence[float] = 1.0,
        method: str = "tsit5",
        rtol: float = 1e-3,
        atol: float = 1e-6,
        steps: int | None = None,
        max_steps: int = 256,
        gradient: str = "discrete",
        return_sequences: bool = False,
        with_time: bool = False,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        self.dynamics = _checked_dynamics(dynamics)
        self.t = _checked_times(t)
        self.steps = None if steps is None else checked_count("ODE", "steps", steps)
        if steps is None and method in _FIXED and method not in _ADAPTIVE:
            raise ArgumentError(
                f"ODE: {method} has no estimate of its error; give the number of its steps between "
                "two times, as in steps=10, or method='tsit5'"
            )
        self.method = checked_choice(
            "ODE", "method", method, _ADAPTIVE if steps is None else _FIXED
        )
        self.rtol = checked_number("ODE", "rtol", rtol, POSITIVE)
        self.atol = checked_number("ODE", "atol", atol, POSITIVE)
        self.max_steps = checked_count("ODE", "max_steps", max_steps)
        self.gradient = checked_choice("ODE", "gradient", gradient, ("discrete", "adjoint"))
        if self.gradient == "adjoint" and steps is not None:
            raise ArgumentError(
                "ODE: gradient='adjoint' chooses its steps backwards by the tolerances; leave "
                f"steps={steps} out, or take gradient='discrete'"
            )
        self.return_sequences = checked_flag("ODE", "return_sequences", return_sequences)
        self.with_time = checked_flag("ODE", "with_time", with_time)
        self.name = name
        freeze_unless(self, trainable)

    def forward(self, x: Any) -> Any:
        """Return y at the end time, (batch, ...), or at all times, (batch, times, ...)."""
        times = np.asarray(self.t, x.dtype)
        self._check(x, self._rates(times[0], x))
        rows = self._solution(x, times)
        return np.moveaxis(rows, 0, 1) if self.return_sequences else rows[-1]

    def _solution(self, x: Any, times: Any) -> Any:
        # Not at the top, as `import chainrule` does without solvers.
        from chainrule.solvers.adjoint import adjoint
        from chainrule.solvers.fixed_steps import fixed_steps
        from chainrule.solvers.initial_value import integrate

        if self.steps is not None:
            return fixed_steps(self._rates, x, times, self.method, self.steps)
        options: dict[str, Any] = {"method": self.method, "rtol": self.rtol, "atol": self.atol}
        if self.gradient == "adjoint":
            return adjoint(self._rates, x, times, **options)
        return integrate(self._rates, x, times, max_steps=self.max_steps, **options).y

    def _rates(self, t: Any, y: Any) -> Any:
        """dy/dt of a batch at a time."""
        if not isinstance(self.dynamics, list):
            return self.dynamics(t, y)
        if self.with_time:
            time = np.broadcast_to(np.asarray(t, y.dtype), (*y.shape[:-1], 1))
            y = np.concatenate([y, time], axis=-1)
        return apply_in_sequence(self.dynamics, y, None)[0]

    def _check(self, x: Any, rates: Any) -> None:
        if np.shape(rates) != x.shape:
            raise ShapeError(
                f"{self._title()}: the dynamics return shape {np.shape(rates)} for y of shape "
                f"{x.shape}, and dy/dt has the shape of y; let the last layer give as many "
                f"features as the input has, as in nn.Dense({x.shape[-1]})"
            )


def _checked_dynamics(dynamics: Any) -> Any:
    if isinstance(dynamics, Layer):
        return [dynamics]
    if isinstance(dynamics, list | tuple):
        layers = list(cast(Sequence[Any], dynamics))
        if layers and all(isinstance(each, Layer) for each in layers):
            return layers
    elif callable(dynamics):
        check_call("ODE: the function ", dynamics, ("t", "y"))
        return dynamics
    raise ArgumentError(
        "ODE: dynamics must be a layer, a list of layers, or a function of (t, y), got "
        f"{shown(dynamics)}"
    )


def _checked_times(t: Any) -> list[float]:
    times = np.asarray(t, dtype=object)
    if not times.ndim:
        times = np.asarray([0.0, t], dtype=object)
    rule = "an end time other than 0, or two or more increasing or decreasing times"
    if times.ndim != 1 or len(times) < 2:
        raise bad_argument("ODE", "t", t, rule)
    values = [checked_number("ODE", "t", each) for each in times.tolist()]
    lengths = np.diff(values)
    if not (np.all(lengths > 0) or np.all(lengths < 0)):
        raise bad_argument("ODE", "t", t, rule)
    return values
