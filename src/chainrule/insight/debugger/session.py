"""The session of a debugger: a position in the walk through a program, and ways to move it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NoReturn, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import bad_argument
from chainrule.arguments.lookup import closest
from chainrule.errors import ArgumentError
from chainrule.insight.debugger.conditions import Condition, as_condition
from chainrule.insight.debugger.console import Console
from chainrule.insight.debugger.page import page
from chainrule.insight.debugger.sample_gradients import SampleGradients
from chainrule.insight.debugger.stop import Stop
from chainrule.insight.debugger.walk import walk

__all__ = ["DebugSession"]

_NAMES_LISTED = 20
"""In an error, of a function without layers."""

Replay = Callable[[Any], "DebugSession"]
PerSample = Callable[[str, Any, int], SampleGradients]


class DebugSession:
    """A walk through a computation and its gradient, with all values kept.

    Parameters
    ----------
    title : str
        What is computed.
    stops : sequence of Stop
        The values of the forward pass, then the derivatives by them in reverse.
    per_sample : callable
        Returns the gradients of samples by a parameter.
    run_step : int, optional
        The step of a run that is debugged.

    Attributes
    ----------
    position : int
        The number of the current stop.
    """

    def __init__(
        self,
        title: str,
        stops: Sequence[Stop],
        per_sample: PerSample,
        run_step: int | None = None,
    ) -> None:
        self._replay: Replay | None = None
        self._show(title, stops, per_sample, run_step)

    def _show(
        self, title: str, stops: Sequence[Stop], per_sample: PerSample, run_step: int | None
    ) -> None:
        self.title, self.run_step = title, run_step
        self.stops = tuple(stops)
        self.position = 0
        self._per_sample = per_sample
        self._is_before_first = True
        self._names = {stop.name: stop for stop in reversed(self.stops)}

    def let_replay(self, replay: Replay) -> None:
        """Let `goto_step` take the sessions of other steps from a function."""
        self._replay = replay

    def goto_step(self, step: int) -> Stop:
        """Go to the first stop of another step of the run, and return it.

        The run is repeated from the nearest checkpoint before the step, bit for bit.

        Parameters
        ----------
        step : int
            The number of the step since `compile`, from 0.

        Raises
        ------
        ArgumentError
            If no run is debugged, or it has no such step.
        """
        if self._replay is None:
            raise ArgumentError(
                "goto_step: one batch is debugged, and no run; give its folder, as in "
                "net.debug(X, y, run=folder)"
            )
        other = self._replay(step)
        self._show(other.title, other.stops, other.samples, other.run_step)
        return self.current

    @property
    def current(self) -> Stop:
        """The current stop."""
        return self.stops[self.position]

    def step(self, count: int = 1) -> Stop:
        """Go forward by some stops, to the last at most, and return the stop reached."""
        return self._move(self.position + count)

    def back(self, count: int = 1) -> Stop:
        """Go back by some stops, to the first at most, and return the stop reached."""
        return self._move(self.position - count)

    def goto(self, target: SupportsIndex | str) -> Stop:
        """Go to a stop and return it.

        Parameters
        ----------
        target : int or str
            Its number, its name, such as ``"d_dense.weight"``, or the name of a layer, for the
            first stop of that.

        Raises
        ------
        ArgumentError
            If there is no such stop.
        """
        return self._move(self._find(target, "goto").number)

    def enter(self, step: int) -> DebugSession:
        """Return a session within the loop that computes the current stop, at one of its steps.

        Its stops are the values of that step and the derivatives of the loss by them; those by
        values that all steps share, such as weights, are the step's part of the sum.

        Parameters
        ----------
        step : int
            The row of the sequences that the step takes, from 0; negative from the end.

        Raises
        ------
        ArgumentError
            If the stop is not of a loop, or there is no such step.
        """
        loop = self.current.loop
        if loop is None:
            known = [stop.name for stop in self.stops if stop.loop is not None]
            hint = f"those of loops are {', '.join(known)}" if known else "none here is"
            raise ArgumentError(
                f"enter: stop {self.current.name!r} is not the result of a loop (a scan); {hint}"
            )
        number = _step_number(step, loop.length)
        entered = loop.step(number)
        sources = [each for each in entered.graph.inputs if each.array_type.is_float]
        stops = [
            replace(each, line=None) if each.line == loop.line else each
            for each in walk(entered.graph, entered.arrays, sources, entered.titles)
        ]
        title = f"step {number} of {loop.length} of a loop in {self.title}"
        return DebugSession(title, stops, _refuse_samples)

    def run_until(self, condition: str | Condition) -> Stop | None:
        """Go to the next stop for which a condition holds, and return it.

        Parameters
        ----------
        condition : str or callable
            ``"nan"`` or ``"inf"``, which entries that are not selected do not meet; ``"branch"``,
            for entries that are computed and not selected; a comparison such as ``"|grad| > 10"``,
            ``"dead > 90%"`` or ``"max >= 1e3"``; or a function of a `Stop`.

        Returns
        -------
        Stop or None
            None if the condition holds for no further stop; the position is then as before.

        Raises
        ------
        ArgumentError
            For text that is no condition.
        """
        holds = as_condition(condition)
        start = self.position + (0 if self._is_before_first else 1)
        for stop in self.stops[start:]:
            if holds(stop):
                return self._move(stop.number)
        return None

    def where(self) -> str:
        """Return where the current stop is: its number, pass, layer and line of code."""
        stop = self.current
        parts = [f"stop {stop.number} of {len(self.stops)}", stop.direction]
        parts += [f"layer {stop.layer}"] if stop.layer else []
        return ", ".join([*parts, *filter(None, [stop.where()])])

    def value(self, name: str | None = None) -> NDArray[Any]:
        """Return the value at the stop of a name, the current one by default."""
        return (self.current if name is None else self._find(name, "value")).value

    def gradient(self, name: str | None = None) -> NDArray[Any] | None:
        """Return the derivative of the loss by a value; None if it does not depend on it."""
        return (self.current if name is None else self._find(name, "gradient")).gradient

    def samples(self, parameter: str, index: Any = None, n: int = 5) -> SampleGradients:
        """Return which samples have the largest gradients by a parameter.

        Parameters
        ----------
        parameter : str
            Its name, as in ``net.params``.
        index : int or tuple of int, optional
            One weight of it; by default samples are ranked by the norm of their gradients.
        n : int
            Samples to print.

        Returns
        -------
        SampleGradients
            Prints as a table. The gradients of all samples add up to that of the batch.

        Raises
        ------
        ArgumentError
            If no such parameter is trained, or a function without samples is debugged.
        ShapeError
            If the loss is one value for all samples.
        """
        return self._per_sample(parameter, index, n)

    def interact(self, commands: Iterable[str] | None = None) -> None:
        """Walk by commands typed on the terminal; ``?`` lists them.

        Parameters
        ----------
        commands : iterable of str, optional
            Lines to take in place of standard input.
        """
        Console(self, commands).run()

    def __len__(self) -> int:
        return len(self.stops)

    def __str__(self) -> str:
        return str(self.current)

    def __repr__(self) -> str:
        return f"<debug session of {self.title}: {self.where()}>"

    def html(self) -> str:
        """Return a page of all stops, folded by layer, as notebooks show it; without a script."""
        return page(self.title, self.stops)

    def _repr_html_(self) -> str:
        return self.html()

    def _move(self, number: int) -> Stop:
        self.position = min(max(number, 0), len(self.stops) - 1)
        self._is_before_first = False
        return self.current

    def _find(self, target: SupportsIndex | str, function: str) -> Stop:
        if not isinstance(target, str):
            target = _as_number(target, function)
            if not 0 <= target < len(self.stops):
                raise ArgumentError(
                    f"{function}: there is no stop {target}; stops are numbered from 0 to "
                    f"{len(self.stops) - 1}"
                )
            return self.stops[target]
        if target in self._names:
            return self._names[target]
        found = next((stop for stop in self.stops if target and stop.layer == target), None)
        if found is None:
            layers = list(dict.fromkeys(stop.layer for stop in self.stops if stop.layer))
            listed = (
                f"layers are {', '.join(layers)}"
                if layers
                else f"stops are {', '.join([*self._names][-_NAMES_LISTED:])}"
            )
            hint = closest(target, [*self._names, *layers]) or listed
            raise ArgumentError(f"{function}: there is no stop {target!r}; {hint}")
        return found


def _step_number(step: Any, length: int) -> int:
    """Return the number of a step of a loop, from 0."""
    is_integer = isinstance(step, int | np.integer) and not isinstance(step, bool)
    if not (is_integer and -length <= step < length):
        rule = f"a step of the loop, from 0 to {length - 1}, or from -{length} to -1"
        raise bad_argument("enter", "step", step, rule)
    return int(step) % length


def _refuse_samples(parameter: str, index: Any, n: int) -> NoReturn:
    raise ArgumentError("samples: a step of a loop is debugged; ask the session that entered it")


def _as_number(target: Any, function: str) -> int:
    try:
        return operator.index(target)
    except TypeError:
        rule = "the number of a stop, its name or a layer"
        raise bad_argument(function, "target", target, rule) from None
